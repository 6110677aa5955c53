//! Groups M and D of the catalogue of hostile input, as far as they are payloads, and each step of
//! "the walk, exactly".

mod common;

use common::verdict::{verdict, verdict_within};
use common::{Pack, bytes, limits, message, wrap};
use repod_codec::Limits;

/// Payloads in hex and the verdict on each.
fn expect(cases: &[(&str, &str)]) {
    for (payload, expected) in cases {
        assert_eq!(verdict(&bytes(payload)), *expected, "{payload}");
    }
}

/// The same for values that stand in a field of a message.
fn expect_values(cases: &[(&str, &str)]) {
    for (value, expected) in cases {
        assert_eq!(verdict(&wrap(&bytes(value))), *expected, "{value}");
    }
}

#[test]
fn m1_a_payload_that_is_no_map_is_no_message() {
    expect(&[("c0", "INVALID_MESSAGE")]);
}

#[test]
fn m2_the_reserved_byte_is_refused_wherever_it_stands() {
    expect(&[
        ("c1", "DECODE_ERROR reserved"),
        ("81 c1 01", "DECODE_ERROR reserved"),
    ]);
    expect_values(&[
        ("c1", "DECODE_ERROR reserved"),
        ("91 c1", "DECODE_ERROR reserved"),
    ]);
}

#[test]
fn m3_a_payload_that_ends_early_is_truncated() {
    for payload in [
        "",
        "81 a1 61",
        "a5 61 62 63",
        "d6 ff 00",
        "c4",
        "da 00",
        "81",
        "dc 00",
        "cb 00",
    ] {
        let expected = if payload == "81" {
            "elements"
        } else {
            "truncated"
        };
        assert_eq!(
            verdict(&bytes(payload)),
            format!("DECODE_ERROR {expected}"),
            "{payload}"
        );
    }
    for end in 1..message().len() {
        let expected = if end < 3 { "elements" } else { "truncated" };
        assert_eq!(
            verdict(&message()[..end]),
            format!("DECODE_ERROR {expected}"),
            "{end} bytes"
        );
    }
}

#[test]
fn m5_bytes_behind_the_message_are_refused() {
    expect(&[
        ("c0 c0", "DECODE_ERROR trailing"),
        ("81a6616374696f6ea178 c0", "DECODE_ERROR trailing"),
        ("81a6616374696f6ea178 c1", "DECODE_ERROR trailing"),
    ]);
}

#[test]
fn m6_m7_a_count_or_length_beyond_the_payload_is_refused() {
    expect(&[
        ("dd ff ff ff ff", "DECODE_ERROR elements"),
        ("df ff ff ff ff", "DECODE_ERROR elements"),
        ("df 80 00 00 00", "DECODE_ERROR elements"),
        ("db ff ff ff ff", "DECODE_ERROR truncated"),
        ("c6 ff ff ff ff", "DECODE_ERROR truncated"),
        ("c9 ff ff ff ff 05", "DECODE_ERROR truncated"),
        ("dd 01 31 2d 00", "DECODE_ERROR elements"),
    ]);
}

#[test]
fn m8_m10_depth_is_refused_before_it_costs_anything() {
    assert_eq!(
        verdict(&[0xdc, 0xff, 0xff].repeat(21_845)),
        "DECODE_ERROR elements"
    );
    let counts_that_fit = [0xdc, 0x00, 0x10].repeat(21_845);
    assert_eq!(verdict(&counts_that_fit), "DECODE_ERROR depth");
    let mut nested = vec![0x91; 65_535];
    nested.push(0xc0);
    assert_eq!(verdict(&nested), "DECODE_ERROR depth");
}

#[test]
fn m12_the_last_level_is_64() {
    let nested = |levels: usize, innermost: u8| {
        // The message is one level, the field's value the next.
        let mut value = vec![0x91; levels - 2];
        value.push(innermost);
        verdict(&wrap(&value))
    };
    for empty in [0x90, 0x80] {
        assert_eq!(nested(64, empty), "ok");
        assert_eq!(nested(65, empty), "DECODE_ERROR depth");
    }
    // A value that is no container stands in the last level without being one.
    assert_eq!(nested(65, 0xc0), "ok");
    assert_eq!(nested(66, 0xc0), "DECODE_ERROR depth");
}

#[test]
fn m13_more_values_than_allowed_are_refused() {
    let mut payload = bytes("dc ff f0");
    payload.resize(3 + 65_520, 0x80);
    assert_eq!(verdict(&payload), "DECODE_ERROR elements");
    for (values, expected) in [(16_384, "ok"), (16_385, "DECODE_ERROR elements")] {
        // Root, action and the array itself are values too.
        let pack = Pack::default()
            .array(values - 3)
            .raw(&vec![0xc3; usize::from(values) - 3]);
        assert_eq!(verdict(&wrap(&pack.0)), expected);
    }
}

