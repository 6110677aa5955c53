//! Tasks that wait for something of which all of them are told at once.

use std::cell::{Cell, RefCell};
use std::task::{Context, Waker};

#[derive(Debug)]
pub(crate) struct Waiters {
    round: Cell<u64>,
    wakers: RefCell<Vec<Waker>>,
}

/// Of a task that may wait: the round in which it joined.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ticket(u64);

impl Default for Waiters {
    fn default() -> Self {
        // A fresh ticket must not look like one of the first round.
        Self {
            round: Cell::new(1),
            wakers: RefCell::default(),
        }
    }
}

impl Waiters {
    /// Joins, unless the task has done so already. In the order of joining they are woken.
    pub fn join(&self, ticket: &mut Ticket, context: &Context<'_>) {
        if ticket.0 != self.round.get() {
            ticket.0 = self.round.get();
            self.wakers.borrow_mut().push(context.waker().clone());
        }
    }

    pub fn wake_all(&self) {
        self.round.set(self.round.get() + 1);
        for waker in self.wakers.take() {
            waker.wake();
        }
    }
}

/// The task to be woken for one thing.
#[derive(Debug, Default)]
pub(crate) struct Sleeper(RefCell<Option<Waker>>);

impl Sleeper {
    pub fn keep(&self, context: &Context<'_>) {
        let mut kept = self.0.borrow_mut();
        match &mut *kept {
            Some(waker) => waker.clone_from(context.waker()),
            None => *kept = Some(context.waker().clone()),
        }
    }

    pub fn wake(&self) {
        if let Some(waker) = &*self.0.borrow() {
            waker.wake_by_ref();
        }
    }
}
