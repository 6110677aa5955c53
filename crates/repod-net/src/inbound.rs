//! Records into the ring. `ts/tape/layout.ts` describes them.

use std::sync::Arc;

use repod_codec::tape::{HEADER, TAPE_HEADER, inbound as kind};
use repod_codec::{Detail, Fault, Tape};

use crate::address::{Address, address_words};
use crate::lent::Lent;
use crate::shared::Shared;

/// A connection as both sides name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub index: u32,
    pub generation: u32,
}

/// Why nothing more comes in: 1 + the place in `END_CODES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    PeerClosed = 1,
    PeerReset = 2,
    Closed = 3,
    NativePanic = 4,
}

/// The answer to a LISTEN, DIAL, QUIESCE or STOP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub request: u32,
    /// 0, an errno, or [`UNSUPPORTED`].
    pub errno: u32,
    pub address: Option<Address>,
}

pub(crate) const UNSUPPORTED: u32 = u32::MAX;

/// Bytes of the records that have a length of their own.
pub(crate) const OPENED: usize = 48;
pub(crate) const FAULT: usize = 32;
pub(crate) const DRAINED: usize = 16;
pub(crate) const CLOSED: usize = 16;
pub(crate) const RESULT: usize = 48;
pub(crate) const HELD: usize = 24;
/// Of those that have to fit into every ring.
pub(crate) const LONGEST_CONTROL: usize = 48;

/// The engine's end of the ring: what it has written, and what it has handed over of that.
pub(crate) struct Inbound {
    shared: Arc<Shared>,
    memory: Lent,
    written: u64,
    /// Behind the last record that is complete.
    sealed: u64,
    committed: u64,
    /// The position consumed, as far as it is known without looking.
    consumed: u64,
    /// Whether the next commit has to wake JS.
    wakes: bool,
}

impl Inbound {
    pub fn new(shared: Arc<Shared>, memory: Lent) -> Self {
        Self {
            shared,
            memory,
            written: 0,
            sealed: 0,
            committed: 0,
            consumed: 0,
            wakes: false,
        }
    }

    /// The longest record that the ring takes; what is longer goes another way.
    pub fn longest(&self) -> usize {
        self.memory.len() / 4
    }

    /// The position behind the last record.
    pub fn position(&self) -> u64 {
        self.written
    }

    pub fn uncommitted(&self) -> u64 {
        self.written - self.committed
    }

    /// The position that JS has read up to.
    pub fn consumed(&mut self) -> u64 {
        self.consumed = self.shared.ring.consumed();
        self.consumed
    }

    /// Whether a record of `length` bytes fits by now.
    pub fn fits(&mut self, length: usize) -> bool {
        let until = self.end_of(length);
        let capacity = self.shared.ring.capacity();
        until - self.consumed <= capacity || until - self.consumed() <= capacity
    }

    /// Whether a record of `second` bytes fits, behind one of `first` bytes if that is not 0.
    pub fn fit(&mut self, first: usize, second: usize) -> bool {
        let written = self.written;
        self.written = self.end_of(first);
        let fits = self.fits(second);
        self.written = written;
        fits
    }

    /// As [`Self::fits`]; if not, everything is committed, JS is awake, and a notice will come.
    pub fn room(&mut self, length: usize) -> bool {
        if self.fits(length) {
            return true;
        }
        self.commit();
        self.shared.ring.room(self.end_of(length))
    }

    /// Asks for a notice once JS has read on; the position up to which it has by now.
    pub fn want_notice(&mut self) -> u64 {
        self.consumed = self.shared.ring.want_notice();
        self.consumed
    }

    pub fn commit(&mut self) {
        let length = self.uncommitted();
        if length > 0 {
            self.committed = self.written;
            self.shared.ring.commit(length, self.wakes);
        } else if self.wakes {
            self.shared.ring.wake();
        }
        self.wakes = false;
    }

    /// Whether there is something for JS that it has not given back as read.
    pub fn has_unread(&mut self) -> bool {
        self.written != self.consumed()
    }

    /// What was written is complete, and the next commit wakes JS if it has to.
    pub fn seal(&mut self, wakes: bool) {
        self.sealed = self.written;
        self.wakes |= wakes;
    }

    /// Takes back what is not complete, after a panic.
    pub fn roll_back(&mut self) {
        self.written = self.sealed;
    }

    pub fn opened(&mut self, id: Id, endpoint: u32, address: Address) {
        let [port, family, scope, words @ ..] = address_words(Some(address));
        let at = self.begin(kind::OPENED, OPENED);
        let head = [id.index, id.generation, endpoint, port, family, scope, 0];
        self.memory.write_words(at + 4, head);
        self.memory.write_words(at + 32, words);
    }

