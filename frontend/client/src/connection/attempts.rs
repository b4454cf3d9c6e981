//! The attempts: when a connection is opened and ended, and by which transport. Also the pinned
//! transport, and the memory of the one that last worked.

use super::upgrade::UpgradeSchedule;
use super::{Connection, ConnectionState};
use crate::connection_id::ConnectionId;
use crate::effect::Effect;
use crate::jitter::Jitter;
use crate::limits::CLOSING_MS;
use crate::timer::Timer;
use crate::transport::{LastGood, Transport};
use shared::event::EventFrame;
use shared::{CloseCode, Now};

impl Connection {
    /// Opens a new connection now and ends the present one.
    pub(crate) fn open(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.end_attempt(CloseCode::Normal, now, out);
        self.abandon_upgrade(out);
        let transport = self.selector.choose_first(now);
        self.begin_attempt(transport, now, out);
    }

    pub(super) fn begin_attempt(&mut self, transport: Transport, now: u64, out: &mut Vec<Effect>) {
        self.socket = self.next_id();
        self.closing_until = None;
        self.set_state(ConnectionState::Connecting, now);
        self.attempt_began_at = now;
        self.is_follower = false;
        self.has_fallback = self.selector.has_fallback(now);
        self.schedule.note_started(transport);
        out.push(Effect::OpenConnection(self.socket, transport));
    }

    pub(super) fn next_id(&mut self) -> ConnectionId {
        self.last_id.0 = self.last_id.0.wrapping_add(1);
        self.last_id
    }

    /// Opens a connection if none is wanted yet: at once, or after a wait if the last one failed.
    pub(crate) fn resume(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        if self.state == ConnectionState::Idle {
            if self.backoff.is_failing() { self.back_off(now, jitter, out) } else { self.open(now, out) }
        }
    }

    /// Ends the connection; no other follows.
    pub(crate) fn close(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.end_attempt(CloseCode::Normal, now, out);
        self.abandon_upgrade(out);
        self.selector.mark_ended(false, now);
        self.set_state(ConnectionState::Idle, now);
    }

    /// Ends the connection because the identity is in doubt.
    ///
    /// The end counts as a failure. Otherwise a client and a server that disagree about the
    /// identity would reconnect without a pause.
    pub(crate) fn close_after_failure(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        self.backoff.next_wait(now, jitter);
        self.close(now, out);
    }

    /// Ends the connection with this code and opens another after a wait.
    pub(crate) fn give_up(&mut self, code: CloseCode, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        self.end_attempt(code, now, out);
        self.end_session(code == CloseCode::Silent, now);
        self.back_off(now, jitter, out);
    }

    /// Records the end of a session; `broke` is true if neither side closed it by this protocol. A transport that
    /// fell silent is avoided, unless the tab follows another one or the whole network is gone.
    pub(super) fn end_session(&mut self, broke: bool, now: u64) {
        if broke && self.is_silent && !self.is_offline {
            self.selector.mark_silent(now);
        } else {
            self.selector.mark_ended(broke, now);
        }
    }

    /// Starts the next attempt without waiting longer. Returns false if none was scheduled.
    pub(crate) fn retry(&mut self, now: u64, out: &mut Vec<Effect>) -> bool {
        let was_waiting = matches!(self.state, ConnectionState::Waiting { .. });
        if was_waiting {
            self.open(now, out);
        }
        was_waiting
    }

    /// Reconnects at once, because the person asked for it.
    pub(crate) fn reconnect(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.state != ConnectionState::Idle {
            self.open(now, out);
        }
    }

    /// Ends the present state: closes the connection or cancels the wait.
    pub(super) fn end_attempt(&mut self, code: CloseCode, now: u64, out: &mut Vec<Effect>) {
        match self.state {
            ConnectionState::Idle => {}
            ConnectionState::Waiting { .. } => out.push(Effect::CancelTimer(Timer::Retry)),
            ConnectionState::Connecting | ConnectionState::Greeting { .. } | ConnectionState::Live => {
                out.push(Effect::CloseConnection(self.socket, code.number()));
                self.closing_until = Some(now.saturating_add(CLOSING_MS));
            }
        }
    }

    pub(super) fn back_off(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        let drawn = self.backoff.next_wait(now, jitter);
        // The browser reports that there is no network. The report can be wrong, so attempts go on
        // at the longest interval.
        let wait = if self.is_offline { self.backoff.ceiling(now) } else { drawn };
        self.wait_until(now.saturating_add(wait), now, out);
    }

    pub(super) fn wait_until(&mut self, retry_at: u64, now: u64, out: &mut Vec<Effect>) {
        self.abandon_upgrade(out);
        self.set_state(ConnectionState::Waiting { retry_at }, now);
        out.push(Effect::ScheduleTimer(Timer::Retry, retry_at));
    }

    /// Uses only this transport, or the best one for `None`.
    ///
    /// Returns the events that were buffered for an upgrade that is given up; the caller applies
    /// them.
    pub(crate) fn pin_transport(
        &mut self,
        pinned: Option<Transport>,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> Vec<EventFrame> {
        let is_another = self.selector.pinned() != pinned;
        if pinned.is_none() && is_another {
            self.schedule = UpgradeSchedule::immediate(now);
        }
        self.selector.pin(pinned);
        // No connection serves yet, so a new attempt interrupts nothing.
        let is_trying = !matches!(self.state, ConnectionState::Idle | ConnectionState::Live);
        let is_lesser = pinned.is_some_and(|pinned| pinned != self.selector.current());
        if (is_trying && is_another) || (self.is_live() && is_lesser) {
            self.open(now, out);
        } else if pinned.is_some() {
            return self.abandon_upgrade(out);
        }
        Vec::new()
    }

    /// The pinned transport.
    pub(crate) fn pinned(&self) -> Option<Transport> {
        self.selector.pinned()
    }

    /// Takes what an earlier visit remembered.
    pub(crate) fn set_last_good(&mut self, last_good: Option<LastGood>, now: Now) {
        self.selector.set_last_good(last_good, now);
    }

    /// Stores the transport once it has worked for long enough. Called after each input.
    pub(crate) fn remember_last_good(&mut self, now: Now, out: &mut Vec<Effect>) {
        if !self.is_follower
            && let Some(last_good) = self.selector.take_last_good(now)
        {
            out.push(Effect::RememberTransport(Some(last_good)));
        }
    }

    /// Forgets the failures and successes of the old network.
    pub(crate) fn forget_network(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.selector.forget_network() {
            out.push(Effect::RememberTransport(None));
        }
        self.schedule = UpgradeSchedule::immediate(now);
    }
}
