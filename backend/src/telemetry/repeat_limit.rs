//! Keeps one cause from filling the log: a target whose lines repeat for as long as their cause lasts is logged
//! at most once in [`REPEAT_EVERY`].

use crate::limits::REPEAT_EVERY;
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Target of actix-server's accept loop. Without free file descriptors it fails twice a second.
const TARGET: &str = "actix_server::accept";

/// Drops the lines of a target that repeat too soon.
#[derive(Debug, Default)]
pub(super) struct RepeatLimit {
    last: Mutex<Option<Instant>>,
}

impl RepeatLimit {
    /// Whether a line of the target may be logged at this time.
    fn allows(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_allowed = last.is_none_or(|last| now.duration_since(last) >= REPEAT_EVERY);
        if is_allowed {
            *last = Some(now);
        }
        is_allowed
    }
}

impl<S: Subscriber> Layer<S> for RepeatLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        event.metadata().target() != TARGET || self.allows(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_may_be_repeated_after_a_minute() {
        let (limit, start) = (RepeatLimit::default(), Instant::now());
        let at = |after: Duration| limit.allows(start + after);
        let ms = Duration::from_millis(1);
        assert!(at(Duration::ZERO) && !at(ms) && !at(REPEAT_EVERY - ms));
        assert!(at(REPEAT_EVERY) && !at(REPEAT_EVERY + ms));
    }
}
