//! Full rings, held payloads, and who waits for whom.

mod common;

use std::collections::HashMap;
use std::net::TcpStream;

use common::*;
use repod_codec::tape::{engine_page, outbound};

/// Peers that each send so many numbered messages from a thread of their own.
fn flood(peers: &[TcpStream], count: u32) -> Vec<std::thread::JoinHandle<()>> {
    let peers = peers.iter().map(|peer| peer.try_clone().unwrap());
    let send = move |mut peer: TcpStream| {
        std::thread::spawn(move || {
            for number in 0..count {
                send_frame(&mut peer, &numbered(number));
            }
        })
    };
    peers.map(send).collect()
}

fn all_come_in_order(ring: usize, connections: usize, count: u32) {
    let mut js = Js::open(&Setup {
        ring,
        ..Setup::default()
    });
    let address = js.listen();
    let (peers, ids): (Vec<_>, Vec<_>) = (0..connections).map(|_| js.accept(address)).unzip();
    let floods = flood(&peers, count);
    let mut next: HashMap<Id, u32> = ids.iter().map(|id| (*id, 0)).collect();
    for _ in 0..connections * count as usize {
        let (id, payload) = js.next_message();
        let number = next.get_mut(&id).unwrap();
        assert_eq!(payload, numbered(*number));
        *number += 1;
    }
    assert!(next.values().all(|number| *number == count));
    for flood in floods {
        flood.join().unwrap();
    }
}

#[test]
fn the_smallest_ring_loses_nothing() {
    all_come_in_order(4096, 1, 20_000);
}

#[test]
fn a_full_ring_with_many_connections_loses_nothing() {
    all_come_in_order(4096, 50, 400);
    all_come_in_order(1 << 16, 50, 2_000);
}

#[test]
fn a_full_ring_delays_neither_output_nor_commands() {
    let mut js = Js::open(&Setup {
        ring: 4096,
        ..Setup::default()
    });
    let address = js.listen();
    let (peers, ids): (Vec<_>, Vec<_>) = (0..20).map(|_| js.accept(address)).unzip();
    let floods = flood(&peers, 1000);
    // JS reads nothing at all meanwhile.
    for (peer, id) in peers.iter().zip(&ids) {
        js.send(*id, MESSAGE);
        assert_eq!(read_frame(&mut peer.try_clone().unwrap()), MESSAGE);
    }
    let stopped = js.quiesce();
    loop {
        match js.next() {
            Event::Bytes { .. } => {}
            Event::Result { request, .. } => break assert_eq!(request, stopped),
            other => panic!("{other:?}"),
        }
    }
    for id in &ids {
        js.close(*id, 0);
    }
    drop(peers);
    for flood in floods {
        // Its peer was reset, or it was through before.
        let _reset_or_not = flood.join();
    }
}

#[test]
fn one_connection_leaves_most_of_the_ring_to_the_others() {
    let mut js = Js::open(&Setup {
        ring: 1 << 16,
        ..Setup::default()
    });
    let address = js.listen();
    let (greedy, greedy_id) = js.accept(address);
    let (mut modest, modest_id) = js.accept(address);
    let flood = flood(std::slice::from_ref(&greedy), 10_000);
    // Until the greedy one is over its share, of which nothing is read yet.
    js.next_message();
    send_frame(&mut modest, MESSAGE);
    let mut before = 0;
    loop {
        let (id, _) = js.next_message();
        if id == modest_id {
            break;
        }
        assert_eq!(id, greedy_id);
        before += 1;
    }
    assert!(before <= 3000, "{before} messages of the other before it");
    while js.next_message().1 != numbered(9_999) {}
    for flood in flood {
        flood.join().unwrap();
    }
}

#[test]
fn quiet_records_wake_nobody_but_a_full_ring_does() {
    let mut js = Js::open(&Setup {
        ring: 4096,
        ..Setup::default()
    });
    let address = js.listen();
    let connections: Vec<_> = (0..20).map(|_| js.accept(address)).collect();
    let (mut peers, ids): (Vec<_>, Vec<_>) = connections.into_iter().unzip();
    for id in &ids {
        js.control(outbound::QUIET, *id, 1);
    }
    js.sync();
    assert_eq!(js.next_now(true), None);
    while js.was_woken() {}
    send_frame(&mut peers[0], MESSAGE);
    assert_eq!(
        js.poll(),
        Event::Bytes {
            id: ids[0],
            payload: MESSAGE.to_vec()
        }
    );
    assert!(!js.was_woken());
    assert_eq!(js.next_now(true), None);
    // Eight times what the ring takes, while JS sleeps.
    for peer in &mut peers {
        for _ in 0..50 {
            send_frame(peer, MESSAGE);
        }
    }
    js.sleep();
    for _ in 0..20 * 50 {
        assert!(matches!(js.poll(), Event::Bytes { .. }));
    }
}

