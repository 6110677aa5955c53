//! One connection: what it is told, its turns, and how it ends.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use repod_codec::tape::engine_page;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::contained::contained;
use crate::core::Core;
use crate::endpoint::Endpoint;
use crate::inbound::{CLOSED, DRAINED, End, FAULT, Id};
use crate::outbound::Control;
use crate::outbox::Outbox;
use crate::reading::{Input, Read};
use crate::waiters::{Sleeper, Ticket};

pub(crate) struct Connection {
    pub id: Id,
    pub endpoint: Rc<Endpoint>,
    state: RefCell<State>,
    task: Sleeper,
}

struct State {
    /// `None` once it is gone; then at most some telling is left.
    socket: Option<TcpStream>,
    input: Input,
    outbox: Outbox,
    /// Bytes that the kernel has taken, modulo 2^32.
    flushed: u32,
    /// Bytes that it will never take: writing failed.
    lost: u32,
    wire: Wire,
    /// Told DRAINED once at most so many bytes wait.
    drained_below: Option<usize>,
    closing: bool,
    released: bool,
    /// When the socket is reset, once it is to end.
    deadline: Option<Pin<Box<Sleep>>>,
    end: Telling,
    /// Nothing of it is left but the index, until it is released.
    gone: bool,
    room: Ticket,
}

/// What has happened on the two ways of the socket.
#[derive(Debug, Default)]
struct Wire {
    /// The peer will not take anything any more, whatever it may have sent before.
    broken: bool,
    our_fin: bool,
    peer_fin: bool,
}

/// The one CLOSED record of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    NotYet,
    Waiting(End),
    Told,
}

impl Connection {
    pub fn new(id: Id, endpoint: Rc<Endpoint>, socket: TcpStream) -> Self {
        let state = State {
            socket: Some(socket),
            input: Input::default(),
            outbox: Outbox::default(),
            flushed: 0,
            lost: 0,
            wire: Wire::default(),
            drained_below: None,
            closing: false,
            released: false,
            deadline: None,
            end: Telling::NotYet,
            gone: false,
            room: Ticket::default(),
        };
        Self {
            id,
            endpoint,
            state: RefCell::new(state),
            task: Sleeper::default(),
        }
    }

    /// The connection's task, to its end.
    pub async fn run(&self, core: Rc<Core>) {
        let turns = || std::future::poll_fn(|context| self.turn(&core, context));
        if contained(&core, turns()).await.is_err() {
            self.panicked();
            // What is left to do is telling of the end: a second panic means that the ring itself
            // can not be written.
            let again = contained(&core, turns()).await;
            assert!(again.is_ok(), "the end of a connection can not be told");
        }
    }

    pub fn send(&self, core: &Core, frame: &[u8]) {
        let mut state = self.state.borrow_mut();
        if state.takes(frame.len()) {
            core.count(engine_page::COPIED_BYTES, frame.len());
            state.outbox.push(frame, &core.spare);
            self.task.wake();
        }
    }

    pub fn send_shared(&self, frame: &Bytes) {
        let mut state = self.state.borrow_mut();
        if state.takes(frame.len()) {
            state.outbox.push_shared(frame.clone());
            self.task.wake();
        }
    }

    pub fn control(&self, core: &Core, control: Control) {
        let mut state = self.state.borrow_mut();
        match control {
            Control::Pause => state.input.paused = true,
            Control::Resume => state.input.paused = false,
            Control::Quiet(on) => {
                state.input.quiet = on;
                let mut inbound = core.inbound.borrow_mut();
                // Somebody waits for what may be in the ring already, left there in silence.
                if !on && inbound.has_unread() {
                    inbound.seal(true);
                    core.call_desk();
                }
            }
            Control::AskDrained(below) => state.drained_below = Some(below),
            Control::Close(timeout) => state.close(timeout),
            Control::Release => state.release(core, self.endpoint.options.close_timeout),
        }
        drop(state);
        self.task.wake();
    }

    /// Something on the way of this connection panicked: it is reset, and says so.
    pub fn panicked(&self) {
        let mut state = self.state.borrow_mut();
        state.reset();
        state.end_with(End::NativePanic);
        drop(state);
        self.task.wake();
    }

    /// Goes on as far as it can without waiting. Ready once the index is free.
    fn turn(&self, core: &Core, context: &mut Context<'_>) -> Poll<()> {
        self.task.keep(context);
        let state = &mut *self.state.borrow_mut();
        #[cfg(feature = "test-hooks")]
        crate::hooks::panic_if(crate::hooks::Place::Task);
        state.write(core, self.id, context);
        state.read(core, self, context);
        state.settle(context);
        state.tell(core, self.id, context);
        if state.socket.is_some() || state.end != Telling::Told {
            return Poll::Pending;
        }
        if !state.gone {
            state.gone = true;
            state.deadline = None;
            self.endpoint.socket_gone(core);
        }
        if !state.released {
            return Poll::Pending;
        }
        core.table.borrow_mut().remove(self.id);
        core.indices.wake_all();
        Poll::Ready(())
    }
}

impl State {
    /// Whether a frame goes to the outbox. One for a broken connection is lost.
    fn takes(&mut self, length: usize) -> bool {
        let open = self.socket.is_some() && !self.closing && !self.released;
        if open && self.wire.broken {
            self.lost = self.lost.wrapping_add(modulo(length));
        }
        open && !self.wire.broken
    }

