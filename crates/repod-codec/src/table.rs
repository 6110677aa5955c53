//! The shapes that are known, found by how a message begins.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::predict::Program;
use crate::read::{Head, Reader};
use crate::shape::Shape;
use crate::{Limits, ShapeSettings, Tape};

#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    /// The shapes of one beginning, the last used first.
    buckets: HashMap<u64, Vec<u16>, BuildHasherDefault<Hashed>>,
    /// Messages so far: the clock of the table.
    now: u64,
    most: usize,
    most_per_owner: usize,
}

#[derive(Debug)]
struct Slot {
    program: Program,
    shape: Shape,
    description: Vec<u8>,
    announced: bool,
    bucket: u64,
    owner: u32,
    /// When it last met a message.
    used: u64,
    widened: u32,
}

/// How a payload fits the shapes that begin like it.
pub(crate) enum Fit {
    Unknown,
    /// A shape carries it as it is: only the limits at hand keep it from being used.
    Known,
    Widened(u16),
}

/// Shapes that are tried for one message.
const MOST_PER_BUCKET: usize = 16;
/// A shape gives way to a new one once it has met none of the last messages: so many per shape that
/// the table holds. Without that, more regular shapes than there is room for would push each other
/// out for ever.
const COLD_PER_SHAPE: u64 = 16;
/// Widenings of one shape one by one; after that all its integers become doubles at once.
const WIDENINGS: u32 = 4;

impl Table {
    pub fn new(settings: &ShapeSettings) -> Self {
        Self {
            slots: Vec::new(),
            buckets: HashMap::default(),
            now: 0,
            most: settings.max_shapes.min(u16::MAX.into()) as usize,
            most_per_owner: settings.max_shapes_per_connection as usize,
        }
    }

    /// Tries one shape, then those of the same beginning.
    #[inline]
    pub fn predict(
        &mut self,
        guess: u16,
        payload: &[u8],
        limits: &Limits,
        tape: &mut Tape,
    ) -> Option<u16> {
        self.now += 1;
        if self.run(guess, payload, limits, tape).is_some() {
            return Some(guess);
        }
        if self.slots.is_empty() {
            return None;
        }
        let bucket = self.buckets.get_mut(&beginning(payload))?;
        for place in 0..bucket.len() {
            let shape = bucket[place];
            if shape == guess {
                continue;
            }
            let slot = &mut self.slots[usize::from(shape)];
            if slot.program.run(payload, limits, tape).is_some() {
                slot.used = self.now;
                bucket[..=place].rotate_right(1);
                return Some(shape);
            }
        }
        None
    }

    /// Tries one shape.
    #[inline]
    pub fn run(
        &mut self,
        shape: u16,
        payload: &[u8],
        limits: &Limits,
        tape: &mut Tape,
    ) -> Option<()> {
        let slot = self.slots.get_mut(usize::from(shape))?;
        slot.program.run(payload, limits, tape)?;
        slot.used = self.now;
        Some(())
    }

    /// Widens a shape of the same beginning so that it carries this payload.
    pub fn widen(&mut self, payload: &[u8], settings: &ShapeSettings) -> Fit {
        let Some(bucket) = self.buckets.get(&beginning(payload)) else {
            return Fit::Unknown;
        };
        for &shape in bucket {
            let slot = &mut self.slots[usize::from(shape)];
            let Some(mut widened) = slot.shape.widened(payload, settings) else {
                continue;
            };
            if widened == slot.shape {
                return Fit::Known;
            }
            slot.widened += 1;
            if slot.widened >= WIDENINGS {
                widened.widen_integers();
            }
            slot.define(widened);
            return Fit::Widened(shape);
        }
        Fit::Unknown
    }

    /// Gives a new shape an id: a fresh one, or that of the coldest which may give way to it.
    pub fn define(&mut self, shape: Shape, payload: &[u8], owner: u32) -> Option<u16> {
        let bucket = beginning(payload);
        let id = self.place(bucket, owner)?;
        let slot = Slot {
            program: Program::of(&shape),
            description: shape.description(),
            shape,
            announced: false,
            bucket,
            owner,
            used: self.now,
            widened: 0,
        };
        match self.slots.get_mut(usize::from(id)) {
            Some(old) => *old = slot,
            None => self.slots.push(slot),
        }
        self.buckets.entry(bucket).or_default().insert(0, id);
        Some(id)
    }

