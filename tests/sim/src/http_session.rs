//! The state of the shell around an [`HttpSession`].

use crate::network::Wire;
use crate::page_id::PageId;
use client::http_session::{HttpSession, RequestId, SessionInput};
use client::input::ConnectionId;
use client::transport::Transport;
use std::collections::{BTreeMap, VecDeque};

/// One HTTP session of a page, with the state of its shell.
#[derive(Debug)]
pub(crate) struct SessionShell {
    pub(crate) session: HttpSession,
    /// Inputs that wait while another is handled.
    pub(crate) waiting: VecDeque<SessionInput>,
    pub(crate) is_busy: bool,
    /// Open requests by their connection.
    pub(crate) requests: BTreeMap<Wire, RequestId>,
    /// Whether the client knows that the session has ended.
    pub(crate) is_closed: bool,
    /// Time of the next election tick; 0 before the session opens.
    pub(crate) tick_at: u64,
    /// Time of the first of the latest timely ticks that found no leader.
    pub(crate) leaderless_since: Option<u64>,
    /// Time of the first of the latest timely ticks that found another tab reading.
    pub(crate) rivals_since: Option<u64>,
    /// Arrival time of the latest message from each other session, which keeps their order.
    pub(crate) delivered_until: BTreeMap<(PageId, ConnectionId), u64>,
}

impl SessionShell {
    pub(crate) fn new(transport: Transport, seed: u64) -> Self {
        SessionShell {
            session: HttpSession::new(transport, seed),
            waiting: VecDeque::new(),
            is_busy: false,
            requests: BTreeMap::new(),
            is_closed: false,
            tick_at: 0,
            leaderless_since: None,
            rivals_since: None,
            delivered_until: BTreeMap::new(),
        }
    }

    /// Returns whether the session reads for all tabs of its browser.
    pub(crate) fn leads(&self) -> bool {
        self.session.leads()
    }
}
