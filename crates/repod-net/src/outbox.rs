//! What waits to be written to one socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

/// Frames in their order. Those for one connection alone stand one behind the other in memory of
/// its own; those for several share theirs.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    parts: VecDeque<Part>,
    length: usize,
}

#[derive(Debug)]
enum Part {
    Own { bytes: Vec<u8>, written: usize },
    Shared(Bytes),
}

/// Parts of one write; more are written by the next.
const SLICES: usize = 64;

impl Outbox {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn push(&mut self, frame: &[u8]) {
        self.length += frame.len();
        if let Some(Part::Own { bytes, .. }) = self.parts.back_mut() {
            bytes.extend_from_slice(frame);
        } else {
            self.parts.push_back(Part::Own {
                bytes: frame.to_vec(),
                written: 0,
            });
        }
    }

    pub fn push_shared(&mut self, frame: Bytes) {
        self.length += frame.len();
        self.parts.push_back(Part::Shared(frame));
    }

    /// Drops everything, its memory too; how much it was.
    pub fn clear(&mut self) -> usize {
        std::mem::take(self).length
    }

    /// Writes once, as much as the kernel takes, and returns how much that was. Emptied, it owns
    /// no memory.
    pub fn poll_write(
        &mut self,
        socket: &mut TcpStream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let socket = Pin::new(socket);
        let result = match self.parts.front() {
            Some(part) if self.parts.len() == 1 => socket.poll_write(context, part.rest()),
            _ => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let mut count = 0;
                for (slice, part) in slices.iter_mut().zip(&self.parts) {
                    *slice = IoSlice::new(part.rest());
                    count += 1;
                }
                socket.poll_write_vectored(context, &slices[..count])
            }
        };
        result.map_ok(|taken| {
            self.advance(taken);
            taken
        })
    }

    fn advance(&mut self, taken: usize) {
        self.length -= taken;
        if self.length == 0 {
            self.parts = VecDeque::new();
            return;
        }
        let mut left = taken;
        while let Some(part) = self.parts.front_mut() {
            let length = part.rest().len();
            if left < length {
                part.advance(left);
                return;
            }
            left -= length;
            self.parts.pop_front();
        }
    }
}

impl Part {
    fn rest(&self) -> &[u8] {
        match self {
            Self::Own { bytes, written } => &bytes[*written..],
            Self::Shared(bytes) => bytes,
        }
    }

    fn advance(&mut self, by: usize) {
        match self {
            Self::Own { written, .. } => *written += by,
            Self::Shared(bytes) => bytes.advance(by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rests(outbox: &Outbox) -> Vec<u8> {
        outbox.parts.iter().flat_map(Part::rest).copied().collect()
    }

    #[test]
    fn own_and_shared_frames_keep_their_order_over_every_split() {
        for taken in 0..=9 {
            let mut outbox = Outbox::default();
            outbox.push(b"ab");
            outbox.push(b"c");
            outbox.push_shared(Bytes::from_static(b"def"));
            outbox.push(b"ghi");
            outbox.advance(taken);
            assert_eq!(rests(&outbox), &b"abcdefghi"[taken..]);
            assert_eq!(outbox.len(), 9 - taken);
        }
    }

    #[test]
    fn an_empty_one_owns_no_memory() {
        let mut outbox = Outbox::default();
        outbox.push(&[0; 100]);
        outbox.advance(100);
        assert!(outbox.is_empty());
        assert_eq!(outbox.parts.capacity(), 0);
        outbox.push(&[0; 100]);
        assert_eq!(outbox.clear(), 100);
        assert_eq!(outbox.parts.capacity(), 0);
    }
}
