//! The keys of the maps that a walk has open, and whether one comes twice.
//!
//! Keys are compared as the text that they become: the integer 1 and the text `1` are one key. A small
//! map compares each key with those before it; a big one sorts its keys once, when it closes, so that
//! no choice of keys makes it quadratic.

use std::cmp::Ordering;
use std::io::Write;

use crate::read::{Head, Reader};

#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

/// Positions are of the payload: one is at most 2^24 bytes long.
#[derive(Clone, Copy, Debug)]
struct Key {
    /// Of the text, cheap and equal for equal texts.
    tag: u32,
    /// Of a text: its first byte. Of an integer: its header byte.
    at: u32,
    length: u32,
}

/// In place of the length of a text.
const INTEGER: u32 = u32::MAX;
/// Up to so many entries the pairs of a map are compared.
const SMALL: u32 = 16;
/// Keys whose memory is kept for the next payload.
const KEPT: usize = 16_384;

impl Keys {
    /// Gives back the memory of a huge payload.
    pub fn clear(&mut self) {
        self.keys.clear();
        if self.keys.capacity() > KEPT {
            self.keys.shrink_to(KEPT);
        }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn push_text(&mut self, at: usize, text: &[u8]) {
        self.keys.push(Key {
            tag: tag(text),
            at: word(at),
            length: word(text.len()),
        });
    }

    pub fn push_integer(&mut self, at: usize, payload: &[u8]) {
        let mut key = Key {
            tag: 0,
            at: word(at),
            length: INTEGER,
        };
        key.tag = tag(key.text(payload, &mut Decimal::default()));
        self.keys.push(key);
    }

    /// Whether the newest key of a small map stands in it twice. A big map waits for [`Self::close`].
    #[inline]
    pub fn repeats_last(&self, payload: &[u8], first: usize, entries: u32) -> bool {
        if entries > SMALL {
            return false;
        }
        let Some((last, before)) = self.keys[first..].split_last() else {
            return false;
        };
        before
            .iter()
            .any(|key| key.tag == last.tag && order(key, last, payload).is_eq())
    }

    /// Drops the keys of a map, or says no: it was a big one and a key came twice.
    pub fn close(&mut self, payload: &[u8], first: usize, entries: u32) -> bool {
        if entries > SMALL {
            let keys = &mut self.keys[first..];
            keys.sort_unstable_by(|one, other| order(one, other, payload));
            if keys
                .windows(2)
                .any(|pair| order(&pair[0], &pair[1], payload).is_eq())
            {
                return false;
            }
        }
        self.keys.truncate(first);
        true
    }
}

impl Key {
    fn text<'a>(&self, payload: &'a [u8], decimal: &'a mut Decimal) -> &'a [u8] {
        let at = self.at as usize;
        if self.length == INTEGER {
            return decimal.of(Reader { bytes: payload, at });
        }
        &payload[at..at + self.length as usize]
    }
}

fn order(one: &Key, other: &Key, payload: &[u8]) -> Ordering {
    one.tag.cmp(&other.tag).then_with(|| {
        let (mut left, mut right) = (Decimal::default(), Decimal::default());
        one.text(payload, &mut left)
            .cmp(other.text(payload, &mut right))
    })
}

/// Room for any 64-bit integer in decimal.
#[derive(Default)]
struct Decimal([u8; 20]);

impl Decimal {
    /// The integer that begins at the reader, as text.
    fn of(&mut self, mut reader: Reader) -> &[u8] {
        let value = reader
            .byte()
            .and_then(|byte| integer(Head::of(byte), &mut reader));
        let room = self.0.len();
        let mut rest = &mut self.0[..];
        // Only integers are kept as such, and none is longer than the room.
        let written = value.and_then(|value| write!(rest, "{value}").ok());
        let used = written.map_or(0, |()| room - rest.len());
        &self.0[..used]
    }
}

fn integer(head: Head, reader: &mut Reader) -> Option<i128> {
    Some(match head {
        Head::Small(value) => value.into(),
        Head::Unsigned(1) => reader.byte()?.into(),
        Head::Unsigned(2) => u16::from_be_bytes(reader.array()?).into(),
        Head::Unsigned(4) => u32::from_be_bytes(reader.array()?).into(),
        Head::Unsigned(8) => u64::from_be_bytes(reader.array()?).into(),
        Head::Signed(1) => i8::from_be_bytes(reader.array()?).into(),
        Head::Signed(2) => i16::from_be_bytes(reader.array()?).into(),
        Head::Signed(4) => i32::from_be_bytes(reader.array()?).into(),
        Head::Signed(8) => i64::from_be_bytes(reader.array()?).into(),
        _ => return None,
    })
}

/// Tells most different texts apart: their length and their first and last eight bytes.
#[inline]
fn tag(text: &[u8]) -> u32 {
    let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (
            text.iter()
                .fold(0, |word, &byte| word << 8 | u64::from(byte)),
            0,
        ),
    };
    let mixed = (first ^ last.rotate_left(23) ^ text.len() as u64).wrapping_mul(MIX);
    word((mixed >> 32) as usize)
}

/// Odd and without a pattern in its bits: the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[allow(clippy::cast_possible_truncation)] // positions and tags have 32 bits
const fn word(value: usize) -> u32 {
    value as u32
}