    fn close(&mut self, timeout: Duration) {
        if self.closing || self.released {
            return;
        }
        self.closing = true;
        self.input.discard();
        self.drained_below = None;
        if self.end != Telling::Told {
            self.end = Telling::NotYet;
        }
        if timeout.is_zero() {
            self.reset();
        } else if self.socket.is_some() {
            self.deadline = Some(Box::pin(sleep(timeout)));
        }
        if self.socket.is_none() {
            self.end_with(End::Closed);
        }
    }

    fn release(&mut self, core: &Core, timeout: Duration) {
        self.released = true;
        self.input.discard();
        if let Some(held) = self.input.held.take() {
            core.shared.take_held(held);
        }
        self.drained_below = None;
        // JS knows it no more, so there is nobody to tell.
        self.end = Telling::Told;
        if self.socket.is_some() && self.deadline.is_none() {
            self.deadline = Some(Box::pin(sleep(timeout)));
        }
    }

    fn write(&mut self, core: &Core, id: Id, context: &mut Context<'_>) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        let mut taken = 0;
        while !self.outbox.is_empty() {
            match self.outbox.poll_write(socket, &core.spare, context) {
                Poll::Ready(Ok(count)) => {
                    core.count(engine_page::WRITES, 1);
                    taken += count;
                }
                Poll::Ready(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(_)) => {
                    // Which error it is makes no difference: what was received is still read.
                    self.wire.broken = true;
                    self.lost = self.lost.wrapping_add(modulo(self.outbox.clear()));
                }
                Poll::Pending => break,
            }
        }
        // A paused connection would wait for ever for room that a dead peer does not make: what is
        // lost counts as flushed, until it may be read and so learns of its end.
        if self.wire.broken && self.input.paused && self.lost > 0 {
            taken += std::mem::take(&mut self.lost) as usize;
        }
        if taken > 0 {
            self.flushed = self.flushed.wrapping_add(modulo(taken));
            core.table
                .borrow()
                .flushed(id.index)
                .store(self.flushed, Ordering::Release);
        }
    }

    fn read(&mut self, core: &Core, connection: &Connection, context: &mut Context<'_>) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        match self
            .input
            .read(core, connection, socket, self.wire.broken, context)
        {
            Read::NotYet => {}
            Read::Fin if self.wire.broken && !self.wire.peer_fin => self.lost_peer(),
            Read::Fin => {
                self.wire.peer_fin = true;
                if !self.closing {
                    self.end_with(End::PeerClosed);
                }
            }
            Read::Reset => self.lost_peer(),
        }
    }

    /// The peer is gone without a FIN.
    fn lost_peer(&mut self) {
        self.socket = None;
        self.outbox.clear();
        self.end_with(if self.closing {
            End::Closed
        } else {
            End::PeerReset
        });
    }

    /// The way to the end of the socket, as far as it can be gone by now.
    fn settle(&mut self, context: &mut Context<'_>) {
        let leaving = self.closing || self.released;
        let Some(socket) = &self.socket else {
            return;
        };
        if leaving && !self.wire.broken && !self.wire.our_fin && self.outbox.is_empty() {
            match SockRef::from(socket).shutdown(std::net::Shutdown::Write) {
                Ok(()) => {
                    self.wire.our_fin = true;
                    self.end_with_closed();
                }
                // The peer has reset it, and reading it would say so.
                Err(_) => self.wire.broken = true,
            }
        }
        if self.wire.broken && (leaving || self.wire.peer_fin)
            || self.wire.our_fin && self.wire.peer_fin
        {
            self.socket = None;
            self.end_with_closed();
            return;
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            self.reset();
            self.end_with_closed();
        }
    }

    fn tell(&mut self, core: &Core, id: Id, context: &Context<'_>) {
        let quiet = self.input.quiet;
        if let Some(fault) = self.input.fault {
            let Some(mut inbound) = core.room(FAULT, &mut self.room, context) else {
                return;
            };
            inbound.fault(id, fault);
            inbound.seal(!quiet);
            core.wrote(&mut inbound);
            self.input.fault = None;
        }
        if self
            .drained_below
            .is_some_and(|below| self.outbox.len() <= below)
        {
            let Some(mut inbound) = core.room(DRAINED, &mut self.room, context) else {
                return;
            };
            inbound.drained(id);
            inbound.seal(!quiet);
            core.wrote(&mut inbound);
            self.drained_below = None;
        }
        if let Telling::Waiting(end) = self.end {
            let Some(mut inbound) = core.room(CLOSED, &mut self.room, context) else {
                return;
            };
            inbound.closed(id, end);
            inbound.seal(!quiet);
            core.wrote(&mut inbound);
            self.end = Telling::Told;
        }
    }

    fn end_with_closed(&mut self) {
        if self.closing {
            self.end_with(End::Closed);
        }
    }

    /// There is one end, and the first holds.
    fn end_with(&mut self, end: End) {
        if self.end == Telling::NotYet {
            self.end = Telling::Waiting(end);
        }
    }

    fn reset(&mut self) {
        if let Some(socket) = self.socket.take() {
            // It fails where the peer has reset the connection already, which is as good.
            let _already_reset = socket.set_zero_linger();
        }
        self.input.discard();
        self.outbox.clear();
    }
}

/// Counters are kept modulo 2^32.
#[allow(clippy::cast_possible_truncation)]
fn modulo(length: usize) -> u32 {
    length as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        assert!(
            size_of::<Connection>() <= 512,
            "{} bytes",
            size_of::<Connection>()
        );
    }
}
