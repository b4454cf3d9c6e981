//! The Teahouse server: actix-web round the hub.
//!
//! [`run`] is the whole of it. Connections live on actix's workers, each worker
//! with tables of its own; one actor, the registry, owns the hub and the store.
//! ARCHITECTURE.md follows a message through them.

pub mod clock;
pub mod config;
pub mod connection;
pub mod fanout;
pub mod http;
pub mod lan;
pub mod limits;
pub mod page;
pub mod registry;
pub mod routes;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod worker;

pub use server::{RunError, RunInputs, run};
