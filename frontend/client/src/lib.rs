//! The client's mind: who we are, the connection, the rooms, the outbox, the drafts.
//!
//! [`Client::handle`] takes one [`Input`] and the time, and says what to do as
//! [`Effect`]s; [`Client::view`] is what to show. It does no IO, reads no clock
//! and never panics on input: the page, the simulation and the load generator
//! are shells round this one crate.

mod backoff;
mod client;
pub mod compose;
mod connection;
mod connection_id;
mod conversations;
pub mod effect;
pub mod event_stream;
pub mod http_session;
mod identity;
pub mod input;
pub mod inspect;
mod jitter;
pub mod limits;
pub mod linkify;
mod members;
mod name_refusal;
mod outbox;
pub mod pace;
pub mod persisted;
mod ready_state;
pub mod refused;
mod row_key;
pub mod share;
mod sorted;
mod sync;
pub mod tabs;
mod timer;
pub mod transport;
pub mod view;

pub use client::Client;
