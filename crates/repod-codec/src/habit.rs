//! What is remembered of one connection between its messages.

use crate::ShapeSettings;

/// What a connection is in the habit of sending: 12 bytes.
///
/// Learning costs the engine a second look at a message, and each definition costs JS a compiled
/// reader, so a connection is bounded in both. One that keeps missing is looked at ever more seldom.
/// In its whole life it may cause four definitions, widenings included, for each shape that its share
/// of the table has: whatever it sends, it cannot make JS compile for ever. Beyond that it still uses
/// every shape that is known.
#[derive(Clone, Debug, Default)]
pub struct Habit {
    /// Who brought a shape; 0 until the connection has brought one.
    pub(crate) owner: u32,
    /// The shape of its last message on the tape: the first guess for the next.
    pub(crate) last: u16,
    defined: u16,
    /// Looks that taught nothing, less the messages that were on the tape.
    fruitless: u8,
    /// Misses that are not looked at.
    skip: u8,
}

/// Definitions in the life of a connection, for each shape of its share.
const DEFINITIONS_PER_SHARE: u32 = 4;
/// Every so many misses one is looked at, the more fruitless looks there were. Primes, so that a
/// regular rotation of messages does not hide one of them for ever.
const STRIDES: [u8; 7] = [1, 1, 3, 7, 13, 31, 61];
/// Fruitless looks per place in that list.
const FRUITLESS_PER_STRIDE: u8 = 16;

impl Habit {
    /// A message missed: whether it may be looked at.
    pub(crate) fn may_learn(&mut self, settings: &ShapeSettings) -> bool {
        let most = settings
            .max_shapes_per_connection
            .saturating_mul(DEFINITIONS_PER_SHARE);
        if u32::from(self.defined) >= most.min(u16::MAX.into()) {
            return false;
        }
        let skipped = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        !skipped
    }

    pub(crate) fn learned_nothing(&mut self) {
        self.fruitless = self.fruitless.saturating_add(1);
        let place = usize::from(self.fruitless / FRUITLESS_PER_STRIDE);
        self.skip = STRIDES[place.min(STRIDES.len() - 1)] - 1;
    }

    pub(crate) fn learned(&mut self) {
        self.defined = self.defined.saturating_add(1);
        self.fruitless = 0;
    }

    #[inline]
    pub(crate) fn hit(&mut self, shape: u16) {
        self.last = shape;
        if self.fruitless > 0 {
            self.fruitless -= 1;
        }
    }
}
