//! What is at the other end of a socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::PATIENCE;

pub fn connect(address: SocketAddr) -> TcpStream {
    let peer = TcpStream::connect(address).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.set_write_timeout(Some(PATIENCE)).unwrap();
    peer.set_nodelay(true).unwrap();
    peer
}

/// `{"action": "x"}`
pub const MESSAGE: &[u8] = b"\x81\xa6action\xa1x";

/// `{"action": "x", "v": <bin of so many bytes>}`
pub fn message_of(bytes: usize) -> Vec<u8> {
    let length = u32::try_from(bytes).unwrap().to_be_bytes();
    let head = [&b"\x82\xa6action\xa1x\xa1v\xc6"[..], &length].concat();
    [head, vec![7; bytes]].concat()
}

/// `{"action": "x", "n": <number>}`
pub fn numbered(number: u32) -> Vec<u8> {
    [&b"\x82\xa6action\xa1x\xa1n\xce"[..], &number.to_be_bytes()].concat()
}

pub fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], payload].concat()
}

pub fn send_frame(peer: &mut TcpStream, payload: &[u8]) {
    peer.write_all(&frame(payload)).unwrap();
}

pub fn read_frame(peer: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    peer.read_exact(&mut length).unwrap();
    let mut payload = vec![0; u32::from_be_bytes(length) as usize];
    peer.read_exact(&mut payload).unwrap();
    payload
}

/// Reads to the FIN; how much came.
pub fn read_to_fin(peer: &mut TcpStream) -> usize {
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    bytes.len()
}

pub fn assert_reset(peer: &mut TcpStream) {
    let mut bytes = Vec::new();
    let error = peer.read_to_end(&mut bytes).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// Closes with a reset instead of a FIN.
pub fn reset(peer: TcpStream) {
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(peer);
}
