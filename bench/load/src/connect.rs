//! Dials the connections one after the other, up to and with the server's greeting.

use std::{
    error::Error,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::wire::{Framing, GREETING};

const PATIENCE: Duration = Duration::from_secs(5);

/// Key and answer are the example of RFC 6455, 1.3: no hash is needed to check the answer.
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const ACCEPT: &str = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=";

/// A non-blocking connection that the server has greeted and nothing else was read from.
pub fn connect(address: SocketAddr, framing: Framing) -> Result<TcpStream, Box<dyn Error>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    if framing == Framing::WebSocket {
        upgrade(&mut stream)?;
    }
    expect_greeting(&mut stream, framing)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn upgrade(stream: &mut TcpStream) -> Result<(), Box<dyn Error>> {
    stream.write_all(UPGRADE)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        answer.extend(byte);
    }
    let answer = String::from_utf8(answer)?.to_ascii_lowercase();
    if answer.starts_with("http/1.1 101 ") && answer.lines().any(|line| line == ACCEPT) {
        Ok(())
    } else {
        Err(format!("the upgrade was answered by {answer}").into())
    }
}

fn expect_greeting(stream: &mut TcpStream, framing: Framing) -> Result<(), Box<dyn Error>> {
    let mut bytes = Vec::new();
    let (header, length) = loop {
        if let Some(found) = framing.header(&bytes)? {
            break found;
        }
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        bytes.extend(byte);
    };
    if length == GREETING.len() {
        bytes.resize(header + length, 0);
        stream.read_exact(&mut bytes[header..])?;
    }
    if bytes[header..] == *GREETING {
        Ok(())
    } else {
        Err(format!("not greeted but told {bytes:02x?}").into())
    }
}
