//! Frames: four bytes of length, big-endian, then so many bytes of payload.

use crate::{Fault, FaultCode, Limits};

/// Cuts the bytes of one connection into payloads.
///
/// A frame that lies whole in what came is handed on where it lies. Only the rest of an unfinished
/// one is kept, in memory that grows with what has come and never with what its header promises; a
/// connection between two frames owns none.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    state: State,
}

#[derive(Debug)]
enum State {
    /// `have` bytes of a header have come.
    Head { bytes: [u8; HEADER], have: u8 },
    /// A payload of `length` bytes, of which these have come.
    Body { payload: Vec<u8>, length: usize },
    /// A payload that was handed on out of this memory: the next call frees it.
    Done(Vec<u8>),
    /// The stream is broken for ever: no later byte has a meaning.
    Refused(Fault),
}

const HEADER: usize = 4;

impl Default for State {
    fn default() -> Self {
        Self::Head {
            bytes: [0; HEADER],
            have: 0,
        }
    }
}

impl FrameDecoder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes from `input`, which is moved on behind what was taken, and gives the next payload.
    ///
    /// `None` says that `input` is used up. Call it until then: a payload that had to be put together
    /// is freed by the call after the one that gave it. A length is judged with the fourth byte of
    /// its header, whatever else is there. A fault is final: every later call gives it again.
    pub fn next_frame<'a, 'input: 'a>(
        &'a mut self,
        input: &mut &'input [u8],
        limits: &Limits,
    ) -> Result<Option<&'a [u8]>, Fault> {
        if let State::Done(_) = self.state {
            self.state = State::default();
        }
        if let State::Head { bytes, have } = &mut self.state {
            let Some(length) = take_header(bytes, have, input) else {
                return Ok(None);
            };
            if let Err(fault) = check(length, limits) {
                self.state = State::Refused(fault);
                return Err(fault);
            }
            let length = length as usize;
            if let Some((payload, rest)) = input.split_at_checked(length) {
                *input = rest;
                self.state = State::default();
                return Ok(Some(payload));
            }
            self.state = State::Body {
                payload: Vec::new(),
                length,
            };
        }
        match &mut self.state {
            State::Body { payload, length } => {
                let length = *length;
                let (come, rest) = input.split_at(input.len().min(length - payload.len()));
                *input = rest;
                append(payload, come, length);
                if payload.len() < length {
                    return Ok(None);
                }
                self.state = State::Done(std::mem::take(payload));
            }
            State::Refused(fault) => return Err(*fault),
            State::Head { .. } | State::Done(_) => {}
        }
        match &self.state {
            State::Done(payload) => Ok(Some(payload)),
            State::Head { .. } | State::Body { .. } | State::Refused(_) => Ok(None),
        }
    }

    /// Whether the stream could end here without cutting a frame.
    pub fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Head { have: 0, .. } | State::Done(_))
    }

    /// Bytes of an unfinished frame that are kept here, its header included.
    pub fn buffered(&self) -> usize {
        match &self.state {
            State::Head { have, .. } => usize::from(*have),
            State::Body { payload, .. } => HEADER + payload.len(),
            State::Done(_) | State::Refused(_) => 0,
        }
    }
}

fn take_header(bytes: &mut [u8; HEADER], have: &mut u8, input: &mut &[u8]) -> Option<u32> {
    if *have == 0
        && let Some((header, rest)) = input.split_first_chunk()
    {
        *input = rest;
        return Some(u32::from_be_bytes(*header));
    }
    while usize::from(*have) < HEADER {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        bytes[usize::from(*have)] = byte;
        *have += 1;
    }
    Some(u32::from_be_bytes(*bytes))
}

fn check(length: u32, limits: &Limits) -> Result<(), Fault> {
    match length {
        0 => Err(Fault::of(FaultCode::FrameEmpty)),
        _ if length > limits.max_frame_length => Err(Fault::too_large(length)),
        _ => Ok(()),
    }
}

/// Doubles where it must grow, but never beyond the frame.
fn append(payload: &mut Vec<u8>, come: &[u8], length: usize) {
    let needed = payload.len() + come.len();
    if needed > payload.capacity() {
        let capacity = needed.max(payload.capacity().saturating_mul(2)).min(length);
        payload.reserve_exact(capacity - payload.len());
    }
    payload.extend_from_slice(come);
}
