//! Shapes: ordered keys and a type per field, learned from payloads that passed the walk.
//!
//! Keys, heads of maps and the action are kept as they were encoded: a peer that writes them longer
//! than it must does so every time, and its messages are as regular as any.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::ShapeSettings;
use crate::read::{Head, Length, Number, Reader};
use crate::tape::types;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    I32,
    F64,
    Boolean,
    Nil,
    Text,
    EmptyArray,
    /// The action, head included.
    Constant(Box<[u8]>),
    Object {
        head: Box<[u8]>,
        fields: Vec<Field>,
    },
    Array(Box<Type>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Head included.
    pub key: Box<[u8]>,
    pub value: Type,
}

/// The type of a whole message and what it costs to describe.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub root: Type,
    fields: u32,
    described: usize,
}

/// A shape has at most so many bytes of description per field that it may have.
const DESCRIBED_PER_FIELD: usize = 32;

impl Shape {
    /// The shape of a payload that passed the walk, if the tape can carry it.
    pub fn of(payload: &[u8], settings: &ShapeSettings) -> Option<Self> {
        Observer {
            reader: Reader::new(payload),
            settings,
            fields: 0,
            described: 0,
        }
        .message(None)
    }

    /// The narrowest shape that carries this payload too, if there is one with the same keys.
    pub fn widened(&self, payload: &[u8], settings: &ShapeSettings) -> Option<Self> {
        let reader = Reader::new(payload);
        Observer {
            reader,
            settings,
            fields: self.fields,
            described: self.described,
        }
        .message(Some(self.root.clone()))
    }

    /// Gives up all integers: for a shape whose fields turn into doubles one after the other.
    pub fn widen_integers(&mut self) {
        self.root.widen_integers();
    }

    /// As `ts/tape/layout.ts` says.
    pub fn description(&self) -> Vec<u8> {
        let mut description = Vec::with_capacity(self.described);
        self.root.describe(&mut description);
        description
    }

    /// One number for shapes that differ only in what widens.
    pub fn skeleton(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.root.hash_skeleton(&mut hasher);
        hasher.finish()
    }
}

impl Type {
    fn widen_integers(&mut self) {
        match self {
            Self::I32 => *self = Self::F64,
            Self::Array(element) => element.widen_integers(),
            Self::Object { fields, .. } => {
                for field in fields {
                    field.value.widen_integers();
                }
            }
            _ => {}
        }
    }

    fn describe(&self, to: &mut Vec<u8>) {
        match self {
            Self::I32 => to.push(types::I32),
            Self::F64 => to.push(types::F64),
            Self::Boolean => to.push(types::BOOLEAN),
            Self::Nil => to.push(types::NIL),
            Self::Text => to.push(types::TEXT),
            Self::EmptyArray => to.push(types::EMPTY_ARRAY),
            Self::Constant(encoded) => {
                to.push(types::CONSTANT);
                describe_text(text_of(encoded), to);
            }
            Self::Object { fields, .. } => {
                to.push(types::OBJECT);
                describe_count(fields.len(), to);
                for field in fields {
                    describe_text(text_of(&field.key), to);
                    field.value.describe(to);
                }
            }
            Self::Array(element) => {
                to.push(types::ARRAY);
                element.describe(to);
            }
        }
    }

    fn hash_skeleton(&self, hasher: &mut impl Hasher) {
        match self {
            Self::I32 | Self::F64 => types::F64.hash(hasher),
            Self::Boolean => types::BOOLEAN.hash(hasher),
            Self::Nil => types::NIL.hash(hasher),
            Self::Text => types::TEXT.hash(hasher),
            Self::EmptyArray => types::EMPTY_ARRAY.hash(hasher),
            Self::Constant(encoded) => (types::CONSTANT, encoded).hash(hasher),
            Self::Object { head, fields } => {
                (types::OBJECT, head).hash(hasher);
                for field in fields {
                    field.key.hash(hasher);
                    field.value.hash_skeleton(hasher);
                }
            }
            Self::Array(element) => {
                types::ARRAY.hash(hasher);
                element.hash_skeleton(hasher);
            }
        }
    }
}

/// Without the head. Only texts are kept encoded.
pub(crate) fn text_of(encoded: &[u8]) -> &[u8] {
    Reader::new(encoded).text().unwrap_or_default()
}

fn describe_text(text: &[u8], to: &mut Vec<u8>) {
    describe_count(text.len(), to);
    to.extend_from_slice(text);
}

fn describe_count(count: usize, to: &mut Vec<u8>) {
    let count = u16::try_from(count).expect("the observer keeps a description within 16 bits");
    to.extend_from_slice(&count.to_le_bytes());
}

