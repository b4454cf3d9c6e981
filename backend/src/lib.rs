//! The Teahouse server: actix-web round the hub.
//!
//! [`run`] is the whole of it. Connections live on actix's workers, each worker
//! with tables of its own; one actor, the registry, owns the hub and the store.
//! ARCHITECTURE.md follows a message through them.

pub mod access;
pub mod api;
pub mod app;
pub mod assets;
pub mod config;
pub mod connection;
pub mod data;
pub mod descriptors;
pub mod device;
pub mod fanout;
pub mod frame;
pub mod guard;
pub mod health;
pub mod lan;
pub mod limits;
pub mod listener;
pub mod news;
pub mod openapi;
pub mod place;
pub mod problem;
pub mod registry;
pub mod scan;
pub mod server;
pub mod shutdown;
pub mod socket;
pub mod store;
pub mod trace;
pub mod transport;

pub use server::{Made, RunError, run};
