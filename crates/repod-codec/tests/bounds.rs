//! What bounds learning: shapes, shares, the life of a connection.

mod common;

use common::peer::{Peer, int, message};
use common::{Pack, bytes, input, limits, settings, state};
use repod_codec::{Decoded, Habit, Limits, ShapeSettings, validate};

#[test]
fn what_the_tape_cannot_carry_goes_by_bytes_for_ever() {
    let text = |text: &str| message("x", &Pack::default().text(text));
    let key = |key: &str| {
        Pack::default()
            .map(2)
            .text("action")
            .text("x")
            .raw(&bytes(key))
            .0
    };
    for (what, payload) in [
        (
            "an integer that is no safe number",
            message("x", &int(1 << 53)),
        ),
        ("bin", message("x", &Pack::default().raw(&[0xc4, 1, 7]))),
        (
            "ext",
            message("x", &Pack::default().raw(&[0xd6, 0xff, 0, 0, 0, 1])),
        ),
        ("text beyond Latin-1", text("日本")),
        ("an integer key", key("0501")),
        (
            "an array of two types",
            message("x", &Pack::default().array(2).int(1).nil()),
        ),
        (
            "nine levels",
            message("x", &Pack::default().raw(&[0x91; 7]).array(1).int(1)),
        ),
    ] {
        assert_eq!(Peer::new().bytes_in(50, &[payload]), 50, "{what}");
    }
}

#[test]
fn the_bounds_of_a_shape_are_exact() {
    let wide = |fields: u16| {
        let pack = Pack::default().raw(&[0xde]).raw(&fields.to_be_bytes());
        (1..fields)
            .fold(pack.text("action").text("x"), |pack, n| {
                pack.text(&format!("k{n}")).int(1)
            })
            .0
    };
    let deep = |levels: usize| {
        message(
            "x",
            &Pack::default().raw(&vec![0x91; levels - 2]).array(1).int(1),
        )
    };
    let long = |key: usize| {
        let pack = (0..40).fold(Pack::default().raw(&[0xde, 0, 41]), |pack, n| {
            pack.text(&format!("{n:0>key$}")).nil()
        });
        pack.text("action").text("x").0
    };
    for (payload, carried) in [
        (wide(256), true),
        (wide(257), false),
        (deep(8), true),
        (deep(9), false),
        (long(200), true),
        (long(202), false),
    ] {
        assert_eq!(
            Peer::new().bytes_in(50, &[payload]),
            if carried { 2 } else { 50 }
        );
    }
}

#[test]
fn without_codegen_everything_goes_by_bytes() {
    let mut peer = Peer::with(ShapeSettings {
        codegen: false,
        ..settings()
    });
    assert_eq!(peer.bytes_in(50, &[input(1), state(1, 10)]), 100);
}

#[test]
fn a_shape_that_the_limits_refuse_is_left_to_the_walk() {
    let mut peer = Peer::new();
    peer.bytes_in(5, &[state(1, 10)]);
    for narrow in [
        Limits {
            max_depth: 2,
            ..limits()
        },
        Limits {
            max_elements: 83,
            ..limits()
        },
        Limits {
            max_map_entries: 6,
            ..limits()
        },
        Limits {
            max_key_length: 6,
            ..limits()
        },
        Limits {
            max_action_length: 4,
            ..limits()
        },
    ] {
        let verdict = peer.decoder.decode(&mut peer.habit, &state(1, 10), &narrow);
        assert!(verdict.is_err(), "{narrow:?}");
        assert_eq!(verdict.err(), validate(&state(1, 10), &narrow).err());
    }
    let exact = Limits {
        max_depth: 3,
        max_elements: 84,
        max_map_entries: 7,
        max_key_length: 7,
        max_action_length: 5,
        ..limits()
    };
    let verdict = peer.decoder.decode(&mut peer.habit, &state(1, 10), &exact);
    assert_eq!(verdict, Ok(Decoded::Tape { shape: 0 }));
}

