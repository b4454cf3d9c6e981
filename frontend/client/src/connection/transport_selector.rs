//! The rule for the transport of the next attempt.
//!
//! The transports are tried in their order. If no `welcome` arrives in time, the next one is tried.
//! A transport that repeatedly ends soon after its `welcome` is avoided for a while. A transport
//! that lasted is remembered for as long as the network stays the same.

use crate::limits::{AVOIDED_MS, GOOD_AFTER_MS, LAST_GOOD_FAILURES_MAX, LAST_GOOD_MS, SHORT_CONNECTIONS_MAX};
use crate::transport::{LastGood, Transport};
use shared::Now;

/// The choice of the transport, and what it depends on.
#[derive(Clone, Debug)]
pub(crate) struct TransportSelector {
    pinned: Option<Transport>,
    /// The transport that last lasted, and the time until which it is remembered.
    last_good: Option<(Transport, u64)>,
    records: [TransportRecord; Transport::ALL.len()],
    /// The transport of the last attempt.
    current: Transport,
    /// The time of the `welcome`, while the session lasts.
    welcomed_at: Option<u64>,
    /// Whether the next series of attempts begins with the same transport.
    keeps_current: bool,
    /// Failed attempts with the last good transport.
    failures: u32,
}

/// The history of one transport.
#[derive(Clone, Copy, Debug, Default)]
struct TransportRecord {
    /// Sessions in a row that ended soon.
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

    /// The transport of the present or last attempt.
    pub(crate) fn current(&self) -> Transport {
        self.current
    }

    pub(crate) fn pinned(&self) -> Option<Transport> {
        self.pinned
    }

    pub(crate) fn pin(&mut self, pinned: Option<Transport>) {
        self.pinned = pinned;
    }

    /// Takes what an earlier visit remembered. An end that is too far ahead was given by a clock that was set
    /// back since; it must not prolong the memory.
    pub(crate) fn set_last_good(&mut self, last_good: Option<LastGood>, now: Now) {
        self.last_good = last_good.and_then(|LastGood { transport, until }| {
            let left = until.saturating_sub(now.wall);
            (left <= LAST_GOOD_MS).then(|| (transport, now.mono.saturating_add(left)))
        });
    }

    /// Begins the next series of attempts with the same transport, if it was welcome.
    pub(crate) fn keep_current(&mut self) {
        self.keeps_current = self.welcomed_at.is_some();
    }

    /// Begins a series of attempts.
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

    /// The transport to try after an attempt failed before its `welcome`.
    ///
    /// `was_refused` is true if the attempt failed at once. `None` ends the series; the next one
    /// begins after a wait.
    pub(crate) fn fall_back(&mut self, was_refused: bool, now: u64) -> Option<Transport> {
        if self.pinned.is_some() {
            return None;
        }
        if was_refused && self.fresh_last_good(now) == Some(self.current) {
            // The server is more likely away than the network different.
            self.failures += 1;
            if self.failures <= LAST_GOOD_FAILURES_MAX {
                return None;
            }
        }
        self.current = self.next_after(now)?;
        Some(self.current)
    }

    /// Whether [`TransportSelector::fall_back`] has a transport left.
    pub(crate) fn has_fallback(&self, now: u64) -> bool {
        self.pinned.is_none() && self.next_after(now).is_some()
    }

    fn next_after(&self, now: u64) -> Option<Transport> {
        Transport::ALL.into_iter().find(|it| *it > self.current && !self.is_avoided(*it, now))
    }

    /// Records that an upgrade to the WebSocket is under way.
    pub(crate) fn complete_upgrade(&mut self) {
        self.current = Transport::WebSocket;
    }

    /// Records the `welcome` of this transport.
    pub(crate) fn mark_welcomed(&mut self, transport: Transport, now: u64) {
        self.current = transport;
        self.welcomed_at = Some(now);
        self.failures = 0;
    }

    /// Records the end of the session. `broke` is true if neither side closed it by this protocol.
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

    /// Records that the session ended because nothing came any more, which took a while. A young session counts as
    /// several that ended soon.
    pub(crate) fn mark_silent(&mut self, now: u64) {
        self.records[self.current as usize].short_connections = SHORT_CONNECTIONS_MAX - 1;
        self.mark_ended(true, now);
    }

    /// The transport to remember, once it has lasted.
    pub(crate) fn take_last_good(&mut self, now: Now) -> Option<LastGood> {
        let since = self.welcomed_at?;
        let is_known = self.fresh_last_good(now.mono) == Some(self.current);
        if is_known || self.pinned.is_some() || now.mono.saturating_sub(since) < GOOD_AFTER_MS {
            return None;
        }
        let Now { mono: until, wall } = now.after(LAST_GOOD_MS);
        self.last_good = Some((self.current, until));
        Some(LastGood { transport: self.current, until: wall })
    }

    /// Forgets the old network. Returns true if a transport was remembered for it.
    pub(crate) fn forget_network(&mut self) -> bool {
        self.records = Default::default();
        self.failures = 0;
        self.last_good.take().is_some()
    }

    /// The time from which an upgrade may be tried; `None` if none is possible.
    pub(crate) fn upgrade_allowed_at(&self) -> Option<u64> {
        let is_lesser = self.current != Transport::WebSocket && self.welcomed_at.is_some();
        (is_lesser && self.pinned.is_none()).then(|| self.records[0].avoided_until)
    }

    fn fresh_last_good(&self, now: u64) -> Option<Transport> {
        self.last_good.filter(|(_, until)| now < *until).map(|(transport, _)| transport)
    }

    /// Whether this transport is avoided. The last one never is, because no other follows.
    fn is_avoided(&self, transport: Transport, now: u64) -> bool {
        transport != Transport::Poll && now < self.records[transport as usize].avoided_until
    }
}

#[cfg(test)]
mod tests;
