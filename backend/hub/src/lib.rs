//! The server's mind: what the log means, who is here, what each command does.
//!
//! [`Hub::handle`] takes one [`Input`] and the time and says what to do as
//! [`Output`]s. It does no IO, reads no clock, draws no random numbers of
//! consequence, and never panics on input. The registry of `backend` carries
//! the outputs out; the simulation does the same over a pretend network.

pub mod change;
pub mod house;
pub mod hub;
pub mod input;
pub mod limits;
pub mod log;
pub mod output;
mod poller;
pub mod presence;
pub mod query;
pub mod rate;
pub mod session;

pub use house::House;
pub use hub::{Hub, Settings};
pub use input::Input;
pub use output::{Audience, Output};
pub use session::{Dialect, RequestId, SessionId};
