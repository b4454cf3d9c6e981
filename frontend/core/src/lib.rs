//! The client's mind: who we are, the connection, the outbox, the timeline.
//!
//! [`Client::handle`] takes one [`Input`] and the time, and says what to do as
//! [`Effect`]s; [`Client::view`] is what to show. It does no IO, reads no clock
//! and never panics on input: the page, the simulation and the load generator
//! are shells round this one crate.

pub mod effect;
pub mod input;
pub mod view;
