//! The one connection to the server: how the client opens it, greets, watches for silence, gives up and
//! reconnects.
//!
//! Each attempt has a new [`ConnectionId`], and late events of an older attempt are dropped. A
//! connection that is given up may be dead, so nothing waits for its end; only the `readyState`
//! shows it as closing for a while.
//!
//! [`TransportSelector`] chooses the transport of an attempt. While a lesser transport serves,
//! [`upgrade`] tries a WebSocket next to it.

mod attempts;
mod deadlines;
mod outcome;
mod transport_selector;
mod upgrade;

use crate::backoff::Backoff;
use crate::connection::transport_selector::TransportSelector;
use crate::connection_id::ConnectionId;
use crate::effect::Effect;
use crate::jitter::Jitter;
use crate::limits::RETRY_HINT_MAX_MS;
use crate::ready_state::ReadyState;
use crate::transport::Transport;
use crate::view::ConnectionStatus;
pub(crate) use outcome::{ConnectionEnd, DeadlineAction, FrameOutcome, Liveness};
use shared::close::{is_own_close, retry_ms, should_reconnect};
use shared::{CloseCode, Now};
use upgrade::{Upgrade, UpgradeSchedule};

/// The state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionState {
    /// No connection is wanted.
    Idle,
    /// The next attempt starts at this time.
    Waiting { retry_at: u64 },
    /// The transport is opening.
    Connecting,
    /// `hello` was sent with this `ref`.
    Greeting { reference: u64 },
    /// The server's `welcome` arrived, so commands may be sent.
    Live,
}

/// The connection, and the schedule of its attempts.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The connection that serves, or is to serve.
    socket: ConnectionId,
    /// The id of the latest attempt.
    last_id: ConnectionId,
    selector: TransportSelector,
    state: ConnectionState,
    /// The start of the attempt, and whether another transport may follow it.
    attempt_began_at: u64,
    has_fallback: bool,
    /// Whether the leader tab reads for this connection.
    is_follower: bool,
    /// The WebSocket that is to replace this connection.
    upgrade: Option<Upgrade>,
    schedule: UpgradeSchedule,
    /// The time at which the state began.
    state_since: u64,
    /// The time of the last event.
    last_frame_at: u64,
    /// The wall clock at the last event.
    last_frame_wall: u64,
    /// The time by which a frame must arrive after a `ping`.
    frame_due_at: Option<u64>,
    /// The time of the last answer, and of a `ping` that asks whether the connection carries frames both ways.
    answered_at: u64,
    probed_at: Option<u64>,
    /// Whether that `ping` has been without an answer for so long that the page says so.
    is_silent: bool,
    /// The time until which a WebSocket that the client closed is shown as closing.
    closing_until: Option<u64>,
    /// The time of [`crate::timer::Timer::Silence`], if it is scheduled.
    timer_at: Option<u64>,
    is_offline: bool,
    backoff: Backoff,
}

impl Connection {
    pub(crate) fn new() -> Self {
        Connection {
            socket: ConnectionId(0),
            last_id: ConnectionId(0),
            selector: TransportSelector::new(),
            state: ConnectionState::Idle,
            attempt_began_at: 0,
            has_fallback: false,
            is_follower: false,
            upgrade: None,
            schedule: UpgradeSchedule::default(),
            state_since: 0,
            last_frame_at: 0,
            last_frame_wall: 0,
            frame_due_at: None,
            answered_at: 0,
            probed_at: None,
            is_silent: false,
            closing_until: None,
            timer_at: None,
            is_offline: false,
            backoff: Backoff::default(),
        }
    }

    /// The connection as the page shows it.
    pub(crate) fn status(&self) -> ConnectionStatus {
        let ready_state = match self.state {
            ConnectionState::Idle | ConnectionState::Waiting { .. } if self.closing_until.is_some() => {
                ReadyState::Closing
            }
            ConnectionState::Idle | ConnectionState::Waiting { .. } => ReadyState::Closed,
            ConnectionState::Connecting => ReadyState::Connecting,
            ConnectionState::Greeting { .. } | ConnectionState::Live => ReadyState::Open,
        };
        let retry_at = match self.state {
            ConnectionState::Waiting { retry_at } => Some(retry_at),
            _ => None,
        };
        let transport = self.selector.current();
        ConnectionStatus {
            transport,
            ready_state,
            welcomed: self.is_live(),
            retry_at,
            offline: self.is_offline,
            silent: self.is_silent,
        }
    }

    /// Whether commands can be sent.
    pub(crate) fn is_live(&self) -> bool {
        self.state == ConnectionState::Live
    }

    /// Whether the server does not answer on a connection that is open.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// The connection to send on.
    pub(crate) fn socket(&self) -> ConnectionId {
        self.socket
    }

