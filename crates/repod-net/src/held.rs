//! Payloads too large for the ring: they wait here, under an id, until JS fetches or drops them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(crate) struct Held {
    limit: usize,
    payloads: Mutex<Payloads>,
}

#[derive(Debug, Default)]
struct Payloads {
    by_id: HashMap<u32, Vec<u8>>,
    bytes: usize,
    last_id: u32,
}

impl Held {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            payloads: Mutex::default(),
        }
    }

    /// Whether a payload may be held; one alone always may.
    pub fn fits(&self, length: usize) -> bool {
        let payloads = self.lock();
        payloads.bytes == 0 || payloads.bytes + length <= self.limit
    }

    pub fn put(&self, payload: Vec<u8>) -> u32 {
        let mut payloads = self.lock();
        payloads.bytes += payload.len();
        payloads.last_id = payloads.last_id.wrapping_add(1);
        let id = payloads.last_id;
        payloads.by_id.insert(id, payload);
        id
    }

    pub fn take(&self, id: u32) -> Option<Vec<u8>> {
        let mut payloads = self.lock();
        let payload = payloads.by_id.remove(&id)?;
        payloads.bytes -= payload.len();
        Some(payload)
    }

    pub fn holds(&self, id: u32) -> bool {
        self.lock().by_id.contains_key(&id)
    }

    fn lock(&self) -> MutexGuard<'_, Payloads> {
        // Nothing in here panics between two changes that belong together.
        self.payloads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_always_fits_and_more_only_below_the_limit() {
        let held = Held::new(10);
        assert!(held.fits(100));
        let first = held.put(vec![1; 8]);
        assert!(held.fits(2));
        assert!(!held.fits(3));
        assert!(held.holds(first));
        assert_eq!(held.take(first), Some(vec![1; 8]));
        assert_eq!(held.take(first), None);
        assert!(!held.holds(first));
        assert!(held.fits(100));
    }
}