#[test]
fn m15_the_key_proto_is_refused_at_every_level() {
    let proto = "a9 5f5f70726f746f5f5f 81 a5 61646d696e c3";
    expect(&[(
        &format!("82 a6616374696f6ea178 {proto}"),
        "DECODE_ERROR key",
    )]);
    expect_values(&[(&format!("81 {proto}"), "DECODE_ERROR key")]);
    expect_values(&[("81 d9 09 5f5f70726f746f5f5f 01", "DECODE_ERROR key")]);
}

#[test]
fn m18_text_is_utf_8_as_whatwg_has_it() {
    expect_values(&[
        ("a2 c3 28", "DECODE_ERROR utf8"),
        ("81 a1 ff 01", "DECODE_ERROR utf8"),
        ("a3 ed a0 80", "DECODE_ERROR utf8"),
        ("a2 c0 80", "DECODE_ERROR utf8"),
        ("a4 f4 90 80 80", "DECODE_ERROR utf8"),
        ("a4 f4 8f bf bf", "ok"),
        ("a3 ef bb bf", "ok"),
    ]);
}

#[test]
fn m21_a_key_that_comes_twice_is_refused() {
    expect(&[
        ("82 a1 61 01 a1 61 02", "DECODE_ERROR key"),
        (
            "83 a6616374696f6e a178 a16b 01 a6616374696f6e a179",
            "DECODE_ERROR key",
        ),
    ]);
    expect_values(&[
        ("82 01 c0 a1 31 c0", "DECODE_ERROR key"),
        (
            "82 a1 31 c0 cf 00 00 00 00 00 00 00 01 c0",
            "DECODE_ERROR key",
        ),
        ("82 ff c0 a2 2d 31 c0", "DECODE_ERROR key"),
        (
            "82 d3 80 00 00 00 00 00 00 00 c0 b4 2d39323233333732303336383534373735383038 c0",
            "DECODE_ERROR key",
        ),
        (
            "82 cf ff ff ff ff ff ff ff ff c0 b4 3138343436373434303733373039353531363135 c0",
            "DECODE_ERROR key",
        ),
        ("82 01 c0 a2 30 31 c0", "ok"),
        ("82 a1 61 81 a1 61 c0 a1 62 81 a1 61 c0", "ok"),
        ("82 a1 61 c0 d9 01 61 c0", "DECODE_ERROR key"),
    ]);
}

#[test]
fn m23_m24_m25_integers_and_floats_are_accepted_in_every_width() {
    expect_values(&[
        ("cf ffffffffffffffff", "ok"),
        ("d3 8000000000000000", "ok"),
        ("cf 0020000000000001", "ok"),
        ("cf 0000000000000001", "ok"),
        ("d3 0000000000000001", "ok"),
        ("d9 01 78", "ok"),
        ("cb 7ff8000000000000", "ok"),
        ("cb 8000000000000000", "ok"),
        ("cb fff0000000000000", "ok"),
        ("ca 7fc00000", "ok"),
        ("81 cb 7ff8000000000000 01", "DECODE_ERROR key"),
    ]);
}

#[test]
fn m26_a_key_is_text_or_an_integer() {
    expect(&[
        ("81 c0 01", "DECODE_ERROR key"),
        ("81 c3 01", "DECODE_ERROR key"),
        ("81 c4 01 61 01", "DECODE_ERROR key"),
        ("81 90 0a", "DECODE_ERROR key"),
        ("81 80 01", "DECODE_ERROR key"),
        ("81 d6 ff 00 00 00 00 01", "DECODE_ERROR key"),
        ("81 05 01", "INVALID_MESSAGE"),
    ]);
    expect_values(&[("81 05 01", "ok"), ("81 cc", "DECODE_ERROR elements")]);
    expect_values(&[
        ("81 cd 00", "DECODE_ERROR truncated"),
        ("81 d9 01", "DECODE_ERROR truncated"),
    ]);
}

