//! What stands on the tape, and every verdict, against a plain second reading of the wire.

mod common;

use std::ops::Range;

use common::random::{Kind, Random, mutate};
use common::{Pack, limits, reference, settings, tape_reader};
use repod_codec::{Decoded, Decoder, Habit, Limits, validate};

#[derive(Default, Debug)]
struct Counts {
    tape: u32,
    bytes: u32,
    refused: u32,
}

/// Decodes a payload and compares all that can be said of it.
fn compare(
    decoder: &mut Decoder,
    habit: &mut Habit,
    payload: &[u8],
    limits: &Limits,
    counts: &mut Counts,
) {
    let expected = reference::decode(payload, limits);
    let walked = validate(payload, limits).map_err(|fault| fault.to_string());
    assert_eq!(
        walked,
        expected.clone().map(drop),
        "the walk of {payload:02x?}"
    );
    match (decoder.decode(habit, payload, limits), expected) {
        (Ok(Decoded::Tape { shape }), Ok(value)) => {
            counts.tape += 1;
            let read = tape_reader::read(decoder.description(shape), decoder.tape());
            assert_eq!(read, value, "the tape of {payload:02x?}");
        }
        (Ok(Decoded::Bytes), Ok(_)) => counts.bytes += 1,
        (Err(fault), Err(verdict)) => {
            counts.refused += 1;
            assert_eq!(fault.to_string(), verdict, "{payload:02x?}");
        }
        (other, expected) => panic!("{other:?} for {expected:?} of {payload:02x?}"),
    }
}

/// Kinds of messages, and so many rounds of one of each.
fn rounds(
    seeds: Range<u64>,
    rounds: u32,
    regular: bool,
    mut each: impl FnMut(&mut Random, &mut Decoder, &mut Habit, Vec<u8>),
) {
    for seed in seeds {
        let random = &mut Random::new(seed);
        let kinds: Vec<_> = (0..10).map(|n| Kind::message(random, n, regular)).collect();
        let (mut decoder, mut habit) = (Decoder::new(settings()), Habit::default());
        for _ in 0..rounds {
            for kind in &kinds {
                let payload = kind.pack(random, Pack::default()).0;
                each(random, &mut decoder, &mut habit, payload);
            }
        }
    }
}

#[test]
fn fifty_thousand_regular_messages_are_on_the_tape_with_their_values() {
    let mut counts = Counts::default();
    let (mut messages, mut late) = (0, 0);
    rounds(0..50, 100, true, |_, decoder, habit, payload| {
        let bytes = counts.bytes;
        compare(decoder, habit, &payload, &limits(), &mut counts);
        late += u32::from(messages % 1_000 >= 500 && counts.bytes > bytes);
        messages += 1;
    });
    println!("{counts:?}");
    assert_eq!((counts.refused, late), (0, 0));
    // Ten kinds per seed: two sightings by bytes, some more while arrays are still empty.
    assert!(counts.bytes < 50 * 10 * 4, "{counts:?}");
    assert_eq!(counts.tape + counts.bytes, 50_000);
}

#[test]
fn fifty_thousand_irregular_messages_have_their_values_and_verdicts() {
    let mut counts = Counts::default();
    rounds(1_000..1_050, 100, false, |_, decoder, habit, payload| {
        compare(decoder, habit, &payload, &limits(), &mut counts);
    });
    println!("{counts:?}");
    assert_eq!(counts.refused, 0);
    assert!(counts.tape > 5_000 && counts.bytes > 5_000, "{counts:?}");
}

#[test]
fn a_hundred_thousand_mutations_have_the_verdict_of_the_walk() {
    let mut counts = Counts::default();
    rounds(
        2_000..2_050,
        100,
        true,
        |random, decoder, habit, payload| {
            let _ = decoder.decode(habit, &payload, &limits());
            for _ in 0..2 {
                let mut payload = payload.clone();
                mutate(random, &mut payload);
                compare(decoder, habit, &payload, &limits(), &mut counts);
            }
        },
    );
    println!("{counts:?}");
    assert!(
        counts.tape > 2_000 && counts.bytes > 2_000 && counts.refused > 50_000,
        "{counts:?}"
    );
}

#[test]
fn narrow_limits_have_the_verdict_of_the_walk_whatever_was_learned() {
    let mut counts = Counts::default();
    rounds(3_000..3_030, 50, true, |random, decoder, habit, payload| {
        let _ = decoder.decode(habit, &payload, &limits());
        let mut narrow = limits();
        match random.below(5) {
            0 => narrow.max_depth = 1 + u32::try_from(random.below(4)).unwrap(),
            1 => narrow.max_elements = 1 + u32::try_from(random.below(30)).unwrap(),
            2 => narrow.max_map_entries = 1 + u32::try_from(random.below(8)).unwrap(),
            3 => narrow.max_key_length = 5 + u32::try_from(random.below(4)).unwrap(),
            _ => narrow.max_action_length = 6 + u32::try_from(random.below(3)).unwrap(),
        }
        compare(decoder, habit, &payload, &narrow, &mut counts);
    });
    println!("{counts:?}");
    assert!(counts.tape > 1_000 && counts.refused > 1_000, "{counts:?}");
}
