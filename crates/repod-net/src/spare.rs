//! Memory between two uses: a connection has a buffer only while it has bytes in it, and does not ask
//! the allocator for it each time.

use std::cell::RefCell;

/// Buffers that nobody uses by now, by size: what waits long must not do so in one that is much too
/// large for it. Of a size the last used comes first: it is the likeliest in a cache.
#[derive(Debug, Default)]
pub(crate) struct Spare(RefCell<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sizes: [Vec<Vec<u8>>; SIZES],
    bytes: usize,
    buffers: usize,
}

/// Below twice this all buffers are of one size; each further size begins at twice the one before.
const SMALLEST: usize = 1 << 12;
const SIZES: usize = 5;
/// A burst does not keep its memory: so many bytes in so many buffers.
const KEPT_BYTES: usize = 1 << 20;
const KEPT_BUFFERS: usize = 4096;

impl Spare {
    /// A buffer with a copy of `bytes`.
    pub fn copy(&self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.take(bytes.len());
        buffer.extend_from_slice(bytes);
        buffer
    }

    pub fn put(&self, mut buffer: Vec<u8>) {
        let kept = &mut *self.0.borrow_mut();
        let capacity = buffer.capacity();
        let fits = kept.bytes + capacity <= KEPT_BYTES && kept.buffers < KEPT_BUFFERS;
        if let Some(size) = kept.sizes.get_mut(size_of(capacity))
            && fits
            && capacity > 0
        {
            buffer.clear();
            size.push(buffer);
            kept.bytes += capacity;
            kept.buffers += 1;
        }
    }

    fn take(&self, length: usize) -> Vec<u8> {
        let kept = &mut *self.0.borrow_mut();
        let Some(buffer) = kept.sizes.get_mut(size_of(length)).and_then(Vec::pop) else {
            return Vec::new();
        };
        kept.bytes -= buffer.capacity();
        kept.buffers -= 1;
        buffer
    }
}

fn size_of(capacity: usize) -> usize {
    (capacity / SMALLEST).max(1).ilog2() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_again() {
        let spare = Spare::default();
        let buffer = spare.copy(b"abc");
        let at = buffer.as_ptr();
        spare.put(buffer);
        let again = spare.copy(b"d");
        assert_eq!((again.as_ptr(), &again[..]), (at, &b"d"[..]));
    }

    #[test]
    fn nothing_waits_in_a_buffer_much_too_large() {
        let spare = Spare::default();
        spare.put(Vec::with_capacity(60_000));
        assert_eq!(spare.take(3).capacity(), 0);
        assert_eq!(spare.take(30_000).capacity(), 0);
        assert_eq!(spare.take(40_000).capacity(), 60_000);
        assert_eq!(spare.take(40_000).capacity(), 0);
        spare.put(Vec::with_capacity(8191));
        assert_eq!(spare.take(3).capacity(), 8191);
    }

    #[test]
    fn it_keeps_no_more_than_it_may() {
        let spare = Spare::default();
        let bytes = || spare.0.borrow().bytes;
        spare.put(Vec::with_capacity(SMALLEST << SIZES));
        spare.put(Vec::new());
        assert_eq!((bytes(), spare.0.borrow().buffers), (0, 0));
        for _ in 0..100 {
            spare.put(Vec::with_capacity(1 << 16));
        }
        assert_eq!(bytes(), KEPT_BYTES);
        for _ in 0..16 {
            assert_eq!(spare.take(1 << 16).capacity(), 1 << 16);
        }
        assert_eq!(bytes(), 0);
        for _ in 0..=KEPT_BUFFERS {
            spare.put(Vec::with_capacity(1));
        }
        assert_eq!(spare.0.borrow().buffers, KEPT_BUFFERS);
    }
}
