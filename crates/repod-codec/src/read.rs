//! A cursor over a payload. Every read says `None` where the bytes end.

#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'p> {
    pub bytes: &'p [u8],
    pub at: usize,
}

impl<'p> Reader<'p> {
    pub const fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    pub const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    pub fn take(&mut self, length: usize) -> Option<&'p [u8]> {
        let (taken, _) = self.bytes[self.at..].split_at_checked(length)?;
        self.at += length;
        Some(taken)
    }

    #[inline]
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.bytes[self.at..].first_chunk()?;
        self.at += N;
        Some(taken)
    }

    /// The bytes of a text, not looked at.
    #[inline]
    pub fn text(&mut self) -> Option<&'p [u8]> {
        match Head::of(self.byte()?) {
            Head::Text(length) => {
                let length = length.read(self)?;
                self.take(length as usize)
            }
            _ => None,
        }
    }

    /// How many elements an array has.
    #[inline]
    pub fn array_count(&mut self) -> Option<u32> {
        match Head::of(self.byte()?) {
            Head::Array(length) => length.read(self),
            _ => None,
        }
    }

    /// A big-endian unsigned number of one, two or four bytes: a length field.
    #[inline]
    pub fn length(&mut self, bytes: Field) -> Option<u32> {
        match bytes {
            Field::One => self.byte().map(u32::from),
            Field::Two => self
                .array()
                .map(|bytes| u32::from(u16::from_be_bytes(bytes))),
            Field::Four => self.array().map(u32::from_be_bytes),
        }
    }
}

/// A number that a double holds exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i64),
    Double(f64),
}

/// The integers that are numbers in JavaScript; beyond they are bigints.
const SAFE: i64 = (1 << 53) - 1;

impl Reader<'_> {
    /// An integer in any of its encodings; `None` too where JavaScript makes it a bigint.
    #[inline]
    pub fn integer(&mut self) -> Option<i64> {
        let byte = self.byte()?;
        self.integer_of(byte)
    }

    #[inline]
    #[allow(clippy::cast_possible_wrap)] // a negative fixint is its own two's complement
    fn integer_of(&mut self, byte: u8) -> Option<i64> {
        let value = match byte {
            0x00..=0x7f | 0xe0..=0xff => i64::from(byte as i8),
            0xcc => self.byte()?.into(),
            0xcd => u16::from_be_bytes(self.array()?).into(),
            0xce => u32::from_be_bytes(self.array()?).into(),
            0xcf => i64::try_from(u64::from_be_bytes(self.array()?)).ok()?,
            0xd0 => i8::from_be_bytes(self.array()?).into(),
            0xd1 => i16::from_be_bytes(self.array()?).into(),
            0xd2 => i32::from_be_bytes(self.array()?).into(),
            0xd3 => i64::from_be_bytes(self.array()?),
            _ => return None,
        };
        (-SAFE..=SAFE).contains(&value).then_some(value)
    }

    #[inline]
    pub fn number(&mut self) -> Option<Number> {
        match self.byte()? {
            0xcb => self.array().map(f64::from_be_bytes).map(Number::Double),
            0xca => self
                .array()
                .map(f32::from_be_bytes)
                .map(f64::from)
                .map(Number::Double),
            byte => self.integer_of(byte).map(Number::Integer),
        }
    }

    #[inline]
    #[allow(clippy::cast_precision_loss)] // safe integers are exact
    pub fn double(&mut self) -> Option<f64> {
        match self.number()? {
            Number::Integer(value) => Some(value as f64),
            Number::Double(value) => Some(value),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    One,
    Two,
    Four,
}

/// What the first byte of a value says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    Reserved,
    Nil,
    Boolean,
    /// An integer that stands in the byte itself.
    Small(i8),
    /// Unsigned, signed and floating numbers of so many bytes.
    Unsigned(u8),
    Signed(u8),
    Float(u8),
    Text(Length),
    Binary(Length),
    Ext(Length),
    Array(Length),
    Map(Length),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Here(u8),
    In(Field),
}

impl Length {
    #[inline]
    pub fn read(self, reader: &mut Reader) -> Option<u32> {
        match self {
            Self::Here(length) => Some(u32::from(length)),
            Self::In(field) => reader.length(field),
        }
    }
}

impl Head {
    #[inline]
    #[allow(clippy::cast_possible_wrap)] // a negative fixint is its own two's complement
    pub const fn of(byte: u8) -> Self {
        match byte {
            0x00..=0x7f | 0xe0..=0xff => Self::Small(byte as i8),
            0x80..=0x8f => Self::Map(Length::Here(byte & 0x0f)),
            0x90..=0x9f => Self::Array(Length::Here(byte & 0x0f)),
            0xa0..=0xbf => Self::Text(Length::Here(byte & 0x1f)),
            0xc0 => Self::Nil,
            0xc1 => Self::Reserved,
            0xc2 | 0xc3 => Self::Boolean,
            0xc4 => Self::Binary(Length::In(Field::One)),
            0xc5 => Self::Binary(Length::In(Field::Two)),
            0xc6 => Self::Binary(Length::In(Field::Four)),
            0xc7 => Self::Ext(Length::In(Field::One)),
            0xc8 => Self::Ext(Length::In(Field::Two)),
            0xc9 => Self::Ext(Length::In(Field::Four)),
            0xca => Self::Float(4),
            0xcb => Self::Float(8),
            0xcc..=0xcf => Self::Unsigned(1 << (byte - 0xcc)),
            0xd0..=0xd3 => Self::Signed(1 << (byte - 0xd0)),
            0xd4..=0xd8 => Self::Ext(Length::Here(1 << (byte - 0xd4))),
            0xd9 => Self::Text(Length::In(Field::One)),
            0xda => Self::Text(Length::In(Field::Two)),
            0xdb => Self::Text(Length::In(Field::Four)),
            0xdc => Self::Array(Length::In(Field::Two)),
            0xdd => Self::Array(Length::In(Field::Four)),
            0xde => Self::Map(Length::In(Field::Two)),
            0xdf => Self::Map(Length::In(Field::Four)),
        }
    }
}
