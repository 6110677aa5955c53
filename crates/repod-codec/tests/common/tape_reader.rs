//! From a description and a tape back to a value: what the compiled readers of JS do.

use repod_codec::Tape;
use repod_codec::tape::{SHORT_TEXT, types};

use super::reference::{Value, number};

/// The message on a tape. Panics on anything that the layout does not allow, leftovers too.
pub fn read(description: &[u8], tape: &Tape) -> Value {
    let mut reader = TapeReader {
        description,
        doubles: tape.doubles(),
        ints: tape.ints(),
        short_text: tape.short_text(),
        long_text: tape.long_text(),
    };
    assert_eq!(description[0], types::OBJECT, "the root is an object");
    let value = reader.value();
    assert!(reader.description.is_empty() && reader.doubles.is_empty() && reader.ints.is_empty());
    assert!(reader.short_text.is_empty() && reader.long_text.is_empty());
    value
}

struct TapeReader<'a> {
    description: &'a [u8],
    doubles: &'a [f64],
    ints: &'a [i32],
    short_text: &'a [u8],
    long_text: &'a [u8],
}

impl TapeReader<'_> {
    fn value(&mut self) -> Value {
        match take(&mut self.description, 1)[0] {
            types::I32 => number(self.int().into()),
            types::F64 => number(take(&mut self.doubles, 1)[0]),
            types::BOOLEAN => match self.int() {
                0 => Value::Boolean(false),
                1 => Value::Boolean(true),
                other => panic!("{other} is no boolean"),
            },
            types::NIL => Value::Nil,
            types::TEXT => {
                let length = self.count();
                let from = if length > SHORT_TEXT {
                    &mut self.long_text
                } else {
                    &mut self.short_text
                };
                Value::Text(
                    take(from, length)
                        .iter()
                        .map(|&byte| char::from(byte))
                        .collect(),
                )
            }
            types::OBJECT => {
                let count = self.u16();
                let entry = |_| {
                    let length = self.u16();
                    (self.utf8(length), self.value())
                };
                Value::Map((0..count).map(entry).collect())
            }
            types::ARRAY => {
                let element = self.description;
                let count = self.count();
                let mut elements = Vec::new();
                for _ in 0..count {
                    self.description = element;
                    elements.push(self.value());
                }
                if count == 0 {
                    skip(&mut self.description);
                }
                Value::Array(elements)
            }
            types::CONSTANT => {
                let length = self.u16();
                Value::Text(self.utf8(length))
            }
            types::EMPTY_ARRAY => Value::Array(Vec::new()),
            other => panic!("{other} is no type"),
        }
    }

    fn int(&mut self) -> i32 {
        take(&mut self.ints, 1)[0]
    }

    fn count(&mut self) -> usize {
        usize::try_from(self.int()).unwrap()
    }

    fn u16(&mut self) -> usize {
        u16(&mut self.description)
    }

    fn utf8(&mut self, length: usize) -> String {
        String::from_utf8(take(&mut self.description, length).to_vec()).unwrap()
    }
}

/// Steps over a type.
fn skip(description: &mut &[u8]) {
    match take(description, 1)[0] {
        types::OBJECT => {
            for _ in 0..u16(description) {
                let length = u16(description);
                take(description, length);
                skip(description);
            }
        }
        types::ARRAY => skip(description),
        types::CONSTANT => {
            let length = u16(description);
            take(description, length);
        }
        _ => {}
    }
}

fn u16(bytes: &mut &[u8]) -> usize {
    usize::from(u16::from_le_bytes(take(bytes, 2).try_into().unwrap()))
}

fn take<'a, T>(from: &mut &'a [T], count: usize) -> &'a [T] {
    let (taken, rest) = from.split_at(count);
    *from = rest;
    taken
}
