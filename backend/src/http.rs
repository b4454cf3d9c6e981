//! HTTP and its upgrade to WebSocket: the transports, the API, the page's files, and who is admitted.
//!
//! A WebSocket carries both directions. Over plain HTTP a client reads by [`events`] or [`poll`], and sends
//! by [`command`]. Each of these requests is a session of its own: the cookie and the cursor identify it, so
//! any server of the house may take the next request.

mod accept;
pub mod api;
pub mod app_state;
pub mod assets;
pub mod byte_count;
pub mod command;
pub mod device_token;
pub mod events;
mod field_fault;
mod forwarded;
pub mod health;
pub mod host_policy;
pub mod json_body;
mod message_page;
pub mod middleware;
pub mod openapi;
pub mod policy_refusal;
pub mod poll;
pub mod problem;
pub mod query_params;
pub mod request_span;
pub mod websocket;
