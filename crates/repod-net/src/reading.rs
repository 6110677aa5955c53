//! The way in of one connection: bytes of its socket become records in the ring.

use std::io;
use std::io::Read as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use repod_codec::tape::engine_page;
use repod_codec::{Decoded, Fault, FrameDecoder, Habit, Limits};
use socket2::SockRef;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use crate::connection::Connection;
use crate::core::Core;
use crate::inbound::{HELD, Id, Inbound, bytes_length, longest_tape, shape_length, tape_length};
use crate::share::Share;
use crate::waiters::Ticket;

#[derive(Default)]
pub(crate) struct Input {
    pub paused: bool,
    /// Its messages wake nobody.
    pub quiet: bool,
    /// What the peer did wrong, until it is told.
    pub fault: Option<Fault>,
    /// The id of a payload that JS has not fetched; nothing is read meanwhile.
    pub held: Option<u32>,
    flow: Flow,
    frames: FrameDecoder,
    habit: Habit,
    /// What was read and not cut into frames yet, from `cut` on.
    rest: Vec<u8>,
    cut: usize,
    /// A payload that found no room.
    stash: Vec<u8>,
    share: Share,
    room: Ticket,
}

/// What becomes of the bytes that come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flow {
    /// They become messages.
    #[default]
    Open,
    /// They are left where they are: the peer broke the wire format.
    Faulted,
    /// They are thrown away.
    Discarded,
    /// There are none any more.
    Ended,
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    NotYet,
    Fin,
    Reset,
}

/// Whether a pass used up its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Dry,
    Stopped,
}

impl Input {
    /// From here on nothing becomes a record any more.
    pub fn discard(&mut self) {
        if self.flow != Flow::Ended {
            self.flow = Flow::Discarded;
        }
        self.fault = None;
        self.frames = FrameDecoder::new();
        self.rest = Vec::new();
        self.stash = Vec::new();
    }

    /// One turn: as many messages as a pass allows, then the others have theirs.
    pub fn read(
        &mut self,
        core: &Core,
        connection: &Connection,
        socket: &mut TcpStream,
        broken: bool,
        context: &mut Context<'_>,
    ) -> Read {
        let mut left = core.settings.messages_per_pass;
        self.room.is_served = false;
        if self.flow == Flow::Open
            && self.pass_rest(core, connection, &mut left, context) == Pass::Stopped
        {
            return Read::NotYet;
        }
        let mut scratch = core.scratch.borrow_mut();
        for _ in 0..core.settings.messages_per_pass {
            if matches!(self.flow, Flow::Faulted | Flow::Ended) {
                return Read::NotYet;
            }
            let count = match read_some(socket, &mut scratch, broken, context) {
                Poll::Pending => return Read::NotYet,
                Poll::Ready(Err(_)) => return self.ended(Read::Reset),
                Poll::Ready(Ok(0)) => return self.ended(Read::Fin),
                Poll::Ready(Ok(count)) => count,
            };
            core.count(engine_page::READS, 1);
            if self.flow == Flow::Discarded {
                continue;
            }
            let mut bytes = &scratch[..count];
            if self.pass(core, connection, &mut bytes, &mut left, context) == Pass::Stopped {
                if self.flow == Flow::Open && !bytes.is_empty() {
                    self.rest = core.spare.copy(bytes);
                }
                return Read::NotYet;
            }
        }
        context.waker().wake_by_ref();
        Read::NotYet
    }

    fn ended(&mut self, how: Read) -> Read {
        self.flow = Flow::Ended;
        self.frames = FrameDecoder::new();
        how
    }

    fn pass_rest(
        &mut self,
        core: &Core,
        connection: &Connection,
        left: &mut u32,
        context: &Context<'_>,
    ) -> Pass {
        let rest = std::mem::take(&mut self.rest);
        let mut bytes = &rest[std::mem::take(&mut self.cut)..];
        let pass = self.pass(core, connection, &mut bytes, left, context);
        if self.flow == Flow::Open && !bytes.is_empty() {
            self.cut = rest.len() - bytes.len();
            self.rest = rest;
        } else {
            core.spare.put(rest);
        }
        pass
    }

