//! Nanoseconds per message of decoding, for the payloads of the benchmark; half a second each.
//!
//!     cargo run --release -p repod-codec --example speed

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use common::{Pack, input, limits, settings, state};
use repod_codec::{Decoder, Habit, validate};

fn main() {
    let chat = |text: &str| {
        let pack = Pack::default()
            .map(3)
            .text("action")
            .text("chat")
            .text("from");
        pack.text("player7").text("text").text(text).0
    };
    let actions = |n: i64| {
        let pack = Pack::default()
            .map(3)
            .text("action")
            .text(&format!("action{n}"));
        pack.text("seq").int(n).text("x").double(0.5).0
    };
    println!("{:34} {:>10} {:>10}", "ns per message", "decode", "walk");
    for (name, payloads) in [
        ("S, five fields", vec![input(3_000_000_123)]),
        ("M, ten players", vec![state(100_000, 10)]),
        ("L, 300 players", vec![state(100_000, 300)]),
        (
            "chat",
            vec![chat("hello there, this is message number 5 ok?")],
        ),
        (
            "chat in Japanese (bytes)",
            vec![chat("こんにちは、みなさん。よろしく")],
        ),
        ("eight actions in turn", (0..8).map(actions).collect()),
    ] {
        let (mut decoder, mut habit) = (Decoder::new(settings()), Habit::default());
        let decode = measure(&payloads, |payload| {
            let _ = black_box(decoder.decode(&mut habit, payload, &limits()));
        });
        let walk = measure(&payloads, |payload| {
            let _ = black_box(validate(payload, &limits()));
        });
        println!("{name:34} {decode:10.0} {walk:10.0}");
    }
}

fn measure(payloads: &[Vec<u8>], mut work: impl FnMut(&[u8])) -> f64 {
    let mut messages = 0_u32;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(250) {
        for payload in payloads.iter().cycle().take(64) {
            work(black_box(payload));
        }
        messages += 64;
    }
    begin.elapsed().as_secs_f64() * 1e9 / f64::from(messages)
}