    fn place(&mut self, bucket: u64, owner: u32) -> Option<u16> {
        let of_owner = self.slots.iter().filter(|slot| slot.owner == owner).count();
        let of_bucket = self.buckets.get(&bucket).map_or(0, Vec::len);
        let owner_is_full = of_owner >= self.most_per_owner;
        let bucket_is_full = of_bucket >= MOST_PER_BUCKET;
        if !owner_is_full && !bucket_is_full && self.slots.len() < self.most {
            return u16::try_from(self.slots.len()).ok();
        }
        let cold = self.now.checked_sub(COLD_PER_SHAPE * self.most as u64)?;
        let (place, coldest) = (self.slots.iter().enumerate())
            .filter(|(_, slot)| !owner_is_full || slot.owner == owner)
            .filter(|(_, slot)| !bucket_is_full || slot.bucket == bucket)
            .min_by_key(|(_, slot)| slot.used)?;
        if coldest.used > cold {
            return None;
        }
        let id = u16::try_from(place).ok()?;
        if let Some(others) = self.buckets.get_mut(&coldest.bucket) {
            others.retain(|&other| other != id);
            if others.is_empty() {
                self.buckets.remove(&coldest.bucket);
            }
        }
        Some(id)
    }

    pub fn is_announced(&self, shape: u32) -> bool {
        self.slots
            .get(shape as usize)
            .is_some_and(|slot| slot.announced)
    }

    pub fn announce(&mut self, shape: u32) {
        if let Some(slot) = self.slots.get_mut(shape as usize) {
            slot.announced = true;
        }
    }

    pub fn description(&self, shape: u32) -> &[u8] {
        self.slots
            .get(shape as usize)
            .map_or(&[], |slot| &slot.description)
    }
}

impl Slot {
    fn define(&mut self, shape: Shape) {
        self.program = Program::of(&shape);
        self.description = shape.description();
        self.shape = shape;
        self.announced = false;
    }
}

/// A number for how a message begins: the head of its map, its first key and, where the `action`
/// stands among the first keys with only plain values before it, the action. The same for every
/// message of a shape, widened or not, and mostly different for different actions.
fn beginning(payload: &[u8]) -> u64 {
    let mut hash = 0;
    let mut reader = Reader::new(payload);
    // Where the payload ends early, what was mixed so far is as good a number as any.
    let _ = mix_beginning(&mut reader, &mut hash);
    hash
}

/// Keys among which the action is looked for.
const FIRST_KEYS: u32 = 8;

fn mix_beginning(reader: &mut Reader, hash: &mut u64) -> Option<()> {
    let Head::Map(length) = Head::of(reader.byte()?) else {
        return None;
    };
    let entries = length.read(reader)?;
    mix(hash, &entries.to_le_bytes());
    for place in 0..entries.min(FIRST_KEYS) {
        let key = reader.text()?;
        if place == 0 {
            mix(hash, key);
        }
        if key == b"action" {
            mix(hash, reader.text()?);
            return Some(());
        }
        match Head::of(reader.byte()?) {
            Head::Nil | Head::Boolean | Head::Small(_) => {}
            Head::Unsigned(bytes) | Head::Signed(bytes) | Head::Float(bytes) => {
                reader.take(bytes.into())?;
            }
            Head::Text(length) => {
                let length = length.read(reader)?;
                reader.take(length as usize)?;
            }
            _ => return None,
        }
    }
    None
}

/// Looks at a bounded part of a text: nothing was checked yet.
fn mix(hash: &mut u64, text: &[u8]) {
    for chunk in text[..text.len().min(MIXED_BYTES)].chunks(8) {
        let word = chunk
            .iter()
            .fold(1, |word, &byte| word << 8 | u64::from(byte));
        *hash = (hash.rotate_left(29) ^ word).wrapping_mul(ODD);
    }
}

const MIXED_BYTES: usize = 64;
/// The golden ratio in 64 bits: odd and without a pattern.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hasher of numbers that are hashes already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        // The map takes its control bits from the top, its place from the bottom.
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        mix(&mut self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
