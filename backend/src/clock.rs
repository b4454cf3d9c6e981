//! The server's clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Current time in milliseconds since 1970, which the hub gets with each input. It may step back.
pub fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
