//! The ways in and out. Transports differ only in bytes.
//!
//! A WebSocket carries both. Over plain HTTP a client reads by [`events`] or by [`poll`], and says
//! what it says by [`command`]; each of these requests is a session of its own, had by its cookie and
//! its cursor, so that any server of the house may take the next.

pub mod command;
pub mod entered;
pub mod events;
pub mod poll;
pub mod query;
pub mod traced;
pub mod websocket;
