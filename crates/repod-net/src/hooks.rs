//! Panics on demand, for tests of what a panic does. Not compiled without the feature `test-hooks`.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where to panic, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// In the turn of a connection.
    Task = 1,
    /// While a message is decoded.
    Decode = 2,
    /// While the engine takes what JS handed over.
    Intake = 3,
    /// Within a TAPE record.
    Record = 4,
    /// While an answer is given.
    Desk = 5,
}

static ARMED: AtomicU8 = AtomicU8::new(0);

pub(crate) fn provoke(place: Place) {
    ARMED.store(place as u8, Ordering::SeqCst);
}

pub(crate) fn panic_if(place: Place) {
    let armed = ARMED.compare_exchange(place as u8, 0, Ordering::SeqCst, Ordering::SeqCst);
    assert!(armed.is_err(), "as a test asked for");
}
