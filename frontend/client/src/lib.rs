//! The client's mind: who we are, the connection, the rooms, the outbox, the drafts.
//!
//! [`Client::handle`] takes one [`Input`] and the time, and says what to do as
//! [`Effect`]s; [`Client::view`] is what to show. It does no IO, reads no clock
//! and never panics on input: the page, the simulation and the load generator
//! are shells round this one crate.

mod ask;
mod backoff;
mod browse;
mod chain;
mod client;
pub mod compose;
mod connection;
mod draft;
pub mod effect;
pub mod event_stream;
mod feed;
mod history;
mod identity;
pub mod input;
pub mod inspect;
mod jitter;
pub mod limits;
pub mod link;
mod members;
mod outbox;
pub mod pace;
pub mod refused;
mod room;
mod rooms;
mod screen;
pub mod share;
mod shelf;
mod sorted;
pub mod stored;
mod stretch;
mod timeline;
pub mod transport;
pub mod view;

pub use client::Client;
