//! What the JS thread and the engine's thread both hold.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::held::Held;
use crate::lent::Lent;
use crate::ring::{Bells, Ring};

/// Makes the one call that wakes the JS thread; false if it can not be made.
pub type Wake = Box<dyn Fn() -> bool + Send>;

pub(crate) struct Shared {
    pub ring: Ring<Bell>,
    pub held: Held,
    /// Open while the engine may touch lent memory and call Node. Every turn of a task holds it.
    pub gate: Mutex<bool>,
    pub stopping: AtomicBool,
    /// Times that the engine's loop woke up.
    pub turns: AtomicU32,
    queue: Mutex<Vec<Command>>,
}

/// What JS hands over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    /// Records in a chunk.
    Range { chunk: Lent, from: usize, to: usize },
    /// The counters of connections from `page * PAGE_CONNECTIONS` on.
    Page { page: usize, words: Lent },
    #[cfg(feature = "test-hooks")]
    Panic,
}

/// How each thread rouses the other.
pub(crate) struct Bell {
    /// The engine waits here for commands, room and the end.
    pub engine: Notify,
    /// Room in the ring or among the held payloads was given back.
    pub freed: AtomicBool,
    pub wake_ups: AtomicU32,
    wake: Mutex<Option<Wake>>,
}

impl Shared {
    pub fn new(capacity: usize, held_bytes: usize, wake: Wake) -> Self {
        let bell = Bell {
            engine: Notify::new(),
            freed: AtomicBool::new(false),
            wake_ups: AtomicU32::new(0),
            wake: Mutex::new(Some(wake)),
        };
        Self {
            ring: Ring::new(capacity as u64, bell),
            held: Held::new(held_bytes),
            gate: Mutex::new(true),
            stopping: AtomicBool::new(false),
            turns: AtomicU32::new(0),
            queue: Mutex::default(),
        }
    }

    pub fn bell(&self) -> &Bell {
        self.ring.bells()
    }

    pub fn push(&self, command: Command) {
        lock(&self.queue).push(command);
        self.bell().engine.notify_one();
    }

    /// Moves everything that waits to the end of `commands`.
    pub fn take_commands(&self, commands: &mut VecDeque<Command>) {
        commands.extend(lock(&self.queue).drain(..));
    }

    /// Takes a held payload out, unless it is gone already.
    pub fn take_held(&self, id: u32) -> Option<Vec<u8>> {
        let payload = self.held.take(id)?;
        self.bell().notify_engine();
        Some(payload)
    }

    /// From here on the engine neither calls Node nor touches lent memory. Waits for the turn of
    /// the task that is running.
    pub fn shut_gate(&self) {
        *lock(&self.gate) = false;
        lock(&self.bell().wake).take();
    }
}

impl Bells for Bell {
    fn wake_js(&self) -> bool {
        let called = lock(&self.wake).as_ref().is_some_and(|wake| wake());
        if called {
            self.wake_ups.fetch_add(1, Ordering::Relaxed);
        }
        called
    }

    fn notify_engine(&self) {
        self.freed.store(true, Ordering::Release);
        self.engine.notify_one();
    }
}

/// Locks what is consistent whenever nobody holds it, so that a panic elsewhere changes nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
