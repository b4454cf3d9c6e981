//! The log lines of the process, on standard error.

use std::{env, io};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Levels where `RUST_LOG` sets none. actix-server tells of its own start and end at `info`: the server
/// prints its address itself. actix-http's dispatcher tells at `error` of each malformed request, so any
/// stranger could fill the log; the peer is told by the status.
const LEVELS: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off";

/// Starts the log. `RUST_LOG` replaces the default levels, as `debug` or `info,actix_http=debug`; a value
/// that cannot be parsed is named on standard error and passed over.
///
/// # Panics
/// A log was started before.
pub fn start() {
    let levels = env_levels().unwrap_or_else(|| LEVELS.parse().unwrap_or_default());
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(levels).init();
}

fn env_levels() -> Option<Targets> {
    let levels = env::var("RUST_LOG").ok().filter(|levels| !levels.is_empty())?;
    let parsed = levels.parse();
    parsed.inspect_err(|error| eprintln!("teahouse: RUST_LOG: {error}; it is passed over")).ok()
}
