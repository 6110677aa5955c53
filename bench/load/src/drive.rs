//! The loop: warm-up, window, and the rest until every message is answered.

use std::{
    collections::VecDeque,
    error::Error,
    io,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};
use serde::Serialize;

use crate::{
    args::Args,
    cell::Plan,
    connection::Connection,
    cpu::{Reading, Spent},
};

/// How long the server may take for what is under way when the window has ended.
const DRAIN: Duration = Duration::from_secs(20);
/// Round trips are told apart up to here; none outlives `DRAIN` by more than the window.
const LONGEST_NS: u64 = 600_000_000_000;
const SCRATCH_BYTES: usize = 256 * 1024;

/// What the window showed.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Messages answered in the window.
    pub messages: u64,
    /// Messages of the whole run, all of them answered.
    pub total: u64,
    pub spent: Spent,
    /// Of the messages whose replies came in the window; none where replies stand for many.
    pub round_trip: Option<RoundTrip>,
}

#[derive(Debug, Serialize)]
pub struct RoundTrip {
    #[serde(rename = "p50_ns")]
    pub p50: u64,
    #[serde(rename = "p99_ns")]
    pub p99: u64,
    #[serde(rename = "max_ns")]
    pub max: u64,
}

/// The window's ends, told to the caller as they come.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Begin,
    End,
}

pub struct Drive<'a, P> {
    plan: P,
    connections: Vec<Connection>,
    args: &'a Args,
    poll: Poll,
    scratch: Vec<u8>,
    /// Connections that have something to write and no word from the kernel against it.
    ready: VecDeque<usize>,
    books: Books,
}

#[derive(Debug)]
struct Books {
    messages: u64,
    round_trips: Histogram<u64>,
}

impl<'a, P: Plan> Drive<'a, P> {
    pub fn new(plan: P, mut connections: Vec<Connection>, args: &'a Args) -> io::Result<Self> {
        let poll = Poll::new()?;
        for (index, connection) in connections.iter_mut().enumerate() {
            poll.registry().register(
                connection.stream(),
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
        }
        Ok(Self {
            plan,
            connections,
            args,
            poll,
            scratch: vec![0; SCRATCH_BYTES],
            ready: VecDeque::new(),
            books: Books {
                messages: 0,
                round_trips: Histogram::new_with_bounds(1, LONGEST_NS, 3)
                    .expect("the bounds and three digits are legal"),
            },
        })
    }

    pub fn run(mut self, mut tell: impl FnMut(Phase)) -> Result<Report, Box<dyn Error>> {
        let mut events = Events::with_capacity(1_024);
        self.turn_until(Instant::now() + self.args.warm, &mut events)?;

        tell(Phase::Begin);
        self.books.messages = 0;
        self.books.round_trips.reset();
        let begin = Reading::take(self.args.pid)?;
        self.turn_until(Instant::now() + self.args.measure, &mut events)?;
        let end = Reading::take(self.args.pid)?;
        let messages = self.books.messages;
        let round_trip = RoundTrip::of(&self.books.round_trips);
        tell(Phase::End);

        self.plan.finish();
        self.drain(&mut events)?;
        Ok(Report {
            messages,
            total: self
                .connections
                .iter()
                .map(|connection| connection.sent)
                .sum(),
            spent: end.since(&begin)?,
            round_trip,
        })
    }

    fn turn_until(&mut self, end: Instant, events: &mut Events) -> Result<(), Box<dyn Error>> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left, events)?;
        }
    }

    fn drain(&mut self, events: &mut Events) -> Result<(), Box<dyn Error>> {
        let end = Instant::now() + DRAIN;
        let per_reply = self.plan.messages_per_reply();
        while let Some(behind) = self
            .connections
            .iter()
            .find(|connection| connection.replies * per_reply != connection.sent)
        {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (sent, replies) = (behind.sent, behind.replies);
                return Err(format!("a connection sent {sent}, had {replies} replies").into());
            }
            self.turn(left, events)?;
        }
        Ok(())
    }

    /// One look at all sockets, waiting for at most `patience`, and one write to each that is
    /// ready: none of them keeps the others waiting.
    fn turn(&mut self, patience: Duration, events: &mut Events) -> Result<(), Box<dyn Error>> {
        let timeout = if self.ready.is_empty() {
            patience
        } else {
            Duration::ZERO
        };
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &*events {
            let Token(index) = event.token();
            if event.is_readable() {
                self.read(index)?;
            }
            self.write(index)?;
        }
        for _ in 0..self.ready.len() {
            if let Some(index) = self.ready.pop_front() {
                self.connections[index].ready = false;
                self.write(index)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, index: usize) -> Result<(), Box<dyn Error>> {
        let connection = &mut self.connections[index];
        let replies = connection.read(&mut self.scratch, self.plan.expected())?;
        let per_reply = self.plan.messages_per_reply();
        if connection.replies * per_reply > connection.sent {
            return Err("a reply came that no message asked for".into());
        }
        self.books.messages += replies as u64 * per_reply;
        let round_trips = &mut self.books.round_trips;
        self.plan
            .replied(index, connection, replies, &mut |time, messages| {
                round_trips.saturating_record_n(nanoseconds(time), messages);
            });
        Ok(())
    }

    fn write(&mut self, index: usize) -> io::Result<()> {
        let connection = &mut self.connections[index];
        if connection.has_sent_all() {
            self.plan.idle(index, connection);
        }
        if !connection.write()? {
            return Ok(());
        }
        if connection.has_sent_all() {
            self.plan.idle(index, connection);
        }
        if !connection.has_sent_all() && !connection.ready {
            connection.ready = true;
            self.ready.push_back(index);
        }
        Ok(())
    }
}

impl RoundTrip {
    fn of(times: &Histogram<u64>) -> Option<Self> {
        (!times.is_empty()).then(|| Self {
            p50: times.value_at_quantile(0.5),
            p99: times.value_at_quantile(0.99),
            max: times.max(),
        })
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
