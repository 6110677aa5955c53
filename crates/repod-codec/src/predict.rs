//! A shape as a program: literal bytes to compare, and between them values to put on the tape.
//!
//! What runs through is a message of that shape which the walk would accept: the literals were walked
//! when the shape was learned, texts are checked as they are copied, values are counted, and what is
//! fixed about a shape is held against the limits before it is tried. Anything else ends in `None`.

use crate::read::Reader;
use crate::shape::{Shape, Type, text_of};
use crate::{Limits, Tape};

#[derive(Debug)]
pub(crate) struct Program {
    steps: Box<[Step]>,
    literals: Box<[u8]>,
    needs: Needs,
}

/// Bytes that must come, then one field.
#[derive(Debug)]
struct Step {
    from: u32,
    to: u32,
    /// In the measure of `max_elements`: those within the literal and the field.
    values: u32,
    field: Field,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    None,
    I32,
    F64,
    Boolean,
    Text,
    EmptyArray,
    /// The next steps are one element.
    Array {
        steps: u32,
    },
}

/// What `Limits` must allow for any message of the shape to pass.
#[derive(Debug, Default)]
struct Needs {
    depth: u32,
    map_entries: usize,
    key_length: usize,
    action_length: usize,
}

impl Program {
    pub fn of(shape: &Shape) -> Self {
        let mut compiler = Compiler::default();
        compiler.value(&shape.root, 1);
        compiler.flush();
        Self {
            steps: compiler.steps.into(),
            literals: compiler.literals.into(),
            needs: compiler.needs,
        }
    }

    /// Puts the fields of a payload on the tape if it is of this shape and within the limits.
    pub fn run(&self, payload: &[u8], limits: &Limits, tape: &mut Tape) -> Option<()> {
        if !self.needs.are_within(limits) {
            return None;
        }
        tape.clear();
        let mut run = Run {
            reader: Reader::new(payload),
            left: limits.max_elements,
            program: self,
            tape,
        };
        run.steps(&self.steps)?;
        (run.reader.left() == 0).then_some(())
    }
}

impl Needs {
    #[inline]
    fn are_within(&self, limits: &Limits) -> bool {
        self.depth <= limits.max_depth
            && self.map_entries <= limits.max_map_entries as usize
            && self.key_length <= limits.max_key_length as usize
            && self.action_length <= limits.max_action_length as usize
    }
}

struct Run<'p, 'a> {
    reader: Reader<'p>,
    /// Values that may still come.
    left: u32,
    program: &'a Program,
    tape: &'a mut Tape,
}

impl Run<'_, '_> {
    /// Recurses once per level of arrays, of which a shape has a few.
    fn steps(&mut self, steps: &[Step]) -> Option<()> {
        let mut steps = steps;
        while let Some((step, rest)) = steps.split_first() {
            steps = rest;
            let literal = &self.program.literals[step.from as usize..step.to as usize];
            if self.reader.take(literal.len())? != literal {
                return None;
            }
            self.left = self.left.checked_sub(step.values)?;
            match step.field {
                Field::None => {}
                Field::I32 => {
                    let value = self.reader.integer()?;
                    self.tape.ints.push(i32::try_from(value).ok()?);
                }
                Field::F64 => {
                    let value = self.reader.double()?;
                    self.tape.doubles.push(value);
                }
                Field::Boolean => match self.reader.byte()? {
                    0xc2 => self.tape.ints.push(0),
                    0xc3 => self.tape.ints.push(1),
                    _ => return None,
                },
                Field::Text => {
                    let text = self.reader.text()?;
                    self.tape.push_text(text)?;
                }
                Field::EmptyArray => {
                    if self.reader.array_count()? != 0 {
                        return None;
                    }
                }
                Field::Array { steps: count } => {
                    let (element, behind) = steps.split_at_checked(count as usize)?;
                    steps = behind;
                    let count = self.reader.array_count()?;
                    self.tape.ints.push(i32::try_from(count).ok()?);
                    for _ in 0..count {
                        self.steps(element)?;
                    }
                }
            }
        }
        Some(())
    }
}

#[derive(Default)]
struct Compiler {
    steps: Vec<Step>,
    literals: Vec<u8>,
    /// Where the literal of the next step begins, and the values within it.
    from: usize,
    values: u32,
    needs: Needs,
}

impl Compiler {
    /// `depth` is that of the value if it is a container.
    fn value(&mut self, kind: &Type, depth: u32) {
        self.values += 1;
        match kind {
            Type::I32 => self.step(Field::I32),
            Type::F64 => self.step(Field::F64),
            Type::Boolean => self.step(Field::Boolean),
            Type::Text => self.step(Field::Text),
            Type::Nil => self.literals.push(0xc0),
            Type::Constant(encoded) => {
                self.needs.action_length = text_of(encoded).len();
                self.literals.extend_from_slice(encoded);
            }
            Type::EmptyArray => {
                self.needs.depth = self.needs.depth.max(depth);
                self.step(Field::EmptyArray);
            }
            Type::Object { head, fields } => {
                self.needs.depth = self.needs.depth.max(depth);
                self.needs.map_entries = self.needs.map_entries.max(fields.len());
                self.literals.extend_from_slice(head);
                for field in fields {
                    self.needs.key_length = self.needs.key_length.max(text_of(&field.key).len());
                    self.literals.extend_from_slice(&field.key);
                    self.value(&field.value, depth + 1);
                }
            }
            Type::Array(element) => {
                self.needs.depth = self.needs.depth.max(depth);
                let array = self.steps.len();
                self.step(Field::Array { steps: 0 });
                self.value(element, depth + 1);
                self.flush();
                let steps = small(self.steps.len() - array - 1);
                self.steps[array].field = Field::Array { steps };
            }
        }
    }

    fn step(&mut self, field: Field) {
        let to = self.literals.len();
        self.steps.push(Step {
            from: small(self.from),
            to: small(to),
            values: self.values,
            field,
        });
        self.from = to;
        self.values = 0;
    }

    /// A literal with no field behind it.
    fn flush(&mut self) {
        if self.from < self.literals.len() {
            self.step(Field::None);
        }
    }
}

fn small(value: usize) -> u32 {
    u32::try_from(value).expect("a shape is bounded by its description")
}
