//! Whether the engine's thread sleeps, and what it was called for: so that only a call that meets a
//! sleeping engine costs a system call.
//!
//! One word, changed by single read-modify-write operations: the bit `PARKED` and the calls that are
//! not answered yet. The engine sets the bit before it sleeps and sees in the same step whether it
//! was called meanwhile; then it does not sleep. Who calls sees in the same step whether the engine
//! sleeps, and rings if so, unless an earlier call has done that. An engine that is awake looks by
//! itself, after every turn of a task and before it sleeps.
//!
//! This very code runs under loom (`tests/loom.rs`).

#[cfg(repod_loom)]
use loom::sync::atomic::{AtomicU32, Ordering};
#[cfg(not(repod_loom))]
use std::sync::atomic::{AtomicU32, Ordering};

const PARKED: u32 = 1;

/// What the engine is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Call {
    /// There are commands, or it is to end.
    Commands = 2,
    /// There is room again for what comes in.
    Room = 4,
}

/// The calls that were not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls(u32);

impl Calls {
    pub fn has(self, call: Call) -> bool {
        self.0 & call as u32 != 0
    }

    pub fn any(self) -> bool {
        self.0 & !PARKED != 0
    }
}

pub struct Parking {
    word: AtomicU32,
    #[cfg(repod_loom)]
    broken: Option<Broken>,
}

impl Default for Parking {
    fn default() -> Self {
        Self {
            word: AtomicU32::new(0),
            #[cfg(repod_loom)]
            broken: None,
        }
    }
}

impl Parking {
    /// Any thread: what is called for must be there before. True if the engine must be roused.
    pub fn call(&self, call: Call) -> bool {
        if self.is_broken(Broken::LookBeforeCall) {
            let before = self.word.load(Ordering::Acquire);
            self.word.fetch_or(call as u32, Ordering::AcqRel);
            return before == PARKED;
        }
        self.word.fetch_or(call as u32, Ordering::AcqRel) == PARKED
    }

    /// Engine thread: whether it was called.
    pub fn is_called(&self) -> bool {
        Calls(self.word.load(Ordering::Relaxed)).any()
    }

    /// Engine thread: answers the calls. What they were for is looked at afterwards.
    pub fn answer(&self) -> Calls {
        Calls(self.word.fetch_and(PARKED, Ordering::AcqRel))
    }

    /// Engine thread: from here on who calls rouses it. False if somebody has called already, and it
    /// must not sleep.
    pub fn park(&self) -> bool {
        let before = Calls(self.word.fetch_or(PARKED, Ordering::AcqRel));
        !before.any() || self.is_broken(Broken::NoLookWhenParking)
    }

    /// Engine thread: it is awake again, whoever roused it.
    pub fn unpark(&self) {
        self.word.fetch_and(!PARKED, Ordering::AcqRel);
    }
}

/// Ways to break the protocol, each of which loom must catch. The last is up to the engine. Without
/// `--cfg repod_loom` nothing of this is left.
#[cfg_attr(not(repod_loom), allow(dead_code))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    LookBeforeCall,
    NoLookWhenParking,
    AnswerAfterLooking,
}

#[cfg(repod_loom)]
impl Parking {
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
impl Parking {
    #[allow(clippy::unused_self)]
    const fn is_broken(&self, _: Broken) -> bool {
        false
    }
}

#[cfg(all(test, not(repod_loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_call_to_a_parked_engine_rings() {
        let parking = Parking::default();
        assert!(!parking.call(Call::Commands));
        assert!(parking.is_called());
        assert!(!parking.park());
        assert!(!parking.call(Call::Room));
        let calls = parking.answer();
        assert!(calls.has(Call::Commands) && calls.has(Call::Room));
        parking.unpark();
        assert!(!parking.answer().any());
        assert!(parking.park());
        assert!(parking.call(Call::Room));
        assert!(!parking.call(Call::Commands));
        parking.unpark();
        assert!(parking.answer().has(Call::Room));
        assert!(!parking.is_called());
    }
}
