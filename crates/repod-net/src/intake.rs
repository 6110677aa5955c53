//! What JS hands over, taken always, whatever the state of the ring.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use repod_codec::tape::engine_page;

use crate::contained::contained;
use crate::core::Core;
use crate::dialer::dial;
use crate::endpoint::Endpoint;
use crate::inbound::Id;
use crate::lent::Lent;
use crate::listener::listen;
use crate::outbound::{Control, Record, next_record};
use crate::parking::Call;
use crate::shared::Command;

pub(crate) struct Intake {
    core: Rc<Core>,
    /// Taken from the queue, and how many of them are done. A panic leaves it at what comes next.
    commands: RefCell<Vec<Command>>,
    done: Cell<usize>,
}

impl Intake {
    pub fn new(core: Rc<Core>) -> Self {
        Self {
            core,
            commands: RefCell::default(),
            done: Cell::new(0),
        }
    }

    /// Runs until the engine is stopped.
    pub async fn run(&self) {
        while contained(&self.core, self.take_all()).await.is_err() {
            self.core.panicked();
        }
    }

    async fn take_all(&self) {
        let shared = &self.core.shared;
        loop {
            self.take();
            if shared.stopping.load(Ordering::Acquire) {
                return;
            }
            shared.bell().called().await;
        }
    }

    fn take(&self) {
        let core = &self.core;
        // Before their causes are looked at: who calls from here on calls again.
        if core.shared.bell().answer().has(Call::Room) {
            core.room_is_free();
        }
        // What a panic has left comes first.
        self.take_all_here();
        core.shared.take_commands(&mut self.commands.borrow_mut());
        self.take_all_here();
    }

    fn take_all_here(&self) {
        let core = &self.core;
        while let Some(command) = self.next() {
            match command {
                Command::Range { chunk, from, to } => self.take_range(chunk, from, to),
                Command::Page { page, words } => {
                    core.table.borrow_mut().add_page(page, words);
                    core.indices.wake_all();
                }
                #[cfg(feature = "test-hooks")]
                Command::Panic => panic!("as a test asked for"),
            }
        }
    }

    /// Each command once, whatever became of it.
    fn next(&self) -> Option<Command> {
        let mut commands = self.commands.borrow_mut();
        let next = commands.get(self.done.get()).copied();
        if next.is_some() {
            self.done.set(self.done.get() + 1);
        } else {
            commands.clear();
            self.done.set(0);
        }
        next
    }

    fn take_range(&self, chunk: Lent, from: usize, to: usize) {
        // Done with the range in any case, after a panic too: the chunk must come back to JS.
        let _done = Done(chunk);
        // SAFETY: JS has handed this range over, and leaves it alone until `_done` counts it.
        let mut records = unsafe { chunk.quiescent(from, to) };
        while let Some(record) = next_record(&mut records) {
            self.take_record(record);
        }
    }

    fn take_record(&self, record: Record<'_>) {
        let core = &self.core;
        match record {
            Record::Frame { to, frame } => {
                if let Some(connection) = core.table.borrow().get(to) {
                    connection.send(core, frame);
                }
            }
            Record::Frames { to, frame } => {
                core.count(engine_page::COPIED_BYTES, frame.len());
                let frame = Bytes::copy_from_slice(frame);
                let table = core.table.borrow();
                for connection in to.ids().filter_map(|id| table.get(id)) {
                    connection.send_shared(&frame);
                }
            }
            Record::Control { to, control } => self.control(to, control),
            Record::Endpoint { endpoint, options } => {
                let made = Rc::new(Endpoint::new(endpoint, options));
                core.endpoints.borrow_mut().insert(endpoint, made);
            }
            Record::Listen {
                endpoint,
                request,
                listen: what,
            } => {
                listen(core, &self.endpoint(endpoint), request, what);
            }
            Record::Dial {
                endpoint,
                request,
                address,
            } => {
                dial(core, &self.endpoint(endpoint), request, address);
            }
            Record::Quiesce { endpoint, request } => self.endpoint(endpoint).quiesce(core, request),
            Record::Stop { endpoint, request } => self.endpoint(endpoint).stop(core, request),
        }
    }

    fn control(&self, to: Id, control: Control) {
        // A record for a connection that is gone reaches nobody, least of all its successor.
        let connection = self.core.table.borrow().get(to).cloned();
        if let Some(connection) = connection {
            connection.control(&self.core, control);
        }
    }

    fn endpoint(&self, endpoint: u32) -> Rc<Endpoint> {
        let endpoints = self.core.endpoints.borrow();
        endpoints
            .get(&endpoint)
            .expect("JS names endpoints that it has made")
            .clone()
    }
}

/// Counts a range as done.
struct Done(Lent);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.counter(0).fetch_add(1, Ordering::Release);
    }
}
