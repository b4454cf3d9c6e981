//! Tabs of one browser: which of them reads from the server for all, and the messages by which they share it.

pub mod leader_election;
mod lease;
mod reported_presence;
mod tab_message;

pub use lease::{Lease, Tab};
pub use tab_message::{ExpectedIdentity, TabMessage};
