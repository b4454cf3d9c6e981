//! The connection's events: opened, read, closed, and the commands that are sent on it.

use super::Client;
use crate::connection::{ConnectionEnd, FrameOutcome, Liveness};
use crate::connection_id::ConnectionId;
use crate::effect::Effect;
use crate::timer::Timer;
use crate::transport::Transport;
use shared::command::{Command, Hello, PresenceReport};
use shared::event::EventFrame;
use shared::limits::HELD_MAX;
use shared::{CloseCode, Cursor, Event, Now};

impl Client {
    pub(super) fn handle_opened(&mut self, socket: ConnectionId, now: Now, out: &mut Vec<Effect>) {
        let reference = self.next_reference();
        if self.connection.note_opened(socket, reference, now.mono, out) {
            let me = self.identity.me().map(|me| me.id);
            // A cursor of another member does not apply to this one, but the log must still have its mark.
            let (cursor, others) = if self.held_by == me { (self.cursor, None) } else { (None, self.cursor) };
            let mut held: Vec<Cursor> = others.into_iter().chain(self.held.iter().copied()).collect();
            // The newest positions are the most likely to show that the log has lost some.
            held.drain(..held.len().saturating_sub(HELD_MAX));
            let room = Some(self.rooms.open_id());
            let hello = Hello { reference, build: self.build.clone(), cursor, held, room };
            out.push(Effect::Transmit(socket, Command::Hello(hello)));
        }
    }

    /// Records that the serving connection brought an answer, so it carries frames both ways.
    pub(super) fn note_answer(&mut self, socket: ConnectionId, frame: &EventFrame, now: Now) {
        use Event::{Error, Events, History, Pong, Reply, Rooms};
        if matches!(frame.event, Pong(_) | Reply(_) | Error(_) | Rooms(_) | History(_) | Events(_)) {
            self.connection.note_answered(socket, now.mono);
        }
    }

    /// Applies, buffers or drops an event, depending on the connection that read it.
    pub(super) fn route_event(
        &mut self,
        outcome: FrameOutcome,
        frame: EventFrame,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        match outcome {
            FrameOutcome::Stale => {}
            FrameOutcome::Apply => self.apply_frame(frame, now, out),
            FrameOutcome::Upgrade => self.apply_upgrade_event(frame, now, out),
            FrameOutcome::Buffer => {
                if !self.connection.buffer_event(frame) {
                    self.fail_upgrade(now, out);
                }
            }
        }
    }

    pub(super) fn handle_closed(
        &mut self,
        socket: ConnectionId,
        code: u16,
        reason: &str,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        match self.connection.note_closed(socket, code, reason, now.mono, &mut self.jitter, out) {
            ConnectionEnd::Stale => {}
            ConnectionEnd::Upgrade => {
                let held = self.connection.note_upgrade_closed(now.mono);
                self.apply_deferred_events(held, now, out);
            }
            ConnectionEnd::WillRetry => self.requeue_in_flight(out),
            ConnectionEnd::SignedOut(was_live) => {
                self.requeue_in_flight(out);
                self.identity.doubt(was_live, out);
            }
        }
    }

    pub(super) fn give_up_connection(&mut self, code: CloseCode, now: Now, out: &mut Vec<Effect>) {
        self.connection.give_up(code, now.mono, &mut self.jitter, out);
        self.requeue_in_flight(out);
    }

    /// Ends the connection until the identity is known again.
    pub(super) fn suspend_connection(&mut self, now: Now, out: &mut Vec<Effect>) {
        if !self.connection.is_idle() {
            self.connection.close_after_failure(now.mono, &mut self.jitter, out);
            self.requeue_in_flight(out);
        }
    }

    pub(super) fn set_visible(&mut self, visible: bool, now: Now, out: &mut Vec<Effect>) {
        let changed = self.is_visible != visible;
        self.is_visible = visible;
        if !visible {
            self.hurry_markers();
            self.flush_drafts(out);
            // Rows that are stored now and missing when the page is shown again were taken by
            // another tab.
            self.load_rows(out);
        }
        if changed && self.connection.is_live() {
            self.transmit(Command::Presence(PresenceReport { away: !visible }), out);
        }
        if visible {
            if std::mem::take(&mut self.is_leaving) || changed {
                self.was_shown = true;
                self.load_rows(out);
            }
            self.identity.fetch_now(out);
            let liveness = self.connection.check_liveness(now, out);
            self.act_on_liveness(liveness, out);
        }
    }

    pub(super) fn act_on_liveness(&mut self, liveness: Liveness, out: &mut Vec<Effect>) {
        match liveness {
            Liveness::SendPing => self.transmit(Command::Ping, out),
            Liveness::Reconnected => self.requeue_in_flight(out),
            Liveness::Unneeded => {}
        }
    }

    /// Uses only this transport, or the best one for `None`.
    pub(super) fn pin_transport(&mut self, pinned: Option<Transport>, now: Now, out: &mut Vec<Effect>) {
        let before = self.connection.socket();
        let held = self.connection.pin_transport(pinned, now.mono, out);
        self.apply_deferred_events(held, now, out);
        if self.connection.socket() != before {
            self.requeue_in_flight(out);
        }
    }

    /// Prepares everything in flight to be sent again on the next connection.
    pub(super) fn requeue_in_flight(&mut self, out: &mut Vec<Effect>) {
        if self.outbox.disconnected() {
            out.push(Effect::CancelTimer(Timer::Resend));
        }
        if std::mem::take(&mut self.has_request_timer) {
            out.push(Effect::CancelTimer(Timer::Request));
        }
        self.own_events.disconnected();
        for (_, room) in self.rooms.iter_mut() {
            room.disconnected();
        }
        self.requests.disconnected();
        self.is_catching_up = false;
    }

    pub(super) fn transmit(&self, command: Command, out: &mut Vec<Effect>) {
        out.push(Effect::Transmit(self.connection.socket(), command));
    }
}
