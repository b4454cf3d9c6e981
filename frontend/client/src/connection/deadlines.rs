//! The deadlines of the connection, and what is due when one passes.

use super::upgrade::Upgrade;
use super::{Connection, ConnectionState, DeadlineAction, Liveness};
use crate::effect::Effect;
use crate::jitter::Jitter;
use crate::limits::{
    CONNECT_MS, FALL_BACK_MS, LIVENESS_MS, PROBE_AFTER_MS, PROBE_MS, PROBE_NOTICE_MS, SETTLE_MS, STALE_MS,
    WELCOME_MS,
};
use crate::timer::Timer;
use shared::limits::SILENCE_MS;
use shared::{CloseCode, Now};

impl Connection {
    /// Checks the connection after the page was shown or the network returned. A scheduled attempt
    /// starts at once.
    pub(crate) fn check_liveness(&mut self, now: Now, out: &mut Vec<Effect>) -> Liveness {
        self.retry(now.mono, out);
        if self.is_live() && self.is_over_http() {
            // A transport that is only read cannot be pinged. Reconnecting costs little. Therefore the wall
            // clock counts too: in some browsers the monotonic clock stands still while the device sleeps.
            let silent_ms = now.mono.saturating_sub(self.last_frame_at);
            if silent_ms.max(now.wall.saturating_sub(self.last_frame_wall)) >= STALE_MS {
                self.selector.mark_ended(false, now.mono);
                self.open(now.mono, out);
                return Liveness::Reconnected;
            }
            return Liveness::Unneeded;
        }
        if self.is_live() && self.frame_due_at.is_none() {
            self.frame_due_at = Some(now.mono.saturating_add(LIVENESS_MS));
            return Liveness::SendPing;
        }
        Liveness::Unneeded
    }

    /// Returns the action that is due now that [`Timer::Silence`] fired.
    ///
    /// `awaited_since` is the time since which an answer of the server is awaited.
    pub(crate) fn take_deadline(&mut self, awaited_since: Option<u64>, now: u64) -> DeadlineAction {
        self.timer_at = None;
        self.closing_until = self.closing_until.filter(|at| *at > now);
        let up = !matches!(self.state, ConnectionState::Idle | ConnectionState::Waiting { .. });
        if up && self.deadline(awaited_since).is_some_and(|at| at <= now) {
            return if self.has_fallback && !self.is_live() {
                DeadlineAction::FallBack
            } else {
                DeadlineAction::GiveUp
            };
        }
        if self.probe_deadline(awaited_since).is_some_and(|at| at <= now) {
            match self.probed_at {
                None => {
                    let asked = self.probe(now);
                    self.probed_at = Some(now);
                    if asked == Liveness::SendPing {
                        return DeadlineAction::Probe;
                    }
                }
                Some(_) if self.is_silent => return DeadlineAction::GiveUp,
                Some(_) => self.is_silent = true,
            }
        }
        match self.upgrade_deadline() {
            Some(at) if at <= now && self.upgrade.is_some() => DeadlineAction::FailUpgrade,
            Some(at) if at <= now => DeadlineAction::BeginUpgrade,
            _ => DeadlineAction::Nothing,
        }
    }

    /// Tries the next transport, because no `welcome` came in time. A WebSocket that is still
    /// opening may continue as an upgrade.
    pub(crate) fn fall_back_now(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        let is_opening = self.state == ConnectionState::Connecting && !self.is_over_http();
        let Some(transport) = self.selector.fall_back(false, now) else {
            return self.give_up(CloseCode::Silent, now, jitter, out);
        };
        if is_opening {
            self.upgrade = Some(Upgrade::opening(self.socket, self.attempt_began_at));
        } else {
            self.end_attempt(CloseCode::Normal, now, out);
        }
        self.begin_attempt(transport, now, out);
    }

    /// Schedules [`Timer::Silence`] for the next deadline. Called after each input.
    ///
    /// A frame only moves a number. The timer is scheduled again when it fires.
    pub(crate) fn schedule_deadline(&mut self, awaited_since: Option<u64>, out: &mut Vec<Effect>) {
        let deadlines =
            [self.deadline(awaited_since), self.probe_deadline(awaited_since), self.upgrade_deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        match (deadline, self.timer_at) {
            (Some(at), set) if set.is_none_or(|set| at < set) => {
                self.timer_at = Some(at);
                out.push(Effect::ScheduleTimer(Timer::Silence, at));
            }
            (None, Some(_)) => {
                self.timer_at = None;
                out.push(Effect::CancelTimer(Timer::Silence));
            }
            _ => {}
        }
    }

    /// Begins to ask whether the connection carries frames both ways, which only a WebSocket can be asked.
    pub(super) fn probe(&mut self, now: u64) -> Liveness {
        if !self.is_live() || self.probed_at.is_some() || self.is_over_http() {
            return Liveness::Unneeded;
        }
        self.probed_at = Some(now);
        Liveness::SendPing
    }

    /// The time of the next step while an answer is late: a `ping`, the notice, or the end.
    ///
    /// Over plain HTTP there is no `ping`, and each command's request has a deadline of its own.
    fn probe_deadline(&self, awaited_since: Option<u64>) -> Option<u64> {
        if !self.is_live() {
            return None;
        }
        let (since, wait) = match self.probed_at {
            None => (awaited_since?.max(self.answered_at), PROBE_AFTER_MS),
            Some(at) if !self.is_silent => (at, PROBE_NOTICE_MS),
            Some(_) if self.is_over_http() => return None,
            Some(at) => (at, PROBE_MS),
        };
        Some(since.saturating_add(wait))
    }

    fn deadline(&self, awaited_since: Option<u64>) -> Option<u64> {
        match self.state {
            ConnectionState::Idle | ConnectionState::Waiting { .. } => self.closing_until,
            ConnectionState::Connecting | ConnectionState::Greeting { .. } if self.has_fallback => {
                Some(self.attempt_began_at.saturating_add(FALL_BACK_MS))
            }
            ConnectionState::Connecting => Some(self.state_since.saturating_add(CONNECT_MS)),
            ConnectionState::Greeting { .. } => Some(self.state_since.saturating_add(WELCOME_MS)),
            ConnectionState::Live => {
                let silence = Some(self.last_frame_at.saturating_add(SILENCE_MS));
                let overdue_at = awaited_since.map(|since| since.saturating_add(SETTLE_MS));
                [silence, self.frame_due_at, overdue_at].into_iter().flatten().min()
            }
        }
    }
}
