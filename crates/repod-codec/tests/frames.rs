//! Group F of the catalogue of hostile input, as far as it is bytes.

mod common;

use common::{bytes, limits, message};
use repod_codec::{Fault, FaultCode, FrameDecoder, Limits};

/// Feeds segments one by one and collects copies of the payloads, up to a fault.
fn feed(segments: &[&[u8]], limits: &Limits) -> (Vec<Vec<u8>>, Option<Fault>, FrameDecoder) {
    let mut decoder = FrameDecoder::new();
    let mut frames = Vec::new();
    for segment in segments {
        let mut input = *segment;
        loop {
            match decoder.next_frame(&mut input, limits) {
                Ok(Some(payload)) => frames.push(payload.to_vec()),
                Ok(None) => break,
                Err(fault) => return (frames, Some(fault), decoder),
            }
        }
        assert!(input.is_empty(), "None means that the input is used up");
    }
    (frames, None, decoder)
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(payload);
    frame
}

fn fault_of(wire: &str) -> Fault {
    feed(&[&bytes(wire)], &limits()).1.expect("a fault")
}

#[test]
fn a_length_over_the_limit_is_refused_with_its_fourth_byte() {
    for (wire, length) in [
        ("ff ff ff ff", 0xffff_ffff),
        ("00 01 00 01", 0x0001_0001),
        ("80 00 00 00", 0x8000_0000),
        ("7f ff ff ff", 0x7fff_ffff),
        ("47 45 54 20 2f 20 48 54 54 50", 0x4745_5420),
    ] {
        let fault = Fault {
            code: FaultCode::FrameTooLarge,
            detail: None,
            length,
        };
        assert_eq!(fault_of(wire), fault, "{wire}");
        let wire = bytes(wire);
        let single: Vec<_> = wire.chunks(1).collect();
        assert_eq!(feed(&single[..3], &limits()).1, None);
        assert_eq!(feed(&single[..4], &limits()).1, Some(fault));
    }
}

#[test]
fn an_empty_frame_is_refused() {
    assert_eq!(fault_of("00 00 00 00").code, FaultCode::FrameEmpty);
}

#[test]
fn a_fault_of_the_stream_is_final() {
    let (_, fault, mut decoder) = feed(&[&[0; 4]], &limits());
    let valid = frame(&message());
    assert_eq!(decoder.next_frame(&mut &valid[..], &limits()).err(), fault);
    assert!(!decoder.is_between_frames());
}

#[test]
fn a_frame_of_exactly_the_limit_is_delivered() {
    let payload = vec![7; 65_536];
    let (frames, fault, _) = feed(&[&frame(&payload)], &limits());
    assert_eq!((frames, fault), (vec![payload], None));
}

#[test]
fn a_frame_in_single_bytes_is_delivered_once() {
    let wire = bytes("0000000a 81a6616374696f6ea178");
    let (frames, fault, decoder) = feed(&wire.chunks(1).collect::<Vec<_>>(), &limits());
    assert_eq!((frames, fault), (vec![message()], None));
    assert!(decoder.is_between_frames());
}

#[test]
fn two_frames_cut_anywhere_come_whole_and_in_order() {
    let wire = bytes("0000000a 81a6616374696f6ea178 0000000a 81a6616374696f6ea179");
    for cut in 0..=wire.len() {
        let (frames, fault, decoder) = feed(&[&wire[..cut], &wire[cut..]], &limits());
        assert_eq!(
            frames,
            [wire[4..14].to_vec(), wire[18..].to_vec()],
            "cut at {cut}"
        );
        assert_eq!((fault, decoder.buffered()), (None, 0));
    }
}

#[test]
fn every_split_of_a_stream_gives_the_same_frames() {
    let payloads: Vec<Vec<u8>> = [1, 2, 3, 255, 256, 40, 1]
        .map(|length| vec![9; length])
        .into();
    let wire: Vec<u8> = payloads.iter().flat_map(|payload| frame(payload)).collect();
    for cut in 0..=wire.len() {
        assert_eq!(
            feed(&[&wire[..cut], &wire[cut..]], &limits()).0,
            payloads,
            "cut at {cut}"
        );
    }
    for size in 1..=wire.len() {
        assert_eq!(
            feed(&wire.chunks(size).collect::<Vec<_>>(), &limits()).0,
            payloads
        );
    }
}

#[test]
fn ten_thousand_frames_of_one_segment_come_in_order() {
    let payloads: Vec<Vec<u8>> = (0..10_000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    let wire: Vec<u8> = payloads.iter().flat_map(|payload| frame(payload)).collect();
    assert_eq!(feed(&[&wire], &limits()).0, payloads);
}

#[test]
fn what_precedes_a_refused_frame_is_delivered() {
    let mut wire = frame(&message()).repeat(3);
    wire.extend_from_slice(&[0, 1, 0, 1]);
    wire.extend(frame(&message()));
    let (frames, fault, _) = feed(&[&wire], &limits());
    assert_eq!(frames.len(), 3);
    assert_eq!(
        fault.map(|fault| fault.code),
        Some(FaultCode::FrameTooLarge)
    );
}

#[test]
fn a_frame_that_lies_whole_in_the_input_is_not_copied() {
    let wire = bytes("0000000a 81a6616374696f6ea178");
    let mut decoder = FrameDecoder::new();
    let mut input = &wire[..];
    let payload = decoder.next_frame(&mut input, &limits()).unwrap().unwrap();
    assert!(std::ptr::eq(payload, &raw const wire[4..]));
}

#[test]
fn an_unfinished_frame_is_told_from_the_space_between_two() {
    for (wire, between, buffered) in [
        ("", true, 0),
        ("00", false, 1),
        ("0000000a", false, 4),
        ("0000000a81a6", false, 6),
    ] {
        let decoder = feed(&[&bytes(wire)], &limits()).2;
        assert_eq!(
            (decoder.is_between_frames(), decoder.buffered()),
            (between, buffered)
        );
    }
}
