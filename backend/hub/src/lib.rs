//! The server's core: a state machine that decides what each command does and who receives the result.
//!
//! [`Hub::handle`] takes one [`Input`] and the time, and returns [`Output`]s. The hub performs no I/O, reads
//! no clock, draws no random numbers, and never panics on input. The registry of `backend` performs the
//! outputs; the simulation does the same over a simulated network.
//!
//! * [`hub`]: the state machine, with its commands, admission, recovery and commits.
//! * [`input`]: the facts that the hub receives.
//! * [`output`]: the orders that the hub gives to its shell.
//! * [`session`]: one attachment of a client.
//! * [`house`]: the state that the log adds up to, and the changes that extend the log.
//! * [`access`]: the one place that answers who may read or do what.
//! * `directory`: an index of the rooms' names, for the list of rooms.
//! * `event_clock`: the times of events, from a wall clock that may step.
//! * [`query`]: questions to the log and their answers.
//! * [`log`]: a log in memory.
//! * [`presence`]: members who are here, away or gone.
//! * `polling`: devices that poll, and how long each stays present after a poll.
//! * [`rate`]: token buckets.
//! * [`read_markers`]: how far each member has read each room.
//! * [`limits`]: the server's limits.

mod directory;
mod event_clock;
pub mod house;
pub mod hub;
pub mod input;
pub mod limits;
pub mod log;
pub mod output;
mod polling;
pub mod presence;
pub mod query;
pub mod rate;
pub mod read_markers;
pub mod session;

pub use house::{House, access};
pub use hub::{Hub, Settings};
pub use input::Input;
pub use output::{Audience, Output};
pub use session::{Dialect, RequestId, SessionId};
