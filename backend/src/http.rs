//! The ways in and out. Transports differ only in bytes.
//!
//! A WebSocket carries both. Over plain HTTP a client reads by [`events`] or by [`poll`], and says
//! what it says by [`command`]; each of these requests is a session of its own, had by its cookie and
//! its cursor, so that any server of the house may take the next.

pub mod api;
pub mod app_state;
pub mod assets;
pub mod byte_count;
pub mod command;
pub mod device_token;
pub mod events;
pub mod health;
pub mod host_policy;
pub mod ip_rate;
pub mod json_body;
pub mod middleware;
pub mod openapi;
pub mod poll;
pub mod problem;
pub mod query_params;
pub mod websocket;
