//! The rule for the transport of the next attempt.
//!
//! They are tried in their order. What does not get a `welcome` in time gives way to the next; what gets
//! one and ends soon, again and again, is left alone for a while; what lasted is remembered, for as long
//! as the network stays the same.

use crate::limits::{AVOIDED_MS, GOOD_AFTER_MS, LAST_GOOD_FAILURES_MAX, LAST_GOOD_MS, SHORT_CONNECTIONS_MAX};
use crate::transport::{LastGood, Transport};

/// Which transport is taken.
#[derive(Clone, Debug)]
pub(crate) struct TransportSelector {
    pinned: Option<Transport>,
    last_good: Option<LastGood>,
    records: [TransportRecord; Transport::ALL.len()],
    /// What the last attempt was made with.
    current: Transport,
    /// When it was welcome, while it is.
    welcomed_at: Option<u64>,
    /// The next row begins with what there was.
    keeps_current: bool,
    /// Attempts with what worked that failed since.
    failures: u32,
}

/// How one of them did.
#[derive(Clone, Copy, Debug, Default)]
struct TransportRecord {
    /// How often it ended soon, in a row.
    short_connections: u32,
    avoided_until: u64,
}

impl TransportSelector {
    pub(crate) fn new() -> Self {
        TransportSelector {
            pinned: None,
            last_good: None,
            records: Default::default(),
            current: Transport::WebSocket,
            welcomed_at: None,
            keeps_current: false,
            failures: 0,
        }
    }

    /// What is, or was last, tried.
    pub(crate) fn current(&self) -> Transport {
        self.current
    }

    pub(crate) fn pinned(&self) -> Option<Transport> {
        self.pinned
    }

    pub(crate) fn pin(&mut self, pinned: Option<Transport>) {
        self.pinned = pinned;
    }

    /// What an earlier visit found to work.
    pub(crate) fn set_last_good(&mut self, last_good: Option<LastGood>) {
        self.last_good = last_good;
    }

    /// The next row begins with what there was.
    pub(crate) fn keep_current(&mut self) {
        self.keeps_current = self.welcomed_at.is_some();
    }

    /// Begins a row of attempts.
    pub(crate) fn choose_first(&mut self, now: u64) -> Transport {
        if std::mem::take(&mut self.keeps_current)
            && self.pinned.is_none_or(|pinned| pinned == self.current)
            && !self.is_avoided(self.current, now)
        {
            return self.current;
        }
        let last_good = self.fresh_last_good(now).filter(|last_good| !self.is_avoided(*last_good, now));
        let first = || Transport::ALL.into_iter().find(|it| !self.is_avoided(*it, now));
        self.current = self.pinned.or(last_good).or_else(first).unwrap_or(Transport::Poll);
        self.current
    }

    /// The attempt failed before it was welcome, at once or after a while: what is tried now. None: the
    /// row is over, and the next begins after a wait.
    pub(crate) fn fall_back(&mut self, was_refused: bool, now: u64) -> Option<Transport> {
        if self.pinned.is_some() {
            return None;
        }
        if was_refused && self.fresh_last_good(now) == Some(self.current) {
            // More likely the server is away than the network another.
            self.failures += 1;
            if self.failures <= LAST_GOOD_FAILURES_MAX {
                return None;
            }
        }
        self.current = self.next_after(now)?;
        Some(self.current)
    }

    /// Whether [`Choice::next`] has one.
    pub(crate) fn has_fallback(&self, now: u64) -> bool {
        self.pinned.is_none() && self.next_after(now).is_some()
    }

    fn next_after(&self, now: u64) -> Option<Transport> {
        Transport::ALL.into_iter().find(|it| *it > self.current && !self.is_avoided(*it, now))
    }

    /// It is the WebSocket after all.
    pub(crate) fn complete_upgrade(&mut self) {
        self.current = Transport::WebSocket;
    }

    /// It is this one now, and welcome.
    pub(crate) fn mark_welcomed(&mut self, transport: Transport, now: u64) {
        self.current = transport;
        self.welcomed_at = Some(now);
        self.failures = 0;
    }

    /// It has ended; `broke`: by no word of either side.
    pub(crate) fn mark_ended(&mut self, broke: bool, now: u64) {
        let Some(since) = self.welcomed_at.take() else { return };
        let record = &mut self.records[self.current as usize];
        if now.saturating_sub(since) >= GOOD_AFTER_MS {
            record.short_connections = 0;
        } else if broke {
            record.short_connections += 1;
            if record.short_connections >= SHORT_CONNECTIONS_MAX {
                *record =
                    TransportRecord { short_connections: 0, avoided_until: now.saturating_add(AVOIDED_MS) };
            }
        }
    }

    /// What is to be remembered, once it has lasted.
    pub(crate) fn take_last_good(&mut self, now: u64) -> Option<LastGood> {
        let since = self.welcomed_at?;
        let is_known = self.fresh_last_good(now) == Some(self.current);
        if is_known || self.pinned.is_some() || now.saturating_sub(since) < GOOD_AFTER_MS {
            return None;
        }
        self.last_good = Some(LastGood { transport: self.current, until: now.saturating_add(LAST_GOOD_MS) });
        self.last_good
    }

    /// It may be another network now. True if something was remembered of the old one.
    pub(crate) fn forget_network(&mut self) -> bool {
        self.records = Default::default();
        self.failures = 0;
        self.last_good.take().is_some()
    }

    /// From when on the WebSocket may be tried beside what there is; none if not at all.
    pub(crate) fn upgrade_allowed_at(&self) -> Option<u64> {
        let is_lesser = self.current != Transport::WebSocket && self.welcomed_at.is_some();
        (is_lesser && self.pinned.is_none()).then(|| self.records[0].avoided_until)
    }

    fn fresh_last_good(&self, now: u64) -> Option<Transport> {
        // A clock that was set back must not make it longer.
        let holds = |last_good: &LastGood| {
            now < last_good.until && last_good.until <= now.saturating_add(LAST_GOOD_MS)
        };
        self.last_good.filter(holds).map(|last_good| last_good.transport)
    }

    /// The last is never left alone: there is nothing after it.
    fn is_avoided(&self, transport: Transport, now: u64) -> bool {
        // A clock that was set back must not make it longer.
        let until = self.records[transport as usize].avoided_until;
        transport != Transport::Poll && now < until && until <= now.saturating_add(AVOIDED_MS)
    }
}

#[cfg(test)]
mod tests;
