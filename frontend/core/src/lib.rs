//! The client's mind: who we are, the connection, the outbox, the timeline.
//!
//! [`Client::handle`] takes one [`Input`] and the time, and says what to do as
//! [`Effect`]s; [`Client::view`] is what to show. It does no IO, reads no clock
//! and never panics on input: the page, the simulation and the load generator
//! are shells round this one crate.

mod backoff;
mod chain;
mod client;
pub mod compose;
mod connection;
pub mod effect;
mod identity;
pub mod input;
mod jitter;
pub mod limits;
pub mod link;
mod members;
mod outbox;
mod screen;
mod timeline;
pub mod view;

pub use client::Client;
