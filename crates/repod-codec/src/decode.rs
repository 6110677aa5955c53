//! One payload: its verdict, and its values where its shape is known.

use crate::walk::Walk;
use crate::{Fault, Limits, ShapeSettings, Tape};

/// What became of a payload that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Its values stand on [`Decoder::tape`], in the order of this shape.
    Tape { shape: u32 },
    /// It goes on as the bytes that it is.
    Bytes,
}

/// What a connection is in the habit of sending.
#[derive(Clone, Debug, Default)]
pub struct Habit;

/// Decodes the payloads of one engine.
#[derive(Debug)]
pub struct Decoder {
    walk: Walk,
    tape: Tape,
}

impl Decoder {
    pub fn new(_settings: ShapeSettings) -> Self {
        Self {
            walk: Walk::default(),
            tape: Tape::default(),
        }
    }

    /// The verdict of [`crate::validate`], always; of a known shape the values besides.
    pub fn decode(
        &mut self,
        _habit: &mut Habit,
        payload: &[u8],
        limits: &Limits,
    ) -> Result<Decoded, Fault> {
        self.walk.validate(payload, limits)?;
        Ok(Decoded::Bytes)
    }

    pub fn is_announced(&self, _shape: u32) -> bool {
        false
    }

    pub fn announce(&mut self, _shape: u32) {}

    pub fn description(&self, _shape: u32) -> &[u8] {
        &[]
    }

    pub fn tape(&self) -> &Tape {
        &self.tape
    }
}
