//! A server's or a client's share of the engine.

use std::cell::{Cell, RefCell};
use std::rc::Weak;

use crate::core::Core;
use crate::inbound::Answer;
use crate::outbound::EndpointOptions;

pub(crate) struct Endpoint {
    pub id: u32,
    pub options: EndpointOptions,
    quiesced: Cell<bool>,
    /// Connections that have a socket, or an end that is not told yet.
    sockets: Cell<u32>,
    /// Its task owns it, and it owns this: with the task, all of it is gone.
    opener: RefCell<Option<Weak<dyn Opener>>>,
    /// The STOP that is to be answered.
    stop: Cell<Option<u32>>,
}

/// What makes connections of an endpoint: a listener, or a dial.
pub(crate) trait Opener {
    /// Opens nothing from here on, and holds no socket.
    fn give_up(&self, core: &Core);
}

impl Endpoint {
    pub fn new(id: u32, options: EndpointOptions) -> Self {
        Self {
            id,
            options,
            quiesced: Cell::new(false),
            sockets: Cell::new(0),
            opener: RefCell::default(),
            stop: Cell::new(None),
        }
    }

    /// Whether its connections are not read any more.
    pub fn is_quiesced(&self) -> bool {
        self.quiesced.get()
    }

    pub fn set_opener(&self, core: &Core, opener: Weak<dyn Opener>) {
        self.give_up(core);
        *self.opener.borrow_mut() = Some(opener);
    }

    pub fn give_up(&self, core: &Core) {
        if let Some(opener) = self.opener.take().and_then(|opener| opener.upgrade()) {
            opener.give_up(core);
        }
    }

    /// Reads and opens nothing from here on; the answer comes behind everything before.
    pub fn quiesce(&self, core: &Core, request: u32) {
        self.be_quiet(core);
        core.answer(Answer {
            request,
            errno: 0,
            address: None,
        });
    }

    /// Answers once no socket is left; JS closes the connections itself.
    pub fn stop(&self, core: &Core, request: u32) {
        self.be_quiet(core);
        self.stop.set(Some(request));
        self.check_stop(core);
    }

    pub fn socket_opened(&self) {
        self.sockets.set(self.sockets.get() + 1);
    }

    pub fn socket_gone(&self, core: &Core) {
        self.sockets.set(self.sockets.get() - 1);
        self.check_stop(core);
    }

    fn be_quiet(&self, core: &Core) {
        self.quiesced.set(true);
        self.give_up(core);
    }

    fn check_stop(&self, core: &Core) {
        if self.sockets.get() > 0 {
            return;
        }
        if let Some(request) = self.stop.take() {
            core.answer(Answer {
                request,
                errno: 0,
                address: None,
            });
            core.endpoints.borrow_mut().remove(&self.id);
        }
    }
}
