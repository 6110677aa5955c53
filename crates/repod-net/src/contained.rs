//! Every task of the engine runs inside this: no panic leaves it, and it ends once the engine must
//! not touch lent memory any more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use repod_codec::tape::engine_page;

use crate::core::Core;
use crate::shared::lock;

/// A task panicked; its future must not be polled again.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Polls `future` to its end, each time with the gate held. A shut gate ends it too.
pub(crate) async fn contained(
    core: &Core,
    future: impl Future<Output = ()>,
) -> Result<(), Panicked> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| poll(core, future.as_mut(), context)).await
}

fn poll(
    core: &Core,
    future: Pin<&mut impl Future<Output = ()>>,
    context: &mut Context<'_>,
) -> Poll<Result<(), Panicked>> {
    let gate = lock(&core.shared.gate);
    if !*gate {
        return Poll::Ready(Ok(()));
    }
    core.set_counter(
        engine_page::TURNS,
        core.shared.turns.load(Ordering::Relaxed),
    );
    // What a panic leaves half done is set right before anybody looks at it: what all tasks share
    // here, a connection or a queue by `panicked` and its like.
    let result = catch_unwind(AssertUnwindSafe(|| future.poll(context)));
    core.set_counter(
        engine_page::WAKE_UPS,
        core.shared.bell().wake_ups.load(Ordering::Relaxed),
    );
    core.shared.bell().pass_calls_on();
    match result {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Err(_) => {
            core.repair();
            Poll::Ready(Err(Panicked))
        }
    }
}