    /// Whether no connection is wanted.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == ConnectionState::Idle
    }

    /// Records that the leader tab reads for this connection.
    pub(crate) fn mark_follower(&mut self, socket: ConnectionId) {
        self.is_follower |= socket == self.socket;
    }

    /// Records that a connection opened; `reference` is the `ref` of its `hello`. Returns false for
    /// a stale connection, or for one that was open already.
    pub(crate) fn note_opened(
        &mut self,
        socket: ConnectionId,
        reference: u64,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> bool {
        if self.note_upgrade_opened(socket, reference, now, out) {
            return true;
        }
        let is_new = socket == self.socket && self.state == ConnectionState::Connecting;
        if is_new {
            self.set_state(ConnectionState::Greeting { reference }, now);
        }
        is_new
    }

    /// Records that an event arrived, and tells how to treat it.
    pub(crate) fn note_event(&mut self, socket: ConnectionId, now: Now) -> FrameOutcome {
        let outcome = self.route(socket);
        if matches!(outcome, FrameOutcome::Apply | FrameOutcome::Buffer) {
            (self.last_frame_at, self.last_frame_wall) = (now.mono, now.wall);
            self.frame_due_at = None;
            if self.is_offline && self.is_over_http() {
                // The network carries frames, whatever the browser reports.
                self.end_probe();
            }
        }
        outcome
    }

    /// Records that an answer arrived.
    pub(crate) fn note_answered(&mut self, socket: ConnectionId, now: u64) {
        if socket == self.socket {
            self.answered_at = now;
            self.end_probe();
        }
    }

    /// Ends the question whether the connection carries frames both ways.
    fn end_probe(&mut self) {
        (self.probed_at, self.is_silent) = (None, false);
    }

    /// Whether the transport is plain HTTP, on which nothing can be asked.
    fn is_over_http(&self) -> bool {
        self.selector.current() != Transport::WebSocket
    }

    /// Returns the treatment of an event of this connection.
    pub(crate) fn route(&self, socket: ConnectionId) -> FrameOutcome {
        if self.is_upgrade(socket) {
            return FrameOutcome::Upgrade;
        }
        if socket != self.socket
            || !matches!(self.state, ConnectionState::Greeting { .. } | ConnectionState::Live)
        {
            return FrameOutcome::Stale;
        }
        if self.is_upgrade_greeting() { FrameOutcome::Buffer } else { FrameOutcome::Apply }
    }

    /// Whether this `ref` belongs to the unanswered `hello`.
    pub(crate) fn is_greeting(&self, reference: u64) -> bool {
        self.state == ConnectionState::Greeting { reference }
    }

    /// Records the `welcome`.
    pub(crate) fn note_welcomed(&mut self, now: u64) {
        self.backoff.mark_success(now);
        let transport = self.selector.current();
        self.selector.mark_welcomed(transport, now);
        self.schedule.note_welcomed(transport, now);
        self.set_state(ConnectionState::Live, now);
    }

    /// Records the end of a connection and starts the next attempt.
    pub(crate) fn note_closed(
        &mut self,
        socket: ConnectionId,
        code: u16,
        reason: &str,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> ConnectionEnd {
        if self.is_upgrade(socket) {
            return ConnectionEnd::Upgrade;
        }
        if socket != self.socket {
            return ConnectionEnd::Stale;
        }
        if matches!(self.state, ConnectionState::Idle | ConnectionState::Waiting { .. }) {
            // This is the end of the connection that the client closed.
            self.closing_until = None;
            return ConnectionEnd::Stale;
        }
        if !should_reconnect(code) {
            let was_live = self.is_live();
            self.backoff.next_wait(now, jitter);
            self.abandon_upgrade(out);
            self.selector.mark_ended(false, now);
            self.set_state(ConnectionState::Idle, now);
            return ConnectionEnd::SignedOut(was_live);
        }
        let broke = !is_own_close(code);
        if code == CloseCode::GoingAway.number() {
            // The connection is to begin anew; nothing suggests that another transport would be
            // better.
            self.selector.keep_current();
        }
        if self.is_live() {
            self.end_session(broke && !self.is_follower, now);
        } else if broke && let Some(transport) = self.selector.fall_back(true, now) {
            self.begin_attempt(transport, now, out);
            return ConnectionEnd::WillRetry;
        }
        match retry_ms(reason).filter(|_| code == CloseCode::Restart.number()) {
            // The server spreads its clients itself.
            Some(hint) => self.wait_until(now.saturating_add(hint.min(RETRY_HINT_MAX_MS)), now, out),
            None => self.back_off(now, jitter, out),
        }
        ConnectionEnd::WillRetry
    }

    /// Takes the browser's report of the network.
    pub(crate) fn set_online(&mut self, online: bool, now: Now, out: &mut Vec<Effect>) -> Liveness {
        self.is_offline = !online;
        if online {
            self.forget_network(now.mono, out);
        }
        if online && matches!(self.state, ConnectionState::Connecting | ConnectionState::Greeting { .. }) {
            // The attempt may have begun on the network that was lost.
            self.open(now.mono, out);
        }
        if online {
            let liveness = self.check_liveness(now, out);
            if self.is_live() && self.is_over_http() {
                self.end_probe();
            }
            return liveness;
        }
        if self.is_live() && self.is_over_http() {
            // Over plain HTTP nothing can be asked, so the report holds until something arrives.
            (self.probed_at, self.is_silent) = (Some(now.mono), true);
        }
        self.probe(now.mono)
    }

    fn set_state(&mut self, state: ConnectionState, now: u64) {
        self.state = state;
        self.state_since = now;
        self.last_frame_at = now;
        self.frame_due_at = None;
        self.answered_at = now;
        self.end_probe();
    }
}

#[cfg(test)]
mod tests;
