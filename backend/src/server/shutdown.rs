//! The signals that end the server: SIGTERM and SIGINT, or Ctrl-C where there are no signals.

/// Waits until the process is asked to end.
pub async fn requested() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // If no handler can be set, the system itself ends the process.
    let _ = tokio::signal::ctrl_c().await;
}