#[test]
fn the_end_of_quiet_wakes_for_what_lies_there() {
    let mut js = Js::open(&Setup::default());
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    js.control(outbound::QUIET, id, 1);
    js.sync();
    let payload = MESSAGE.to_vec();
    for _ in 0..100 {
        assert_eq!(js.next_now(true), None);
        while js.was_woken() {}
        send_frame(&mut peer, MESSAGE);
        while js.engine_count(engine_page::READS) == 0 {
            std::thread::yield_now();
        }
        // It may be in the ring by now, or come later: JS sleeps, and is woken in either case.
        js.control(outbound::QUIET, id, 0);
        js.sleep();
        assert_eq!(
            js.next(),
            Event::Bytes {
                id,
                payload: payload.clone()
            }
        );
        js.control(outbound::QUIET, id, 1);
        js.sync();
    }
}

#[test]
fn a_large_payload_is_held_until_it_is_fetched() {
    let mut js = Js::open(&Setup {
        ring: 4096,
        ..Setup::default()
    });
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    let (mut other, second) = js.accept(address);
    let large = message_of(5000);
    send_frame(&mut peer, &large);
    send_frame(&mut peer, MESSAGE);
    let Event::Held {
        id: from,
        length,
        held,
    } = js.next()
    else {
        panic!("it is too large for the ring")
    };
    assert_eq!((from, length as usize), (id, large.len()));
    // The connection waits, the others do not.
    send_frame(&mut other, &numbered(1));
    assert_eq!(js.next_message(), (second, numbered(1)));
    let mut payload = vec![0; large.len()];
    assert_eq!(js.engine.fetch(held, &mut payload), Ok(true));
    assert_eq!(payload, large);
    assert_eq!(js.engine.fetch(held, &mut payload), Ok(false));
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
}

#[test]
fn a_dropped_payload_lets_the_connection_go_on() {
    let mut js = Js::open(&Setup {
        ring: 4096,
        ..Setup::default()
    });
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, &message_of(5000));
    send_frame(&mut peer, MESSAGE);
    let Event::Held { held, .. } = js.next() else {
        panic!("it is too large for the ring")
    };
    js.engine.drop_held(held);
    assert_eq!(js.next_message(), (id, MESSAGE.to_vec()));
    assert_eq!(js.engine.fetch(held, &mut []), Ok(false));
}

#[test]
fn held_payloads_stay_below_held_bytes_but_one_alone_always_fits() {
    let mut js = Js::open(&Setup {
        ring: 4096,
        held_bytes: 8000.,
        ..Setup::default()
    });
    let address = js.listen();
    let connections: Vec<_> = (0..4).map(|_| js.accept(address)).collect();
    let (mut peers, _ids): (Vec<_>, Vec<_>) = connections.into_iter().unzip();
    let large = message_of(9000);
    for peer in &mut peers {
        send_frame(peer, &large);
    }
    for _ in 0..4 {
        let Event::Held { length, held, .. } = js.next() else {
            panic!("it is too large")
        };
        assert_eq!(js.next_now(true), None, "the next one waits for this one");
        let mut payload = vec![0; length as usize];
        assert_eq!(js.engine.fetch(held, &mut payload), Ok(true));
        assert_eq!(payload, large);
    }
}

#[test]
fn release_drops_what_is_held() {
    let mut js = Js::open(&Setup {
        ring: 4096,
        ..Setup::default()
    });
    let address = js.listen();
    let (mut peer, id) = js.accept(address);
    send_frame(&mut peer, &message_of(5000));
    let Event::Held { held, .. } = js.next() else {
        panic!("it is too large for the ring")
    };
    js.close(id, 0);
    assert_eq!(js.next(), Event::Closed { id, end: "CLOSED" });
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
    assert_eq!(js.engine.fetch(held, &mut [0; 5000]), Ok(false));
}