#[test]
fn m27_m28_the_only_extension_is_a_time_that_a_date_holds() {
    expect_values(&[
        ("d4 05 00", "DECODE_ERROR ext"),
        ("d4 80 00", "DECODE_ERROR ext"),
        ("c7 00 05", "DECODE_ERROR ext"),
        ("d7 ff ee6b2800 00000000", "DECODE_ERROR ext"),
        ("d7 ff ee6b27ff ffffffff", "ok"),
        ("c7 0c ff 00000000 7fffffffffffffff", "DECODE_ERROR ext"),
        ("c7 0c ff ffffffff 0000000000000000", "DECODE_ERROR ext"),
        ("c7 0c ff 3b9aca00 0000000000000000", "DECODE_ERROR ext"),
        ("c7 0c ff 3b9ac9ff 0000000000000000", "ok"),
        // 8.64e12 seconds either side of 1970, and the first moments beyond.
        ("c7 0c ff 00000000 000007dba8218000", "ok"),
        ("c7 0c ff 000f423f 000007dba8218000", "ok"),
        ("c7 0c ff 000f4240 000007dba8218000", "DECODE_ERROR ext"),
        ("c7 0c ff 00000000 000007dba8218001", "DECODE_ERROR ext"),
        ("c7 0c ff 00000000 fffff82457de8000", "ok"),
        ("c7 0c ff 3b9ac9ff fffff82457de7fff", "DECODE_ERROR ext"),
        ("d6 ff ffffffff", "ok"),
        ("c7 04 ff ffffffff", "ok"),
        ("c8 0008 ff 0000000000000000", "ok"),
        ("d4 ff 00", "DECODE_ERROR ext"),
        ("d8 ff 00000000000000000000000000000000", "DECODE_ERROR ext"),
        ("c7 00 ff", "DECODE_ERROR ext"),
    ]);
}

#[test]
fn m31_d5_the_action_is_text() {
    for action in [
        "c4 01 78",
        "05",
        "c0",
        "c3",
        "cb 3ff8000000000000",
        "91 01",
        "81 a1 61 01",
    ] {
        let payload = format!("81 a6 616374696f6e {action}");
        expect(&[(&payload, "INVALID_ACTION")]);
    }
}

#[test]
fn d6_a_message_is_a_map_with_an_action() {
    expect(&[
        ("80", "INVALID_MESSAGE"),
        ("81 a1 61 01", "INVALID_MESSAGE"),
        ("91 01", "INVALID_MESSAGE"),
        ("05", "INVALID_MESSAGE"),
        ("a1 78", "INVALID_MESSAGE"),
        ("d6 ff 00000000", "INVALID_MESSAGE"),
        ("81 a1 61 81 a6 616374696f6e a1 78", "INVALID_MESSAGE"),
        ("81 d9 06 616374696f6e d9 01 78", "ok"),
    ]);
}

#[test]
fn d7_an_action_has_up_to_64_bytes() {
    let eight = "é234567";
    for (action, expected) in [
        (String::new(), "ok"),
        (eight.repeat(8), "ok"),
        (eight.repeat(8) + "x", "INVALID_ACTION"),
    ] {
        let payload = Pack::default().map(1).text("action").text(&action).0;
        assert_eq!(verdict(&payload), expected, "{} bytes", action.len());
    }
}

#[test]
fn a_fault_of_the_shape_comes_after_every_fault_of_the_walk() {
    expect(&[
        ("82 a6616374696f6e 05 a1 61 c1", "DECODE_ERROR reserved"),
        ("91 a1 ff", "DECODE_ERROR utf8"),
        ("81 a1 61 01 c0", "DECODE_ERROR trailing"),
    ]);
}

#[test]
fn at_each_value_the_checks_have_their_order() {
    let narrow = |value: &str, limits: &Limits| verdict_within(&wrap(&bytes(value)), limits);
    let elements = Limits {
        max_elements: 2,
        ..limits()
    };
    assert_eq!(narrow("c1", &elements), "DECODE_ERROR reserved");
    assert_eq!(narrow("cb 00", &elements), "DECODE_ERROR elements");
    let depth = Limits {
        max_depth: 1,
        ..limits()
    };
    assert_eq!(narrow("dc 00", &depth), "DECODE_ERROR truncated");
    assert_eq!(narrow("dc ff ff", &depth), "DECODE_ERROR depth");
    let entries = Limits {
        max_map_entries: 2,
        ..limits()
    };
    assert_eq!(narrow("de 00 03", &entries), "DECODE_ERROR elements");
    assert_eq!(narrow("83 a1 61 01 a1 62 01", &entries), "DECODE_ERROR map");
    assert_eq!(narrow("a2 ff", &limits()), "DECODE_ERROR truncated");
    assert_eq!(narrow("c7 01 05", &limits()), "DECODE_ERROR truncated");
}

#[test]
fn at_each_key_the_checks_have_their_order() {
    let narrow = Limits {
        max_key_length: 6,
        ..limits()
    };
    let of = |value: &str| verdict_within(&wrap(&bytes(value)), &narrow);
    assert_eq!(of("81 da 00"), "DECODE_ERROR truncated");
    assert_eq!(of("81 a7 ff"), "DECODE_ERROR key");
    assert_eq!(of("81 a6 ff"), "DECODE_ERROR truncated");
    assert_eq!(of("81 a6 616263646566 01"), "ok");
    assert_eq!(of("81 a7 61626364656667 01"), "DECODE_ERROR key");
    assert_eq!(of("82 a1 61 01 a1 61 c1"), "DECODE_ERROR key");
    // A limit on text does not bound an integer.
    assert_eq!(of("81 ce 00 98 96 80 01"), "ok");
}
