//! The whole server through [`backend::run`] on port 0, with WebSocket and HTTP
//! clients that are not ours.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a test fails; clippy knows only functions marked #[test]"
)]

mod abuse;
#[cfg(unix)]
mod care;
#[cfg(target_os = "linux")]
mod disk;
mod guard;
mod handshake;
#[path = "../common/hold.rs"]
mod hold;
mod house;
mod http;
mod identity;
mod openapi;
mod page;
mod panic;
mod plain;
mod protocol;
mod rates;
mod restart;
mod rooms;
mod schema;
mod scratch;
mod settings;
mod slow;
mod socket;
#[cfg(unix)]
mod telemetry;
mod trace;
mod traced;
mod transport;
mod v1;