    /// Passes on the messages in `bytes`, which is moved on behind them.
    fn pass(
        &mut self,
        core: &Core,
        connection: &Connection,
        bytes: &mut &[u8],
        left: &mut u32,
        context: &Context<'_>,
    ) -> Pass {
        let limits = &connection.endpoint.options.limits;
        loop {
            if self.paused || connection.endpoint.is_quiesced() || !self.has_share(core, context) {
                return Pass::Stopped;
            }
            if *left == 0 {
                context.waker().wake_by_ref();
                return Pass::Stopped;
            }
            let stash = std::mem::take(&mut self.stash);
            let payload = if stash.is_empty() {
                match self.frames.next_frame(bytes, limits) {
                    Ok(Some(payload)) => payload,
                    Ok(None) => return Pass::Dry,
                    Err(fault) => return self.refuse(fault),
                }
            } else {
                &stash
            };
            let Some(mut inbound) = room_for(core, payload.len(), &mut self.room, context) else {
                self.stash = if stash.is_empty() {
                    core.spare.copy(payload)
                } else {
                    stash
                };
                return Pass::Stopped;
            };
            let before = inbound.position();
            match deliver(
                core,
                &mut inbound,
                connection.id,
                &mut self.habit,
                limits,
                payload,
            ) {
                Ok(held) => self.held = held,
                Err(fault) => return self.refuse(fault),
            }
            if !stash.is_empty() {
                core.spare.put(stash);
            }
            let behind = inbound.position();
            self.share.add(behind - before, behind);
            inbound.seal(!self.quiet);
            core.wrote(&mut inbound);
            *left -= 1;
            self.room.is_served = true;
        }
    }

    fn refuse(&mut self, fault: Fault) -> Pass {
        self.discard();
        self.flow = Flow::Faulted;
        self.fault = Some(fault);
        Pass::Stopped
    }

    /// Whether JS has read enough of this connection for it to go on.
    fn has_share(&mut self, core: &Core, context: &Context<'_>) -> bool {
        if let Some(held) = self.held {
            if core.shared.held.holds(held) {
                core.room.join_served(&mut self.room, context);
                return false;
            }
            self.held = None;
        }
        let limit = core.shared.ring.capacity() / 8;
        if self.share.is_within(limit) {
            return true;
        }
        let mut inbound = core.inbound.borrow_mut();
        self.share.consumed(inbound.consumed());
        if self.share.is_within(limit) {
            return true;
        }
        self.share.consumed(inbound.want_notice());
        if self.share.is_within(limit) {
            return true;
        }
        core.room.join_served(&mut self.room, context);
        false
    }
}

/// Reads what is there. Where writing has failed, the driver may not know yet that the socket is
/// readable, so it is asked itself: what was received before the reset is not lost.
fn read_some(
    socket: &mut TcpStream,
    into: &mut [u8],
    broken: bool,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if broken {
        return Poll::Ready((&*SockRef::from(&*socket)).read(into));
    }
    loop {
        let mut buffer = ReadBuf::new(into);
        match ready!(Pin::new(&mut *socket).poll_read(context, &mut buffer)) {
            Ok(()) => return Poll::Ready(Ok(buffer.filled().len())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// The ring, if whatever a payload of this length may become has room.
fn room_for<'a>(
    core: &'a Core,
    payload: usize,
    ticket: &mut Ticket,
    context: &Context<'_>,
) -> Option<std::cell::RefMut<'a, Inbound>> {
    let longest = core.inbound.borrow().longest();
    let bytes = bytes_length(payload);
    if bytes > longest && !core.shared.held.fits(payload) {
        core.room.join_served(ticket, context);
        return None;
    }
    let or_held = if bytes <= longest { bytes } else { HELD };
    core.room(
        longest_tape(payload).min(longest).max(or_held),
        ticket,
        context,
    )
}

/// Puts a message into the ring, for which there is room. The id of the payload if it is held.
fn deliver(
    core: &Core,
    inbound: &mut Inbound,
    id: Id,
    habit: &mut Habit,
    limits: &Limits,
    payload: &[u8],
) -> Result<Option<u32>, Fault> {
    #[cfg(feature = "test-hooks")]
    crate::hooks::panic_if(crate::hooks::Place::Decode);
    let mut codec = core.codec.borrow_mut();
    let longest = inbound.longest();
    if let Decoded::Tape { shape } = codec.decode(habit, payload, limits)? {
        let length = tape_length(codec.tape());
        let announced = codec.is_announced(shape);
        let definition = if announced {
            0
        } else {
            shape_length(codec.description(shape))
        };
        // A definition that finds no room by now comes with a later message of its shape.
        if length <= longest && definition <= longest && inbound.fit(definition, length) {
            if !announced {
                inbound.shape(shape, codec.description(shape));
                codec.announce(shape);
            }
            inbound.tape(id, payload.len(), shape, codec.tape());
            return Ok(None);
        }
    }
    if bytes_length(payload.len()) <= longest {
        inbound.bytes(id, payload);
        return Ok(None);
    }
    let held = core.shared.held.put(payload.to_vec());
    inbound.held(id, payload.len(), held);
    Ok(Some(held))
}
