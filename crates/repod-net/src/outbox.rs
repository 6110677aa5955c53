//! What waits to be written to one socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::spare::Spare;

/// Frames in their order. Those for one connection alone stand one behind the other in memory of
/// its own; those for several share theirs.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// The only one, unless shared frames and others take turns.
    first: Option<Part>,
    more: VecDeque<Part>,
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

    pub fn push(&mut self, frame: &[u8], spare: &Spare) {
        self.length += frame.len();
        let last = self.more.back_mut().or(self.first.as_mut());
        if let Some(Part::Own { bytes, .. }) = last {
            bytes.extend_from_slice(frame);
        } else {
            let bytes = spare.copy(frame);
            self.add(Part::Own { bytes, written: 0 });
        }
    }

    pub fn push_shared(&mut self, frame: Bytes) {
        self.length += frame.len();
        self.add(Part::Shared(frame));
    }

    /// Drops everything, its memory too; how much it was.
    pub fn clear(&mut self) -> usize {
        std::mem::take(self).length
    }

    /// Writes once, as much as the kernel takes, and returns how much that was. Emptied, it owns
    /// no memory: what it had is spare.
    pub fn poll_write(
        &mut self,
        socket: &mut TcpStream,
        spare: &Spare,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let socket = Pin::new(socket);
        let result = match &self.first {
            Some(part) if self.more.is_empty() => socket.poll_write(context, part.rest()),
            _ => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let mut count = 0;
                for (slice, part) in slices.iter_mut().zip(self.parts()) {
                    *slice = IoSlice::new(part.rest());
                    count += 1;
                }
                socket.poll_write_vectored(context, &slices[..count])
            }
        };
        if result.is_pending() {
            self.fit();
        }
        result.map_ok(|taken| {
            self.advance(taken, spare);
            taken
        })
    }

    /// What has to wait does so in memory of its size, not in a buffer that was much larger before.
    fn fit(&mut self) {
        for part in self.first.iter_mut().chain(self.more.back_mut()) {
            if let Part::Own { bytes, .. } = part
                && bytes.capacity() > 2 * bytes.len()
            {
                bytes.shrink_to_fit();
            }
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.first.iter().chain(&self.more)
    }

    fn add(&mut self, part: Part) {
        if self.first.is_none() {
            self.first = Some(part);
        } else {
            self.more.push_back(part);
        }
    }

    fn advance(&mut self, taken: usize, spare: &Spare) {
        self.length -= taken;
        let mut left = taken;
        while let Some(part) = &mut self.first {
            let length = part.rest().len();
            if left < length {
                part.advance(left);
                return;
            }
            left -= length;
            let next = self.more.pop_front();
            if let Some(Part::Own { bytes, .. }) = std::mem::replace(&mut self.first, next) {
                spare.put(bytes);
            }
        }
        self.more = VecDeque::new();
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
        outbox.parts().flat_map(Part::rest).copied().collect()
    }

    #[test]
    fn own_and_shared_frames_keep_their_order_over_every_split() {
        let spare = Spare::default();
        for taken in 0..=9 {
            let mut outbox = Outbox::default();
            outbox.push(b"ab", &spare);
            outbox.push(b"c", &spare);
            outbox.push_shared(Bytes::from_static(b"def"));
            outbox.push(b"ghi", &spare);
            assert_eq!(outbox.parts().count(), 3);
            outbox.advance(taken, &spare);
            assert_eq!(rests(&outbox), &b"abcdefghi"[taken..]);
            assert_eq!(outbox.len(), 9 - taken);
        }
    }

    #[test]
    fn what_waits_keeps_no_memory_of_a_larger_one() {
        let spare = Spare::default();
        spare.put(Vec::with_capacity(8000));
        let mut outbox = Outbox::default();
        outbox.push(b"abc", &spare);
        outbox.fit();
        let Some(Part::Own { bytes, .. }) = &outbox.first else {
            panic!("{outbox:?}");
        };
        assert_eq!(bytes.capacity(), 3);
        assert_eq!(rests(&outbox), b"abc");
    }

    #[test]
    fn an_empty_one_owns_no_memory_and_the_next_uses_it_again() {
        let spare = Spare::default();
        let mut outbox = Outbox::default();
        outbox.push(&[0; 100], &spare);
        outbox.push_shared(Bytes::from_static(b"def"));
        outbox.advance(103, &spare);
        assert!(outbox.is_empty());
        assert!(outbox.first.is_none());
        assert_eq!(outbox.more.capacity(), 0);
        assert!(spare.copy(&[]).capacity() >= 100);
        outbox.push(&[0; 100], &spare);
        assert_eq!(outbox.clear(), 100);
        assert!(outbox.first.is_none());
    }
}
