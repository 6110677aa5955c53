//! The protocols of the ring and of parking under loom: the passing cases must pass, each of the
//! broken variants must be caught. A deadlock that loom finds aborts the process, so each broken variant
//! needs a process of its own: `npm run loom`, or by hand, with a target directory of its own
//! because the flag rebuilds everything:
//!
//! ```sh
//! RUSTFLAGS='--cfg repod_loom' CARGO_TARGET_DIR=target-loom \
//!   cargo test --release -p repod-net --test loom -- --exact passes_with_room_for_one
//! ```
//!
//! A test `passes_*` must succeed; a test `catches_*` must fail (a panic or an abort), which is why
//! those are ignored unless named.
#![cfg(repod_loom)]

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex, Notify};
use repod_net::parking::{self, Call, Parking};
use repod_net::ring::{Bells, Broken, Ring};

struct Notifies {
    js: Notify,
    engine: Notify,
}

impl Bells for Notifies {
    fn wake_js(&self) -> bool {
        self.js.notify();
        true
    }

    fn notify_engine(&self) {
        self.engine.notify();
    }
}

struct Memory {
    ring: Ring<Notifies>,
    cells: Vec<UnsafeCell<u64>>,
}

// SAFETY: the cells are loom's, which reports every access that the protocol does not order.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    fn cell(&self, position: u64) -> &UnsafeCell<u64> {
        &self.cells[usize::try_from(position).unwrap() % self.cells.len()]
    }
}

/// The engine writes `count` records, JS reads them in order and sleeps in between. With `quiet`
/// only the last record wakes.
fn run(capacity: u64, count: u64, quiet: bool, broken: Option<Broken>) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(move || {
        let bells = Notifies {
            js: Notify::new(),
            engine: Notify::new(),
        };
        let memory = Arc::new(Memory {
            ring: Ring::new(capacity, bells).broken(broken),
            cells: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
        });
        let engine = memory.clone();
        let thread = loom::thread::spawn(move || write_all(&engine, count, quiet));
        read_all(&memory, count);
        thread.join().unwrap();
    });
}

fn write_all(memory: &Memory, count: u64, quiet: bool) {
    let ring = &memory.ring;
    for position in 0..count {
        while !ring.room(position + 1) {
            ring.bells().engine.wait();
        }
        let wakes = !quiet || position + 1 == count;
        let early = ring.is_broken(Broken::CommitBeforeWrite);
        if early {
            ring.commit(1, wakes);
        }
        memory.cell(position).with_mut(|cell| {
            // SAFETY: loom checks that nobody else is at this cell.
            unsafe { *cell = position + 100 }
        });
        if !early {
            ring.commit(1, wakes);
        }
    }
}

fn read_all(memory: &Memory, count: u64) {
    let ring = &memory.ring;
    let mut read = 0;
    while read < count {
        let committed = ring.take(read, true);
        if committed == read {
            ring.bells().js.wait();
            continue;
        }
        if ring.is_broken(Broken::FreeBeforeRead) {
            ring.take(committed, false);
        }
        for position in read..committed {
            memory.cell(position).with(|cell| {
                // SAFETY: loom checks that nobody writes this cell meanwhile.
                let value = unsafe { *cell };
                assert_eq!(value, position + 100);
            });
        }
        read = committed;
    }
    assert_eq!(ring.take(read, true), count);
}

#[test]
fn passes_with_room_for_one() {
    run(1, 3, false, None);
}

#[test]
fn passes_with_room_for_two() {
    run(2, 3, false, None);
}

#[test]
fn passes_when_full_of_quiet_records() {
    run(1, 3, true, None);
    run(2, 3, true, None);
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_sleeping_by_a_plain_store() {
    run(2, 3, false, Some(Broken::SleepByPlainStore));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_no_second_look_at_the_room() {
    run(1, 3, false, Some(Broken::NoSecondLook));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_no_wake_when_full_of_quiet_records() {
    run(1, 3, true, Some(Broken::NoWakeWhenFull));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_no_notify_when_room_is_freed() {
    run(1, 3, false, Some(Broken::NoNotifyOnFree));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_a_commit_before_the_write() {
    run(2, 3, false, Some(Broken::CommitBeforeWrite));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_freeing_before_the_read() {
    run(1, 3, false, Some(Broken::FreeBeforeRead));
}

/// JS hands over `count` commands; the engine sleeps whenever it has done all it knows of, and must
/// have done all of them in the end.
fn hand_over(count: u32, broken: Option<parking::Broken>) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(move || {
        let engine = Arc::new(Parked {
            parking: Parking::default().broken(broken),
            commands: Mutex::new(0),
            bell: Notify::new(),
        });
        let caller = engine.clone();
        let thread = loom::thread::spawn(move || {
            for _ in 0..count {
                *caller.commands.lock().unwrap() += 1;
                if caller.parking.call(Call::Commands) {
                    caller.bell.notify();
                }
            }
        });
        engine.run(count);
        thread.join().unwrap();
    });
}

struct Parked {
    parking: Parking,
    commands: Mutex<u32>,
    bell: Notify,
}

impl Parked {
    fn run(&self, count: u32) {
        let mut done = 0;
        loop {
            let late = self.parking.is_broken(parking::Broken::AnswerAfterLooking);
            if !late {
                self.parking.answer();
            }
            done += std::mem::take(&mut *self.commands.lock().unwrap());
            if late {
                self.parking.answer();
            }
            if done == count {
                return;
            }
            if self.parking.park() {
                self.bell.wait();
            }
            self.parking.unpark();
        }
    }
}

#[test]
fn passes_when_called_while_falling_asleep() {
    hand_over(3, None);
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_a_look_before_the_call() {
    hand_over(2, Some(parking::Broken::LookBeforeCall));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_no_look_when_parking() {
    hand_over(2, Some(parking::Broken::NoLookWhenParking));
}

#[test]
#[ignore = "must fail: run by name, in a process of its own"]
fn catches_calls_answered_after_looking() {
    hand_over(2, Some(parking::Broken::AnswerAfterLooking));
}
