//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses a part of it

pub mod peer;
pub mod random;
pub mod reference;
pub mod tape_reader;
pub mod verdict;

use repod_codec::{Limits, ShapeSettings};

/// A server's defaults, literally: what the catalogue of hostile input counts with.
pub fn limits() -> Limits {
    Limits {
        max_frame_length: 65_536,
        max_depth: 64,
        max_elements: 16_384,
        max_map_entries: 4_096,
        max_key_length: 256,
        max_action_length: 64,
    }
}

pub fn settings() -> ShapeSettings {
    ShapeSettings {
        codegen: true,
        max_shapes: 512,
        max_shapes_per_connection: 64,
        max_fields: 256,
        max_depth: 8,
        sightings: 3,
    }
}

/// Bytes in hex; what is no hex digit is left out.
pub fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    assert!(
        digits.len().is_multiple_of(2),
        "an odd number of digits: {hex}"
    );
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

/// `{"action":"x"}`, the catalogue's A(x).
pub fn message() -> Vec<u8> {
    bytes("81 a6 616374696f6e a1 78")
}

/// `{"action":"x","v":…}`.
pub fn wrap(value: &[u8]) -> Vec<u8> {
    let mut payload = bytes("82 a6 616374696f6e a1 78 a1 76");
    payload.extend_from_slice(value);
    payload
}

/// Appends values in `MessagePack`, each in its shortest form.
#[derive(Default)]
pub struct Pack(pub Vec<u8>);

impl Pack {
    pub fn map(mut self, entries: u8) -> Self {
        self.0.push(0x80 | entries);
        self
    }

    pub fn array(mut self, count: u16) -> Self {
        if count < 16 {
            self.0.push(0x90 | u8::try_from(count).unwrap());
        } else {
            self.sized(0xdc, &count.to_be_bytes());
        }
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        match u8::try_from(text.len()).unwrap() {
            length @ 0..=31 => self.0.push(0xa0 | length),
            length => self.0.extend_from_slice(&[0xd9, length]),
        }
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub fn double(mut self, value: f64) -> Self {
        self.0.push(0xcb);
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn float(mut self, value: f32) -> Self {
        self.0.push(0xca);
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub fn int(mut self, value: i64) -> Self {
        if let Ok(value) = u64::try_from(value) {
            match value {
                0..=0x7f => self.0.push(u8::try_from(value).unwrap()),
                0x80..=0xff => self.sized(0xcc, &value.to_be_bytes()[7..]),
                0x100..=0xffff => self.sized(0xcd, &value.to_be_bytes()[6..]),
                0x1_0000..=0xffff_ffff => self.sized(0xce, &value.to_be_bytes()[4..]),
                _ => self.sized(0xcf, &value.to_be_bytes()),
            }
        } else {
            match value {
                -32..0 => self.0.push(value.to_be_bytes()[7]),
                -0x80..0 => self.sized(0xd0, &value.to_be_bytes()[7..]),
                -0x8000..0 => self.sized(0xd1, &value.to_be_bytes()[6..]),
                -0x8000_0000..0 => self.sized(0xd2, &value.to_be_bytes()[4..]),
                _ => self.sized(0xd3, &value.to_be_bytes()),
            }
        }
        self
    }

    pub fn nil(self) -> Self {
        self.raw(&[0xc0])
    }

    pub fn boolean(self, value: bool) -> Self {
        self.raw(&[0xc2 + u8::from(value)])
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn sized(&mut self, head: u8, bytes: &[u8]) {
        self.0.push(head);
        self.0.extend_from_slice(bytes);
    }
}

/// The benchmark's S: five fields, 56 bytes.
pub fn input(seq: i64) -> Vec<u8> {
    let pack = Pack::default()
        .map(5)
        .text("action")
        .text("input")
        .text("seq")
        .int(seq);
    let pack = pack.text("dx").double(std::f64::consts::FRAC_1_SQRT_2);
    pack.text("dy")
        .double(-0.414_213_562_373_095_1)
        .text("buttons")
        .int(5)
        .0
}

/// The benchmark's M (10 players) and L (300).
pub fn state(tick: i64, players: u16) -> Vec<u8> {
    let mut pack = Pack::default()
        .map(3)
        .text("action")
        .text("state")
        .text("tick")
        .int(tick);
    pack = pack.text("players").array(players);
    for n in 0..i64::from(players) {
        #[allow(clippy::cast_precision_loss)]
        let place = n as f64 * 1.37;
        pack = pack
            .map(7)
            .text("id")
            .int(n)
            .text("x")
            .double(place)
            .text("y")
            .double(-place);
        pack = pack
            .text("vx")
            .int(n % 7 - 3)
            .text("vy")
            .int(3 - n % 7)
            .text("hp")
            .int(100 - n % 90);
        pack = pack.text("name").text(&format!("player{n:03}"));
    }
    pack.0
}
