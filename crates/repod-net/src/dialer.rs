//! Connecting to one address.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

use crate::address::Address;
use crate::contained::contained;
use crate::core::{Core, spawn};
use crate::endpoint::{Endpoint, Opener};
use crate::errno::{CANCELED, errno_of};
use crate::inbound::{Answer, OPENED};
use crate::waiters::{Sleeper, Ticket};

struct Dial {
    endpoint: Rc<Endpoint>,
    request: u32,
    address: SocketAddr,
    state: RefCell<State>,
    task: Sleeper,
}

enum State {
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>),
    /// Connected; OPENED waits for room in the ring and for an index.
    Connected {
        socket: Option<TcpStream>,
        room: Ticket,
        index: Ticket,
    },
    Answered,
}

pub(crate) fn dial(core: &Rc<Core>, endpoint: &Rc<Endpoint>, request: u32, address: SocketAddr) {
    let dial = Rc::new(Dial {
        endpoint: endpoint.clone(),
        request,
        address,
        state: RefCell::new(State::Connecting(Box::pin(TcpStream::connect(address)))),
        task: Sleeper::default(),
    });
    let opener = Rc::downgrade(&dial);
    endpoint.set_opener(core, opener);
    spawn(dial.run(core.clone()));
}

impl Dial {
    async fn run(self: Rc<Self>, core: Rc<Core>) {
        let turns = std::future::poll_fn(|context| self.turn(&core, context));
        if contained(&core, turns).await.is_err() {
            self.give_up(&core);
        }
    }

    fn turn(&self, core: &Rc<Core>, context: &mut Context<'_>) -> Poll<()> {
        self.task.keep(context);
        let state = &mut *self.state.borrow_mut();
        if let State::Connecting(connecting) = state {
            match std::task::ready!(connecting.as_mut().poll(context)) {
                Ok(socket) => {
                    let (room, index) = (Ticket::default(), Ticket::default());
                    *state = State::Connected {
                        socket: Some(socket),
                        room,
                        index,
                    };
                }
                Err(error) => self.answer(core, state, errno_of(&error)),
            }
        }
        if let State::Connected {
            socket,
            room,
            index,
        } = state
        {
            if core.room(OPENED, room, context).is_none() {
                return Poll::Pending;
            }
            if !core.table.borrow().has_free() {
                core.indices.join(index, context);
                return Poll::Pending;
            }
            if let Some(socket) = socket.take() {
                core.open(&self.endpoint, socket, Address::from(self.address));
            }
            self.answer(core, state, 0);
        }
        Poll::Ready(())
    }

    fn answer(&self, core: &Core, state: &mut State, errno: u32) {
        if !matches!(state, State::Answered) {
            *state = State::Answered;
            core.answer(Answer {
                request: self.request,
                errno,
                address: None,
            });
        }
    }
}

impl Opener for Dial {
    fn give_up(&self, core: &Core) {
        let state = &mut *self.state.borrow_mut();
        self.answer(core, state, CANCELED);
        self.task.wake();
    }
}
