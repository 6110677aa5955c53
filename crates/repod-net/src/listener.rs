//! Accepting connections.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::time::{Sleep, sleep};

use crate::address::Address;
use crate::contained::contained;
use crate::core::{Core, spawn};
use crate::endpoint::{Endpoint, Opener};
use crate::errno::errno_of;
use crate::inbound::{Answer, OPENED};
use crate::outbound::Listen;
use crate::waiters::{Sleeper, Ticket};

struct Listener {
    endpoint: Rc<Endpoint>,
    state: RefCell<State>,
    task: Sleeper,
}

struct State {
    /// `None` once it was given up.
    socket: Option<TcpListener>,
    /// Nothing is accepted before this is over.
    pause: Option<Pin<Box<Sleep>>>,
    /// How long the last pause was.
    paused: Duration,
    room: Ticket,
    index: Ticket,
}

/// After an error that says that the machine is short of something (descriptors, memory), doubled
/// from the first to the longest until it is over.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Binds, answers, and accepts from then on.
pub(crate) fn listen(core: &Rc<Core>, endpoint: &Rc<Endpoint>, request: u32, listen: Listen) {
    let (socket, address) = match bind(listen) {
        Ok(bound) => bound,
        Err(error) => {
            let errno = errno_of(&error);
            return core.answer(Answer {
                request,
                errno,
                address: None,
            });
        }
    };
    let state = State {
        socket: Some(socket),
        pause: None,
        paused: Duration::ZERO,
        room: Ticket::default(),
        index: Ticket::default(),
    };
    let listener = Rc::new(Listener {
        endpoint: endpoint.clone(),
        state: RefCell::new(state),
        task: Sleeper::default(),
    });
    let opener = Rc::downgrade(&listener);
    endpoint.set_opener(core, opener);
    // Before the first connection is told of.
    core.answer(Answer {
        request,
        errno: 0,
        address: Some(address.into()),
    });
    spawn(listener.run(core.clone()));
}

fn bind(listen: Listen) -> io::Result<(TcpListener, SocketAddr)> {
    let address = listen.address;
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(listen.ipv6_only)?;
    }
    own_address(&socket)?;
    if listen.reuse_port {
        reuse_port(&socket)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(listen.backlog)?;
    let listener = TcpListener::from_std(socket.into())?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// A restarted server gets its port again, and nobody takes it over meanwhile.
#[cfg(unix)]
fn own_address(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// On Windows the flag of that name would let others take the port over; this one forbids it.
#[cfg(windows)]
fn own_address(socket: &Socket) -> io::Result<()> {
    use std::os::windows::io::AsRawSocket;
    use windows_sys::Win32::Networking::WinSock::{
        SO_EXCLUSIVEADDRUSE, SOCKET, SOL_SOCKET, setsockopt,
    };
    let on = 1_i32;
    let socket: SOCKET = usize::try_from(socket.as_raw_socket()).map_err(io::Error::other)?;
    let (level, option) = (SOL_SOCKET, SO_EXCLUSIVEADDRUSE);
    // SAFETY: an open socket, and four readable bytes.
    let result = unsafe { setsockopt(socket, level, option, (&raw const on).cast(), 4) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(all(
    unix,
    not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
))]
fn reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(all(
    unix,
    not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
)))]
fn reuse_port(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Listener {
    async fn run(self: Rc<Self>, core: Rc<Core>) {
        let turns = || std::future::poll_fn(|context| self.turn(&core, context));
        while contained(&core, turns()).await.is_err() {
            self.state.borrow_mut().pause();
        }
    }

    fn turn(&self, core: &Rc<Core>, context: &mut Context<'_>) -> Poll<()> {
        self.task.keep(context);
        let state = &mut *self.state.borrow_mut();
        if let Some(pause) = &mut state.pause {
            if pause.as_mut().poll(context).is_pending() {
                // Giving up must not wait for the pause.
                return if state.socket.is_some() {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                };
            }
            state.pause = None;
        }
        for _ in 0..core.settings.messages_per_pass {
            let Some(socket) = &state.socket else {
                return Poll::Ready(());
            };
            if core.room(OPENED, &mut state.room, context).is_none() {
                return Poll::Pending;
            }
            if !core.table.borrow().has_free() {
                core.indices.join(&mut state.index, context);
                return Poll::Pending;
            }
            match socket.poll_accept(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok((socket, address))) => {
                    state.paused = Duration::ZERO;
                    core.open(&self.endpoint, socket, Address::from(address));
                }
                Poll::Ready(Err(error)) if is_of_the_peer(&error) => {}
                Poll::Ready(Err(_)) => {
                    state.pause();
                    break;
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Opener for Listener {
    fn give_up(&self, _: &Core) {
        self.state.borrow_mut().socket = None;
        self.task.wake();
    }
}

impl State {
    fn pause(&mut self) {
        self.paused = pause_after(self.paused);
        self.pause = Some(Box::pin(sleep(self.paused)));
    }
}

fn pause_after(last: Duration) -> Duration {
    (last * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

/// Whether it was only this one connection, which is gone again.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_ten_milliseconds_to_a_second() {
        let mut pause = Duration::ZERO;
        let pauses: Vec<_> = (0..9)
            .map(|_| {
                pause = pause_after(pause);
                pause.as_millis()
            })
            .collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    }
}
