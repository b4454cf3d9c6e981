//! The Teahouse server: actix-web around the hub.
//!
//! [`run`] is the whole server. Each worker thread serves its own connections. One actor, the registry, owns
//! the hub and the store. ARCHITECTURE.md follows a message through them.
//!
//! * [`config`]: the settings, from flags, environment and file
//! * [`server`]: start and end of the server, with its listener, descriptor limit and signals
//! * [`worker`]: the tasks of one worker next to its HTTP server
//! * [`routes`]: the paths and methods of all resources
//! * [`http`]: the transports, the HTTP API, and the host policy
//! * [`page`]: the files of the page
//! * [`connection`]: one open connection, with its queue, frames, direct writer and trace
//! * [`fanout`]: one worker's connections, and the task that queues frames on them
//! * [`registry`]: the actor that owns the hub and the store
//! * [`store`]: the stores of the log: SQLite, or memory in tests
//! * [`metrics`]: what the server counts and measures, in Prometheus' text format
//! * [`lan`]: the addresses that the server prints for people, and their QR code
//! * [`telemetry`]: the lines that the process prints: its log, and what it tells the operator
//! * [`clock`]: the server's two clocks
//! * [`hex`]: bytes as digits
//! * [`limits`]: every limit of this crate except the store's
//!
//! The program (`main.rs`) has one more module, `admin`: backup, restore and check of a database.

pub mod clock;
pub mod config;
pub mod connection;
pub mod fanout;
pub mod hex;
pub mod http;
pub mod join_secret;
pub mod lan;
pub mod limits;
pub mod metrics;
pub mod page;
pub mod registry;
pub mod routes;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod worker;

pub use server::{RunError, RunInputs, run};
