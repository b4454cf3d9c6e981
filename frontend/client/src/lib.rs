//! The client's core: a state machine for one page of a house.
//!
//! [`Client::handle`] takes one [`input::Input`] and the time, and appends [`effect::Effect`]s for
//! the shell to execute. [`Client::view`] returns the data that the page draws. The core performs
//! no I/O, reads no clock and never panics on input. The page, the simulation and the benchmarks
//! are shells around this one crate.
//!
//! The modules:
//!
//! - `client`: the entry, which routes each input to the part that it concerns.
//! - [`input`], [`effect`], [`view`]: the facts that the core takes, its orders, and the data to
//!   draw.
//! - `connection`: attempts, deadlines, the upgrade to a WebSocket, and the transport selector.
//! - [`http_session`]: one connection over plain HTTP.
//! - [`tabs`]: the leader election among the tabs of one browser.
//! - `sync`: the gap detector, the reorder buffer and pending requests.
//! - `conversations`: rooms, timelines, the window, paging, and the room directory.
//! - `outbox`: durable commands until they are settled, leases, and drafts.
//! - [`persisted`]: the rows and drafts that the shell stores.
//! - `identity`, `members`: the member of this page, and the names and presence of others.
//! - [`compose`], [`linkify`]: the composer's rules, and links in texts.
//! - [`inspect`]: the core of the connection inspector.
//! - [`limits`]: each limit and what happens past it.

mod backoff;
mod client;
pub mod compose;
mod connection;
mod connection_id;
mod conversations;
pub mod effect;
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
pub mod persisted;
mod ready_state;
mod row_key;
mod sorted;
mod sync;
pub mod tabs;
mod timer;
pub mod transport;
pub mod view;

pub use client::Client;
