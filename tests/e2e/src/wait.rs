//! Waiting for a condition, never for a time.

use std::{fmt::Display, time::Duration};
use tokio::time::{Instant, sleep};

/// How often is looked.
const PERIOD: Duration = Duration::from_millis(20);

/// How long what people would call *at once* may take here: two cores may be
/// shared by several browsers and a build.
pub const SOON: Duration = Duration::from_secs(30);

/// Looks again until `look` finds what it wants.
///
/// # Panics
/// After `deadline`, with what was awaited and what `look` saw last.
pub async fn until<T, Seen: Display>(
    what: &str,
    deadline: Duration,
    mut look: impl AsyncFnMut() -> Result<T, Seen>,
) -> T {
    let end = Instant::now() + deadline;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if Instant::now() >= end => {
                panic!("waited {deadline:?} for {what}; last seen: {seen}");
            }
            Err(_) => sleep(PERIOD).await,
        }
    }
}
