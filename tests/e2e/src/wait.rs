//! Waiting for a condition instead of sleeping.

use std::{fmt::Display, time::Duration};
use tokio::time::{Instant, sleep};

/// Time between two checks.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Deadline for a change that normally takes well under a second. Several browsers and a build may
/// share two CPU cores.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Repeats `check` until it succeeds. `condition` describes the awaited condition.
///
/// # Panics
/// After `deadline`, with the condition and the last error of `check`.
pub async fn until<T, E: Display>(
    condition: &str,
    deadline: Duration,
    mut check: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let end = Instant::now() + deadline;
    loop {
        match check().await {
            Ok(value) => return value,
            Err(last) if Instant::now() >= end => {
                panic!("waited {deadline:?} for {condition}; last state: {last}");
            }
            Err(_) => sleep(POLL_INTERVAL).await,
        }
    }
}
