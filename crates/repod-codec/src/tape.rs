//! The layout of the records between engine and JS: the twin of `ts/tape/layout.ts`, whose comment
//! describes it. `tests/twins.rs` reads that file and holds the two equal.

pub const ABI_VERSION: u32 = 1;

/// Kinds of the records from the engine to JS.
pub mod inbound {
    pub const FILLER: u32 = 0;
    pub const TAPE: u32 = 1;
    pub const BYTES: u32 = 2;
    pub const HELD: u32 = 3;
    pub const SHAPE: u32 = 4;
    pub const OPENED: u32 = 5;
    pub const FAULT: u32 = 6;
    pub const DRAINED: u32 = 7;
    pub const CLOSED: u32 = 8;
    pub const RESULT: u32 = 9;
}

/// Kinds of the records from JS to the engine.
pub mod outbound {
    pub const FRAME: u32 = 1;
    pub const FRAMES: u32 = 2;
    pub const PAUSE: u32 = 3;
    pub const RESUME: u32 = 4;
    pub const QUIET: u32 = 5;
    pub const ASK_DRAINED: u32 = 6;
    pub const CLOSE: u32 = 7;
    pub const RELEASE: u32 = 8;
    pub const ENDPOINT: u32 = 9;
    pub const LISTEN: u32 = 10;
    pub const DIAL: u32 = 11;
    pub const QUIESCE: u32 = 12;
    pub const STOP: u32 = 13;
}

/// The types of a description.
pub mod types {
    pub const I32: u8 = 1;
    pub const F64: u8 = 2;
    pub const BOOLEAN: u8 = 3;
    pub const NIL: u8 = 4;
    pub const TEXT: u8 = 5;
    pub const OBJECT: u8 = 6;
    pub const ARRAY: u8 = 7;
    pub const CONSTANT: u8 = 8;
    pub const EMPTY_ARRAY: u8 = 9;
}

/// What a CLOSED record says: 1 + the place in this list.
pub const END_CODES: [&str; 4] = ["PEER_CLOSED", "PEER_RESET", "CLOSED", "NATIVE_PANIC"];

/// The words of an ENDPOINT record behind its header.
pub const ENDPOINT_WORDS: [&str; 8] = [
    "maxFrameLength",
    "maxDepth",
    "maxElements",
    "maxMapEntries",
    "maxKeyLength",
    "maxActionLength",
    "closeTimeout",
    "noDelay",
];

/// Bytes before the fields of a TAPE record.
pub const TAPE_HEADER: usize = 32;
/// Bytes of a record of four words.
pub const HEADER: usize = 16;
/// Bytes before the records of a chunk.
pub const CHUNK_HEADER: usize = 16;
/// Characters up to which a text stands in the short text.
pub const SHORT_TEXT: usize = 12;
/// Connections of one counters page.
pub const PAGE_CONNECTIONS: usize = 4096;

/// Words of the engine's page.
pub mod engine_page {
    pub const TURNS: usize = 0;
    pub const READS: usize = 1;
    pub const WRITES: usize = 2;
    pub const COPIED_BYTES: usize = 3;
    pub const WAKE_UPS: usize = 4;
}
pub const ENGINE_PAGE_WORDS: usize = 64;

/// Bits of the flags of LISTEN.
pub mod listen_flags {
    pub const REUSE_PORT: u32 = 1;
    pub const IPV6_ONLY: u32 = 2;
}

/// The fields of one message, in the order of its shape: what a TAPE record carries.
#[derive(Debug, Default)]
pub struct Tape {
    pub(crate) doubles: Vec<f64>,
    pub(crate) ints: Vec<i32>,
    short_text: Vec<u8>,
    long_text: Vec<u8>,
}

/// Fields of one kind whose memory is kept for the next message; a bigger one pays for its own.
const KEPT_FIELDS: usize = 65_536;

impl Tape {
    pub fn doubles(&self) -> &[f64] {
        &self.doubles
    }

    /// Integers, booleans, lengths of texts and counts of arrays.
    pub fn ints(&self) -> &[i32] {
        &self.ints
    }

    /// The texts of at most [`SHORT_TEXT`] characters, one behind the other, in Latin-1.
    pub fn short_text(&self) -> &[u8] {
        &self.short_text
    }

    /// The longer texts, likewise.
    pub fn long_text(&self) -> &[u8] {
        &self.long_text
    }

    pub(crate) fn clear(&mut self) {
        clear(&mut self.doubles);
        clear(&mut self.ints);
        clear(&mut self.short_text);
        clear(&mut self.long_text);
    }

    /// `None` where the bytes are no UTF-8 or the text is none in Latin-1.
    #[inline]
    pub(crate) fn push_text(&mut self, bytes: &[u8]) -> Option<()> {
        if bytes.is_ascii() {
            self.ints.push(i32::try_from(bytes.len()).ok()?);
            self.text_of(bytes.len()).extend_from_slice(bytes);
            return Some(());
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let characters = text.chars().count();
        self.ints.push(i32::try_from(characters).ok()?);
        let to = self.text_of(characters);
        for character in text.chars() {
            to.push(u8::try_from(character).ok()?);
        }
        Some(())
    }

    fn text_of(&mut self, characters: usize) -> &mut Vec<u8> {
        if characters > SHORT_TEXT {
            &mut self.long_text
        } else {
            &mut self.short_text
        }
    }
}

fn clear<T>(fields: &mut Vec<T>) {
    fields.clear();
    if fields.capacity() > KEPT_FIELDS {
        fields.shrink_to(KEPT_FIELDS);
    }
}
