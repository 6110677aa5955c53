//! Records out of a chunk. `ts/tape/layout.ts` describes them.

use std::net::SocketAddr;
use std::time::Duration;

use repod_codec::Limits;
use repod_codec::tape::{ENDPOINT_WORDS, HEADER, listen_flags, outbound as kind};

use crate::address::socket_address;
use crate::inbound::Id;

#[derive(Debug)]
pub(crate) enum Record<'a> {
    Frame {
        to: Id,
        frame: &'a [u8],
    },
    Frames {
        to: Receivers<'a>,
        frame: &'a [u8],
    },
    Control {
        to: Id,
        control: Control,
    },
    Endpoint {
        endpoint: u32,
        options: EndpointOptions,
    },
    Listen {
        endpoint: u32,
        request: u32,
        listen: Listen,
    },
    Dial {
        endpoint: u32,
        request: u32,
        address: SocketAddr,
    },
    Quiesce {
        endpoint: u32,
        request: u32,
    },
    Stop {
        endpoint: u32,
        request: u32,
    },
}

/// What is asked of one connection, beside sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Pause,
    Resume,
    Quiet(bool),
    /// One DRAINED record once at most so many bytes wait to be sent.
    AskDrained(usize),
    /// Flush, FIN, discard until the peer's FIN; a reset after so long, at once if zero.
    Close(Duration),
    Release,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointOptions {
    pub limits: Limits,
    pub close_timeout: Duration,
    pub no_delay: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    pub address: SocketAddr,
    pub reuse_port: bool,
    pub ipv6_only: bool,
    pub backlog: i32,
}

/// The connections that one frame is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receivers<'a>(&'a [[u8; 8]]);

impl Receivers<'_> {
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        self.0.iter().map(|pair| Id {
            index: word(pair, 0),
            generation: word(pair, 1),
        })
    }
}

/// Splits the first record off `records`; `None` at their end.
///
/// # Panics
///
/// If the bytes are no records: the two ends of this library do not fit each other then.
pub(crate) fn next_record<'a>(records: &mut &'a [u8]) -> Option<Record<'a>> {
    if records.is_empty() {
        return None;
    }
    let head = word(records, 0);
    let (record, rest) = records.split_at((head >> 8) as usize * 4);
    *records = rest;
    Some(record_of(head & 0xff, record))
}

fn record_of(kind: u32, record: &[u8]) -> Record<'_> {
    let first = word(record, 1);
    let second = word(record, 2);
    let third = word(record, 3);
    let to = Id {
        index: first,
        generation: second,
    };
    let (endpoint, request) = (first, second);
    let control = |control| Record::Control { to, control };
    match kind {
        kind::FRAME => Record::Frame {
            to,
            frame: &record[HEADER..][..third as usize],
        },
        kind::FRAMES => {
            let (frame, rest) = record[HEADER..].split_at((third as usize).next_multiple_of(8));
            let (pairs, _) = rest.as_chunks();
            let to = Receivers(&pairs[..first as usize]);
            Record::Frames {
                to,
                frame: &frame[..third as usize],
            }
        }
        kind::PAUSE => control(Control::Pause),
        kind::RESUME => control(Control::Resume),
        kind::QUIET => control(Control::Quiet(third != 0)),
        kind::ASK_DRAINED => control(Control::AskDrained(third as usize)),
        kind::CLOSE => control(Control::Close(Duration::from_millis(third.into()))),
        kind::RELEASE => control(Control::Release),
        kind::ENDPOINT => Record::Endpoint {
            endpoint,
            options: endpoint_options(record),
        },
        kind::LISTEN => Record::Listen {
            endpoint,
            request,
            listen: listen(record),
        },
        kind::DIAL => Record::Dial {
            endpoint,
            request,
            address: address(record),
        },
        kind::QUIESCE => Record::Quiesce { endpoint, request },
        kind::STOP => Record::Stop { endpoint, request },
        unknown => panic!("a record of kind {unknown} from JS"),
    }
}

fn endpoint_options(record: &[u8]) -> EndpointOptions {
    let words: [u32; ENDPOINT_WORDS.len()] = std::array::from_fn(|each| word(record, 4 + each));
    let [
        frame,
        depth,
        elements,
        entries,
        key,
        action,
        close_timeout,
        no_delay,
    ] = words;
    EndpointOptions {
        limits: Limits {
            max_frame_length: frame,
            max_depth: depth,
            max_elements: elements,
            max_map_entries: entries,
            max_key_length: key,
            max_action_length: action,
        },
        close_timeout: Duration::from_millis(close_timeout.into()),
        no_delay: no_delay != 0,
    }
}

fn listen(record: &[u8]) -> Listen {
    let flags = word(record, 6);
    Listen {
        address: address(record),
        reuse_port: flags & listen_flags::REUSE_PORT != 0,
        ipv6_only: flags & listen_flags::IPV6_ONLY != 0,
        backlog: i32::try_from(word(record, 7)).unwrap_or(i32::MAX),
    }
}

fn address(record: &[u8]) -> SocketAddr {
    let port = u16::try_from(word(record, 3)).expect("a port has 16 bits");
    let octets = *record[32..].first_chunk().expect("an address has 16 bytes");
    socket_address(port, word(record, 4), word(record, 5), octets)
}

fn word(record: &[u8], place: usize) -> u32 {
    let bytes = record[place * 4..]
        .first_chunk()
        .expect("a record is whole words");
    u32::from_le_bytes(*bytes)
}
