//! The whole server through [`backend::run`] on port 0, tested with foreign WebSocket and HTTP clients.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a test fails; clippy knows only functions marked #[test]"
)]

mod address_limits;
#[cfg(unix)]
mod admin;
mod bad_requests;
mod byte_count;
mod deadlines;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
mod disk;
mod event_stream;
mod handshake;
mod health;
mod host_policy;
mod http;
mod http_1_0;
mod identity;
#[cfg(target_os = "linux")]
mod listen;
#[path = "../data_folder/lock.rs"]
mod lock;
#[cfg(target_os = "linux")]
mod metrics;
#[cfg(target_os = "linux")]
mod nginx;
mod openapi;
#[cfg(target_os = "linux")]
mod output;
mod page;
mod panic;
mod pipelining;
#[cfg(target_os = "linux")]
mod program;
mod protocol;
mod rates;
mod restart;
mod rooms;
mod schema;
mod settings;
#[cfg(target_os = "linux")]
mod signals;
mod slow_client;
#[cfg(unix)]
mod small_clients;
mod socket;
#[cfg(unix)]
mod telemetry;
#[path = "../data_folder/temp_folder.rs"]
mod temp_folder;
mod test_server;
mod text_dialect;
mod trace;
mod transport;
mod unread_input;
mod v1;
