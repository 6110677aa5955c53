//! What the JS thread and the engine's thread both hold.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::held::Held;
use crate::lent::Lent;
use crate::parking::{Call, Calls, Parking};
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
    parking: Parking,
    /// The engine waits here to be called.
    engine: Notify,
    pub wake_ups: AtomicU32,
    wake: Mutex<Option<Wake>>,
}

impl Shared {
    pub fn new(capacity: usize, held_bytes: usize, wake: Wake) -> Self {
        let bell = Bell {
            parking: Parking::default(),
            engine: Notify::new(),
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
        self.bell().call_engine(Call::Commands);
    }

    /// Exchanges everything that waits for `empty` memory: the lock is held for no longer, and no
    /// queue is allocated twice.
    pub fn take_commands(&self, empty: &mut Vec<Command>) {
        debug_assert!(empty.is_empty(), "commands would change their order");
        std::mem::swap(&mut *lock(&self.queue), empty);
    }

    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.bell().call_engine(Call::Commands);
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

impl Bell {
    /// A system call if the engine sleeps, else none.
    fn call_engine(&self, call: Call) {
        if self.parking.call(call) {
            self.engine.notify_one();
        }
    }

    /// Engine: waits to be called.
    pub async fn called(&self) {
        self.engine.notified().await;
    }

    /// Engine: what it was called for up to now.
    pub fn answer(&self) -> Calls {
        self.parking.answer()
    }

    /// Engine, after a turn of a task: the calls that met it awake reach whoever waits for them.
    pub fn pass_calls_on(&self) {
        if self.parking.is_called() {
            self.engine.notify_one();
        }
    }

    /// Engine, before it sleeps.
    pub fn park(&self) {
        if !self.parking.park() {
            self.engine.notify_one();
        }
    }

    /// Engine, when it no longer sleeps.
    pub fn unpark(&self) {
        self.parking.unpark();
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
        self.call_engine(Call::Room);
    }
}

/// Locks what is consistent whenever nobody holds it, so that a panic elsewhere changes nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
