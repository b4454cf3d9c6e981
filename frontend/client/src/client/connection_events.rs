//! The connection as the client has it: what it brings, how it ends, and what is sent on it.

use super::Client;
use crate::connection::{ConnectionEnd, FrameOutcome, Liveness};
use crate::connection_id::ConnectionId;
use crate::effect::Effect;
use crate::timer::Timer;
use crate::transport::Transport;
use shared::command::{Command, Hello, PresenceReport};
use shared::{CloseCode, Event};

impl Client {
    pub(super) fn opened(&mut self, socket: ConnectionId, now: u64, out: &mut Vec<Effect>) {
        let reference = self.next_reference();
        if self.connection.opened(socket, reference, now, out) {
            let me = self.identity.me().map(|me| me.id);
            // What another member held is not ours to go on from.
            let cursor = self.cursor.filter(|_| self.held_by == me);
            let room = Some(self.rooms.first());
            let hello = Hello { reference, build: self.build.clone(), cursor, room };
            out.push(Effect::Transmit(socket, Command::Hello(hello)));
        }
    }

    /// Takes what came on a connection, if it is ours.
    pub(super) fn take(&mut self, whose: FrameOutcome, event: Event, now: u64, out: &mut Vec<Effect>) {
        match whose {
            FrameOutcome::NotOurs => {}
            FrameOutcome::Now => self.event(event, now, out),
            FrameOutcome::Beside => self.event_beside(event, now, out),
            FrameOutcome::Later => {
                if !self.connection.hold_back(event) {
                    self.beside_failed(now, out);
                }
            }
        }
    }

    pub(super) fn closed(
        &mut self,
        socket: ConnectionId,
        code: u16,
        reason: &str,
        now: u64,
        out: &mut Vec<Effect>,
    ) {
        match self.connection.closed(socket, code, reason, now, &mut self.jitter, out) {
            ConnectionEnd::NotOurs => {}
            ConnectionEnd::Beside => {
                let held = self.connection.beside_closed(now);
                self.take_held(held, now, out);
            }
            ConnectionEnd::WillRetry => self.after_loss(out),
            ConnectionEnd::SignedOut(was_live) => {
                self.after_loss(out);
                self.identity.doubted(was_live, out);
            }
        }
    }

    pub(super) fn give_up(&mut self, code: CloseCode, now: u64, out: &mut Vec<Effect>) {
        self.connection.give_up(code, now, &mut self.jitter, out);
        self.after_loss(out);
    }

    /// It is not clear who we are: no connection before it is.
    pub(super) fn stand_down(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.connection.is_resting() {
            self.connection.stand_down(now, &mut self.jitter, out);
            self.after_loss(out);
        }
    }

    pub(super) fn seen(&mut self, visible: bool, now: u64, out: &mut Vec<Effect>) {
        let changed = self.visible != visible;
        self.visible = visible;
        if !visible {
            self.flush_drafts(out);
            // What is there now, and is not when the page is shown again, another page took away.
            self.load(out);
        }
        if changed && self.connection.is_live() {
            self.transmit(Command::Presence(PresenceReport { away: !visible }), out);
        }
        if visible {
            if std::mem::take(&mut self.left) || changed {
                self.shown = true;
                self.load(out);
            }
            self.identity.ask_now(out);
            let probe = self.connection.wake(now, out);
            self.after_wake(probe, out);
        }
    }

    pub(super) fn after_wake(&mut self, probe: Liveness, out: &mut Vec<Effect>) {
        match probe {
            Liveness::Send => self.transmit(Command::Ping, out),
            Liveness::Anew => self.after_loss(out),
            Liveness::No => {}
        }
    }

    /// The user wants this transport and no other, or the best again.
    pub(super) fn pin(&mut self, pinned: Option<Transport>, now: u64, out: &mut Vec<Effect>) {
        let before = self.connection.socket();
        let held = self.connection.pin(pinned, now, out);
        self.take_held(held, now, out);
        if self.connection.socket() != before {
            self.after_loss(out);
        }
    }

    /// What was in flight on a connection that is no more goes out on the next.
    pub(super) fn after_loss(&mut self, out: &mut Vec<Effect>) {
        if self.outbox.disconnected() {
            out.push(Effect::CancelTimer(Timer::Resend));
        }
        if std::mem::take(&mut self.asks_rest) {
            out.push(Effect::CancelTimer(Timer::Request));
        }
        self.own.disconnected();
        for (_, room) in self.rooms.iter_mut() {
            room.disconnected();
        }
        if let Some(browse) = &mut self.browse {
            browse.ask.disconnected();
        }
        self.catching_up = false;
    }

    pub(super) fn transmit(&self, command: Command, out: &mut Vec<Effect>) {
        out.push(Effect::Transmit(self.connection.socket(), command));
    }
}
