//! What this crate says twice, because TypeScript says it too, is the same in both.

use repod_codec::tape::{
    ABI_VERSION, CHUNK_HEADER, END_CODES, ENDPOINT_WORDS, ENGINE_PAGE_WORDS, HEADER,
    PAGE_CONNECTIONS, SHORT_TEXT, TAPE_HEADER, engine_page, inbound, listen_flags, outbound, types,
};
use repod_codec::{Detail, FaultCode};

const LAYOUT: &str = include_str!("../../../ts/tape/layout.ts");
const ERRORS: &str = include_str!("../../../ts/errors.ts");

/// What stands behind `export const <name> =` up to the bracket that closes it.
fn body<'a>(source: &'a str, name: &str, open: char, close: char) -> &'a str {
    let begin = format!("export const {name} = {open}");
    let (_, rest) = source
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no {name}"));
    rest.split_once(close)
        .unwrap_or_else(|| panic!("{name} does not end"))
        .0
}

/// `{ A: 1, b: 2 }` as pairs, in order.
fn entries<'a>(source: &'a str, name: &str) -> Vec<(&'a str, u32)> {
    let entry = |entry: &'a str| {
        let (key, value) = entry.split_once(':').expect("key: value");
        (key.trim(), value.trim().parse().expect("a number"))
    };
    let parts = body(source, name, '{', '}').split(',');
    parts
        .filter(|part| !part.trim().is_empty())
        .map(entry)
        .collect()
}

fn words<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    body(source, name, '[', ']')
        .split('\'')
        .skip(1)
        .step_by(2)
        .collect()
}

fn constant(name: &str) -> usize {
    let begin = format!("export const {name} = ");
    let (_, rest) = LAYOUT
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no {name}"));
    rest.lines()
        .next()
        .unwrap_or_default()
        .parse()
        .expect("a number")
}

macro_rules! entries_of {
    ($module:ident { $($name:ident = $key:literal,)* }) => {
        vec![$(($key, u32::try_from($module::$name).expect("a word")),)*]
    };
    ($module:ident { $($name:ident,)* }) => {
        vec![$((stringify!($name), u32::from($module::$name)),)*]
    };
}

#[test]
fn records_have_the_same_kinds() {
    let inbound = entries_of!(inbound {
        FILLER,
        TAPE,
        BYTES,
        HELD,
        SHAPE,
        OPENED,
        FAULT,
        DRAINED,
        CLOSED,
        RESULT,
    });
    assert_eq!(entries(LAYOUT, "INBOUND"), inbound);
    let outbound = entries_of!(outbound {
        FRAME,
        FRAMES,
        PAUSE,
        RESUME,
        QUIET,
        ASK_DRAINED,
        CLOSE,
        RELEASE,
        ENDPOINT,
        LISTEN,
        DIAL,
        QUIESCE,
        STOP,
    });
    assert_eq!(entries(LAYOUT, "OUTBOUND"), outbound);
}

#[test]
fn descriptions_have_the_same_types() {
    let types = entries_of!(types {
        I32,
        F64,
        BOOLEAN,
        NIL,
        TEXT,
        OBJECT,
        ARRAY,
        CONSTANT,
        EMPTY_ARRAY,
    });
    assert_eq!(entries(LAYOUT, "TYPE"), types);
}

#[test]
fn sizes_are_the_same() {
    for (name, value) in [
        ("ABI_VERSION", ABI_VERSION as usize),
        ("TAPE_HEADER", TAPE_HEADER),
        ("HEADER", HEADER),
        ("CHUNK_HEADER", CHUNK_HEADER),
        ("SHORT_TEXT", SHORT_TEXT),
        ("PAGE_CONNECTIONS", PAGE_CONNECTIONS),
        ("ENGINE_PAGE_WORDS", ENGINE_PAGE_WORDS),
    ] {
        assert_eq!(constant(name), value, "{name}");
    }
}

#[test]
fn words_and_bits_are_the_same() {
    assert_eq!(words(LAYOUT, "END_CODES"), END_CODES);
    assert_eq!(words(LAYOUT, "ENDPOINT_WORDS"), ENDPOINT_WORDS);
    let page = entries_of!(engine_page {
        TURNS = "turns",
        READS = "reads",
        WRITES = "writes",
        COPIED_BYTES = "copiedBytes",
        WAKE_UPS = "wakeUps",
    });
    assert_eq!(entries(LAYOUT, "ENGINE_PAGE"), page);
    let flags = entries_of!(listen_flags {
        REUSE_PORT = "reusePort",
        IPV6_ONLY = "ipv6Only",
    });
    assert_eq!(entries(LAYOUT, "LISTEN_FLAGS"), flags);
}

#[test]
fn no_constant_of_the_layout_is_without_a_twin() {
    let names: Vec<_> = LAYOUT
        .lines()
        .filter_map(|line| line.strip_prefix("export const "))
        .filter_map(|line| line.split_once(' ').map(|(name, _)| name))
        .collect();
    let mut known = vec!["INBOUND", "OUTBOUND", "TYPE", "END_CODES", "ENDPOINT_WORDS"];
    known.extend([
        "ABI_VERSION",
        "TAPE_HEADER",
        "HEADER",
        "CHUNK_HEADER",
        "SHORT_TEXT",
    ]);
    known.extend([
        "PAGE_CONNECTIONS",
        "ENGINE_PAGE",
        "ENGINE_PAGE_WORDS",
        "LISTEN_FLAGS",
    ]);
    for name in names {
        assert!(known.contains(&name), "{name} is new in layout.ts");
    }
}

#[test]
fn codes_and_details_are_numbered_by_their_place() {
    let codes = words(ERRORS, "FAULT_CODES");
    assert_eq!(
        FaultCode::ALL
            .iter()
            .map(|code| code.name())
            .collect::<Vec<_>>(),
        codes
    );
    let details = words(ERRORS, "DETAILS");
    assert_eq!(
        Detail::ALL
            .iter()
            .map(|detail| detail.name())
            .collect::<Vec<_>>(),
        details
    );
    for (place, code) in FaultCode::ALL.iter().enumerate() {
        assert_eq!(code.number() as usize, place + 1);
    }
    for (place, detail) in Detail::ALL.iter().enumerate() {
        assert_eq!(detail.number() as usize, place + 1);
    }
}
