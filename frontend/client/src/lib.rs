//! The client's core: a state machine for one page of a house.
//!
//! [`Client::handle`] takes one [`input::Input`] and the time, and appends [`effect::Effect`]s for
//! the shell to execute. [`Client::view`] returns the data that the page draws. The core performs
//! no I/O, reads no clock and never panics on input. The page, the simulation and the benchmarks
//! are shells around this one crate.
//!
//! The interface to the shell:
//!
//! - [`input`]: the facts that the core takes.
//! - [`effect`]: the orders that the core gives to the shell.
//! - [`view`]: the data that the page draws.
//! - [`persisted`]: the rows and drafts that the shell stores.
//! - [`conversation`]: the key of a timeline, its draft and its composer.
//! - [`transport`]: the four transports, and the memory of the one that last worked.
//! - `timer`, `connection_id`: the kinds of timers, and the numbers of connection attempts.
//! - `ready_state`, `name_refusal`, `row_key`: parts of the view that other modules use too.
//! - [`limits`]: each limit, and what happens beyond it.
//!
//! The state machines:
//!
//! - `client`: the entry, which routes each input to the part that it concerns.
//! - [`identity`]: the member of this page, who joins, takes another name or signs out, and the requests
//!   for that.
//! - `members`: the names and the presence of all members.
//! - `connection`: attempts, deadlines, the upgrade to a WebSocket, and the transport selector.
//! - [`http_session`]: one connection over plain HTTP.
//! - [`tabs`]: the leader election among the tabs of one browser.
//! - `sync`: the gap detector, the reorder buffer and pending requests.
//! - `conversations`: rooms, timelines, the window, paging, and the room directory.
//! - `outbox`: durable commands until they are settled, leases, and drafts.
//! - `commands`: the durable commands, a file for each.
//! - `backoff`, `jitter`: the waits after failures, and their random part.
//! - [`inspect`]: the core of the connection inspector.
//!
//! Pure functions and data structures:
//!
//! - [`composer_rules`]: which texts can be sent, and which key sends.
//! - [`linkify`]: links in texts.
//! - `sorted`: a map, a set and a sort that keep the page small.

mod backoff;
mod client;
mod commands;
pub mod composer_rules;
mod connection;
mod connection_id;
pub mod conversation;
mod conversations;
pub mod effect;
pub mod http_session;
pub mod identity;
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
pub mod sorted;
mod sync;
pub mod tabs;
#[cfg(test)]
mod test_clock;
mod timer;
pub mod transport;
pub mod view;

pub use client::Client;
