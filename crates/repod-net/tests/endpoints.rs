//! Listening, dialling, quiescing, stopping, and the engine's own end.

mod common;

use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use common::*;
use repod_codec::tape::{engine_page, listen_flags};
use repod_net::Misuse;
use socket2::{Domain, Socket, Type};

#[test]
fn listening_says_why_it_fails() {
    let mut js = Js::open(&Setup::default());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let request = js.listen_on(taken.local_addr().unwrap(), 0);
    let errno = libc::EADDRINUSE.unsigned_abs();
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno,
            port: 0
        }
    );
    let request = js.listen_on("203.0.113.1:0".parse().unwrap(), 0);
    let errno = libc::EADDRNOTAVAIL.unsigned_abs();
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno,
            port: 0
        }
    );
    js.listen();
}

#[test]
fn two_listeners_share_a_port_if_both_say_so() {
    let mut first = Js::open(&Setup::default());
    let mut second = Js::open(&Setup::default());
    first.listen_on("127.0.0.1:0".parse().unwrap(), listen_flags::REUSE_PORT);
    let Event::Result { errno: 0, port, .. } = first.next() else {
        panic!("it listens")
    };
    let address = SocketAddr::new([127, 0, 0, 1].into(), port);
    let request = second.listen_on(address, listen_flags::REUSE_PORT);
    assert_eq!(
        second.next(),
        Event::Result {
            request,
            errno: 0,
            port
        }
    );
}

#[test]
fn the_unspecified_address_of_ipv6_takes_ipv4_too_unless_told_otherwise() {
    for (flags, expected) in [(0, true), (listen_flags::IPV6_ONLY, false)] {
        let mut js = Js::open(&Setup::default());
        js.listen_on(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0), flags);
        let Event::Result { errno: 0, port, .. } = js.next() else {
            panic!("it listens")
        };
        let over_ipv4 = std::net::TcpStream::connect(("127.0.0.1", port));
        assert_eq!(over_ipv4.is_ok(), expected);
        let _over_ipv6 = connect(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port));
    }
}

#[test]
fn dialling_opens_and_then_answers() {
    let mut js = Js::open(&Setup::default());
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let request = js.dial(server.local_addr().unwrap());
    let (mut peer, _) = server.accept().unwrap();
    let id = js.next_opened();
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno: 0,
            port: 0
        }
    );
    send_frame(&mut peer, MESSAGE);
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    js.send(id, MESSAGE);
    assert_eq!(read_frame(&mut peer), MESSAGE);
}

#[test]
fn dialling_says_why_it_fails() {
    let mut js = Js::open(&Setup::default());
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let request = js.dial(nobody);
    let errno = libc::ECONNREFUSED.unsigned_abs();
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno,
            port: 0
        }
    );
}

#[test]
fn quiesce_cancels_a_dial_that_waits() {
    let mut js = Js::open(&Setup::default());
    let (deaf, _queue) = deaf_listener();
    let dialled = js.dial(deaf.local_addr().unwrap());
    js.sync();
    let request = js.quiesce();
    let canceled = libc::ECANCELED.unsigned_abs();
    for (request, errno) in [(dialled, canceled), (request, 0)] {
        assert_eq!(
            js.next(),
            Event::Result {
                request,
                errno,
                port: 0
            }
        );
    }
}

/// A listener that accepts nobody, with what fills its queue: a further connection stays under way.
fn deaf_listener() -> (TcpListener, Vec<Socket>) {
    let stream = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = stream();
    let any = SocketAddr::new([127, 0, 0, 1].into(), 0);
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    loop {
        let socket = stream();
        socket.set_nonblocking(true).unwrap();
        let connected = socket.connect(&address);
        queue.push(socket);
        // Over the loopback a connection is made at once, or has to wait.
        if connected.is_err() {
            return (listener.into(), queue);
        }
    }
}

#[test]
fn quiesce_closes_the_listener_and_stops_reading() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, MESSAGE);
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    let request = js.quiesce();
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno: 0,
            port: 0
        }
    );
    assert!(std::net::TcpStream::connect(address).is_err());
    send_frame(&mut peer, MESSAGE);
    js.close(id, 5000);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
}

#[test]
fn stop_answers_once_the_last_socket_is_gone() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.close(id, 5000);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
    js.release(id);
    let request = js.stop();
    assert_eq!(read_to_fin(&mut peer), 0);
    assert_eq!(js.next_now(true), None, "the peer has not ended yet");
    drop(peer);
    assert_eq!(
        js.next(),
        Event::Result {
            request,
            errno: 0,
            port: 0
        }
    );
}

#[test]
fn accepting_waits_for_a_page_of_counters() {
    let mut js = Js::open_without_page(&Setup::default());
    let address = js.listen();
    let mut peer = connect(address);
    send_frame(&mut peer, MESSAGE);
    js.sync();
    js.lend_page();
    let id = js.next_opened();
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
}

#[test]
fn indices_are_dense_and_generations_new() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let mut last = None;
    for _ in 0..100 {
        let (peer, id) = js.accept(address);
        assert_eq!(id.0, 0);
        assert!(last.is_none_or(|last| id.1 > last));
        last = Some(id.1);
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
    }
}

#[test]
fn a_closed_engine_gives_nothing_and_takes_nothing() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, MESSAGE);
    assert!(js.engine.close(None));
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "nothing of it is left"
    );
    assert_eq!(js.engine.take(123, true), 123);
    js.send(id, MESSAGE);
    assert!(js.engine.close(None));
}

#[test]
fn close_gives_up_on_a_thread_that_takes_longer() {
    let mut js = Js::open(&Setup {
        wake_takes: Duration::from_millis(200),
        ..Setup::default()
    });
    js.listen_on("127.0.0.1:0".parse().unwrap(), 0);
    js.sleep();
    assert!(!js.engine.close(Some(Duration::from_millis(1))));
    // Left alone it neither wakes JS nor finds anything that it could touch.
    assert!(js.nobody_can_wake_it());
    assert_eq!(js.engine.take(7, true), 7);
    assert!(js.engine.close(None), "nothing is left to wait for");
}

#[test]
fn the_engine_counts_what_it_does() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, MESSAGE);
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    assert_eq!(js.engine_count(engine_page::READS), 1);
    assert_eq!(js.engine_count(engine_page::WRITES), 0);
    js.send(id, MESSAGE);
    assert_eq!(read_frame(&mut peer), MESSAGE);
    js.sync();
    assert_eq!(js.engine_count(engine_page::WRITES), 1);
    assert!(js.engine_count(engine_page::TURNS) > 0);
    assert!(js.engine_count(engine_page::WAKE_UPS) > 0);
}

#[test]
fn memory_of_wrong_sizes_is_refused() {
    let js = Js::open(&Setup::default());
    assert_eq!(js.engine.flush(2, 16, 16), Err(Misuse::UnknownChunk));
    assert_eq!(js.engine.flush(1, 8, 16), Err(Misuse::ChunkRange));
    assert_eq!(js.engine.flush(1, 16, 1 << 30), Err(Misuse::ChunkRange));
    assert_eq!(js.engine.fetch(7, &mut []), Ok(false));
}
