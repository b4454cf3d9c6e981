//! How long the connection is waited for, and what is due when that was too long.

use super::upgrade::Upgrade;
use super::{Connection, ConnectionState, DeadlineAction, Liveness};
use crate::effect::Effect;
use crate::jitter::Jitter;
use crate::limits::{CLOSING_MS, CONNECT_MS, FIRST_WORD_MS, PROBE_MS, STALE_MS, WELCOME_MS};
use crate::timer::Timer;
use crate::transport::Transport;
use shared::CloseCode;
use shared::limits::SILENCE_MS;

impl Connection {
    /// The page came into view, or the network came back: what was left to a
    /// timer happens now.
    pub(crate) fn wake(&mut self, now: u64, out: &mut Vec<Effect>) -> Liveness {
        self.retry(now, out);
        if self.is_live() && self.choice.current() != Transport::WebSocket {
            // What is only read cannot be asked whether it lives. To begin anew costs little.
            if now.saturating_sub(self.heard_at) >= STALE_MS {
                self.choice.ended(false, now);
                self.open(now, out);
                return Liveness::Anew;
            }
            return Liveness::No;
        }
        if self.is_live() && self.probe_by.is_none() {
            self.probe_by = Some(now.saturating_add(PROBE_MS));
            return Liveness::Send;
        }
        Liveness::No
    }

    /// The timer of silence came, and `overdue_at` is when an answer of the
    /// server's is overdue: what is due.
    pub(crate) fn due(&mut self, overdue_at: Option<u64>, now: u64) -> DeadlineAction {
        self.timer_at = None;
        // A clock that was set back must not make a dead connection live longer.
        self.since = self.since.min(now);
        self.began = self.began.min(now);
        self.heard_at = self.heard_at.min(now);
        if let Some(beside) = &mut self.beside {
            beside.since = beside.since.min(now);
        }
        self.probe_by = self.probe_by.map(|at| at.min(now.saturating_add(PROBE_MS)));
        self.closing_by =
            self.closing_by.filter(|at| *at > now).map(|at| at.min(now.saturating_add(CLOSING_MS)));
        let up = !matches!(self.stage, ConnectionState::Resting | ConnectionState::Waiting { .. });
        if up && self.deadline(overdue_at).is_some_and(|at| at <= now) {
            return if self.has_next && !self.is_live() { DeadlineAction::Next } else { DeadlineAction::End };
        }
        match self.beside_deadline() {
            Some(at) if at <= now && self.beside.is_some() => DeadlineAction::BesideEnds,
            Some(at) if at <= now => DeadlineAction::BesideBegins,
            _ => DeadlineAction::Nothing,
        }
    }

    /// No `welcome` came in time: another transport is tried. A WebSocket that is still opening may
    /// go on meanwhile.
    pub(crate) fn turn_to_next(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        let is_opening =
            self.stage == ConnectionState::Connecting && self.choice.current() == Transport::WebSocket;
        let Some(transport) = self.choice.fall_back(false, now) else {
            return self.give_up(CloseCode::Silent, now, jitter, out);
        };
        if is_opening {
            self.beside = Some(Upgrade::opening(self.socket, self.began));
        } else {
            self.end(CloseCode::Normal, now, out);
        }
        self.start(transport, now, out);
    }

    /// Keeps the timer of silence right: called after each input. A frame only
    /// moves a number; the timer is set again when it comes.
    pub(crate) fn watch(&mut self, overdue_at: Option<u64>, out: &mut Vec<Effect>) {
        let deadline = [self.deadline(overdue_at), self.beside_deadline()].into_iter().flatten().min();
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

    fn deadline(&self, overdue_at: Option<u64>) -> Option<u64> {
        match self.stage {
            ConnectionState::Resting | ConnectionState::Waiting { .. } => self.closing_by,
            ConnectionState::Connecting | ConnectionState::Greeting { .. } if self.has_next => {
                Some(self.began.saturating_add(FIRST_WORD_MS))
            }
            ConnectionState::Connecting => Some(self.since.saturating_add(CONNECT_MS)),
            ConnectionState::Greeting { .. } => Some(self.since.saturating_add(WELCOME_MS)),
            ConnectionState::Live => {
                let silence = Some(self.heard_at.saturating_add(SILENCE_MS));
                [silence, self.probe_by, overdue_at].into_iter().flatten().min()
            }
        }
    }
}