#[test]
fn a_field_after_field_that_turns_double_ends_with_all_of_them() {
    let fields = |doubles: usize| {
        let pack = Pack::default().map(13).text("action").text("x");
        (0..12).fold(pack, |pack, n| {
            let pack = pack.text(&format!("k{n}"));
            if n < doubles {
                pack.double(0.5)
            } else {
                pack.int(1)
            }
        })
    };
    let mut peer = Peer::new();
    peer.bytes_in(3, &[fields(0).0]);
    for doubles in 1..=12 {
        assert_eq!(peer.decode(&fields(doubles).0), Some(0));
    }
    assert_eq!(peer.definitions, 1 + 4);
}

/// A message of a shape that no other number gives.
fn churn(n: usize) -> Vec<u8> {
    Pack::default()
        .map(2)
        .text("action")
        .text("x")
        .text(&format!("key{n}"))
        .int(1)
        .0
}

#[test]
fn churn_makes_only_so_many_definitions_in_the_life_of_a_connection() {
    let mut peer = Peer::with(ShapeSettings {
        max_shapes: 8,
        max_shapes_per_connection: 4,
        ..settings()
    });
    for n in 0..20_000 {
        peer.bytes_in(4, &[churn(n)]);
    }
    assert!(
        (4..=16).contains(&peer.definitions),
        "{} definitions",
        peer.definitions
    );
}

#[test]
fn a_connection_fills_only_its_share() {
    let mut peer = Peer::with(ShapeSettings {
        max_shapes_per_connection: 4,
        ..settings()
    });
    let shapes: Vec<_> = (0..6).map(|n| message(&format!("a{n}"), &int(1))).collect();
    let hot = peer.bytes_in(100, &shapes);
    assert_eq!(peer.definitions, 4);
    assert!(hot >= 200);
    // Another connection has a share of its own.
    peer.habit = Habit::default();
    peer.bytes_in(100, &shapes);
    assert_eq!(peer.definitions, 6);
    assert_eq!(peer.bytes_in(100, &shapes), 0);
}

#[test]
fn the_coldest_shape_gives_its_id_to_a_new_one_unannounced() {
    let mut peer = Peer::with(ShapeSettings {
        max_shapes: 2,
        max_shapes_per_connection: 2,
        ..settings()
    });
    peer.bytes_in(3, &[message("a", &int(1)), message("b", &int(1))]);
    assert_eq!(peer.decode(&message("b", &int(1))), Some(1));
    peer.bytes_in(40, &[message("b", &int(1))]);
    peer.bytes_in(2, &[message("c", &int(1))]);
    let verdict = peer
        .decoder
        .decode(&mut peer.habit, &message("c", &int(1)), &peer.limits);
    assert_eq!(verdict, Ok(Decoded::Tape { shape: 0 }));
    assert!(!peer.decoder.is_announced(0));
    assert!(peer.decoder.is_announced(1));
    assert!(String::from_utf8_lossy(peer.decoder.description(0)).contains("\u{8}\u{1}\0c"));
}

#[test]
fn more_regular_shapes_than_there_is_room_for_do_not_push_each_other_out() {
    let mut peer = Peer::with(ShapeSettings {
        max_shapes: 4,
        max_shapes_per_connection: 4,
        ..settings()
    });
    let shapes: Vec<_> = (0..8).map(|n| message(&format!("a{n}"), &int(1))).collect();
    peer.bytes_in(10, &shapes);
    let definitions = peer.definitions;
    assert_eq!(peer.bytes_in(1_000, &shapes), 4_000);
    assert_eq!(peer.definitions, definitions);
}

#[test]
fn a_new_regular_shape_is_learned_even_after_much_that_taught_nothing() {
    let mut peer = Peer::new();
    for n in 0..2_000 {
        peer.decode(&churn(n));
    }
    let late = peer.bytes_in(2_000, &[input(1)]);
    assert!(late < 200, "{late} went by bytes");
}
