//! The engine: a thread of its own with all sockets of one JS environment. It knows no Node, so it
//! can be tested without.
//!
//! ```text
//! JS thread   Engine::take <- ring <- inbound <- reading <- connection <- socket
//!             Engine::flush -> intake -> outbound -> outbox -> connection -> socket
//! ```
//!
//! - `engine` is what the JS thread calls; `shared` is what both threads hold.
//! - `ring` is the protocol of the two positions, `lent` the memory, `inbound` the records;
//!   `parking` says when a call of the JS thread has to rouse the engine's.
//! - `core` is what the tasks share: `intake`, one per `connection`, `listener` and `dialer`, and
//!   the desk, which commits behind them. `contained` holds each of them.

mod address;
mod connection;
mod contained;
mod core;
mod dialer;
mod endpoint;
mod engine;
mod errno;
mod held;
#[cfg(feature = "test-hooks")]
pub mod hooks;
mod inbound;
mod intake;
mod lent;
mod listener;
mod outbound;
mod outbox;
pub mod parking;
mod reading;
pub mod ring;
mod settings;
mod share;
mod shared;
mod spare;
mod table;
mod waiters;

pub use engine::{Engine, Misuse};
pub use lent::Lent;
pub use settings::{SETTINGS, Settings};
pub use shared::Wake;
