//! The wire of repod without a socket: bytes in, verdicts and flat values out.
//!
//! ```text
//! bytes of a connection -> FrameDecoder -> payload -> Decoder -> Decoded::Tape  values of a known shape
//!                                                             -> Decoded::Bytes a payload that passed the walk
//!                                                             -> Fault          why the connection ends
//! ```
//!
//! Nothing here knows a socket, a clock, Node or a default: every bound is handed over by the caller,
//! nothing is allocated for what a header merely promises, and no input may make it panic.
#![forbid(unsafe_code)]

mod decode;
mod error;
mod frame;
mod habit;
mod keys;
mod limits;
mod predict;
mod read;
mod shape;
mod table;
pub mod tape;
mod walk;

pub use decode::{Decoded, Decoder};
pub use error::{Detail, Fault, FaultCode};
pub use frame::FrameDecoder;
pub use habit::Habit;
pub use limits::{Limits, ShapeSettings};
pub use tape::Tape;
pub use walk::validate;
