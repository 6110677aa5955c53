//! Connections by index, and their words in the counters pages.

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use repod_codec::tape::PAGE_CONNECTIONS;

use crate::connection::Connection;
use crate::inbound::Id;
use crate::lent::Lent;

#[derive(Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    pages: Vec<Lent>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    connection: Option<Rc<Connection>>,
}

impl Table {
    pub fn add_page(&mut self, page: usize, words: Lent) {
        assert_eq!(page, self.pages.len(), "pages of counters come in order");
        self.pages.push(words);
    }

    /// Whether there is an index for one more.
    pub fn has_free(&self) -> bool {
        !self.free.is_empty() || self.slots.len() < self.pages.len() * PAGE_CONNECTIONS
    }

    /// Puts what `make` makes at a free index, with a generation that was never there, and its
    /// counter at 0.
    pub fn add(&mut self, make: impl FnOnce(Id) -> Rc<Connection>) -> Rc<Connection> {
        assert!(
            self.has_free(),
            "an index is looked for before a connection is made"
        );
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("JS lends pages for 2^20 indices at most")
        });
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        let connection = make(Id {
            index,
            generation: slot.generation,
        });
        slot.connection = Some(connection.clone());
        self.flushed(index).store(0, Ordering::Release);
        connection
    }

    pub fn get(&self, id: Id) -> Option<&Rc<Connection>> {
        let slot = self.slots.get(id.index as usize)?;
        slot.connection
            .as_ref()
            .filter(|_| slot.generation == id.generation)
    }

    pub fn remove(&mut self, id: Id) {
        self.slots[id.index as usize].connection = None;
        self.free.push(id.index);
    }

    pub fn all(&self) -> impl Iterator<Item = &Rc<Connection>> {
        self.slots
            .iter()
            .filter_map(|slot| slot.connection.as_ref())
    }

    /// The word that counts the bytes of a connection that the kernel has taken.
    pub fn flushed(&self, index: u32) -> &AtomicU32 {
        let index = index as usize;
        self.pages[index / PAGE_CONNECTIONS].counter(index % PAGE_CONNECTIONS)
    }
}
