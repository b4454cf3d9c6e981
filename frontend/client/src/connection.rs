//! The one connection: opened, greeted, watched, given up, opened again.
//!
//! Each attempt has a new [`ConnectionId`], and what an older one still says is
//! passed over. A connection that is given up may be dead, so nothing waits for
//! its end; only the readyState shows it for a while.
//!
//! Which transport an attempt is made with is [`TransportSelector`]'s to say. While a lesser one serves, a
//! WebSocket is tried [`beside`] it.

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
use crate::limits::{CLOSING_MS, HINT_MAX_MS};
use crate::ready_state::ReadyState;
use crate::timer::Timer;
use crate::transport::Transport;
use crate::view::ConnectionStatus;
use outcome::is_word_of_ours;
pub(crate) use outcome::{ConnectionEnd, DeadlineAction, FrameOutcome, Liveness};
use shared::CloseCode;
use shared::close::{retry_ms, should_reconnect};
use upgrade::{Upgrade, UpgradeSchedule};

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionState {
    /// None is wanted.
    Resting,
    /// The next attempt starts at this time.
    Waiting { retry_at: u64 },
    /// It opens.
    Connecting,
    /// `hello` was sent under this `ref`.
    Greeting { reference: u64 },
    /// `welcome` came.
    Live,
}

/// The connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The one that serves, or is to.
    socket: ConnectionId,
    /// The latest attempt.
    last: ConnectionId,
    choice: TransportSelector,
    stage: ConnectionState,
    /// When the attempt began, and whether there is another transport to be tried after it.
    began: u64,
    has_next: bool,
    /// Another page reads for it.
    is_led: bool,
    /// A WebSocket that is tried beside it.
    beside: Option<Upgrade>,
    plan: UpgradeSchedule,
    /// When the stage began.
    since: u64,
    /// When the last frame came.
    heard_at: u64,
    /// Until when a frame must come, after a `ping` of ours.
    probe_by: Option<u64>,
    /// Until when the WebSocket that we closed is shown as closing.
    closing_by: Option<u64>,
    /// When the timer [`Timer::Silence`] comes.
    timer_at: Option<u64>,
    offline: bool,
    backoff: Backoff,
}

impl Connection {
    pub(crate) fn new() -> Self {
        Connection {
            socket: ConnectionId(0),
            last: ConnectionId(0),
            choice: TransportSelector::new(),
            stage: ConnectionState::Resting,
            began: 0,
            has_next: false,
            is_led: false,
            beside: None,
            plan: UpgradeSchedule::default(),
            since: 0,
            heard_at: 0,
            probe_by: None,
            closing_by: None,
            timer_at: None,
            offline: false,
            backoff: Backoff::default(),
        }
    }

    /// As the page shows it.
    pub(crate) fn link(&self) -> ConnectionStatus {
        let ready_state = match self.stage {
            ConnectionState::Resting | ConnectionState::Waiting { .. } if self.closing_by.is_some() => {
                ReadyState::Closing
            }
            ConnectionState::Resting | ConnectionState::Waiting { .. } => ReadyState::Closed,
            ConnectionState::Connecting => ReadyState::Connecting,
            ConnectionState::Greeting { .. } | ConnectionState::Live => ReadyState::Open,
        };
        let retry_at = match self.stage {
            ConnectionState::Waiting { retry_at } => Some(retry_at),
            _ => None,
        };
        let transport = self.choice.current();
        ConnectionStatus { transport, ready_state, welcomed: self.is_live(), retry_at, offline: self.offline }
    }

    /// Whether commands can be sent.
    pub(crate) fn is_live(&self) -> bool {
        self.stage == ConnectionState::Live
    }

    /// The connection to send on.
    pub(crate) fn socket(&self) -> ConnectionId {
        self.socket
    }

