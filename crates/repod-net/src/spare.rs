//! Memory between two uses: a connection has a buffer only while it has bytes in it, and does not ask
//! the allocator for it each time.

use std::cell::RefCell;

/// Buffers that nobody uses by now, the last used first: it is the likeliest in a cache.
#[derive(Debug, Default)]
pub(crate) struct Spare(RefCell<Kept>);

#[derive(Debug, Default)]
struct Kept {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

/// A burst does not keep its memory: so many bytes in so many buffers, none of them larger than what
/// one read may bring.
const KEPT_BYTES: usize = 1 << 20;
const KEPT_BUFFERS: usize = 4096;
const LARGEST: usize = 1 << 16;

impl Spare {
    /// An empty buffer.
    pub fn take(&self) -> Vec<u8> {
        let mut kept = self.0.borrow_mut();
        let buffer = kept.buffers.pop().unwrap_or_default();
        kept.bytes -= buffer.capacity();
        buffer
    }

    /// A buffer with a copy of `bytes`.
    pub fn copy(&self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.take();
        buffer.extend_from_slice(bytes);
        buffer
    }

    pub fn put(&self, mut buffer: Vec<u8>) {
        let mut kept = self.0.borrow_mut();
        let bytes = kept.bytes + buffer.capacity();
        let fits = bytes <= KEPT_BYTES && kept.buffers.len() < KEPT_BUFFERS;
        if fits && (1..=LARGEST).contains(&buffer.capacity()) {
            buffer.clear();
            kept.bytes = bytes;
            kept.buffers.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_again() {
        let spare = Spare::default();
        assert_eq!(spare.take().capacity(), 0);
        let buffer = spare.copy(b"abc");
        let at = buffer.as_ptr();
        spare.put(buffer);
        let again = spare.copy(b"d");
        assert_eq!((again.as_ptr(), &again[..]), (at, &b"d"[..]));
    }

    #[test]
    fn it_keeps_no_more_than_it_may() {
        let spare = Spare::default();
        spare.put(Vec::with_capacity(LARGEST + 1));
        spare.put(Vec::new());
        assert_eq!(spare.take().capacity(), 0);
        for _ in 0..100 {
            spare.put(Vec::with_capacity(LARGEST));
        }
        assert_eq!(spare.0.borrow().bytes, KEPT_BYTES);
        for _ in 0..16 {
            assert_eq!(spare.take().capacity(), LARGEST);
        }
        assert_eq!(spare.take().capacity(), 0);
        for _ in 0..=KEPT_BUFFERS {
            spare.put(Vec::with_capacity(1));
        }
        assert_eq!(spare.0.borrow().buffers.len(), KEPT_BUFFERS);
    }
}
