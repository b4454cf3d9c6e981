//! The lines that the process prints: its log on standard error, and what it tells its operator.
//!
//! A closed, full or blocked output never ends or stops the server. So nothing here panics when a write
//! fails, as `println!` would. A thread of its own writes the log.

mod repeat_limit;

use crate::limits::{LOG_FLUSH, LOG_LINES_MAX};
use repeat_limit::RepeatLimit;
use std::{
    env,
    fmt::Display,
    io::{self, Write as _},
    sync::{
        OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Levels if `RUST_LOG` sets none. actix-server logs its own start and end at `info`, but this server prints
/// its address itself. actix-http's dispatcher logs each malformed request at `error`, so any client could
/// fill the log; the response's status is enough.
const LEVELS: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off";

/// Sender of the log's lines, once logging has started.
static LINES: OnceLock<SyncSender<Item>> = OnceLock::new();

/// What the log's thread receives.
enum Item {
    /// A line to write.
    Line(Vec<u8>),
    /// A request to confirm that every line before it was written.
    Flush(SyncSender<()>),
}

/// Starts logging. `RUST_LOG` replaces the default levels: `debug`, or `info,actix_http=debug`. A value that
/// cannot be parsed is reported on standard error and ignored.
///
/// # Panics
///
/// Logging was started before.
pub fn start() {
    let levels = env_levels().unwrap_or_else(|| LEVELS.parse().unwrap_or_default());
    let lines = fmt::layer().with_writer(writer).with_target(false).log_internal_errors(false);
    tracing_subscriber::registry().with(lines).with(levels).with(RepeatLimit::default()).init();
}

/// Waits until the lines logged so far are written, but no longer than [`LOG_FLUSH`].
pub fn flush() {
    let Some(lines) = LINES.get() else { return };
    let (done, written) = sync_channel(1);
    if lines.try_send(Item::Flush(done)).is_ok() {
        let _ = written.recv_timeout(LOG_FLUSH);
    }
}

/// Tells the operator one thing on standard error.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "teahouse: {line}");
}

/// Prints a result on standard output.
pub fn print(text: impl Display) {
    let mut output = io::stdout().lock();
    let _ = write!(output, "{text}").and_then(|()| output.flush());
}

fn env_levels() -> Option<Targets> {
    let ignored = |why: String| tell(format!("RUST_LOG: {why}; the value is ignored"));
    let levels = match env::var("RUST_LOG") {
        Ok(levels) => levels,
        Err(env::VarError::NotPresent) => return None,
        Err(env::VarError::NotUnicode(_)) => {
            ignored("the value is not valid UTF-8".to_owned());
            return None;
        }
    };
    if levels.is_empty() {
        return None;
    }
    levels.parse::<Targets>().inspect_err(|error| ignored(error.to_string())).ok()
}

/// Hands each line to the log's thread. Beyond [`LOG_LINES_MAX`] lines are dropped.
#[derive(Debug)]
struct LineWriter;

fn writer() -> LineWriter {
    LineWriter
}

impl io::Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = LINES.get_or_init(start_thread).try_send(Item::Line(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start_thread() -> SyncSender<Item> {
    let (lines, received) = sync_channel(LOG_LINES_MAX);
    // Without a thread, lines are dropped.
    let _ = thread::Builder::new().name("log".to_owned()).spawn(move || write_lines(&received, io::stderr()));
    lines
}

fn write_lines(received: &Receiver<Item>, mut output: impl io::Write) {
    while let Ok(item) = received.recv() {
        match item {
            Item::Line(line) => {
                let _ = output.write_all(&line);
            }
            Item::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}
