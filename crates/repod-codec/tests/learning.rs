//! What is learned and what widens. Values are compared by `tests/tape.rs`; this asks how messages
//! travel.

mod common;

use common::peer::{Peer, int, message};
use common::{Pack, bytes, input};
use repod_codec::{Decoded, Habit};

#[test]
fn a_shape_is_on_the_tape_from_the_sighting_that_defines_it() {
    let mut peer = Peer::new();
    let travels: Vec<_> = (0..5).map(|n| peer.decode(&input(n))).collect();
    assert_eq!(travels, [None, None, Some(0), Some(0), Some(0)]);
    assert_eq!(peer.definitions, 1);
}

#[test]
fn a_shape_that_one_connection_brought_serves_all() {
    let mut peer = Peer::new();
    peer.bytes_in(3, &[input(1)]);
    peer.habit = Habit::default();
    assert_eq!(peer.decode(&input(2)), Some(0));
}

#[test]
fn a_description_is_the_documented_bytes() {
    let mut peer = Peer::new();
    let pack = Pack::default()
        .map(6)
        .text("n")
        .nil()
        .text("action")
        .text("x")
        .text("b");
    let pack = pack
        .boolean(true)
        .text("t")
        .text("é")
        .text("l")
        .array(1)
        .map(1)
        .text("d");
    let payload = pack.double(0.5).text("e").array(0).0;
    peer.bytes_in(3, &[payload]);
    let expected = bytes(
        "06 0600  0100 6e 04  0600 616374696f6e 08 0100 78  0100 62 03  0100 74 05
         0100 6c 07 06 0100 0100 64 02  0100 65 09",
    );
    assert_eq!(peer.decoder.description(0), expected);
}

#[test]
fn integers_widen_to_doubles_in_place_and_are_announced_again() {
    let mut peer = Peer::new();
    peer.bytes_in(3, &[message("x", &int(1))]);
    assert_eq!(peer.decode(&message("x", &int(2))), Some(0));
    assert!(peer.decoder.is_announced(0));
    let Ok(Decoded::Tape { shape: 0 }) = peer.decoder.decode(
        &mut peer.habit,
        &message("x", &Pack::default().double(0.5)),
        &peer.limits,
    ) else {
        panic!("the message that widens a shape is on the tape");
    };
    assert!(!peer.decoder.is_announced(0));
    assert_eq!(peer.decoder.tape().doubles(), [0.5]);
    assert_eq!(peer.decode(&message("x", &int(3))), Some(0));
    assert_eq!(peer.decoder.tape().doubles(), [3.0]);
    assert_eq!(peer.definitions, 2);
}

#[test]
fn integers_beyond_32_bits_are_doubles_while_they_are_safe() {
    let safe = (1_i64 << 53) - 1;
    let mut peer = Peer::new();
    peer.bytes_in(3, &[message("x", &int(safe))]);
    for (value, travels) in [
        (safe, true),
        (-safe, true),
        (0, true),
        (safe + 1, false),
        (-safe - 1, false),
    ] {
        assert_eq!(
            peer.decode(&message("x", &int(value))).is_some(),
            travels,
            "{value}"
        );
    }
}

#[test]
fn an_alternation_of_integers_and_doubles_is_on_the_tape() {
    let mut peer = Peer::new();
    let messages = [
        message("x", &int(1)),
        message("x", &Pack::default().double(1.5)),
    ];
    assert_eq!(peer.bytes_in(1_000, &messages), 2);
    assert!(peer.definitions <= 2);
}

#[test]
fn eight_actions_in_turn_are_on_the_tape_after_their_sightings() {
    let mut peer = Peer::new();
    let actions: Vec<_> = (0..8)
        .map(|n| message(&format!("action{n}"), &int(n)))
        .collect();
    assert_eq!(peer.bytes_in(1_000, &actions), 2 * 8);
    assert_eq!(peer.definitions, 8);
}

#[test]
fn thirty_actions_are_on_the_tape_wherever_the_action_stands() {
    for before in [0, 1, 3, 7] {
        let mut peer = Peer::new();
        let actions = (0..30).map(|n| {
            let mut pack = Pack::default().map(before + 2);
            for field in 0..before {
                pack = pack.text(&format!("k{field}")).int(n * 1_000);
            }
            pack.text("action")
                .text(&format!("a{n}"))
                .text("z")
                .boolean(n % 2 == 0)
                .0
        });
        let actions: Vec<_> = actions.collect();
        assert_eq!(
            peer.bytes_in(200, &actions),
            2 * 30,
            "{before} fields before the action"
        );
    }
}

