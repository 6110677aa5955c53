//! The inbound ring's protocol: who may read how far, who sleeps, and who has to be woken. It knows
//! positions only; where the bytes are is the business of `inbound.rs`.
//!
//! Two words, each changed by single read-modify-write operations:
//!
//! - `committed` is the position up to which records may be read, and the bit `AWAKE`. JS clears the
//!   bit by a compare-exchange that fails if anything was committed meanwhile, and only then
//!   sleeps. Whoever turns the bit from 0 to 1 makes the one call that wakes JS.
//! - `consumed` is the position up to which JS has read, and the bit `ROOM_WANTED`. An engine
//!   that finds no room sets it and looks at the position that it got back before it waits; the `take`
//!   that finds the bit notifies the engine.
//!
//! This very code runs under loom, which tries the interleavings of both threads (`tests/loom.rs`
//! says how).

#[cfg(repod_loom)]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(repod_loom))]
use std::sync::atomic::{AtomicU64, Ordering};

/// Of both words.
const FLAG: u64 = 1;

/// How the two threads rouse each other.
pub trait Bells {
    /// Makes the one call that wakes the JS thread; false if it can not be made any more.
    fn wake_js(&self) -> bool;
    /// JS has given back room that was wanted.
    fn notify_engine(&self);
}

pub struct Ring<B> {
    committed: AtomicU64,
    consumed: AtomicU64,
    capacity: u64,
    bells: B,
    #[cfg(repod_loom)]
    broken: Option<Broken>,
}

impl<B: Bells> Ring<B> {
    /// A ring with room for `capacity` of whatever is counted, both positions at 0.
    pub fn new(capacity: u64, bells: B) -> Self {
        Self {
            committed: AtomicU64::new(0),
            consumed: AtomicU64::new(0),
            capacity,
            bells,
            #[cfg(repod_loom)]
            broken: None,
        }
    }

    pub fn bells(&self) -> &B {
        &self.bells
    }

    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// JS thread: gives back what it has read, and learns how far it may read. An answer equal to
    /// `read_to` says that there is nothing; if it may sleep, it does so from here on.
    pub fn take(&self, read_to: u64, may_sleep: bool) -> u64 {
        let before = self.consumed.swap(read_to << 1, Ordering::AcqRel);
        if before & FLAG != 0 && !self.is_broken(Broken::NoNotifyOnFree) {
            self.bells.notify_engine();
        }
        let mut seen = self.committed.load(Ordering::Acquire);
        loop {
            if seen >> 1 != read_to || !may_sleep {
                return seen >> 1;
            }
            if self.is_broken(Broken::SleepByPlainStore) {
                self.committed.store(seen & !FLAG, Ordering::Release);
                return read_to;
            }
            let asleep = seen & !FLAG;
            let exchange = (Ordering::AcqRel, Ordering::Acquire);
            match self
                .committed
                .compare_exchange(seen, asleep, exchange.0, exchange.1)
            {
                Ok(_) => return read_to,
                Err(now) => seen = now,
            }
        }
    }

    /// Engine thread: hands over `length` more. Records that do not wake leave `AWAKE` as it is.
    pub fn commit(&self, length: u64, wakes: bool) {
        self.committed.fetch_add(length << 1, Ordering::AcqRel);
        if wakes {
            self.wake();
        }
    }

    /// Engine thread: sees to it that JS looks, unless it is awake anyway.
    pub fn wake(&self) {
        let before = self.committed.fetch_or(FLAG, Ordering::AcqRel);
        if before & FLAG == 0 && !self.bells.wake_js() {
            self.committed.fetch_and(!FLAG, Ordering::AcqRel);
        }
    }

    /// Engine thread: whether there is room up to the position `until`. If not, the engine is
    /// notified once JS has read on, and JS is woken to do so: everything that was written must
    /// have been committed before, or both would wait.
    pub fn room(&self, until: u64) -> bool {
        if until - self.consumed() <= self.capacity {
            return true;
        }
        let seen = self.want_notice();
        if !self.is_broken(Broken::NoSecondLook) && until - seen <= self.capacity {
            return true;
        }
        if !self.is_broken(Broken::NoWakeWhenFull) {
            self.wake();
        }
        false
    }

    /// Engine thread: asks to be notified by the next `take`; the position consumed by now.
    pub fn want_notice(&self) -> u64 {
        self.consumed.fetch_or(FLAG, Ordering::AcqRel) >> 1
    }

    /// The position up to which JS has read.
    pub fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Acquire) >> 1
    }
}

/// Ways to break the protocol, each of which loom must catch. The last two are up to the caller of
/// the ring. Without `--cfg repod_loom` nothing of this is left.
#[cfg_attr(not(repod_loom), allow(dead_code))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    SleepByPlainStore,
    NoSecondLook,
    NoWakeWhenFull,
    NoNotifyOnFree,
    CommitBeforeWrite,
    FreeBeforeRead,
}

#[cfg(repod_loom)]
impl<B: Bells> Ring<B> {
    #[must_use]
    pub fn broken(mut self, broken: Option<Broken>) -> Self {
        self.broken = broken;
        self
    }

    pub fn is_broken(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }
}

#[cfg(not(repod_loom))]
impl<B: Bells> Ring<B> {
    #[allow(clippy::unused_self)]
    const fn is_broken(&self, _: Broken) -> bool {
        false
    }
}
