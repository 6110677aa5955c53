//! What all tasks of the engine's thread share.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use repod_codec::Decoder;
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;

use crate::address::Address;
use crate::connection::Connection;
use crate::contained::contained;
use crate::endpoint::Endpoint;
use crate::inbound::{Answer, Inbound, RESULT};
use crate::lent::Lent;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::spare::Spare;
use crate::table::Table;
use crate::waiters::{Sleeper, Ticket, Waiters};

pub(crate) struct Core {
    pub shared: Arc<Shared>,
    pub settings: Settings,
    pub inbound: RefCell<Inbound>,
    pub codec: RefCell<Decoder>,
    /// What every socket is read into.
    pub scratch: RefCell<Box<[u8]>>,
    pub spare: Spare,
    pub table: RefCell<Table>,
    pub endpoints: RefCell<HashMap<u32, Rc<Endpoint>>>,
    /// Tasks that wait until JS has read on.
    pub room: Waiters,
    /// JS has read on, and those who wait for room were not told yet.
    room_freed: Cell<bool>,
    /// Tasks that wait for a free index.
    pub indices: Waiters,
    /// Answers that are not in the ring yet.
    answers: RefCell<VecDeque<Answer>>,
    desk: Sleeper,
    page: Lent,
}

impl Core {
    pub fn new(shared: Arc<Shared>, settings: Settings, ring: Lent, page: Lent) -> Self {
        Self {
            inbound: RefCell::new(Inbound::new(shared.clone(), ring)),
            codec: RefCell::new(Decoder::new(settings.shapes.clone())),
            scratch: RefCell::new(vec![0; settings.read_bytes].into()),
            spare: Spare::default(),
            table: RefCell::default(),
            endpoints: RefCell::default(),
            room: Waiters::default(),
            room_freed: Cell::new(false),
            indices: Waiters::default(),
            answers: RefCell::default(),
            desk: Sleeper::default(),
            page,
            shared,
            settings,
        }
    }

    /// The ring, if a record of `length` bytes fits and nobody waits for room already; else the task
    /// is woken once JS has read on. Whoever waits first has asked for that notice, in `Inbound::room`.
    pub fn room(
        &self,
        length: usize,
        ticket: &mut Ticket,
        context: &Context<'_>,
    ) -> Option<RefMut<'_, Inbound>> {
        let mut inbound = self.inbound.borrow_mut();
        if !self.room.has_hungry() && inbound.room(length) {
            return Some(inbound);
        }
        self.room.join(ticket, context);
        None
    }

    /// JS has read on. Those who wait are told by the desk, behind all tasks that are ready now: who
    /// was told before and had no turn yet would otherwise find the room first.
    pub fn room_is_free(&self) {
        self.room_freed.set(true);
        self.call_desk();
    }

    /// After records were written: they are committed once the tasks that are ready now had their
    /// turn, or at once if they are many.
    pub fn wrote(&self, inbound: &mut Inbound) {
        if inbound.uncommitted() >= self.settings.commit_bytes as u64 {
            inbound.commit();
        } else {
            self.call_desk();
        }
    }

    /// Queues an answer behind everything that was written up to now.
    pub fn answer(&self, answer: Answer) {
        self.answers.borrow_mut().push_back(answer);
        self.call_desk();
    }

    pub fn call_desk(&self) {
        self.desk.wake();
    }

    /// The task that commits. It stands at the end of the queue of those that are ready when it is
    /// called.
    pub async fn run_desk(self: Rc<Self>) {
        let mut ticket = Ticket::default();
        loop {
            let desk = std::future::poll_fn(|context| {
                self.desk.keep(context);
                if self.room_freed.take() {
                    self.room.wake_all();
                }
                self.write_answers(&mut ticket, context);
                self.inbound.borrow_mut().commit();
                Poll::Pending
            });
            if contained(&self, desk).await.is_ok() {
                return;
            }
            self.panicked();
            // Whatever happens here, the engine can still be stopped.
            tokio::task::yield_now().await;
        }
    }

    fn write_answers(&self, ticket: &mut Ticket, context: &Context<'_>) {
        let mut answers = self.answers.borrow_mut();
        while let Some(&answer) = answers.front() {
            let Some(mut inbound) = self.room(RESULT, ticket, context) else {
                return;
            };
            #[cfg(feature = "test-hooks")]
            crate::hooks::panic_if(crate::hooks::Place::Desk);
            inbound.result(answer);
            inbound.seal(true);
            // Not before: after a panic the answer is given again.
            answers.pop_front();
        }
    }

    /// Makes a connection of a socket. There must be room for OPENED and a free index.
    pub fn open(self: &Rc<Self>, endpoint: &Rc<Endpoint>, socket: TcpStream, address: Address) {
        if endpoint.options.no_delay {
            // It fails where the peer has reset the connection already, which reading will tell.
            let _already_reset = socket.set_nodelay(true);
        }
        let mut table = self.table.borrow_mut();
        let connection = table.add(|id| Rc::new(Connection::new(id, endpoint.clone(), socket)));
        drop(table);
        endpoint.socket_opened();
        let mut inbound = self.inbound.borrow_mut();
        inbound.opened(connection.id, endpoint.id, address);
        inbound.seal(true);
        self.wrote(&mut inbound);
        drop(inbound);
        let core = self.clone();
        spawn(async move { connection.run(core).await });
    }

    /// After a panic that was nobody's in particular: every connection ends with it.
    pub fn panicked(self: &Rc<Self>) {
        for endpoint in self.endpoints.borrow().values() {
            endpoint.give_up(self);
        }
        for connection in self.table.borrow().all() {
            connection.panicked();
        }
    }

    /// After a panic, wherever it was: what it may have left half done is taken back before anybody
    /// looks at it.
    pub fn repair(&self) {
        self.inbound.borrow_mut().roll_back();
        self.codec.borrow_mut().forget();
    }

    /// Adds to a word of the engine's page, which only the engine writes.
    pub fn count(&self, word: usize, by: usize) {
        let counter = self.page.counter(word);
        // Modulo 2^32 by design.
        #[allow(clippy::cast_possible_truncation)]
        let sum = counter.load(Ordering::Relaxed).wrapping_add(by as u32);
        counter.store(sum, Ordering::Relaxed);
    }

    pub fn set_counter(&self, word: usize, value: u32) {
        self.page.counter(word).store(value, Ordering::Relaxed);
    }
}

/// Tasks bound their turns themselves, by messages and reads.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    tokio::task::spawn_local(unconstrained(task));
}
