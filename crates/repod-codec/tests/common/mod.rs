//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses a part of it

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
