//! What the engine's thread asks of the allocator and of the kernel in steady state: of the one
//! nothing, of the other a read for what came at once and a write for what goes at once.
//!
//! One test, because the allocator counts for the whole process.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use common::*;
use repod_codec::tape::engine_page;

struct Counting;

static ALLOCATIONS: AtomicU32 = AtomicU32::new(0);

static STEADY: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Found out with the first allocation of a thread that counts: asking may allocate itself.
    static IS_ENGINE: Cell<Option<bool>> = const { Cell::new(None) };
}

fn count() {
    if !STEADY.load(Ordering::Relaxed) {
        return;
    }
    if IS_ENGINE.get().is_none() {
        IS_ENGINE.set(Some(false));
        IS_ENGINE.set(Some(thread::current().name() == Some("repod-engine")));
    }
    if IS_ENGINE.get() == Some(true) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PEERS: usize = 4;
const BATCH: u32 = 16;
const WARM: u32 = 50;
const ROUNDS: u32 = 200;

struct Cost {
    allocations: u32,
    reads: u32,
    writes: u32,
    copied: u32,
}

impl Cost {
    fn now(js: &Js) -> Self {
        Self {
            allocations: ALLOCATIONS.load(Ordering::Relaxed),
            reads: js.engine_count(engine_page::READS),
            writes: js.engine_count(engine_page::WRITES),
            copied: js.engine_count(engine_page::COPIED_BYTES),
        }
    }

    /// Of `ROUNDS` rounds, once the first have warmed up what is kept.
    fn of_rounds(js: &mut Js, mut round: impl FnMut(&mut Js)) -> Self {
        (0..WARM).for_each(|_| round(js));
        js.sync();
        let before = Self::now(js);
        STEADY.store(true, Ordering::SeqCst);
        (0..ROUNDS).for_each(|_| round(js));
        js.sync();
        STEADY.store(false, Ordering::SeqCst);
        let after = Self::now(js);
        Self {
            allocations: after.allocations - before.allocations,
            reads: after.reads - before.reads,
            writes: after.writes - before.writes,
            copied: after.copied - before.copied,
        }
    }
}

#[test]
fn steady_traffic_costs_no_allocation_and_a_system_call_per_batch() {
    let setup = Setup {
        codegen: true,
        ..Setup::default()
    };
    let mut js = Js::open(&setup);
    let address = js.listen();
    let mut peers = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..PEERS {
        let (peer, id) = js.accept(address);
        peers.push(peer);
        ids.push(id);
    }

    echo_by_tape(&mut js, &mut peers);
    own_and_shared(&mut js, &mut peers, &ids);
}

fn echo_by_tape(js: &mut Js, peers: &mut [TcpStream]) {
    let payload = numbered(7);
    let batch = frame(&payload).repeat(BATCH as usize);
    let mut replies = vec![0; batch.len()];
    let batches = ROUNDS * u32::try_from(PEERS).unwrap();
    let cost = Cost::of_rounds(js, |js| {
        for peer in &mut *peers {
            peer.write_all(&batch).unwrap();
        }
        for _ in 0..BATCH as usize * PEERS {
            let id = loop {
                match js.next() {
                    Event::Tape { id, .. } | Event::Bytes { id, .. } => break id,
                    Event::Shape { .. } => {}
                    other => panic!("{other:?}"),
                }
            };
            js.write(id, &payload);
        }
        js.flush();
        for peer in &mut *peers {
            peer.read_exact(&mut replies).unwrap();
            assert_eq!(replies, batch);
        }
    });
    assert_eq!(cost.allocations, 0);
    assert_eq!(cost.reads, batches);
    assert_eq!(cost.writes, batches);
    assert_eq!(cost.copied as usize, batches as usize * batch.len());
}

/// A frame to everybody between two of each one's own: one write for each receiver nevertheless.
fn own_and_shared(js: &mut Js, peers: &mut [TcpStream], ids: &[Id]) {
    let frames = [numbered(1), numbered(2), numbered(3)];
    let expected = frames.iter().flat_map(|payload| frame(payload));
    let expected: Vec<u8> = expected.collect();
    let mut replies = vec![0; expected.len()];
    let receivers = u32::try_from(ids.len()).unwrap();
    let cost = Cost::of_rounds(js, |js| {
        let [first, shared, last] = &frames;
        for &id in ids {
            js.write(id, first);
        }
        js.write_all(ids, shared);
        for &id in ids {
            js.write(id, last);
        }
        js.flush();
        for peer in &mut *peers {
            peer.read_exact(&mut replies).unwrap();
            assert_eq!(replies, expected);
        }
    });
    assert_eq!(cost.writes, ROUNDS * receivers);
    // The frame that is shared, its count of receivers, and each receiver's list of three parts.
    assert_eq!(cost.allocations, ROUNDS * (2 + receivers));
    let copied = frame(&frames[0]).len() * (2 * ids.len() + 1);
    assert_eq!(cost.copied as usize, ROUNDS as usize * copied);
}
