//! What a panic does to whom; with `--features test-hooks`, in one test because the hook is one per
//! process.
#![cfg(feature = "test-hooks")]

mod common;

use common::*;
use repod_net::hooks::Place;

#[test]
fn a_panic_ends_connections_and_nothing_else() {
    in_a_turn_or_the_intake();
    within_a_record();
    at_the_desk();
}

fn in_a_turn_or_the_intake() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();

    for place in [Place::Task, Place::Decode] {
        let (mut peer, id) = js.accept(address);
        js.engine.provoke(place);
        send_frame(&mut peer, MESSAGE);
        let end = "NATIVE_PANIC";
        assert_eq!(js.next(), Event::Closed { id, end });
        assert_reset(&mut peer);
        js.release(id);
        js.sync();
        let (mut peer, next) = js.accept(address);
        assert_eq!(next, (id.0, id.1 + 1));
        send_frame(&mut peer, MESSAGE);
        assert_eq!(js.next_message(), (next, MESSAGE.to_vec()));
        js.close(next, 0);
        assert_eq!(
            js.next(),
            Event::Closed {
                id: next,
                end: "CLOSED"
            }
        );
        js.release(next);
        js.sync();
    }

    let (mut first, one) = js.accept(address);
    let (mut second, two) = js.accept(address);
    js.engine.provoke(Place::Intake);
    let end = "NATIVE_PANIC";
    let ends = [js.next(), js.next()];
    assert!(ends.contains(&Event::Closed { id: one, end }), "{ends:?}");
    assert!(ends.contains(&Event::Closed { id: two, end }), "{ends:?}");
    assert_reset(&mut first);
    assert_reset(&mut second);
    js.release(one);
    js.release(two);
    let request = js.stop();
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno: 0,
            port: 0
        }
    );
    js.sync();
}

/// Half a record is not read, and shapes that may be half changed are defined anew before their use.
fn within_a_record() {
    let mut js = Js::open(&Setup {
        codegen: true,
        ..Setup::default()
    });
    let address = js.listen();
    let (mut first, one) = js.accept(address);
    let (mut second, two) = js.accept(address);
    let shape = until_a_tape(&mut js, &mut second, two);
    assert!(shape.is_some(), "a shape is defined before its first use");
    let shape = until_a_tape(&mut js, &mut first, one);
    assert!(shape.is_none(), "it is known by now");

    js.engine.provoke(Place::Record);
    send_frame(&mut first, &numbered(1));
    let end = "NATIVE_PANIC";
    assert_eq!(js.next(), Event::Closed { id: one, end });
    assert_reset(&mut first);
    let shape = until_a_tape(&mut js, &mut second, two);
    assert!(shape.is_some(), "it was forgotten");
}

/// Sends messages of one shape until one comes as a tape; the shape, if that was defined before it.
fn until_a_tape(js: &mut Js, peer: &mut std::net::TcpStream, from: Id) -> Option<u32> {
    let mut defined = None;
    for number in 0.. {
        send_frame(peer, &numbered(number));
        loop {
            match js.next() {
                Event::Shape { shape, .. } => defined = Some(shape),
                Event::Bytes { id, payload } => {
                    assert_eq!((id, payload), (from, numbered(number)));
                    break;
                }
                Event::Tape { id, shape, words } => {
                    // Doubles, ints and short text, then the one int.
                    assert_eq!((id, &words[..4]), (from, &[0, 1, 0, number][..]));
                    assert!(defined.is_none_or(|defined| defined == shape));
                    return defined;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    unreachable!("numbers do not end")
}

fn at_the_desk() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.engine.provoke(Place::Desk);
    let request = js.quiesce();
    let answer = Event::Result {
        request,
        errno: 0,
        port: 0,
    };
    let end = "NATIVE_PANIC";
    let events = [js.next(), js.next()];
    assert!(events.contains(&answer), "{events:?}");
    assert!(events.contains(&Event::Closed { id, end }), "{events:?}");
    assert_reset(&mut peer);
    js.release(id);
    js.sync();
}
