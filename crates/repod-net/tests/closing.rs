//! How a connection ends: by FIN, by reset, by `close` and by `release`.

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;

use common::*;
use repod_codec::tape::outbound;

#[test]
fn a_fin_ends_what_comes_in_and_release_what_goes_out() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, MESSAGE);
    peer.write_all(&frame(MESSAGE)[..9]).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    assert_eq!(
        js.next(),
        Event::Closed {
            id,
            end: "PEER_CLOSED"
        }
    );
    js.send(id, MESSAGE);
    assert_eq!(read_frame(&mut peer), MESSAGE);
    js.write(id, MESSAGE);
    js.release(id);
    assert_eq!(read_to_fin(&mut peer), frame(MESSAGE).len());
}

#[test]
fn close_after_the_peers_fin_tells_nothing_more() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        js.next(),
        Event::Closed {
            id,
            end: "PEER_CLOSED"
        }
    );
    js.write(id, MESSAGE);
    js.close(id, 5000);
    js.release(id);
    assert_eq!(read_to_fin(&mut peer), frame(MESSAGE).len());
    js.sync();
    let (_other, next) = js.accept(address);
    assert_eq!(next, (id.0, id.1 + 1));
}

#[test]
fn a_reset_comes_behind_the_messages_before_it() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, MESSAGE);
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    reset(peer);
    assert_eq!(
        js.next(),
        Event::Closed {
            id,
            end: "PEER_RESET"
        }
    );
    js.release(id);
    js.sync();
    let (_other, next) = js.accept(address);
    assert_eq!(next, (id.0, id.1 + 1));
}

#[test]
fn a_reset_that_writing_meets_loses_no_message_that_came() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    for _ in 0..50 {
        let (mut peer, id) = js.accept(address);
        js.send(id, MESSAGE);
        send_frame(&mut peer, MESSAGE);
        // The frame above is unread, so this resets.
        drop(peer);
        js.send(id, MESSAGE);
        assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
        match js.next() {
            Event::Closed {
                id: closed,
                end: "PEER_RESET" | "PEER_CLOSED",
            } => assert_eq!(closed, id),
            other => panic!("{other:?}"),
        }
        js.release(id);
    }
}

#[test]
fn a_paused_connection_with_a_dead_peer_is_drained() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (peer, id) = js.accept(address);
    js.control(outbound::PAUSE, id, 0);
    let large = message_of(100_000);
    for _ in 0..200 {
        js.send(id, &large);
    }
    js.control(outbound::ASK_DRAINED, id, 0);
    reset(peer);
    assert_eq!(js.next(), Event::Drained { id });
    assert_eq!(js.taken(id) as usize, 200 * frame(&large).len());
    js.control(outbound::RESUME, id, 0);
    assert_eq!(
        js.next(),
        Event::Closed {
            id,
            end: "PEER_RESET"
        }
    );
}

#[test]
fn close_flushes_against_a_peer_that_keeps_sending() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    // What comes before the close is no message either.
    js.control(outbound::PAUSE, id, 0);
    js.sync();
    let payload = message_of(1 << 17);
    for _ in 0..8 {
        js.write(id, &payload);
    }
    js.close(id, 10_000);
    let mut sender = peer.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let junk = vec![0; 1 << 16];
        let mut sent = 0;
        while sent < 16 << 20 {
            sent += sender.write(&junk).unwrap();
        }
        sender.shutdown(Shutdown::Write).unwrap();
    });
    assert_eq!(read_to_fin(&mut peer), 8 * frame(&payload).len());
    sending.join().unwrap();
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
}

#[test]
fn close_resets_a_peer_that_does_not_end_in_time() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.close(id, 50);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0, "our FIN");
    js.release(id);
    let stopped = js.stop();
    assert_eq!(
        js.next(),
        Event::Result {
            request: stopped,
            errno: 0,
            port: 0
        }
    );
    peer.write_all(&[0]).unwrap_or_default();
    assert!(peer.write_all(&[0]).is_err() || peer.read(&mut [0; 1]).is_err());
}

#[test]
fn close_with_a_peer_that_does_not_read_ends_in_a_reset() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    let payload = message_of(1 << 17);
    for _ in 0..128 {
        js.send(id, &payload);
    }
    js.close(id, 50);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
    assert!((js.taken(id) as usize) < 128 * frame(&payload).len());
    assert_reset(&mut peer);
}

#[test]
fn close_at_once_resets() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.close(id, 0);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
    assert_reset(&mut peer);
}

#[test]
fn nothing_comes_in_after_close() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.control(outbound::PAUSE, id, 0);
    js.sync();
    for _ in 0..1000 {
        send_frame(&mut peer, MESSAGE);
    }
    js.close(id, 5000);
    assert_eq!(read_to_fin(&mut peer), 0);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
    drop(peer);
    js.release(id);
    let stopped = js.stop();
    assert_eq!(
        js.next(),
        Event::Result {
            request: stopped,
            errno: 0,
            port: 0
        }
    );
}
