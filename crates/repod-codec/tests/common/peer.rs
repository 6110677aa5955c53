//! One connection, for the tests that ask how messages travel.

use repod_codec::{Decoded, Decoder, Habit, Limits, ShapeSettings};

use super::{Pack, limits, settings};

/// A connection with a decoder of its own.
pub struct Peer {
    pub decoder: Decoder,
    pub habit: Habit,
    pub limits: Limits,
    /// SHAPE records that were due.
    pub definitions: usize,
}

impl Peer {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: ShapeSettings) -> Self {
        let decoder = Decoder::new(settings);
        Self {
            decoder,
            habit: Habit::default(),
            limits: limits(),
            definitions: 0,
        }
    }

    /// The shape that the payload travels by, `None` for bytes.
    pub fn decode(&mut self, payload: &[u8]) -> Option<u32> {
        match self
            .decoder
            .decode(&mut self.habit, payload, &self.limits)
            .expect("a verdict")
        {
            Decoded::Bytes => None,
            Decoded::Tape { shape } => {
                if !self.decoder.is_announced(shape) {
                    self.definitions += 1;
                    self.decoder.announce(shape);
                }
                Some(shape)
            }
        }
    }

    /// How many of so many rounds of these messages went by bytes.
    pub fn bytes_in(&mut self, rounds: usize, messages: &[Vec<u8>]) -> usize {
        let all = std::iter::repeat_n(messages, rounds).flatten();
        all.filter(|message| self.decode(message).is_none()).count()
    }
}

/// A message of two fields.
pub fn message(action: &str, value: &Pack) -> Vec<u8> {
    Pack::default()
        .map(2)
        .text("action")
        .text(action)
        .text("v")
        .raw(&value.0)
        .0
}

pub fn int(value: i64) -> Pack {
    Pack::default().int(value)
}
