//! What a cell does with its connections; phases, events and books are the loop's.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    connection::Connection,
    wire::{ACK, ACK_EVERY},
};

/// A cell's plan. `owe` on a connection sends; the loop writes what is owed.
pub trait Plan {
    /// The payloads of the replies to a connection, in turn.
    fn expected(&self) -> &[Box<[u8]>];

    /// Messages that one reply stands for.
    fn messages_per_reply(&self) -> u64;

    /// At the start, and whenever all that a connection owed has been written: may owe more.
    fn idle(&mut self, index: usize, connection: &mut Connection);

    /// `replies` have come. Says of so many messages how long their round trip was, where it
    /// is known.
    fn replied(
        &mut self,
        index: usize,
        connection: &mut Connection,
        replies: usize,
        round_trip: &mut dyn FnMut(Duration, u64),
    );

    /// From now on nothing more is to be owed.
    fn finish(&mut self);
}

/// Each connection keeps a window of messages under way.
#[derive(Debug)]
pub struct Echo {
    window: usize,
    payloads: Vec<Box<[u8]>>,
    /// Per connection, oldest first: when messages left, and how many of them are still out.
    under_way: Vec<VecDeque<(Instant, usize)>>,
    finishing: bool,
}

impl Echo {
    pub fn new(window: usize, payloads: Vec<Box<[u8]>>, connections: usize) -> Self {
        Self {
            window,
            payloads,
            under_way: vec![VecDeque::new(); connections],
            finishing: false,
        }
    }

    fn send(&mut self, index: usize, connection: &mut Connection, messages: usize, now: Instant) {
        connection.owe(messages);
        self.under_way[index].push_back((now, messages));
    }
}

impl Plan for Echo {
    fn expected(&self) -> &[Box<[u8]>] {
        &self.payloads
    }

    fn messages_per_reply(&self) -> u64 {
        1
    }

    fn idle(&mut self, index: usize, connection: &mut Connection) {
        if connection.sent == 0 {
            self.send(index, connection, self.window, Instant::now());
        }
    }

    fn replied(
        &mut self,
        index: usize,
        connection: &mut Connection,
        replies: usize,
        round_trip: &mut dyn FnMut(Duration, u64),
    ) {
        let now = Instant::now();
        let mut left = replies;
        while left > 0 {
            let (sent_at, out) = self.under_way[index]
                .front_mut()
                .expect("the loop has refused replies that nothing asked for");
            let ended = left.min(*out);
            round_trip(now - *sent_at, ended as u64);
            left -= ended;
            *out -= ended;
            if *out == 0 {
                self.under_way[index].pop_front();
            }
        }
        if !self.finishing && replies > 0 {
            self.send(index, connection, replies, now);
        }
    }

    fn finish(&mut self) {
        self.finishing = true;
    }
}

/// Each connection sends all that the server takes; only acknowledged messages count.
#[derive(Debug)]
pub struct Ingest {
    acks: [Box<[u8]>; 1],
    finishing: bool,
}

impl Ingest {
    pub fn new() -> Self {
        Self {
            acks: [ACK.into()],
            finishing: false,
        }
    }
}

impl Plan for Ingest {
    fn expected(&self) -> &[Box<[u8]>] {
        &self.acks
    }

    fn messages_per_reply(&self) -> u64 {
        ACK_EVERY as u64
    }

    fn idle(&mut self, _index: usize, connection: &mut Connection) {
        if !self.finishing {
            connection.owe(ACK_EVERY);
        }
    }

    fn replied(
        &mut self,
        _index: usize,
        _connection: &mut Connection,
        _replies: usize,
        _round_trip: &mut dyn FnMut(Duration, u64),
    ) {
    }

    fn finish(&mut self) {
        self.finishing = true;
    }
}
