//! What a panic does to whom; with `--features test-hooks`, in one test because the hook is one per
//! process.
#![cfg(feature = "test-hooks")]

mod common;

use common::*;
use repod_net::hooks::Place;

#[test]
fn a_panic_ends_connections_and_nothing_else() {
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
