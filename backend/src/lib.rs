//! The Teahouse server: actix-web around the hub.
//!
//! [`run`] is the whole server. Each worker thread serves its own connections. One actor, the registry, owns
//! the hub and the store. ARCHITECTURE.md follows a message through them.
//!
//! * [`config`]: the settings, from flags, environment and file
//! * [`server`]: starts and ends everything; the listener, the descriptor limit and the signals
//! * [`worker`]: the tasks of one worker beside its HTTP server
//! * [`routes`]: paths and methods
//! * [`http`]: the transports and the HTTP API; which hosts and origins are admitted
//! * [`page`]: the files of the page
//! * [`connection`]: one live connection: its queue, frames, direct writer and trace
//! * [`fanout`]: one worker's connections, and the task that queues frames on them
//! * [`registry`]: the actor that owns the hub and the store
//! * [`store`]: where the log is kept: SQLite, or memory in tests
//! * [`lan`], [`telemetry`], [`clock`]: printed addresses, log lines, the time
//! * [`limits`]: every limit of this crate except the store's

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
