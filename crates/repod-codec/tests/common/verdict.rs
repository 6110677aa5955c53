//! The verdict on a payload, asked of everything that has one.

use repod_codec::{Decoder, Habit, Limits, validate};

use super::{limits, reference, settings};

/// The verdict as a line, asked of walk, decoder and reference, which must agree.
pub fn verdict_within(payload: &[u8], limits: &Limits) -> String {
    let line = |verdict: Result<(), String>| verdict.err().unwrap_or_else(|| "ok".into());
    let walked = line(validate(payload, limits).map_err(|fault| fault.to_string()));
    let mut decoder = Decoder::new(settings());
    for _ in 0..4 {
        let verdict = decoder.decode(&mut Habit::default(), payload, limits);
        assert_eq!(
            line(verdict.map(drop).map_err(|fault| fault.to_string())),
            walked
        );
    }
    assert_eq!(line(reference::decode(payload, limits).map(drop)), walked);
    walked
}

pub fn verdict(payload: &[u8]) -> String {
    verdict_within(payload, &limits())
}
