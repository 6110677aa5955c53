//! Tasks that wait for something of which all of them are told at once, in an order: who found
//! nothing comes before who has just had some, and nobody helps himself while one of them waits.
//! Otherwise what comes free goes to whoever is polled at that moment.

use std::cell::{Cell, RefCell};
use std::task::{Context, Waker};

#[derive(Debug)]
pub(crate) struct Waiters {
    round: Cell<u64>,
    /// Those who found nothing, or came behind one of them.
    hungry: RefCell<Vec<Waker>>,
    /// Those who have had some, or wait for something else that is told in the same way.
    served: RefCell<Vec<Waker>>,
}

/// Of a task that may wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ticket {
    /// In which it joined.
    round: u64,
    /// Whether it has had some in this turn of its own.
    pub is_served: bool,
}

impl Default for Waiters {
    fn default() -> Self {
        // A fresh ticket must not look like one of the first round.
        Self {
            round: Cell::new(1),
            hungry: RefCell::default(),
            served: RefCell::default(),
        }
    }
}

impl Waiters {
    /// Joins, unless the task has done so already. Those who were served are woken behind those who
    /// got nothing, both in the order of joining.
    pub fn join(&self, ticket: &mut Ticket, context: &Context<'_>) {
        if ticket.round == self.round.get() {
            return;
        }
        ticket.round = self.round.get();
        let wakers = if ticket.is_served {
            &self.served
        } else {
            &self.hungry
        };
        wakers.borrow_mut().push(context.waker().clone());
    }

    /// Joins those who hold up nobody.
    pub fn join_served(&self, ticket: &mut Ticket, context: &Context<'_>) {
        ticket.is_served = true;
        self.join(ticket, context);
    }

    /// Whether somebody has found nothing since all were told.
    pub fn has_hungry(&self) -> bool {
        !self.hungry.borrow().is_empty()
    }

    pub fn wake_all(&self) {
        self.round.set(self.round.get() + 1);
        for wakers in [&self.hungry, &self.served] {
            let mut woken = wakers.take();
            for waker in woken.drain(..) {
                waker.wake();
            }
            // Its memory is for the next round.
            let mut wakers = wakers.borrow_mut();
            if wakers.is_empty() {
                *wakers = woken;
            }
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
