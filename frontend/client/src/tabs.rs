//! The tabs of one browser: the election of the leader, which reads from the server for all, and the messages
//! between them.
//!
//! - [`leader_election`]: one tab's side of the election
//! - `lease`: the leader's lease in the browser's storage
//! - `own_positions`: positions of the log that a tab knows otherwise than by its reading
//! - `reported_presence`: the leader's presence reports to the server
//! - `tab_message`: the messages on the channel between tabs

pub mod leader_election;
mod lease;
pub(crate) mod own_positions;
mod reported_presence;
mod tab_message;

pub use lease::{Lease, Tab};
pub use tab_message::{SessionIdentity, TabMessage};