    /// Opens a new connection now, whatever there was.
    pub(crate) fn open(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.end(CloseCode::Normal, now, out);
        self.leave_beside(out);
        let transport = self.choice.first(now);
        self.start(transport, now, out);
    }

    fn start(&mut self, transport: Transport, now: u64, out: &mut Vec<Effect>) {
        self.socket = self.next_socket();
        self.closing_by = None;
        self.enter(ConnectionState::Connecting, now);
        self.began = now;
        self.is_led = false;
        self.has_next = self.choice.has_next(now);
        self.plan.started(transport);
        out.push(Effect::OpenConnection(self.socket, transport));
    }

    fn next_socket(&mut self) -> ConnectionId {
        self.last.0 = self.last.0.wrapping_add(1);
        self.last
    }

    /// Opens a connection if there is none: at once, unless the last one failed.
    pub(crate) fn resume(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        if self.stage == ConnectionState::Resting {
            if self.backoff.is_failing() { self.wait(now, jitter, out) } else { self.open(now, out) }
        }
    }

    /// Whether none is wanted.
    pub(crate) fn is_resting(&self) -> bool {
        self.stage == ConnectionState::Resting
    }

    /// Ends the connection and rests.
    pub(crate) fn rest(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.end(CloseCode::Normal, now, out);
        self.leave_beside(out);
        self.choice.ended(false, now);
        self.enter(ConnectionState::Resting, now);
    }

    /// Ends the connection, on which it is not clear who we are, and rests.
    /// What follows is no first attempt, or two who disagree would have no pause.
    pub(crate) fn stand_down(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        self.backoff.wait(now, jitter);
        self.rest(now, out);
    }

    /// Ends the connection, which is no good, and comes back after a wait.
    pub(crate) fn give_up(&mut self, code: CloseCode, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        self.end(code, now, out);
        self.choice.ended(code == CloseCode::Silent, now);
        self.wait(now, jitter, out);
    }

    /// Another page reads for this connection.
    pub(crate) fn follows(&mut self, socket: ConnectionId) {
        self.is_led |= socket == self.socket;
    }

