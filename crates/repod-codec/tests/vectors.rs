//! The vectors that Rust, native through Node and pure all run: frames with what they mean.

mod common;

use std::path::Path;

use common::reference::{self, Value, number};
use common::{bytes, limits, settings, tape_reader};
use repod_codec::{Decoded, Decoder, FrameDecoder, Habit, validate};
use serde_json::Value as Json;

fn vectors(file: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test/vectors")
        .join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a list of vectors")
}

/// `test/vectors/generate.py` says how values are noted.
fn value(note: &Json) -> Value {
    match note {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Boolean(*value),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(elements) => Value::Array(elements.iter().map(value).collect()),
        Json::Object(object) => {
            let (kind, content) = object.iter().next().expect("one entry");
            match (kind.as_str(), content) {
                ("map", Json::Array(entries)) => Value::Map(entries.iter().map(entry).collect()),
                ("int", Json::String(text)) => integer(text.parse().unwrap()),
                ("float", Json::String(text)) => {
                    number(f64::from_be_bytes(bytes(text).try_into().unwrap()))
                }
                ("bin", Json::String(text)) => Value::Binary(bytes(text)),
                ("time", Json::String(text)) => Value::Date(text.parse().unwrap()),
                other => panic!("{other:?} is no note"),
            }
        }
        Json::Number(_) => panic!("numbers are noted as text"),
    }
}

fn entry(entry: &Json) -> (String, Value) {
    (entry[0].as_str().expect("a key").into(), value(&entry[1]))
}

#[allow(clippy::cast_precision_loss)] // safe integers are exact
fn integer(value: i128) -> Value {
    if value.abs() < 1 << 53 {
        number(value as f64)
    } else {
        Value::Bigint(value)
    }
}

/// Returns how many of them can travel on the tape.
fn check(vectors: &[Json]) -> usize {
    let mut tapes = 0;
    for vector in vectors {
        let name = vector["name"].as_str().expect("a name");
        let wire = bytes(vector["frame"].as_str().expect("a frame"));
        let mut frames = FrameDecoder::new();
        let payload = frames
            .next_frame(&mut &wire[..], &limits())
            .unwrap()
            .expect("a whole frame");
        if let Some(fault) = vector["fault"].as_str() {
            assert_eq!(
                validate(payload, &limits()).unwrap_err().to_string(),
                fault,
                "{name}"
            );
            continue;
        }
        let expected = value(&vector["value"]);
        assert_eq!(validate(payload, &limits()), Ok(()), "{name}");
        assert_eq!(
            reference::decode(payload, &limits()),
            Ok(expected.clone()),
            "{name}"
        );
        let (mut decoder, mut habit) = (Decoder::new(settings()), Habit::default());
        let last = (0..3)
            .map(|_| decoder.decode(&mut habit, payload, &limits()).unwrap())
            .last();
        if let Some(Decoded::Tape { shape }) = last {
            tapes += 1;
            let read = tape_reader::read(decoder.description(shape), decoder.tape());
            assert_eq!(read, expected, "{name}");
        }
    }
    tapes
}

#[test]
fn every_encoding_of_the_msgpack_test_suite_is_understood() {
    let suite = vectors("suite.json");
    assert_eq!(suite.len(), 233);
    assert!(check(&suite) > 100);
}

#[test]
fn what_python_packs_is_understood() {
    let packed = vectors("packed.json");
    assert!(packed.len() > 10);
    assert!(check(&packed) > 5);
}
