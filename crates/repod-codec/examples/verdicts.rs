//! The verdict of this crate on frames from stdin: for other test suites to compare with theirs.
//!
//!     verdicts <maxFrameLength> <maxDepth> <maxElements> <maxMapEntries> <maxKeyLength> <maxActionLength>
//!
//! The words are the first of `ENDPOINT_WORDS`, in order; further ones are ignored. stdin is frames:
//! four bytes of length, big-endian, and the payload, whatever that length is. For each a line comes
//! out, `ok` or `CODE` or `CODE detail`. A payload is walked, and decoded by a decoder that learns
//! from all of them; two verdicts that differ end the program with a panic.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use repod_codec::{Decoder, Fault, FrameDecoder, Habit, Limits, ShapeSettings, validate};

fn main() -> io::Result<()> {
    let limits = limits_of(std::env::args().skip(1));
    let mut decoder = Decoder::new(ShapeSettings {
        codegen: true,
        max_shapes: 512,
        max_shapes_per_connection: 64,
        max_fields: 256,
        max_depth: 8,
        sightings: 3,
    });
    let mut habit = Habit::default();
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let mut frame = Vec::new();
    while !input.fill_buf()?.is_empty() {
        frame.resize(4, 0);
        input.read_exact(&mut frame)?;
        let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]);
        let read = input.by_ref().take(length.into()).read_to_end(&mut frame)?;
        if read < length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match verdict(&mut decoder, &mut habit, &frame, &limits) {
            Ok(()) => writeln!(output, "ok")?,
            Err(fault) => writeln!(output, "{fault}")?,
        }
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()
}

fn limits_of(words: impl Iterator<Item = String>) -> Limits {
    let words: Vec<u32> = words
        .map(|word| word.parse().expect("a limit is a number"))
        .collect();
    let [frame, depth, elements, entries, key, action, ..] = words[..] else {
        panic!("six limits are expected, {} were given", words.len());
    };
    Limits {
        max_frame_length: frame,
        max_depth: depth,
        max_elements: elements,
        max_map_entries: entries,
        max_key_length: key,
        max_action_length: action,
    }
}

fn verdict(
    decoder: &mut Decoder,
    habit: &mut Habit,
    frame: &[u8],
    limits: &Limits,
) -> Result<(), Fault> {
    let mut frames = FrameDecoder::new();
    let mut input = frame;
    let payload = frames
        .next_frame(&mut input, limits)?
        .expect("the frame came whole");
    let walked = validate(payload, limits);
    let learned = decoder.decode(habit, payload, limits).map(|_| ());
    assert_eq!(
        walked, learned,
        "walk and decoder disagree on {payload:02x?}"
    );
    walked
}
