//! The JS thread's end of the engine: everything here is called by it, and nothing waits but
//! `close`.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use repod_codec::tape::{CHUNK_HEADER, ENGINE_PAGE_WORDS, PAGE_CONNECTIONS};
use tokio::runtime::{Builder, LocalOptions};

use crate::core::{Core, spawn};
use crate::inbound::LONGEST_CONTROL;
use crate::intake::Intake;
use crate::lent::Lent;
use crate::settings::Settings;
use crate::shared::{Command, Shared, Wake, lock};

/// A running engine: one thread, with all sockets of one JS environment.
pub struct Engine {
    shared: Arc<Shared>,
    chunks: Mutex<HashMap<u32, Lent>>,
    pages: Mutex<usize>,
    thread: Mutex<Option<Running>>,
    closed: AtomicBool,
}

struct Running {
    handle: JoinHandle<()>,
    /// Hung up by the thread's end.
    ended: Receiver<()>,
}

/// Turns of tasks after which the sockets are looked at again, although tasks are ready: a busy
/// connection delays the others by as many passes at most.
const TURNS_PER_POLL: u32 = 16;

/// A call that does not fit what was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    RingSize,
    PageSize,
    PageOrder,
    ChunkSize,
    UnknownChunk,
    ChunkRange,
    HeldLength,
}