/// Reads a payload that passed the walk. Each step says `None` where the tape cannot carry it.
///
/// It recurses as deep as a shape may be, whatever the depth of the payload.
struct Observer<'p, 's> {
    reader: Reader<'p>,
    settings: &'s ShapeSettings,
    fields: u32,
    described: usize,
}

impl Observer<'_, '_> {
    fn message(mut self, known: Option<Type>) -> Option<Shape> {
        let root = self.value(known, 1)?;
        Some(Shape {
            root,
            fields: self.fields,
            described: self.described,
        })
    }

    /// The type that carries both what is known and the value at hand.
    fn value(&mut self, known: Option<Type>, depth: u32) -> Option<Type> {
        let begin = self.reader.at;
        let seen = match Head::of(self.reader.byte()?) {
            Head::Nil => Type::Nil,
            Head::Boolean => Type::Boolean,
            Head::Small(_) => Type::I32,
            Head::Unsigned(_) | Head::Signed(_) | Head::Float(_) => {
                self.reader.at = begin;
                match self.reader.number()? {
                    Number::Integer(value) if i32::try_from(value).is_ok() => Type::I32,
                    _ => Type::F64,
                }
            }
            Head::Text(length) => {
                let length = length.read(&mut self.reader)?;
                let text = std::str::from_utf8(self.reader.take(length as usize)?).ok()?;
                let is_latin1 = text.is_ascii() || text.chars().all(|c| u8::try_from(c).is_ok());
                is_latin1.then_some(Type::Text)?
            }
            Head::Array(length) => return self.array(known, length, depth),
            Head::Map(length) => return self.object(known, begin, length, depth),
            Head::Reserved | Head::Binary(_) | Head::Ext(_) => return None,
        };
        match (known, seen) {
            (None, seen) => {
                self.describe(1)?;
                Some(seen)
            }
            (Some(Type::I32), Type::F64) | (Some(Type::F64), Type::I32) => Some(Type::F64),
            (Some(known), seen) => (known == seen).then_some(seen),
        }
    }

    fn array(&mut self, known: Option<Type>, length: Length, depth: u32) -> Option<Type> {
        let count = length.read(&mut self.reader)?;
        if depth > self.settings.max_depth {
            return None;
        }
        let mut element = match known {
            None => {
                self.describe(1)?;
                None
            }
            Some(Type::EmptyArray) => None,
            Some(Type::Array(element)) => Some(*element),
            Some(_) => return None,
        };
        for _ in 0..count {
            element = Some(self.value(element, depth + 1)?);
        }
        Some(element.map_or(Type::EmptyArray, |element| Type::Array(Box::new(element))))
    }

    fn object(
        &mut self,
        known: Option<Type>,
        begin: usize,
        length: Length,
        depth: u32,
    ) -> Option<Type> {
        let count = length.read(&mut self.reader)?;
        let seen = &self.reader.bytes[begin..self.reader.at];
        match known {
            None if depth <= self.settings.max_depth => {
                self.fields = self.fields.checked_add(count)?;
                if self.fields > self.settings.max_fields {
                    return None;
                }
                self.describe(3)?;
                let mut fields = Vec::with_capacity(count as usize);
                for _ in 0..count {
                    let key = Box::from(self.key()?);
                    self.describe(2 + text_of(&key).len())?;
                    let value = self.field(&key, None, depth)?;
                    fields.push(Field { key, value });
                }
                Some(Type::Object {
                    head: seen.into(),
                    fields,
                })
            }
            Some(Type::Object { head, mut fields }) if *head == *seen => {
                for Field { key, value } in &mut fields {
                    if self.key()? != &**key {
                        return None;
                    }
                    let known = std::mem::replace(value, Type::Nil);
                    *value = self.field(key, Some(known), depth)?;
                }
                Some(Type::Object { head, fields })
            }
            _ => None,
        }
    }

    /// A text key, head included; integer keys are not for the tape.
    fn key(&mut self) -> Option<&[u8]> {
        let begin = self.reader.at;
        self.reader.text()?;
        Some(&self.reader.bytes[begin..self.reader.at])
    }

    fn field(&mut self, key: &[u8], known: Option<Type>, depth: u32) -> Option<Type> {
        if depth > 1 || text_of(key) != b"action" {
            return self.value(known, depth + 1);
        }
        let begin = self.reader.at;
        let text = self.reader.text()?;
        let seen = &self.reader.bytes[begin..self.reader.at];
        match known {
            None => {
                self.describe(3 + text.len())?;
                Some(Type::Constant(seen.into()))
            }
            Some(Type::Constant(encoded)) => (*encoded == *seen).then_some(Type::Constant(encoded)),
            Some(_) => None,
        }
    }

    fn describe(&mut self, bytes: usize) -> Option<()> {
        self.described += bytes;
        let most = DESCRIBED_PER_FIELD * self.settings.max_fields as usize;
        (self.described <= most.min(u16::MAX.into())).then_some(())
    }
}