    /// It is open: `reference` is what `hello` will carry. False for
    /// an older one, or one that was open already.
    pub(crate) fn opened(
        &mut self,
        socket: ConnectionId,
        reference: u64,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> bool {
        if self.opened_beside(socket, reference, now, out) {
            return true;
        }
        let is_it = socket == self.socket && self.stage == ConnectionState::Connecting;
        if is_it {
            self.enter(ConnectionState::Greeting { reference }, now);
        }
        is_it
    }

    /// A frame came.
    pub(crate) fn heard(&mut self, socket: ConnectionId, now: u64) -> FrameOutcome {
        let whose = self.whose(socket);
        if matches!(whose, FrameOutcome::Now | FrameOutcome::Later) {
            self.heard_at = now;
            self.probe_by = None;
        }
        whose
    }

    /// Whose a frame on this connection is.
    pub(crate) fn whose(&self, socket: ConnectionId) -> FrameOutcome {
        if self.is_beside(socket) {
            return FrameOutcome::Beside;
        }
        if socket != self.socket
            || !matches!(self.stage, ConnectionState::Greeting { .. } | ConnectionState::Live)
        {
            return FrameOutcome::NotOurs;
        }
        if self.is_beside_greeting() { FrameOutcome::Later } else { FrameOutcome::Now }
    }

    /// Whether this `ref` is the `hello`'s that is not answered yet.
    pub(crate) fn is_greeting(&self, reference: u64) -> bool {
        self.stage == ConnectionState::Greeting { reference }
    }

    /// `welcome` came.
    pub(crate) fn welcomed(&mut self, now: u64) {
        self.backoff.good(now);
        let transport = self.choice.current();
        self.choice.welcomed(transport, now);
        self.plan.welcomed(transport, now);
        self.enter(ConnectionState::Live, now);
    }

    /// It ended.
    pub(crate) fn closed(
        &mut self,
        socket: ConnectionId,
        code: u16,
        reason: &str,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> ConnectionEnd {
        if self.is_beside(socket) {
            return ConnectionEnd::Beside;
        }
        if socket != self.socket {
            return ConnectionEnd::NotOurs;
        }
        if matches!(self.stage, ConnectionState::Resting | ConnectionState::Waiting { .. }) {
            // The one that we closed.
            self.closing_by = None;
            return ConnectionEnd::NotOurs;
        }
        if !should_reconnect(code) {
            let was_live = self.is_live();
            self.backoff.wait(now, jitter);
            self.leave_beside(out);
            self.choice.ended(false, now);
            self.enter(ConnectionState::Resting, now);
            return ConnectionEnd::SignedOut(was_live);
        }
        let broke = !is_word_of_ours(code);
        if code == CloseCode::GoingAway.number() {
            // What it reads by is to begin anew: nothing says that another way would be better.
            self.choice.stay();
        }
        if self.is_live() {
            self.choice.ended(broke && !self.is_led, now);
        } else if broke && let Some(transport) = self.choice.fall_back(true, now) {
            self.start(transport, now, out);
            return ConnectionEnd::WillRetry;
        }
        match retry_ms(reason).filter(|_| code == CloseCode::Restart.number()) {
            // The server spreads its clients itself.
            Some(hint) => self.wait_until(now.saturating_add(hint.min(HINT_MAX_MS)), now, out),
            None => self.wait(now, jitter, out),
        }
        ConnectionEnd::WillRetry
    }

    /// The timer for the next attempt came, or the person will not wait for it.
    /// False if none was waited for.
    pub(crate) fn retry(&mut self, now: u64, out: &mut Vec<Effect>) -> bool {
        let waits = matches!(self.stage, ConnectionState::Waiting { .. });
        if waits {
            self.open(now, out);
        }
        waits
    }

    /// The person presses *reconnect now*.
    pub(crate) fn reconnect(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.stage != ConnectionState::Resting {
            self.open(now, out);
        }
    }

    /// The browser says whether there is a network.
    pub(crate) fn network(&mut self, online: bool, now: u64, out: &mut Vec<Effect>) -> Liveness {
        self.offline = !online;
        if online {
            self.forget(now, out);
        }
        if online && matches!(self.stage, ConnectionState::Connecting | ConnectionState::Greeting { .. }) {
            // It may have begun on the network that was lost.
            self.open(now, out);
        }
        if online { self.wake(now, out) } else { Liveness::No }
    }

    fn enter(&mut self, stage: ConnectionState, now: u64) {
        self.stage = stage;
        self.since = now;
        self.heard_at = now;
        self.probe_by = None;
    }

    /// Leaves the stage: the socket is closed, the wait is off.
    fn end(&mut self, code: CloseCode, now: u64, out: &mut Vec<Effect>) {
        match self.stage {
            ConnectionState::Resting => {}
            ConnectionState::Waiting { .. } => out.push(Effect::CancelTimer(Timer::Retry)),
            ConnectionState::Connecting | ConnectionState::Greeting { .. } | ConnectionState::Live => {
                out.push(Effect::CloseConnection(self.socket, code.number()));
                self.closing_by = Some(now.saturating_add(CLOSING_MS));
            }
        }
    }

    fn wait(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        let drawn = self.backoff.wait(now, jitter);
        // The browser says that there is no network. It can be wrong, so the
        // attempts go on, but seldom.
        let wait = if self.offline { self.backoff.ceiling(now) } else { drawn };
        self.wait_until(now.saturating_add(wait), now, out);
    }

    fn wait_until(&mut self, retry_at: u64, now: u64, out: &mut Vec<Effect>) {
        self.leave_beside(out);
        self.enter(ConnectionState::Waiting { retry_at }, now);
        out.push(Effect::ScheduleTimer(Timer::Retry, retry_at));
    }
}

#[cfg(test)]
mod tests;
