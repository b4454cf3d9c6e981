//! Switches of transports: when pages are told to use another transport, how often they did, and the requests
//! made.

use std::collections::BTreeMap;
use std::fmt;

use client::transport::Transport;

use super::oracle::PageId;

/// Interval at which pages are told to switch, in milliseconds.
const SWITCH_INTERVAL_MS: u64 = 1_000;

/// Kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    Handshake,
    Stream,
    LongPoll,
    Poll,
    Command,
}

/// Counts of switches and requests.
#[derive(Debug)]
pub(super) struct TransportSwitches {
    /// Whether pages switch. Otherwise all are pinned to the WebSocket.
    pub(super) is_on: bool,
    next_at: u64,
    requests: [u64; 5],
    /// Switches that pages were told to make.
    pub(super) requested: u64,
    /// Welcomes over another transport than the page's last one.
    switches: u64,
    last: BTreeMap<PageId, Transport>,
}

impl TransportSwitches {
    pub(super) fn new(is_on: bool) -> Self {
        Self { is_on, next_at: 0, requests: [0; 5], requested: 0, switches: 0, last: BTreeMap::new() }
    }

    /// Whether the next round of switches is due. Returns `true` once for each round.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        let is_due = self.is_on && self.next_at <= now;
        if is_due {
            self.next_at = now + SWITCH_INTERVAL_MS;
        }
        is_due
    }

    /// Counts a request.
    pub(super) fn count_request(&mut self, kind: RequestKind) {
        self.requests[kind as usize] += 1;
    }

    /// Records that a page got its `welcome` over this transport.
    pub(super) fn record_welcome(&mut self, page: PageId, transport: Transport) {
        if self.last.insert(page, transport).is_some_and(|before| before != transport) {
            self.switches += 1;
        }
    }

    /// Switches that pages made.
    pub(super) fn switches(&self) -> u64 {
        self.switches
    }
}

impl fmt::Display for TransportSwitches {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [handshakes, streams, long_polls, polls, commands] = self.requests;
        write!(
            out,
            "{handshakes} handshakes, {streams} streams, {long_polls} long polls, {polls} polls, {commands} commands"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_due_once_a_second_and_never_when_off() {
        let mut switches = TransportSwitches::new(true);
        let due: Vec<bool> = [5_000, 5_000, 5_999, 6_000].map(|now| switches.is_due(now)).into();
        assert_eq!(due, [true, false, false, true]);
        assert!(!TransportSwitches::new(false).is_due(5_000));
    }

    #[test]
    fn a_switch_counts_when_one_life_of_a_page_changes_transport() {
        let mut switches = TransportSwitches::new(true);
        let page = |life| PageId { index: 0, life };
        switches.record_welcome(page(0), Transport::WebSocket);
        switches.record_welcome(page(0), Transport::WebSocket);
        switches.record_welcome(page(1), Transport::Poll);
        assert_eq!(switches.switches(), 0);
        switches.record_welcome(page(1), Transport::LongPoll);
        assert_eq!(switches.switches(), 1);
    }
}
