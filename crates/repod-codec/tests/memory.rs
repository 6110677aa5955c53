//! What is allocated, counted per thread, and how deep the stack goes.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{Pack, bytes, input, limits, settings, state, wrap};
use repod_codec::{Decoded, Decoder, FrameDecoder, Habit, validate};

struct Counting;

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { calls: 0, live: 0, peak: 0 }) };
}

#[derive(Clone, Copy)]
struct Counts {
    calls: usize,
    live: isize,
    peak: isize,
}

fn count(calls: usize, bytes: isize) {
    // A thread that is going has no counts any more, and nobody who asks for them.
    let _ = COUNTS.try_with(|counts| {
        let mut now = counts.get();
        now.calls += calls;
        now.live += bytes;
        now.peak = now.peak.max(now.live);
        counts.set(now);
    });
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        // SAFETY: the caller keeps the contract of `dealloc`; the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations, the most bytes held at once, and the bytes still held, of this thread.
fn measure(work: impl FnOnce()) -> (usize, isize, isize) {
    let before = COUNTS.get();
    COUNTS.set(Counts {
        peak: before.live,
        ..before
    });
    work();
    let after = COUNTS.get();
    (
        after.calls - before.calls,
        after.peak - before.live,
        after.live - before.live,
    )
}

fn assert_small(what: &str, work: impl FnOnce()) {
    let (_, peak, _) = measure(work);
    assert!(peak < 65_536, "{what}: {peak} bytes at once");
}

#[test]
fn hostile_payloads_allocate_less_than_64_kib() {
    let mut nested = vec![0x91; 65_535];
    nested.push(0xc0);
    for (what, payload) in [
        ("a promised array", bytes("dd ff ff ff ff")),
        ("a promised map", bytes("df ff ff ff ff")),
        ("a promised text", bytes("db ff ff ff ff")),
        ("a promised bin", bytes("c6 ff ff ff ff")),
        ("a promised ext", bytes("c9 ff ff ff ff 05")),
        ("twenty million elements", bytes("dd 01 31 2d 00")),
        ("arrays in arrays", bytes("dc ff ff").repeat(21_845)),
        (
            "arrays in arrays that could be",
            bytes("dc 00 10").repeat(21_845),
        ),
        ("depth", nested),
        (
            "a map in a message that ends early",
            wrap(&bytes("de 0f ff")),
        ),
    ] {
        assert_small(what, || assert!(validate(&payload, &limits()).is_err()));
        let mut decoder = Decoder::new(settings());
        assert_small(what, || {
            assert!(
                decoder
                    .decode(&mut Habit::default(), &payload, &limits())
                    .is_err()
            );
        });
    }
}

#[test]
fn a_header_alone_allocates_nothing() {
    for header in [[0xff; 4], [0, 1, 0, 0], [0, 0, 0, 0]] {
        let mut decoder = FrameDecoder::new();
        let (calls, ..) = measure(|| {
            let _ = decoder.next_frame(&mut &header[..], &limits());
        });
        assert_eq!(calls, 0);
    }
}

#[test]
fn an_unfinished_frame_holds_what_has_come_and_a_finished_one_nothing() {
    let mut wire = vec![0, 1, 0, 0];
    wire.resize(4 + 65_536, 7);
    let mut decoder = FrameDecoder::new();
    let held = |decoder: &mut FrameDecoder, input: &[u8]| {
        measure(|| {
            let mut input = input;
            while decoder.next_frame(&mut input, &limits()).unwrap().is_some() {}
        })
    };
    assert_eq!(held(&mut decoder, &wire[..4 + 100]).2, 100);
    let (_, _, more) = held(&mut decoder, &wire[104..105]);
    assert_eq!(more, 100, "it doubles");
    let (_, _, more) = held(&mut decoder, &wire[105..40_000]);
    assert_eq!(more, 39_996 - 200, "or takes what came");
    let (_, _, more) = held(&mut decoder, &wire[40_000..40_001]);
    assert_eq!(more, 65_536 - 39_996, "but never more than the frame");
    assert_eq!(held(&mut decoder, &wire[40_001..]).2, -65_536);
    assert!(decoder.is_between_frames());
}

#[test]
fn frames_that_come_whole_allocate_nothing() {
    let mut wire = 56_u32.to_be_bytes().to_vec();
    wire.extend(input(3_000_000_123));
    let wire = wire.repeat(100);
    let mut decoder = FrameDecoder::new();
    let mut frames = 0;
    let (calls, ..) = measure(|| {
        let mut input = &wire[..];
        while decoder.next_frame(&mut input, &limits()).unwrap().is_some() {
            frames += 1;
        }
    });
    assert_eq!((calls, frames), (0, 100));
}

#[test]
fn messages_in_steady_state_allocate_nothing() {
    let action = |n: i64| {
        Pack::default()
            .map(2)
            .text("action")
            .text(&format!("a{n}"))
            .text("v")
            .int(n)
            .0
    };
    let japanese = Pack::default()
        .map(2)
        .text("action")
        .text("chat")
        .text("t")
        .text("日本")
        .0;
    let big = (0..40).fold(Pack::default().raw(&[0xde, 0, 41]), |pack, n| {
        pack.int(n).nil()
    });
    let big = big.text("action").text("big").0;
    for (what, tape, payloads) in [
        ("S", true, vec![input(3_000_000_123)]),
        ("S counting up", true, (0..50).map(input).collect()),
        ("M", true, vec![state(7, 10)]),
        ("L", true, vec![state(7, 300)]),
        ("eight actions", true, (0..8).map(action).collect()),
        ("text beyond Latin-1", false, vec![japanese]),
        ("a map with many keys", false, vec![big]),
    ] {
        let (mut decoder, mut habit) = (Decoder::new(settings()), Habit::default());
        let mut travel = |payload: &[u8]| decoder.decode(&mut habit, payload, &limits()).unwrap();
        if tape {
            for payload in payloads.iter().cycle().take(10 * payloads.len()) {
                travel(payload);
            }
            let (calls, ..) = measure(|| {
                for payload in &payloads {
                    assert!(matches!(travel(payload), Decoded::Tape { .. }), "{what}");
                }
            });
            assert_eq!(calls, 0, "{what}");
        } else {
            // A look that teaches nothing costs a few allocations, and becomes rare.
            let mut quiet = 0;
            for message in 0..1_000 {
                let (calls, ..) = measure(|| assert_eq!(travel(&payloads[0]), Decoded::Bytes));
                quiet += u32::from(message >= 500 && calls == 0);
            }
            assert!(quiet > 480, "{what}: {quiet} of 500 allocated nothing");
        }
    }
}

#[test]
fn memory_of_a_huge_message_is_given_back() {
    let mut huge = limits();
    huge.max_elements = u32::MAX;
    huge.max_map_entries = u32::MAX;
    let message = |count: u32| {
        let pack = Pack::default().raw(&[0xdd]).raw(&count.to_be_bytes());
        wrap(&pack.raw(&vec![7; count as usize]).0)
    };
    let (mut decoder, mut habit) = (Decoder::new(settings()), Habit::default());
    let (.., held) = measure(|| {
        for _ in 0..4 {
            assert!(
                decoder
                    .decode(&mut habit, &message(1_000_000), &huge)
                    .is_ok()
            );
        }
        assert_eq!(decoder.tape().ints().len(), 1_000_001);
        let entries = (0..100_000).fold(Pack::default(), |pack, n| pack.int(n).nil());
        let map = Pack::default()
            .raw(&[0xdf])
            .raw(&100_000_u32.to_be_bytes())
            .raw(&entries.0);
        assert_eq!(
            decoder.decode(&mut habit, &wrap(&map.0), &huge),
            Ok(Decoded::Bytes)
        );
        // Two more: the scratch memory is looked at when it is next used.
        assert!(decoder.decode(&mut habit, &message(4), &huge).is_ok());
        assert_eq!(
            decoder.decode(&mut habit, &wrap(&[0xc4, 0]), &huge),
            Ok(Decoded::Bytes)
        );
    });
    assert!(held < 1 << 20, "{held} bytes are kept");
}

#[test]
fn a_stack_of_256_kib_survives_every_depth() {
    let depths = [1, 6, 62, 63, 64, 1_000, 60_000];
    let arrays = depths.map(|depth| wrap(&[vec![0x91; depth], vec![0xc0]].concat()));
    let maps = depths.map(|depth| wrap(&[bytes("81 a1 61").repeat(depth), vec![0xc0]].concat()));
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let worker = move || {
        for limits in [
            limits(),
            repod_codec::Limits {
                max_depth: u32::MAX,
                max_elements: u32::MAX,
                ..limits()
            },
        ] {
            let mut decoder = Decoder::new(settings());
            for payload in arrays.iter().chain(&maps) {
                for _ in 0..4 {
                    let verdict = decoder.decode(&mut Habit::default(), payload, &limits);
                    assert_eq!(verdict.map(drop), validate(payload, &limits));
                }
            }
        }
    };
    thread.spawn(worker).unwrap().join().unwrap();
}
