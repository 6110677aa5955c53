//! A process that has no descriptor left: one test, for its limit is the process's.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::*;
use repod_codec::tape::engine_page;
use socket2::{Domain, Socket, Type};

/// Low, so that it is soon exhausted.
const LIMIT: libc::rlim_t = 128;

#[test]
fn listening_pauses_without_descriptors_and_goes_on_with_them() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    lower_the_limit();
    let mut taken = Vec::new();
    let error = loop {
        match File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => break error,
        }
    };
    assert_eq!(error.raw_os_error(), Some(libc::EMFILE));

    let started = Instant::now();
    let before = js.engine_count(engine_page::TURNS);
    socket.connect(&address.into()).unwrap();
    // Each pause, of 10 ms and more, costs a turn or two of the loop. One that went round without
    // pauses would be through at once.
    while js.engine_count(engine_page::TURNS).wrapping_sub(before) < 10 {
        std::thread::yield_now();
    }
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(50), "{elapsed:?}");
    assert_eq!(js.next_now(true), None, "nobody is accepted");

    drop(taken);
    let id = js.next_opened();
    let mut peer = TcpStream::from(socket);
    send_frame(&mut peer, MESSAGE);
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
}

fn lower_the_limit() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is this function's own.
    let read = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(read, 0);
    limit.rlim_cur = LIMIT.min(limit.rlim_max);
    // SAFETY: as above; what is open stays open.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(set, 0);
}
