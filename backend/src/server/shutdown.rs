//! The signals that end the process: SIGTERM, SIGINT and SIGHUP, or Ctrl-C where there are no signals.
//!
//! The program installs the handlers before anything else. For process 1 of a container the kernel drops a
//! signal without a handler, so one that comes during the start would be lost.

use std::{future::pending, process, thread, time::Duration};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The installed handlers.
#[derive(Debug)]
pub struct ShutdownSignals {
    #[cfg(unix)]
    signals: Vec<(SignalKind, Signal)>,
}

#[cfg(unix)]
impl ShutdownSignals {
    /// Installs the handlers. Signals count from now on. If a handler cannot be installed, the system itself
    /// ends the process.
    ///
    /// A write beyond the limit on file sizes (SIGXFSZ) fails from now on as on a full disk. Without a handler
    /// it would end the process.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn install() -> Self {
        let mut kinds = vec![SignalKind::terminate(), SignalKind::interrupt()];
        // A process under `nohup` ignores SIGHUP, and must go on to do so.
        if !is_ignored(SignalKind::hangup()) {
            kinds.push(SignalKind::hangup());
        }
        let signals = kinds.into_iter().filter_map(|kind| Some((kind, signal(kind).ok()?))).collect();
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
        ShutdownSignals { signals }
    }

    /// Waits for a signal. Returns its number.
    pub async fn received(&mut self) -> u8 {
        if self.signals.is_empty() {
            return pending().await;
        }
        let waiting = self.signals.iter_mut().map(|(kind, signal)| {
            Box::pin(async move {
                signal.recv().await;
                *kind
            })
        });
        let (kind, _, _) = futures_util::future::select_all(waiting).await;
        u8::try_from(kind.as_raw_value()).unwrap_or(0)
    }
}

/// Whether the process was started so that it ignores this signal. Only Linux tells this without `unsafe`;
/// elsewhere the answer is yes.
#[cfg(unix)]
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & (1 << (kind.as_raw_value() - 1)) != 0)
}

#[cfg(not(unix))]
impl ShutdownSignals {
    /// Does nothing: the handler is installed by [`received`](Self::received).
    pub fn install() -> Self {
        ShutdownSignals {}
    }

    /// Waits for Ctrl-C. Returns the number of SIGINT.
    pub async fn received(&mut self) -> u8 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => 2,
            // Without a handler the system itself ends the process.
            Err(_) => pending().await,
        }
    }
}

/// Ends the process with this exit code unless it has ended by itself within this time. So a disk that hangs
/// does not delay the shutdown: what was acknowledged is on it, and the rest is refused.
pub fn limit(time: Duration, code: u8) {
    let end = move || {
        thread::sleep(time);
        tracing::error!("the server did not end within {} s; it ends now", time.as_secs_f32());
        crate::telemetry::flush();
        process::exit(code.into())
    };
    // Without a thread the shutdown has no limit.
    let _ = thread::Builder::new().name("shutdown limit".to_owned()).spawn(end);
}
