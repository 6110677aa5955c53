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
        let mut woken = self.wakers.take();
        for waker in woken.drain(..) {
            waker.wake();
        }
        // For the next round.
        let mut wakers = self.wakers.borrow_mut();
        if wakers.is_empty() {
            *wakers = woken;
        }
    }
}

/// The task to be woken for one thing. Woken once, it is due until its next turn, whoever wakes it
/// meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Sleeper {
    waker: RefCell<Option<Waker>>,
    due: Cell<bool>,
}

impl Sleeper {
    /// The task's turn begins.
    pub fn keep(&self, context: &Context<'_>) {
        self.due.set(false);
        let mut kept = self.waker.borrow_mut();
        match &mut *kept {
            Some(waker) => waker.clone_from(context.waker()),
            None => *kept = Some(context.waker().clone()),
        }
    }

    pub fn wake(&self) {
        if self.due.get() {
            return;
        }
        if let Some(waker) = &*self.waker.borrow() {
            self.due.set(true);
            waker.wake_by_ref();
        }
    }
}