impl Engine {
    /// Starts the thread. `wake` is called on it, at most once per sleep of JS.
    ///
    /// # Errors
    ///
    /// If the memory does not have the sizes of `ts/tape/layout.ts`, or the system lacks what a
    /// thread with an event loop takes.
    pub fn open(ring: Lent, page: Lent, settings: Settings, wake: Wake) -> io::Result<Self> {
        if !ring.len().is_power_of_two() || ring.len() / 4 < LONGEST_CONTROL {
            return Err(io::Error::other(Misuse::RingSize));
        }
        if page.len() < ENGINE_PAGE_WORDS * 4 {
            return Err(io::Error::other(Misuse::PageSize));
        }
        let shared = Arc::new(Shared::new(ring.len(), settings.held_bytes, wake));
        let (parks, unparks) = (shared.clone(), shared.clone());
        let mut runtime = Builder::new_current_thread();
        runtime
            .enable_io()
            .enable_time()
            .event_interval(TURNS_PER_POLL);
        runtime.on_thread_park(move || parks.bell().park());
        runtime.on_thread_unpark(move || {
            unparks.bell().unpark();
            unparks.turns.fetch_add(1, Ordering::Relaxed);
        });
        let (hang_up, ended) = channel::<()>();
        let (started, start) = channel();
        let on_thread = shared.clone();
        let run = move || {
            let _hang_up = hang_up;
            let runtime = match runtime.build_local(LocalOptions::default()) {
                Ok(runtime) => runtime,
                Err(error) => return report(&started, Err(error)),
            };
            report(&started, Ok(()));
            let core = Rc::new(Core::new(on_thread, settings, ring, page));
            runtime.block_on(async {
                spawn(core.clone().run_desk());
                Intake::new(core).run().await;
            });
        };
        let handle = thread::Builder::new()
            .name("repod-engine".into())
            .spawn(run)?;
        start
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("the thread has ended")))?;
        Ok(Self {
            shared,
            chunks: Mutex::default(),
            pages: Mutex::default(),
            thread: Mutex::new(Some(Running { handle, ended })),
            closed: AtomicBool::new(false),
        })
    }

    /// Lends the counters of connections from `page * PAGE_CONNECTIONS` on, in order from page 0.
    ///
    /// # Errors
    ///
    /// If the page is too small or not the next one.
    pub fn lend_page(&self, page: u32, words: Lent) -> Result<(), Misuse> {
        if words.len() < PAGE_CONNECTIONS * 4 {
            return Err(Misuse::PageSize);
        }
        let mut pages = lock(&self.pages);
        let page = page as usize;
        if page != *pages {
            return Err(Misuse::PageOrder);
        }
        *pages += 1;
        self.push(Command::Page { page, words });
        Ok(())
    }

    /// # Errors
    ///
    /// If the chunk is smaller than its header.
    pub fn lend_chunk(&self, chunk: u32, memory: Lent) -> Result<(), Misuse> {
        if memory.len() < CHUNK_HEADER {
            return Err(Misuse::ChunkSize);
        }
        lock(&self.chunks).insert(chunk, memory);
        Ok(())
    }

    /// The chunk is JS's again: its done count says that the engine does not touch it any more.
    pub fn return_chunk(&self, chunk: u32) {
        lock(&self.chunks).remove(&chunk);
    }

    /// Hands over the records from `from` up to `to`.
    ///
    /// # Errors
    ///
    /// If that is no range of a lent chunk.
    pub fn flush(&self, chunk: u32, from: u32, to: u32) -> Result<(), Misuse> {
        let chunk = *lock(&self.chunks).get(&chunk).ok_or(Misuse::UnknownChunk)?;
        let (from, to) = (from as usize, to as usize);
        let words = from.is_multiple_of(4) && to.is_multiple_of(4);
        if !words || from < CHUNK_HEADER || from > to || to > chunk.len() {
            return Err(Misuse::ChunkRange);
        }
        self.push(Command::Range { chunk, from, to });
        Ok(())
    }

    /// Gives back what was read up to `consumed` and says how far may be read. Of a closed engine
    /// there is nothing more.
    pub fn take(&self, consumed: u64, may_sleep: bool) -> u64 {
        if self.closed.load(Ordering::Acquire) {
            return consumed;
        }
        self.shared.ring.take(consumed, may_sleep)
    }

    /// Copies a held payload, which is gone with that; false if it was so before.
    ///
    /// # Errors
    ///
    /// If `into` has another length than the payload, which is gone nevertheless.
    pub fn fetch(&self, held: u32, into: &mut [u8]) -> Result<bool, Misuse> {
        let Some(payload) = self.shared.take_held(held) else {
            return Ok(false);
        };
        if payload.len() != into.len() {
            return Err(Misuse::HeldLength);
        }
        into.copy_from_slice(&payload);
        Ok(true)
    }

    pub fn drop_held(&self, held: u32) {
        self.shared.take_held(held);
    }

    /// Stops the thread and joins it, waiting for at most `timeout`, without one for as long as it
    /// takes. A thread that takes longer is left alone: it neither calls `wake` nor touches lent
    /// memory from here on. False if so.
    pub fn close(&self, timeout: Option<Duration>) -> bool {
        self.closed.store(true, Ordering::Release);
        self.shared.stop();
        let mut joined = true;
        if let Some(Running { handle, ended }) = lock(&self.thread).take() {
            joined = match timeout {
                None => handle.join().is_ok(),
                Some(timeout) => {
                    // Nothing is ever sent: it is hung up, or the time is over.
                    let over = ended.recv_timeout(timeout);
                    over != Err(std::sync::mpsc::RecvTimeoutError::Timeout) && handle.join().is_ok()
                }
            };
        }
        self.shared.shut_gate();
        joined
    }

    #[cfg(feature = "test-hooks")]
    pub fn provoke(&self, place: crate::hooks::Place) {
        crate::hooks::provoke(place);
        if place == crate::hooks::Place::Intake {
            self.push(Command::Panic);
        }
    }

    fn push(&self, command: Command) {
        if !self.closed.load(Ordering::Acquire) {
            self.shared.push(command);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close(None);
    }
}

/// Who opens the engine waits for this and cannot be gone.
fn report(started: &std::sync::mpsc::Sender<io::Result<()>>, result: io::Result<()>) {
    started.send(result).expect("the opener waits");
}

impl fmt::Display for Misuse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RingSize => "the ring's length is no power of two, or too small",
            Self::PageSize => "a page of counters is too small",
            Self::PageOrder => "pages of counters come in order",
            Self::ChunkSize => "a chunk is smaller than its header",
            Self::UnknownChunk => "this chunk was not lent",
            Self::ChunkRange => "this is no range of the chunk",
            Self::HeldLength => "a held payload has another length",
        })
    }
}

impl Error for Misuse {}
