//! What the engine says.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::mpsc::TryRecvError;

use repod_codec::tape::{END_CODES, HEADER, inbound};

use super::{Id, Js, PATIENCE, connect, counter};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Opened {
        id: Id,
        endpoint: u32,
        port: u16,
    },
    Bytes {
        id: Id,
        payload: Vec<u8>,
    },
    Tape {
        id: Id,
        shape: u32,
        words: Vec<u32>,
    },
    Held {
        id: Id,
        length: u32,
        held: u32,
    },
    Shape {
        shape: u32,
        description: Vec<u8>,
    },
    Fault {
        id: Id,
        code: u32,
        detail: u32,
        length: u32,
    },
    Drained {
        id: Id,
    },
    Closed {
        id: Id,
        end: &'static str,
    },
    Result {
        request: u32,
        errno: u32,
        port: u16,
    },
}

impl Js {
    /// The next record, sleeping until there is one.
    pub fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.next_now(true) {
                return event;
            }
            self.wakes
                .recv_timeout(PATIENCE)
                .expect("the engine has nothing more to say");
        }
    }

    /// As `next`, without sleeping: nothing wakes JS for quiet records.
    pub fn poll(&mut self) -> Event {
        loop {
            if let Some(event) = self.next_now(false) {
                return event;
            }
            std::thread::yield_now();
        }
    }

    pub fn next_now(&mut self, may_sleep: bool) -> Option<Event> {
        loop {
            if self.consumed == self.committed {
                self.committed = self.engine.take(self.consumed, may_sleep);
                if self.consumed == self.committed {
                    return None;
                }
            }
            if let Some(event) = self.read_one() {
                return Some(event);
            }
        }
    }

    pub fn next_message(&mut self) -> (Id, Vec<u8>) {
        match self.next() {
            Event::Bytes { id, payload } => (id, payload),
            other => panic!("{other:?}"),
        }
    }

    pub fn next_opened(&mut self) -> Id {
        match self.next() {
            Event::Opened { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    /// A peer of a listener, and the connection that it became.
    pub fn accept(&mut self, address: SocketAddr) -> (TcpStream, Id) {
        let peer = connect(address);
        let id = self.next_opened();
        (peer, id)
    }

    fn read_one(&mut self) -> Option<Event> {
        let at = usize::try_from(self.consumed).unwrap() % (self.ring.len() * 8);
        let words = &self.ring[at / 8..][..self.head_length() / 8];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let word = |place: usize| u32::from_le_bytes(*bytes[place * 4..].first_chunk().unwrap());
        self.consumed += bytes.len() as u64;
        assert!(
            self.consumed <= self.committed,
            "a record beyond what is committed"
        );
        let kind = word(0) & 0xff;
        if kind == inbound::FILLER {
            return None;
        }
        let id = (word(1), word(2));
        let port = |place| u16::try_from(word(place)).unwrap();
        let tail = |at: usize, length: u32| bytes[at..][..length as usize].to_vec();
        Some(match kind {
            inbound::TAPE => {
                let words = (5..bytes.len() / 4).map(word).collect();
                Event::Tape {
                    id,
                    shape: word(4),
                    words,
                }
            }
            inbound::BYTES => Event::Bytes {
                id,
                payload: tail(HEADER, word(3)),
            },
            inbound::HELD => Event::Held {
                id,
                length: word(3),
                held: word(4),
            },
            inbound::SHAPE => Event::Shape {
                shape: word(1),
                description: tail(HEADER, word(2)),
            },
            inbound::OPENED => Event::Opened {
                id,
                endpoint: word(3),
                port: port(4),
            },
            inbound::FAULT => Event::Fault {
                id,
                code: word(3),
                detail: word(4),
                length: word(5),
            },
            inbound::DRAINED => Event::Drained { id },
            inbound::CLOSED => Event::Closed {
                id,
                end: END_CODES[word(3) as usize - 1],
            },
            inbound::RESULT => Event::Result {
                request: word(1),
                errno: word(3),
                port: port(4),
            },
            unknown => panic!("a record of kind {unknown}"),
        })
    }

    fn head_length(&self) -> usize {
        let at = usize::try_from(self.consumed).unwrap() % (self.ring.len() * 8);
        let head = counter(&self.ring, at / 4).load(Ordering::Relaxed);
        (head >> 8) as usize * 4
    }

    /// Waits to be woken, without having looked.
    pub fn sleep(&mut self) {
        self.wakes.recv_timeout(PATIENCE).expect("nobody wakes JS");
    }

    pub fn was_woken(&self) -> bool {
        self.wakes.try_recv().is_ok()
    }

    /// Whether the engine has given up its call that wakes JS.
    pub fn nobody_can_wake_it(&self) -> bool {
        self.wakes.try_iter().count() <= 1
            && self.wakes.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Bytes of a connection that the kernel has taken.
    pub fn taken(&self, id: Id) -> u32 {
        counter(&self.counters[0], id.0 as usize).load(Ordering::Acquire)
    }

    pub fn engine_count(&self, word: usize) -> u32 {
        counter(&self.page, word).load(Ordering::Relaxed)
    }
}
