//! One connection under load: what it owes to the server, and what came back.

use std::{
    error::Error,
    io::{self, Read, Write},
    rc::Rc,
};

use mio::net::TcpStream;

use crate::wire::{Framing, ReplyReader};

/// The frames that every connection sends in turn, again and again, from the first one on.
#[derive(Debug)]
pub struct Script {
    /// All frames twice, so that whatever is owed next is one piece of up to a whole round.
    bytes: Vec<u8>,
    /// Where each frame of the first half ends.
    ends: Vec<usize>,
}

impl Script {
    /// At least `frames` frames long, so that as many of them leave in one write.
    pub fn new(framing: Framing, payloads: &[Box<[u8]>], frames: usize) -> Self {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        while ends.len() < frames {
            for payload in payloads {
                framing.frame(payload, &mut bytes);
                ends.push(bytes.len());
            }
        }
        bytes.extend_from_within(..);
        Self { bytes, ends }
    }

    fn round(&self) -> usize {
        self.bytes.len() / 2
    }
}

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    reader: ReplyReader,
    script: Rc<Script>,
    /// The next frame to owe, and the byte of the script that is sent next.
    frame: usize,
    at: usize,
    /// Bytes that are owed and not sent.
    owed: usize,
    /// Messages owed from the start, and replies that came.
    pub sent: u64,
    pub replies: u64,
    /// Whether the loop has it on its list.
    pub ready: bool,
}

impl Connection {
    pub fn new(stream: TcpStream, framing: Framing, script: Rc<Script>) -> Self {
        Self {
            stream,
            reader: ReplyReader::new(framing),
            script,
            frame: 0,
            at: 0,
            owed: 0,
            sent: 0,
            replies: 0,
            ready: false,
        }
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub fn has_sent_all(&self) -> bool {
        self.owed == 0
    }

    /// Adds the next `messages` of the script to what is owed.
    pub fn owe(&mut self, messages: usize) {
        for _ in 0..messages {
            let start = self
                .frame
                .checked_sub(1)
                .map_or(0, |before| self.script.ends[before]);
            self.owed += self.script.ends[self.frame] - start;
            self.frame = (self.frame + 1) % self.script.ends.len();
        }
        self.sent += messages as u64;
    }

    /// One write of what is owed; false when the kernel takes no more for now.
    pub fn write(&mut self) -> io::Result<bool> {
        if self.owed == 0 {
            return Ok(true);
        }
        let end = (self.at + self.owed).min(self.script.bytes.len());
        let want = end - self.at;
        match self.stream.write(&self.script.bytes[self.at..end]) {
            Ok(written) => {
                self.at = (self.at + written) % self.script.round();
                self.owed -= written;
                Ok(written == want)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads all that has come; returns how many replies ended with it.
    pub fn read(
        &mut self,
        scratch: &mut [u8],
        expected: &[Box<[u8]>],
    ) -> Result<usize, Box<dyn Error>> {
        let mut replies = 0;
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(length) => {
                    replies += self.reader.push(&scratch[..length], expected)?;
                    // A short read has emptied the socket: what comes later is a new event.
                    if length < scratch.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.replies += replies as u64;
        Ok(replies)
    }
}
