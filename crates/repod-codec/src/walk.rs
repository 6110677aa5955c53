//! The strict walk: one pre-order pass over a payload that alone decides whether it is accepted.
//!
//! The order of its checks is part of the wire format: the TypeScript twin makes the same ones in the
//! same order, so that both give one verdict for every input. The walk keeps its levels in a vector,
//! so that no input reaches the thread's stack; what it allocates grows with what it has read.

use crate::keys::Keys;
use crate::read::{Head, Length, Reader};
use crate::{Detail, Fault, FaultCode, Limits};

/// Just the walk: the verdict that [`crate::Decoder::decode`] gives, without shapes.
pub fn validate(payload: &[u8], limits: &Limits) -> Result<(), Fault> {
    Walk::default().validate(payload, limits)
}

/// The memory of a walk, kept from one payload to the next.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    levels: Vec<Level>,
    keys: Keys,
}

/// A container that is open: what is still to come of it, and what it is.
#[derive(Debug)]
struct Level {
    left: u32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Array,
    /// Where its keys begin in [`Keys`], and how many it promised.
    Map {
        first_key: usize,
        entries: u32,
    },
}

struct Pass<'p, 'l> {
    reader: Reader<'p>,
    limits: &'l Limits,
    values: u32,
    /// Where the value of the root's `action` begins.
    action: Option<usize>,
}

impl Walk {
    pub fn validate(&mut self, payload: &[u8], limits: &Limits) -> Result<(), Fault> {
        self.levels.clear();
        self.keys.clear();
        let mut pass = Pass {
            reader: Reader::new(payload),
            limits,
            values: 0,
            action: None,
        };
        if let Err(detail) = self.values(&mut pass) {
            // Big maps look for duplicates when they close. One that is open may hold a duplicate
            // that came before this fault: then that was the first violation.
            let first = if self.open_duplicate(payload) {
                Detail::Key
            } else {
                detail
            };
            return Err(first.into());
        }
        check_message(payload, limits, pass.action)
    }

    fn values(&mut self, pass: &mut Pass) -> Result<(), Detail> {
        loop {
            self.value(pass)?;
            while let Some(level) = self.levels.last_mut() {
                if level.left > 0 {
                    level.left -= 1;
                    if let Kind::Map { first_key, entries } = level.kind {
                        self.key(pass, first_key, entries)?;
                    }
                    break;
                }
                if let Kind::Map { first_key, entries } = level.kind
                    && !self.keys.close(pass.reader.bytes, first_key, entries)
                {
                    return Err(Detail::Key);
                }
                self.levels.pop();
            }
            if self.levels.is_empty() {
                return if pass.reader.left() == 0 {
                    Ok(())
                } else {
                    Err(Detail::Trailing)
                };
            }
        }
    }

