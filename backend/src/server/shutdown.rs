//! SIGTERM and SIGINT; Ctrl-C where there are no signals.

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
    // Without a handler the system ends the process by itself, which is an end too.
    let _ = tokio::signal::ctrl_c().await;
}
