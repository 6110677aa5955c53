//! wire.md written down a second time, as plainly as possible: recursive, allocating, without a
//! thought of speed. Verdicts and values of the crate are compared with these.

use std::collections::HashSet;

use repod_codec::Limits;

/// A value as JavaScript sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nil,
    Boolean(bool),
    /// The bits of the double; one NaN stands for all.
    Number(u64),
    /// An integer that is no safe number.
    Bigint(i128),
    Text(String),
    Binary(Vec<u8>),
    /// Milliseconds.
    Date(i64),
    Array(Vec<Value>),
    /// In the order of the wire.
    Map(Vec<(String, Value)>),
}

pub fn number(value: f64) -> Value {
    Value::Number(if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    })
}

fn integer(value: i128) -> Value {
    #[allow(clippy::cast_precision_loss)]
    if value.abs() < 1 << 53 {
        number(value as f64)
    } else {
        Value::Bigint(value)
    }
}

/// The message, or the verdict as a line: `CODE` or `CODE detail`.
pub fn decode(payload: &[u8], limits: &Limits) -> Result<Value, String> {
    let mut walk = Reference {
        bytes: payload,
        values: 0,
        limits,
    };
    let detail = |detail| format!("DECODE_ERROR {detail}");
    let root = walk.value(1).map_err(detail)?;
    if !walk.bytes.is_empty() {
        return Err(detail("trailing"));
    }
    let Value::Map(entries) = &root else {
        return Err("INVALID_MESSAGE".into());
    };
    match entries.iter().find(|(key, _)| key == "action") {
        None => Err("INVALID_MESSAGE".into()),
        Some((_, Value::Text(text))) if text.len() <= limits.max_action_length as usize => Ok(root),
        Some(_) => Err("INVALID_ACTION".into()),
    }
}

struct Reference<'a> {
    bytes: &'a [u8],
    values: u32,
    limits: &'a Limits,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Reference<'a> {
    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or("truncated")?;
        self.bytes = rest;
        Ok(taken)
    }

    fn unsigned(&mut self, bytes: usize) -> Read<u64> {
        Ok(self
            .take(bytes)?
            .iter()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    fn signed(&mut self, bytes: usize) -> Read<i128> {
        let value = i128::from(self.unsigned(bytes)?);
        let half = 1_i128 << (8 * bytes - 1);
        Ok(if value < half {
            value
        } else {
            value - 2 * half
        })
    }

    fn size(&mut self, bytes: usize) -> Read<usize> {
        Ok(usize::try_from(self.unsigned(bytes)?).unwrap())
    }

    fn value(&mut self, depth: u32) -> Read<Value> {
        let head = self.take(1)?[0];
        if head == 0xc1 {
            return Err("reserved");
        }
        self.values += 1;
        if self.values > self.limits.max_elements {
            return Err("elements");
        }
        Ok(match head {
            0xc0 => Value::Nil,
            0xc2 | 0xc3 => Value::Boolean(head == 0xc3),
            0xca => number(f32::from_bits(u32::try_from(self.unsigned(4)?).unwrap()).into()),
            0xcb => number(f64::from_bits(self.unsigned(8)?)),
            0x00..=0x7f | 0xe0..=0xff | 0xcc..=0xd3 => integer(self.integer(head)?),
            0xa0..=0xbf | 0xd9..=0xdb => {
                let size = self.text_size(head)?;
                Value::Text(self.text(size)?)
            }
            0xc4..=0xc6 => {
                let size = self.size(1 << (head - 0xc4))?;
                Value::Binary(self.take(size)?.to_vec())
            }
            0xc7..=0xc9 => {
                let size = self.size(1 << (head - 0xc7))?;
                self.extension(size)?
            }
            0xd4..=0xd8 => self.extension(1 << (head - 0xd4))?,
            0x90..=0x9f => self.array(usize::from(head & 15), depth)?,
            0xdc | 0xdd => {
                let count = self.size(2 << (head - 0xdc))?;
                self.array(count, depth)?
            }
            0x80..=0x8f => self.map(usize::from(head & 15), depth)?,
            0xde | 0xdf => {
                let count = self.size(2 << (head - 0xde))?;
                self.map(count, depth)?
            }
            0xc1 => unreachable!("refused above"),
        })
    }

    fn integer(&mut self, head: u8) -> Read<i128> {
        match head {
            0xcc..=0xcf => self.unsigned(1 << (head - 0xcc)).map(i128::from),
            0xd0..=0xd3 => self.signed(1 << (head - 0xd0)),
            _ => Ok(i128::from(i8::from_be_bytes([head]))),
        }
    }

    fn text_size(&mut self, head: u8) -> Read<usize> {
        match head {
            0xd9..=0xdb => self.size(1 << (head - 0xd9)),
            _ => Ok(usize::from(head & 31)),
        }
    }

    fn text(&mut self, size: usize) -> Read<String> {
        String::from_utf8(self.take(size)?.to_vec()).map_err(|_| "utf8")
    }

    fn extension(&mut self, size: usize) -> Read<Value> {
        let body = self.take(size + 1)?;
        let mut content = Reference {
            bytes: &body[1..],
            ..*self
        };
        let (seconds, nanoseconds) = match (body[0], size) {
            (0xff, 4) => (i128::from(content.unsigned(4)?), 0),
            (0xff, 8) => {
                let packed = content.unsigned(8)?;
                (i128::from(packed % (1 << 34)), i128::from(packed >> 34))
            }
            (0xff, 12) => {
                let nanoseconds = i128::from(content.unsigned(4)?);
                (content.signed(8)?, nanoseconds)
            }
            _ => return Err("ext"),
        };
        let milliseconds = seconds * 1_000 + nanoseconds / 1_000_000;
        if nanoseconds >= 1_000_000_000 || milliseconds.abs() > 8_640_000_000_000_000 {
            return Err("ext");
        }
        Ok(Value::Date(i64::try_from(milliseconds).unwrap()))
    }

    fn array(&mut self, count: usize, depth: u32) -> Read<Value> {
        self.open(count, depth)?;
        (0..count)
            .map(|_| self.value(depth + 1))
            .collect::<Read<_>>()
            .map(Value::Array)
    }

    fn open(&self, least: usize, depth: u32) -> Read<()> {
        if depth > self.limits.max_depth {
            return Err("depth");
        }
        if least > self.bytes.len() {
            Err("elements")
        } else {
            Ok(())
        }
    }

    fn map(&mut self, count: usize, depth: u32) -> Read<Value> {
        self.open(count * 2, depth)?;
        if count > self.limits.max_map_entries as usize {
            return Err("map");
        }
        let mut keys = HashSet::new();
        let mut entries = Vec::new();
        for _ in 0..count {
            let key = self.key()?;
            if key == "__proto__" || !keys.insert(key.clone()) {
                return Err("key");
            }
            entries.push((key, self.value(depth + 1)?));
        }
        Ok(Value::Map(entries))
    }

    fn key(&mut self) -> Read<String> {
        let head = self.take(1)?[0];
        match head {
            0xc1 => Err("reserved"),
            0xa0..=0xbf | 0xd9..=0xdb => {
                let size = self.text_size(head)?;
                if size > self.limits.max_key_length as usize {
                    return Err("key");
                }
                self.text(size)
            }
            0x00..=0x7f | 0xe0..=0xff | 0xcc..=0xd3 => Ok(self.integer(head)?.to_string()),
            _ => Err("key"),
        }
    }
}