    #[inline]
    fn value(&mut self, pass: &mut Pass) -> Result<(), Detail> {
        let byte = pass.reader.byte().ok_or(Detail::Truncated)?;
        let head = Head::of(byte);
        if let Head::Reserved = head {
            return Err(Detail::Reserved);
        }
        if pass.values == pass.limits.max_elements {
            return Err(Detail::Elements);
        }
        pass.values += 1;
        match head {
            Head::Reserved | Head::Nil | Head::Boolean | Head::Small(_) => {}
            Head::Unsigned(bytes) | Head::Signed(bytes) | Head::Float(bytes) => {
                pass.body(u32::from(bytes))?;
            }
            Head::Text(length) => {
                let length = pass.length(length)?;
                check_utf8(pass.body(length)?)?;
            }
            Head::Binary(length) => {
                let length = pass.length(length)?;
                pass.body(length)?;
            }
            Head::Ext(length) => {
                let length = pass.length(length)?;
                let kind = pass.body(1)?[0];
                let content = pass.body(length)?;
                if kind != TIMESTAMP || !is_timestamp(content) {
                    return Err(Detail::Ext);
                }
            }
            Head::Array(length) => {
                let count = pass.length(length)?;
                self.open(pass, count, count.into(), Kind::Array)?;
            }
            Head::Map(length) => {
                let entries = pass.length(length)?;
                let kind = Kind::Map {
                    first_key: self.keys.len(),
                    entries,
                };
                self.open(pass, entries, u64::from(entries) * 2, kind)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, pass: &Pass, left: u32, least: u64, kind: Kind) -> Result<(), Detail> {
        if self.levels.len() >= pass.limits.max_depth as usize {
            return Err(Detail::Depth);
        }
        if least > pass.reader.left() as u64 {
            return Err(Detail::Elements);
        }
        if matches!(kind, Kind::Map { .. }) && left > pass.limits.max_map_entries {
            return Err(Detail::Map);
        }
        self.levels.push(Level { left, kind });
        Ok(())
    }

    fn key(&mut self, pass: &mut Pass, first_key: usize, entries: u32) -> Result<(), Detail> {
        let begin = pass.reader.at;
        let byte = pass.reader.byte().ok_or(Detail::Truncated)?;
        match Head::of(byte) {
            Head::Reserved => return Err(Detail::Reserved),
            Head::Text(length) => {
                let length = pass.length(length)?;
                if length > pass.limits.max_key_length {
                    return Err(Detail::Key);
                }
                let text = pass.body(length)?;
                check_utf8(text)?;
                if text == b"__proto__" {
                    return Err(Detail::Key);
                }
                if self.levels.len() == 1 && text == b"action" {
                    pass.action = Some(pass.reader.at);
                }
                self.keys.push_text(pass.reader.at - text.len(), text);
            }
            Head::Small(_) => self.keys.push_integer(begin, pass.reader.bytes),
            Head::Unsigned(bytes) | Head::Signed(bytes) => {
                pass.body(u32::from(bytes))?;
                self.keys.push_integer(begin, pass.reader.bytes);
            }
            _ => return Err(Detail::Key),
        }
        if self
            .keys
            .repeats_last(pass.reader.bytes, first_key, entries)
        {
            return Err(Detail::Key);
        }
        Ok(())
    }

    fn open_duplicate(&mut self, payload: &[u8]) -> bool {
        while let Some(level) = self.levels.pop() {
            if let Kind::Map { first_key, entries } = level.kind
                && !self.keys.close(payload, first_key, entries)
            {
                return true;
            }
        }
        false
    }
}

impl<'p> Pass<'p, '_> {
    #[inline]
    fn length(&mut self, length: Length) -> Result<u32, Detail> {
        length.read(&mut self.reader).ok_or(Detail::Truncated)
    }

    #[inline]
    fn body(&mut self, length: u32) -> Result<&'p [u8], Detail> {
        self.reader.take(length as usize).ok_or(Detail::Truncated)
    }
}

/// A payload that passed whole is asked for its shape.
fn check_message(payload: &[u8], limits: &Limits, action: Option<usize>) -> Result<(), Fault> {
    let Some(at) = action else {
        return Err(Fault::of(FaultCode::InvalidMessage));
    };
    let mut reader = Reader { bytes: payload, at };
    let length = match reader.byte().map(Head::of) {
        Some(Head::Text(length)) => length.read(&mut reader),
        _ => None,
    };
    match length {
        Some(length) if length <= limits.max_action_length => Ok(()),
        _ => Err(Fault::of(FaultCode::InvalidAction)),
    }
}

#[inline]
fn check_utf8(text: &[u8]) -> Result<(), Detail> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Detail::Utf8),
    }
}

/// The one extension type: -1.
const TIMESTAMP: u8 = 0xff;
const NANOSECONDS: u64 = 1_000_000_000;
/// The last millisecond that a JavaScript `Date` holds, on either side of 1970.
const DATE_MS: i128 = 8_640_000_000_000_000;

/// Whether these bytes are a timestamp that a JavaScript `Date` holds.
fn is_timestamp(content: &[u8]) -> bool {
    if content.len() == 4 {
        return true;
    }
    if let Ok(packed) = content.try_into() {
        // 34 bits of seconds are always within a Date.
        return u64::from_be_bytes(packed) >> 34 < NANOSECONDS;
    }
    let Some((nanoseconds, seconds)) = content.split_first_chunk() else {
        return false;
    };
    let Ok(seconds) = seconds.try_into() else {
        return false;
    };
    let nanoseconds = u64::from(u32::from_be_bytes(*nanoseconds));
    let seconds = i128::from(i64::from_be_bytes(seconds));
    let milliseconds = seconds * 1_000 + i128::from(nanoseconds / 1_000_000);
    nanoseconds < NANOSECONDS && (-DATE_MS..=DATE_MS).contains(&milliseconds)
}
