//! Memory that JS lends: the ring, the chunks and the pages of counters. Both threads hold it, so
//! it is a raw pointer and a length here, and this file is the only one that touches it.

use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::AtomicU32;

#[cfg(target_endian = "big")]
compile_error!("the records that cross are little-endian words, read by JS as native ones");

/// A region of a `SharedArrayBuffer`. Copies are plain copies of the pointer: who lends the memory
/// keeps it alive until the engine is closed, or until the chunk is given back.
#[derive(Clone, Copy, Debug)]
pub struct Lent {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory is not bound to a thread; which bytes of it a thread may touch is settled by
// the ring's positions, the chunk's done count, and atomics for everything that both look at.
unsafe impl Send for Lent {}

impl Lent {
    /// # Safety
    ///
    /// `start` points at `length` bytes that can be read and written until the engine they are lent
    /// to was closed (a chunk: until it was given back), and that JS touches only as
    /// `ts/tape/layout.ts` allows.
    ///
    /// # Panics
    ///
    /// If `start` is not aligned to 8 bytes, or null with a length.
    pub unsafe fn new(start: *mut u8, length: usize) -> Self {
        let start = match NonNull::new(start) {
            Some(start) => start,
            None if length == 0 => NonNull::<u64>::dangling().cast(),
            None => panic!("lent memory is null"),
        };
        assert!(
            start.cast::<u64>().is_aligned(),
            "lent memory is not aligned to 8 bytes"
        );
        Self { start, length }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Writes bytes that the other side does not look at before a later release of its own.
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) {
        let to = self.span(at, bytes.len());
        // SAFETY: `span` checked that the target lies within the memory, and engine memory never
        // overlaps lent memory.
        unsafe { to.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) }
    }

    pub(crate) fn write_words<const N: usize>(&self, at: usize, words: [u32; N]) {
        self.write_plain(at, &words);
    }

    /// Writes numbers as they lie in memory.
    pub(crate) fn write_plain<T: Plain>(&self, at: usize, numbers: &[T]) {
        let length = size_of_val(numbers);
        let to = self.span(at, length);
        // SAFETY: as in `write`; `Plain` types have no padding, so all their bytes are initialised.
        unsafe { to.copy_from_nonoverlapping(NonNull::from(numbers).cast(), length) }
    }

    /// A word that both sides may look at, at any time.
    pub(crate) fn counter(&self, word: usize) -> &AtomicU32 {
        let at = self.span(word * 4, 4).cast::<u32>();
        // SAFETY: within the memory and aligned (the start is, to 8 bytes); words used as counters
        // are accessed by atomics alone, here and in JS.
        unsafe { AtomicU32::from_ptr(at.as_ptr()) }
    }

    /// A range of a chunk that JS has handed over.
    ///
    /// # Safety
    ///
    /// JS must not write the range while the slice lives: that is so from the `flush` that named
    /// the range until the chunk's done count says that the engine is through with it.
    pub(crate) unsafe fn quiescent(&self, from: usize, to: usize) -> &[u8] {
        let start = self.span(from, to - from);
        // SAFETY: within the memory, and unchanging by the caller's promise.
        unsafe { slice::from_raw_parts(start.as_ptr(), to - from) }
    }

    fn span(&self, at: usize, length: usize) -> NonNull<u8> {
        let end = at.checked_add(length);
        assert!(
            end.is_some_and(|end| end <= self.length),
            "{length} bytes at {at} of {} lent ones",
            self.length
        );
        // SAFETY: just checked to be within the memory.
        unsafe { self.start.add(at) }
    }
}

/// Numbers that are nothing but their bytes.
pub(crate) trait Plain: Copy {}
impl Plain for u32 {}
impl Plain for i32 {}
impl Plain for f64 {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    fn lend(words: &mut [u64]) -> Lent {
        // SAFETY: the vector outlives the value in each test.
        unsafe { Lent::new(words.as_mut_ptr().cast(), size_of_val(words)) }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let mut memory = vec![0_u64; 4];
        let lent = lend(&mut memory);
        lent.write_words(0, [1, 2]);
        lent.write_plain(8, &[-1_i32]);
        lent.write_plain(16, &[0.5_f64]);
        lent.write(12, b"abcd");
        // SAFETY: nobody else writes here.
        let bytes = unsafe { lent.quiescent(0, 24) };
        assert_eq!(bytes[..8], [1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[8..16], [255, 255, 255, 255, 97, 98, 99, 100]);
        assert_eq!(bytes[16..24], 0.5_f64.to_le_bytes());
        lent.counter(7).store(9, Ordering::Relaxed);
        assert_eq!(memory[3] >> 32, 9);
    }

    #[test]
    #[should_panic(expected = "9 bytes at 8 of 16 lent ones")]
    fn nothing_is_written_past_the_end() {
        lend(&mut [0_u64; 2]).write(8, &[0; 9]);
    }

    #[test]
    #[should_panic(expected = "not aligned")]
    fn memory_that_is_not_aligned_is_refused() {
        let mut memory = [0_u64; 2];
        // SAFETY: within the array.
        let odd = unsafe { memory.as_mut_ptr().cast::<u8>().add(4) };
        // SAFETY: 8 readable and writable bytes.
        let _ = unsafe { Lent::new(odd, 8) };
    }
}
