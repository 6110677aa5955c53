//! Messages from a seed: kinds of messages, then many of each kind.

use super::Pack;

/// xorshift64*: the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    pub fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }

    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Of any size up to 64 bits, mostly small.
    fn integer(&mut self, most_bits: u64) -> i64 {
        let bits = self.below(most_bits) + 1;
        let value = (self.next() >> (64 - bits)).cast_signed();
        if self.one_in(3) {
            value.wrapping_neg()
        } else {
            value
        }
    }

    fn double(&mut self) -> f64 {
        match self.below(12) {
            0 => -0.0,
            1 => f64::NAN,
            2 => f64::NEG_INFINITY,
            3 => f64::from_bits(self.next()),
            #[allow(clippy::cast_precision_loss)]
            _ => self.integer(53) as f64 / 1024.0,
        }
    }

    fn text(&mut self, alphabet: &[char]) -> String {
        let length = [0, 1, 5, 9, 12, 13, 14, 40][self.index(8)];
        (0..length)
            .map(|_| alphabet[self.index(alphabet.len())])
            .collect()
    }
}

/// What the messages of a kind have in common.
pub enum Kind {
    /// An integer within so many bits.
    Integer(u64),
    Double,
    Float,
    /// Now an integer, now a double.
    Number,
    Boolean,
    Nil,
    Ascii,
    Latin1,
    Object(Vec<(String, Kind)>),
    /// Up to so many.
    Array(u16, Box<Kind>),
    /// What the tape cannot carry.
    Japanese,
    Binary,
    Date,
    Bigint,
    IntegerKey,
}

impl Kind {
    pub fn message(random: &mut Random, number: u32, regular: bool) -> Self {
        let mut fields = Self::fields(random, 2, regular);
        let action = format!("action{number}");
        let place = random.index(fields.len() + 1);
        fields.insert(place, (action, Self::Nil));
        Self::Object(fields)
    }

    fn fields(random: &mut Random, depth: u32, regular: bool) -> Vec<(String, Self)> {
        let count = random.below(7);
        (0..count)
            .map(|n| (format!("field {n}"), Self::of(random, depth, regular)))
            .collect()
    }

    fn of(random: &mut Random, depth: u32, regular: bool) -> Self {
        if !regular && random.one_in(4) {
            return match random.below(5) {
                0 => Self::Japanese,
                1 => Self::Binary,
                2 => Self::Date,
                3 => Self::Bigint,
                _ => Self::IntegerKey,
            };
        }
        match random.below(if depth == 0 { 9 } else { 12 }) {
            0 => Self::Integer(7),
            1 => Self::Integer(31),
            2 => Self::Integer(53),
            3 => Self::Double,
            4 => Self::Number,
            5 => Self::Boolean,
            6 => Self::Ascii,
            7 => Self::Latin1,
            8 => {
                if random.one_in(2) {
                    Self::Nil
                } else {
                    Self::Float
                }
            }
            9 => Self::Object(Self::fields(random, depth - 1, regular)),
            _ => {
                let most = [1, 3, 20][random.index(3)];
                Self::Array(most, Box::new(Self::of(random, depth - 1, regular)))
            }
        }
    }

    pub fn pack(&self, random: &mut Random, pack: Pack) -> Pack {
        match self {
            &Self::Integer(bits) => {
                let value = random.integer(bits);
                if random.one_in(8) {
                    long_integer(value, pack)
                } else {
                    pack.int(value)
                }
            }
            #[allow(clippy::cast_possible_truncation)]
            Self::Float => pack.float(random.double() as f32),
            Self::Number if random.one_in(2) => pack.int(random.integer(40)),
            Self::Double | Self::Number => pack.double(random.double()),
            Self::Boolean => pack.boolean(random.one_in(2)),
            Self::Nil => pack.nil(),
            Self::Ascii => pack.text(&random.text(&['a', 'Z', '0', ' ', '\0'])),
            Self::Latin1 => pack.text(&random.text(&['a', 'é', 'ÿ', '\u{80}', '~'])),
            Self::Object(fields) => {
                let pack = pack.map(u8::try_from(fields.len()).unwrap());
                fields
                    .iter()
                    .fold(pack, |pack, (key, kind)| match key.strip_prefix("action") {
                        Some(_) => pack.text("action").text(key),
                        None => kind.pack(random, pack.text(key)),
                    })
            }
            Self::Array(most, element) => {
                let count = u16::try_from(random.below(u64::from(*most) + 1)).unwrap();
                (0..count).fold(pack.array(count), |pack, _| element.pack(random, pack))
            }
            Self::Japanese => pack.text(&random.text(&['a', '日', '本'])),
            Self::Binary => pack.raw(&[0xc4, 2, 0xc1, 0xff]),
            Self::Date => pack.raw(&[0xd6, 0xff, 1, 2, 3, 4]),
            Self::Bigint => pack.int(random.integer(64)),
            Self::IntegerKey => pack.map(1).int(random.integer(20)).int(1),
        }
    }
}

/// In nine bytes, whatever it is.
fn long_integer(value: i64, pack: Pack) -> Pack {
    pack.raw(&[0xd3]).raw(&value.to_be_bytes())
}

/// A payload with a few accidents.
pub fn mutate(random: &mut Random, payload: &mut Vec<u8>) {
    const INTERESTING: [u8; 16] = [
        0xc1, 0x00, 0xff, 0x80, 0x90, 0xa0, 0xdc, 0xdd, 0xde, 0xdf, 0xd9, 0xdb, 0xc7, 0xd6, 0xcb,
        0x81,
    ];
    for _ in 0..=random.below(3) {
        if payload.is_empty() {
            return;
        }
        let at = random.index(payload.len());
        let byte = random.next().to_le_bytes()[7];
        match random.below(6) {
            0 => payload[at] = byte,
            1 => payload[at] ^= 1 << (byte & 7),
            2 => payload[at] = INTERESTING[random.index(INTERESTING.len())],
            3 => payload.insert(at, byte),
            4 => drop(payload.remove(at)),
            _ => payload.truncate(at),
        }
    }
}
