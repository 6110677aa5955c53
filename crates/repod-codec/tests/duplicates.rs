//! Keys that come twice, in maps of every size.

mod common;

use common::verdict::verdict;
use common::{Pack, bytes, limits, wrap};
use repod_codec::{Limits, validate};

/// Keys in order or shuffled, as a value; the last one again where `repeat` says so.
fn wide(count: u32, step: u32, key: impl Fn(Pack, u32) -> Pack, repeat: Option<u32>) -> Vec<u8> {
    let entries = count + u32::from(repeat.is_some());
    let mut pack = Pack::default().raw(&[0xdf]).raw(&entries.to_be_bytes());
    for n in 0..count {
        pack = key(pack, n.wrapping_mul(step) % count).nil();
    }
    if let Some(n) = repeat {
        pack = key(pack, n).nil();
    }
    pack.0
}

/// Compared pair by pair, these keys would take minutes.
#[test]
fn a_duplicate_among_a_hundred_thousand_keys_is_found_without_comparing_all_pairs() {
    let count = 100_003;
    let wide_limits = Limits {
        max_elements: u32::MAX,
        max_map_entries: u32::MAX,
        ..limits()
    };
    let text = |pack: Pack, n: u32| pack.text(&format!("entity {n:06}"));
    let number = |pack: Pack, n: u32| pack.int(n.into());
    let either = |pack: Pack, n: u32| {
        if n.is_multiple_of(2) {
            pack.int(n.into())
        } else {
            pack.text(&n.to_string())
        }
    };
    for step in [1, 7_919] {
        for (repeat, expected) in [
            (None, Ok(())),
            (Some(50_000), Err("DECODE_ERROR key".into())),
        ] {
            for payload in [
                wide(count, step, text, repeat),
                wide(count, step, number, repeat),
                wide(count, step, either, repeat),
            ] {
                let verdict = validate(&wrap(&payload), &wide_limits);
                assert_eq!(verdict.map_err(|fault| fault.to_string()), expected);
            }
        }
    }
}

#[test]
fn a_duplicate_in_a_big_map_precedes_a_later_fault() {
    let text = |pack: Pack, n: u32| pack.text(&format!("k{n}"));
    let duplicate = wide(20, 1, text, Some(3));
    let mut truncated = wrap(&duplicate);
    truncated.pop();
    assert_eq!(verdict(&truncated), "DECODE_ERROR key");
    // The fault comes first, the duplicate would follow.
    let mut earlier = wrap(&wide(20, 1, text, Some(3)));
    let fault = earlier.windows(3).position(|key| key == b"\xa2k4").unwrap() + 3;
    earlier[fault] = 0xc1;
    assert_eq!(verdict(&earlier), "DECODE_ERROR reserved");
    // Inside a map that is open in the middle of one with a duplicate before it.
    let mut outer = Pack::default().raw(&[0xde, 0, 21]);
    for n in 0..20 {
        outer = text(outer, n % 19).nil();
    }
    let payload = outer.text("inner").raw(&bytes("92 01 c1")).0;
    assert_eq!(verdict(&wrap(&payload)), "DECODE_ERROR key");
}

#[test]
fn small_and_big_maps_find_the_same_duplicates() {
    let text = |pack: Pack, n: u32| pack.text(&format!("key {n}"));
    for count in 1..40 {
        assert_eq!(verdict(&wrap(&wide(count, 1, text, None))), "ok");
        for repeat in 0..count {
            let payload = wrap(&wide(count, 1, text, Some(repeat)));
            assert_eq!(verdict(&payload), "DECODE_ERROR key", "{repeat} of {count}");
        }
    }
}
