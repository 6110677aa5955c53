//! One payload: its verdict, and its values where its shape is known.

use crate::habit::Habit;
use crate::shape::Shape;
use crate::table::{Fit, Table};
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

/// Decodes the payloads of one engine: shapes are shared by all its connections.
///
/// A payload is tried against the last shape of its connection, then against the shapes that begin
/// like it; one that fits none is walked, and only the walk gives a fault. What passed the walk is
/// looked at, as far as the [`Habit`] of its connection allows: a known shape widens to carry it
/// (integers to doubles, an empty array to an array of something), or a new one is defined once it
/// was seen often enough.
///
/// The table is bounded, and so is each connection's share of it. A shape gives way to a new one only
/// when it is the coldest and has met none of the last messages; otherwise the new one stays bytes.
#[derive(Debug)]
pub struct Decoder {
    settings: ShapeSettings,
    walk: Walk,
    tape: Tape,
    table: Table,
    sightings: Sightings,
    /// Connections that have brought a shape.
    owners: u32,
}

impl Decoder {
    pub fn new(settings: ShapeSettings) -> Self {
        Self {
            walk: Walk::default(),
            tape: Tape::default(),
            table: Table::new(&settings),
            sightings: Sightings::default(),
            owners: 0,
            settings,
        }
    }

    /// The verdict of [`crate::validate`], always; of a known shape the values besides.
    pub fn decode(
        &mut self,
        habit: &mut Habit,
        payload: &[u8],
        limits: &Limits,
    ) -> Result<Decoded, Fault> {
        let mut found = self
            .table
            .predict(habit.last, payload, limits, &mut self.tape);
        if found.is_none() {
            self.walk.validate(payload, limits)?;
            found = self.learn(habit, payload, limits);
        }
        let Some(shape) = found else {
            return Ok(Decoded::Bytes);
        };
        habit.hit(shape);
        Ok(Decoded::Tape {
            shape: shape.into(),
        })
    }

    /// Forgets all shapes, after a panic that may have left their table half changed: none is announced
    /// any more, and ids begin again. What connections remember of them are guesses.
    pub fn forget(&mut self) {
        self.walk = Walk::default();
        self.tape = Tape::default();
        self.table = Table::new(&self.settings);
        self.sightings = Sightings::default();
    }

    /// Whether the SHAPE record of this definition was written. A definition that changes, by
    /// widening or because its id went to another shape, is unannounced again.
    pub fn is_announced(&self, shape: u32) -> bool {
        self.table.is_announced(shape)
    }

    /// Call it once the SHAPE record is written.
    pub fn announce(&mut self, shape: u32) {
        self.table.announce(shape);
    }

    /// As a SHAPE record carries it. At most 32 bytes for each field that a shape may have.
    pub fn description(&self, shape: u32) -> &[u8] {
        self.table.description(shape)
    }

    /// The values of the last payload that was decoded to [`Decoded::Tape`].
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Looks at a payload that passed the walk. A shape that it defines or widens carries it at once.
    fn learn(&mut self, habit: &mut Habit, payload: &[u8], limits: &Limits) -> Option<u16> {
        if !self.settings.codegen || !habit.may_learn(&self.settings) {
            return None;
        }
        match self.look(habit, payload) {
            Lesson::Nothing => habit.learned_nothing(),
            Lesson::Sighting => {}
            Lesson::Shape(shape) => {
                habit.learned();
                self.table.run(shape, payload, limits, &mut self.tape)?;
                return Some(shape);
            }
        }
        None
    }

    fn look(&mut self, habit: &mut Habit, payload: &[u8]) -> Lesson {
        match self.table.widen(payload, &self.settings) {
            Fit::Unknown => {}
            Fit::Known => return Lesson::Nothing,
            Fit::Widened(shape) => return Lesson::Shape(shape),
        }
        let Some(shape) = Shape::of(payload, &self.settings) else {
            return Lesson::Nothing;
        };
        let skeleton = shape.skeleton();
        let most = SIGHTINGS_PER_SHAPE * self.settings.max_shapes as usize;
        let sightings = self.sightings.count(skeleton, most);
        if sightings < self.settings.sightings {
            return if sightings > 1 {
                Lesson::Sighting
            } else {
                Lesson::Nothing
            };
        }
        if habit.owner == 0 {
            self.owners = self.owners.wrapping_add(1).max(1);
            habit.owner = self.owners;
        }
        let Some(id) = self.table.define(shape, payload, habit.owner) else {
            return Lesson::Nothing;
        };
        self.sightings.forget(skeleton);
        Lesson::Shape(id)
    }
}

/// What a look at a payload taught.
enum Lesson {
    Nothing,
    /// The shape was seen before, but not often enough yet.
    Sighting,
    /// A new definition, of a new shape or of one that widened.
    Shape(u16),
}

/// Shapes that are counted before they are defined, for each that the table holds.
const SIGHTINGS_PER_SHAPE: usize = 2;

/// How often shapes were seen that are not defined yet, of the whole engine.
#[derive(Debug, Default)]
struct Sightings {
    seen: Vec<(u64, u32)>,
    /// The place that the next new one takes when all are taken.
    next: usize,
}

impl Sightings {
    fn count(&mut self, skeleton: u64, most: usize) -> u32 {
        if let Some((_, count)) = self.seen.iter_mut().find(|(other, _)| *other == skeleton) {
            *count = count.saturating_add(1);
            return *count;
        }
        if self.seen.len() < most {
            self.seen.push((skeleton, 1));
        } else if let Some(seen) = self.seen.get_mut(self.next) {
            *seen = (skeleton, 1);
            self.next = (self.next + 1) % most;
        }
        1
    }

    fn forget(&mut self, skeleton: u64) {
        if let Some(place) = self.seen.iter().position(|(other, _)| *other == skeleton) {
            self.seen.swap_remove(place);
        }
    }
}