    pub fn fault(&mut self, id: Id, fault: Fault) {
        let at = self.begin(kind::FAULT, FAULT);
        let detail = fault.detail.map_or(0, Detail::number);
        let code = fault.code.number();
        let words = [id.index, id.generation, code, detail, fault.length, 0, 0];
        self.memory.write_words(at + 4, words);
    }

    pub fn drained(&mut self, id: Id) {
        let at = self.begin(kind::DRAINED, DRAINED);
        self.memory
            .write_words(at + 4, [id.index, id.generation, 0]);
    }

    pub fn closed(&mut self, id: Id, end: End) {
        let at = self.begin(kind::CLOSED, CLOSED);
        self.memory
            .write_words(at + 4, [id.index, id.generation, end as u32]);
    }

    pub fn result(&mut self, answer: Answer) {
        let [port, family, scope, words @ ..] = address_words(answer.address);
        let at = self.begin(kind::RESULT, RESULT);
        let head = [answer.request, 0, answer.errno, port, family, scope, 0];
        self.memory.write_words(at + 4, head);
        self.memory.write_words(at + 32, words);
    }

    pub fn bytes(&mut self, id: Id, payload: &[u8]) {
        let at = self.begin(kind::BYTES, bytes_length(payload.len()));
        self.memory
            .write_words(at + 4, [id.index, id.generation, word(payload.len())]);
        self.memory.write(at + HEADER, payload);
    }

    pub fn held(&mut self, id: Id, length: usize, held: u32) {
        let at = self.begin(kind::HELD, HELD);
        self.memory
            .write_words(at + 4, [id.index, id.generation, word(length), held, 0]);
    }

    pub fn shape(&mut self, shape: u32, description: &[u8]) {
        let at = self.begin(kind::SHAPE, shape_length(description));
        self.memory
            .write_words(at + 4, [shape, word(description.len()), 0]);
        self.memory.write(at + HEADER, description);
    }

    pub fn tape(&mut self, id: Id, length: usize, shape: u32, tape: &Tape) {
        let at = self.begin(kind::TAPE, tape_length(tape));
        let counts = [
            tape.doubles().len(),
            tape.ints().len(),
            tape.short_text().len(),
        ]
        .map(word);
        let [doubles, ints, short] = counts;
        let head = [
            id.index,
            id.generation,
            word(length),
            shape,
            doubles,
            ints,
            short,
        ];
        self.memory.write_words(at + 4, head);
        #[cfg(feature = "test-hooks")]
        crate::hooks::panic_if(crate::hooks::Place::Record);
        let mut at = at + TAPE_HEADER;
        self.memory.write_plain(at, tape.doubles());
        at += size_of_val(tape.doubles());
        self.memory.write_plain(at, tape.ints());
        at += size_of_val(tape.ints());
        self.memory.write(at, tape.short_text());
        self.memory
            .write(at + tape.short_text().len(), tape.long_text());
    }

    /// Where a record of `length` bytes would end: records do not wrap.
    fn end_of(&self, length: usize) -> u64 {
        let left = self.memory.len() - self.offset();
        let filler = if left < length { left } else { 0 };
        self.written + (filler + length) as u64
    }

    fn offset(&self) -> usize {
        // The length is a power of two, so the position modulo it fits the type of the length.
        #[allow(clippy::cast_possible_truncation)]
        let offset = (self.written & (self.memory.len() as u64 - 1)) as usize;
        offset
    }

    /// Writes the first word of a record, for which there must be room, and returns its offset.
    fn begin(&mut self, kind: u32, length: usize) -> usize {
        assert!(
            self.fits(length),
            "a record of {length} bytes without room for it"
        );
        let left = self.memory.len() - self.offset();
        if left < length {
            self.memory
                .write_words(self.offset(), [head(kind::FILLER, left)]);
            self.written += left as u64;
        }
        let at = self.offset();
        self.memory.write_words(at, [head(kind, length)]);
        self.written += length as u64;
        at
    }
}

/// Bytes of the record that carries a payload as bytes.
pub(crate) fn bytes_length(payload: usize) -> usize {
    padded(HEADER + payload)
}

pub(crate) fn shape_length(description: &[u8]) -> usize {
    padded(HEADER + description.len())
}

pub(crate) fn tape_length(tape: &Tape) -> usize {
    let numbers = size_of_val(tape.doubles()) + size_of_val(tape.ints());
    padded(TAPE_HEADER + numbers + tape.short_text().len() + tape.long_text().len())
}

/// The longest tape of a payload: a value takes at least one byte there and at most a double here.
pub(crate) fn longest_tape(payload: usize) -> usize {
    padded(TAPE_HEADER + payload * 8)
}

fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

fn head(kind: u32, length: usize) -> u32 {
    kind | word(length / 4) << 8
}

/// Lengths are bounded by the ring (2^26) or by a frame (2^24).
fn word(length: usize) -> u32 {
    u32::try_from(length).expect("lengths of records and frames fit a word")
}
