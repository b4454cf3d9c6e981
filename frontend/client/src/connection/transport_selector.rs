//! The rule for the transport of the next attempt.
//!
//! They are tried in their order. What does not get a `welcome` in time gives way to the next; what gets
//! one and ends soon, again and again, is left alone for a while; what lasted is remembered, for as long
//! as the network stays the same.

use crate::limits::{AVOIDED_MS, REMEMBERED_MS, SHORT_ENDS_MAX, TRUSTED_FAILURES_MAX, WORKS_MS};
use crate::transport::{LastGood, Transport};

/// Which transport is taken.
#[derive(Clone, Debug)]
pub(crate) struct TransportSelector {
    pinned: Option<Transport>,
    worked: Option<LastGood>,
    records: [TransportRecord; Transport::ALL.len()],
    /// What the last attempt was made with.
    current: Transport,
    /// When it was welcome, while it is.
    welcomed_at: Option<u64>,
    /// The next row begins with what there was.
    stays: bool,
    /// Attempts with what worked that failed since.
    failures: u32,
}

/// How one of them did.
#[derive(Clone, Copy, Debug, Default)]
struct TransportRecord {
    /// How often it ended soon, in a row.
    short: u32,
    avoided_until: u64,
}

impl TransportSelector {
    pub(crate) fn new() -> Self {
        TransportSelector {
            pinned: None,
            worked: None,
            records: Default::default(),
            current: Transport::WebSocket,
            welcomed_at: None,
            stays: false,
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
    pub(crate) fn remember(&mut self, worked: Option<LastGood>) {
        self.worked = worked;
    }

    /// The next row begins with what there was.
    pub(crate) fn stay(&mut self) {
        self.stays = self.welcomed_at.is_some();
    }

    /// Begins a row of attempts.
    pub(crate) fn first(&mut self, now: u64) -> Transport {
        if std::mem::take(&mut self.stays)
            && self.pinned.is_none_or(|pinned| pinned == self.current)
            && !self.is_avoided(self.current, now)
        {
            return self.current;
        }
        let worked = self.trusted(now).filter(|worked| !self.is_avoided(*worked, now));
        let first = || Transport::ALL.into_iter().find(|it| !self.is_avoided(*it, now));
        self.current = self.pinned.or(worked).or_else(first).unwrap_or(Transport::Poll);
        self.current
    }

    /// The attempt failed before it was welcome, at once or after a while: what is tried now. None: the
    /// row is over, and the next begins after a wait.
    pub(crate) fn fall_back(&mut self, was_refused: bool, now: u64) -> Option<Transport> {
        if self.pinned.is_some() {
            return None;
        }
        if was_refused && self.trusted(now) == Some(self.current) {
            // More likely the server is away than the network another.
            self.failures += 1;
            if self.failures <= TRUSTED_FAILURES_MAX {
                return None;
            }
        }
        self.current = self.after(now)?;
        Some(self.current)
    }

    /// Whether [`Choice::next`] has one.
    pub(crate) fn has_next(&self, now: u64) -> bool {
        self.pinned.is_none() && self.after(now).is_some()
    }

    fn after(&self, now: u64) -> Option<Transport> {
        Transport::ALL.into_iter().find(|it| *it > self.current && !self.is_avoided(*it, now))
    }

    /// It is the WebSocket after all.
    pub(crate) fn complete_upgrade(&mut self) {
        self.current = Transport::WebSocket;
    }

    /// It is this one now, and welcome.
    pub(crate) fn welcomed(&mut self, transport: Transport, now: u64) {
        self.current = transport;
        self.welcomed_at = Some(now);
        self.failures = 0;
    }

    /// It has ended; `broke`: by no word of either side.
    pub(crate) fn ended(&mut self, broke: bool, now: u64) {
        let Some(since) = self.welcomed_at.take() else { return };
        let record = &mut self.records[self.current as usize];
        if now.saturating_sub(since) >= WORKS_MS {
            record.short = 0;
        } else if broke {
            record.short += 1;
            if record.short >= SHORT_ENDS_MAX {
                *record = TransportRecord { short: 0, avoided_until: now.saturating_add(AVOIDED_MS) };
            }
        }
    }

    /// What is to be remembered, once it has lasted.
    pub(crate) fn lasted(&mut self, now: u64) -> Option<LastGood> {
        let since = self.welcomed_at?;
        let is_known = self.trusted(now) == Some(self.current);
        if is_known || self.pinned.is_some() || now.saturating_sub(since) < WORKS_MS {
            return None;
        }
        self.worked = Some(LastGood { transport: self.current, until: now.saturating_add(REMEMBERED_MS) });
        self.worked
    }

    /// It may be another network now. True if something was remembered of the old one.
    pub(crate) fn forget(&mut self) -> bool {
        self.records = Default::default();
        self.failures = 0;
        self.worked.take().is_some()
    }

    /// From when on the WebSocket may be tried beside what there is; none if not at all.
    pub(crate) fn upgrade_from(&self) -> Option<u64> {
        let is_less = self.current != Transport::WebSocket && self.welcomed_at.is_some();
        (is_less && self.pinned.is_none()).then(|| self.records[0].avoided_until)
    }

    fn trusted(&self, now: u64) -> Option<Transport> {
        // A clock that was set back must not make it longer.
        let holds =
            |worked: &LastGood| now < worked.until && worked.until <= now.saturating_add(REMEMBERED_MS);
        self.worked.filter(holds).map(|worked| worked.transport)
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
