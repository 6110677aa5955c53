//! One connection while it lives.

mod common;

use std::io::Write;
use std::net::Shutdown;

use common::*;
use repod_codec::tape::{engine_page, outbound};

#[test]
fn messages_come_in_and_frames_go_out_in_order() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    for number in 0..1000 {
        peer.write_all(&frame(&numbered(number))).unwrap();
    }
    for number in 0..1000 {
        let (from, payload) = js.next_message();
        assert_eq!((from, &payload), (id, &numbered(number)));
        js.write(id, &payload);
    }
    js.flush();
    for number in 0..1000 {
        assert_eq!(read_frame(&mut peer), numbered(number));
    }
    js.sync();
    let sent = u32::try_from(frame(&numbered(0)).len() * 1000).unwrap();
    assert_eq!(js.taken(id), sent);
    assert_eq!(js.engine_count(engine_page::COPIED_BYTES), sent);
}

#[test]
fn a_frame_for_many_is_copied_once() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peers, ids): (Vec<_>, Vec<_>) = (0..20).map(|_| js.accept(address)).unzip();
    js.send_all(&ids, MESSAGE);
    js.send_all(&ids, &numbered(1));
    for peer in &mut peers {
        assert_eq!(read_frame(peer), MESSAGE);
        assert_eq!(read_frame(peer), numbered(1));
    }
    js.sync();
    let once = frame(MESSAGE).len() + frame(&numbered(1)).len();
    assert_eq!(js.engine_count(engine_page::COPIED_BYTES) as usize, once);
}

#[test]
fn a_fault_stops_reading_until_close() {
    let mut js = Js::open(&Setup {
        max_frame_length: 100,
        ..Setup::default()
    });
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    let bytes = [frame(MESSAGE), vec![0, 0, 0, 101], frame(MESSAGE)].concat();
    peer.write_all(&bytes).unwrap();
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    assert_eq!(
        js.next(),
        Event::Fault {
            id,
            code: 1,
            detail: 0,
            length: 101
        }
    );
    js.write(id, MESSAGE);
    js.close(id, 5000);
    assert_eq!(read_to_fin(&mut peer), frame(MESSAGE).len());
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
}

#[test]
fn a_broken_payload_is_a_fault_with_its_detail() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, &[0xc1]);
    assert_eq!(
        js.next(),
        Event::Fault {
            id,
            code: 3,
            detail: 2,
            length: 0
        }
    );
}

#[test]
fn what_is_sent_to_a_dead_generation_reaches_nobody() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (peer, id) = js.accept(address);
    drop(peer);
    assert_eq!(
        js.next(),
        Event::Closed {
            id,
            end: "PEER_CLOSED"
        }
    );
    js.release(id);
    js.sync();
    let (mut peer, next) = js.accept(address);
    assert_eq!(next, (id.0, id.1 + 1));
    js.write(id, &numbered(1));
    js.close(id, 0);
    js.send_all(&[id, next], &numbered(2));
    assert_eq!(read_frame(&mut peer), numbered(2));
    js.sync();
    assert_eq!(js.taken(next) as usize, frame(&numbered(2)).len());
}

#[test]
fn drained_is_answered_at_once_or_when_it_is_so() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.control(outbound::ASK_DRAINED, id, 0);
    assert_eq!(js.next(), Event::Drained { id });
    let payload = message_of(1 << 17);
    for _ in 0..128 {
        js.send(id, &payload);
    }
    js.control(outbound::ASK_DRAINED, id, 1000);
    for _ in 0..128 {
        assert_eq!(read_frame(&mut peer).len(), payload.len());
    }
    assert_eq!(js.next(), Event::Drained { id });
    assert!(js.taken(id) as usize >= 128 * frame(&payload).len() - 1000);
}

#[test]
fn pause_holds_messages_back_and_resume_lets_them_come() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    let (mut other, second) = js.accept(address);
    js.control(outbound::PAUSE, id, 0);
    js.sync();
    send_frame(&mut peer, &numbered(1));
    peer.shutdown(Shutdown::Write).unwrap();
    send_frame(&mut other, &numbered(2));
    assert_eq!(js.next_message(), (second, numbered(2)));
    js.control(outbound::RESUME, id, 0);
    assert_eq!(js.next_message(), (id, numbered(1)));
    assert_eq!(
        js.next(),
        Event::Closed {
            id,
            end: "PEER_CLOSED"
        }
    );
}

#[test]
fn a_repeated_shape_is_defined_before_its_first_tape() {
    let mut js = Js::open(&Setup {
        codegen: true,
        ..Setup::default()
    });
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    for number in 0..10 {
        send_frame(&mut peer, &numbered(number));
    }
    let mut defined = None;
    for number in 0..10 {
        match js.next() {
            Event::Bytes { payload, .. } => {
                assert!(defined.is_none());
                assert_eq!(payload, numbered(number));
            }
            Event::Shape { shape, .. } => {
                assert_eq!(defined.replace(shape), None);
                match js.next() {
                    Event::Tape {
                        shape: used, words, ..
                    } => {
                        assert_eq!((used, words[3]), (shape, number));
                    }
                    other => panic!("{other:?}"),
                }
            }
            Event::Tape {
                id: from,
                shape,
                words,
            } => {
                assert_eq!((from, Some(shape)), (id, defined));
                // Doubles, ints and short text, then the one int.
                assert_eq!(words[..4], [0, 1, 0, number]);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(defined.is_some());
}