#[test]
fn an_action_behind_an_array_or_many_fields_is_on_the_tape() {
    let behind_array = |n: i64| {
        let pack = Pack::default().map(2).text("list").array(2).int(n).int(2);
        pack.text("action").text(&format!("a{}", n % 8)).0
    };
    let behind_many = |n: i64| {
        let pack = (0..14).fold(Pack::default().map(15), |pack, k| {
            pack.text(&format!("k{k}")).nil()
        });
        pack.text("action").text(&format!("a{}", n % 8)).0
    };
    let mut peer = Peer::new();
    let messages: Vec<_> = (0..8)
        .flat_map(|n| [behind_array(n), behind_many(n)])
        .collect();
    assert_eq!(peer.bytes_in(500, &messages), 2 * 16);
}

#[test]
fn empty_and_filled_arrays_in_turn_are_on_the_tape() {
    let filled = || {
        message(
            "x",
            &Pack::default()
                .array(2)
                .map(1)
                .text("k")
                .int(1)
                .map(1)
                .text("k")
                .int(2),
        )
    };
    let empty = || message("x", &Pack::default().array(0));
    for messages in [[filled(), empty()], [empty(), filled()]] {
        let mut peer = Peer::new();
        let late = peer.bytes_in(20, &messages);
        assert!(late <= 5, "{late} went by bytes");
        assert_eq!(peer.bytes_in(1_000, &messages), 0);
        assert!(peer.definitions <= 3);
    }
}

#[test]
fn elements_of_an_array_widen_together() {
    let mut peer = Peer::new();
    let mixed = message("x", &Pack::default().array(3).int(1).double(0.5).int(3));
    peer.bytes_in(3, std::slice::from_ref(&mixed));
    assert_eq!(peer.decode(&mixed), Some(0));
    assert_eq!(peer.decoder.tape().doubles(), [1.0, 0.5, 3.0]);
}

#[test]
fn encodings_longer_than_needed_are_as_regular_as_any() {
    let long = Pack::default()
        .raw(&[0xdf, 0, 0, 0, 2])
        .raw(b"\xd9\x06action\xda\x00\x01x");
    let long = long
        .raw(b"\xdb\x00\x00\x00\x01v")
        .raw(&[0xd3, 0, 0, 0, 0, 0, 0, 0, 7])
        .0;
    let mut peer = Peer::new();
    assert_eq!(peer.bytes_in(100, &[long]), 2);
    assert_eq!(peer.decoder.tape().ints(), [7]);
    peer.bytes_in(3, &[message("x", &int(1))]);
    for value in [
        "07",
        "cc07",
        "cd0007",
        "ce00000007",
        "cf0000000000000007",
        "d007",
        "d10007",
    ] {
        let payload = message("x", &Pack::default().raw(&bytes(value)));
        assert!(peer.decode(&payload).is_some(), "{value}");
        assert_eq!(peer.decoder.tape().ints(), [7]);
    }
}

#[test]
fn latin_1_is_carried_in_characters() {
    let mut peer = Peer::new();
    let long = "é".repeat(13);
    for text in ["é", &"ÿ".repeat(12), &long, "plain"] {
        let payload = message("x", &Pack::default().text(text));
        peer.bytes_in(3, std::slice::from_ref(&payload));
        assert_eq!(peer.decode(&payload), Some(0));
        let count = text.chars().count();
        assert_eq!(peer.decoder.tape().ints(), [i32::try_from(count).unwrap()]);
        let tape = peer.decoder.tape();
        let expected: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let (short, long) = if count > 12 {
            (&[][..], &expected[..])
        } else {
            (&expected[..], &[][..])
        };
        assert_eq!((tape.short_text(), tape.long_text()), (short, long));
    }
}

#[test]
fn a_text_that_is_not_latin_1_now_and_then_disturbs_nothing() {
    let mut peer = Peer::new();
    let plain = message("chat", &Pack::default().text("hello"));
    let other = message("chat", &Pack::default().text("こんにちは"));
    assert_eq!(peer.bytes_in(1_000, &[plain, other]), 1_000 + 2);
}

#[test]
fn optional_fields_are_shapes_of_their_own() {
    let message = |n: u32| {
        let pack = Pack::default().map(4).text("action").text("x");
        (0..3).fold(pack, |pack, bit| {
            let pack = pack.text(&format!("k{bit}"));
            if n >> bit & 1 == 1 {
                pack.int(1)
            } else {
                pack.nil()
            }
        })
    };
    let messages: Vec<_> = (0..8).map(|n| message(n).0).collect();
    assert_eq!(Peer::new().bytes_in(200, &messages), 2 * 8);
}
