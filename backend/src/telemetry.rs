//! The log lines of the process, on standard error.

use std::{env, io};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Levels if `RUST_LOG` sets none. actix-server logs its own start and end at `info`, but this server prints
/// its address itself. actix-http's dispatcher logs each malformed request at `error`, so any client could
/// fill the log; the response's status is enough.
const LEVELS: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off";

/// Starts logging. `RUST_LOG` replaces the default levels: `debug`, or `info,actix_http=debug`. A value that
/// cannot be parsed is reported on standard error and ignored.
///
/// # Panics
///
/// Logging was started before.
pub fn start() {
    let levels = env_levels().unwrap_or_else(|| LEVELS.parse().unwrap_or_default());
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(levels).init();
}

fn env_levels() -> Option<Targets> {
    let levels = env::var("RUST_LOG").ok().filter(|levels| !levels.is_empty())?;
    let parsed = levels.parse();
    parsed.inspect_err(|error| eprintln!("teahouse: RUST_LOG: {error}; the value is ignored")).ok()
}
