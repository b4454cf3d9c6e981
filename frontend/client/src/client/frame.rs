//! What each frame of the server means to the client.

use super::Client;
use crate::conversations::segment::Viewer;
use crate::effect::Effect;
use crate::row_key::RowKey;
use crate::timer::Timer;
use shared::command::Command;
use shared::event::{Refusal, Through};
use shared::{CloseCode, ErrorCode, Event, Member};

impl Client {
    /// Takes an event of the connection.
    pub(super) fn event(&mut self, event: Event, now: u64, out: &mut Vec<Effect>) {
        match event {
            Event::Welcome(welcome) => {
                if self.connection.is_greeting(welcome.reference) {
                    self.welcome(&welcome, now, out);
                }
                return;
            }
            Event::Error(refusal) => return self.refused(&refusal, now, out),
            Event::Ping(through) => {
                self.transmit(Command::Pong, out);
                return self.through(through, now, out);
            }
            Event::Pong(through) => return self.through(through, now, out),
            // This connection is not traced; nothing is to be done about what was seen.
            Event::Trace(_) => return,
            _ if !self.connection.is_live() => return,
            Event::Reply(reply) => self.replied(reply, out),
            Event::Here(here) => self.came(&here.members, false, here.count, here.as_of),
            Event::Away(away) => self.came(&away.members, true, away.count, away.as_of),
            Event::Present(present) => {
                self.members.welcomed(&present.members, present.count, present.as_of);
                self.look_again();
            }
            Event::Gone(gone) => self.members.gone(&gone.members, gone.count),
            Event::Reset(reset) => self.reset(&reset, out),
            Event::CaughtUp(through) => self.caught_up(through, now, out),
            Event::Rooms(page) => self.found(page),
            Event::History(page) => self.history(&page, out),
            Event::Events(events) => self.filled(events, now, out),
            durable => self.durable(durable, out),
        }
        self.tidy();
    }

    /// Takes an event of the WebSocket that is tried beside the connection.
    pub(super) fn event_beside(&mut self, event: Event, now: u64, out: &mut Vec<Effect>) {
        match event {
            Event::Welcome(welcome) if self.connection.is_beside_greeting_as(welcome.reference) => {
                self.connection.take_over(now, out);
                self.after_loss(out);
                self.welcome(&welcome, now, out);
            }
            Event::Error(_) => self.beside_failed(now, out),
            _ => {}
        }
    }

    /// It came to nothing: what the connection told meanwhile is taken now.
    pub(super) fn beside_failed(&mut self, now: u64, out: &mut Vec<Effect>) {
        let held = self.connection.beside_failed(now, out);
        self.take_held(held, now, out);
    }

    pub(super) fn take_held(&mut self, held: Vec<Event>, now: u64, out: &mut Vec<Effect>) {
        for event in held {
            self.event(event, now, out);
        }
    }

    fn refused(&mut self, refusal: &Refusal, now: u64, out: &mut Vec<Effect>) {
        let Some(reference) = refusal.reference else { return };
        let is_greeting = self.connection.is_greeting(reference);
        let is_ours = is_greeting || self.outbox.awaits(reference) || self.asks(reference);
        if !is_ours {
            return;
        }
        if refusal.code == ErrorCode::SignInRequired {
            // Not the command is wrong but who we are: it waits until that is clear.
            self.stand_down(now, out);
            return self.identity.doubted(!is_greeting, out);
        }
        if is_greeting {
            return self.give_up(CloseCode::Normal, now, out);
        }
        if self.ask_refused(reference, refusal.temporary, now, out) {
            return;
        }
        if let Some(at) = self.outbox.refused(refusal, now, &mut self.jitter, out) {
            out.push(Effect::ScheduleTimer(Timer::Resend, at));
        }
    }

    fn through(&mut self, through: Through, now: u64, out: &mut Vec<Effect>) {
        match self.cursor {
            _ if !self.connection.is_live() => {}
            Some(held) if held.epoch != through.through.epoch => self.start_over(now, out),
            // What is held is not whole up to there yet.
            _ if self.catching_up || !self.is_whole() => {}
            // The answer to a request knows nothing of what was read.
            Some(held) if held.n >= through.through.n => {}
            _ => self.cursor = Some(through.through),
        }
    }

    fn caught_up(&mut self, through: Through, now: u64, out: &mut Vec<Effect>) {
        if !std::mem::take(&mut self.catching_up) {
            return;
        }
        self.outbox.wait_from(now);
        self.all_asks().for_each(|ask| ask.wait_from(now));
        for (_, room) in self.rooms.iter_mut() {
            // A frame that could not be read leaves a hole that no later event tells of.
            if room.feed.reach() < room.last {
                room.feed.ask.want();
            }
        }
        self.through(through, now, out);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.own.is_whole() && self.rooms.iter().all(|(_, room)| room.feed.is_whole())
    }

    /// What is held is not whole: a new session starts with a snapshot.
    pub(super) fn start_over(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.cursor = None;
        self.give_up(CloseCode::Normal, now, out);
    }

    fn came(&mut self, members: &[Member], away: bool, count: u32, as_of: u64) {
        if self.members.came(members, away, count, as_of) {
            self.look_again();
        }
    }

    /// The name of a member as of `n`, on all that they said.
    pub(super) fn call(&mut self, member: &Member, n: u64) {
        if self.members.named(member.id, &member.name, n) {
            self.look_again();
        }
    }

    pub(super) fn look_again(&mut self) {
        let look = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        for (_, room) in self.rooms.iter_mut() {
            room.timeline.look_again(look);
        }
    }

    /// Our own name of today, on all that we said and what waits. What the log has said since the name
    /// was asked for is newer than the answer: another page of ours may have asked for another.
    pub(super) fn call_me_by_name(&mut self, out: &mut Vec<Effect>) {
        let Some(mut me) = self.identity.me().cloned() else { return };
        if let Some(name) = self.members.name_since(me.id, self.rename_seen) {
            me.name = name.to_string();
            self.identity.renamed(&me, out);
        }
        self.outbox.renamed(&me);
        // Whosever they are is the same person, if not yet the same member: others' were put away.
        if let Some((_, name)) = &mut self.drafts_of {
            name.clone_from(&me.name);
        }
        self.call(&me, self.rename_seen);
    }

    /// Lets go of what a timeline holds.
    pub(super) fn settle_outbox(&mut self, out: &mut Vec<Effect>) {
        let rooms = &self.rooms;
        let is_held = |room, key: RowKey, under_any: bool| {
            let timeline = rooms.get(room).map(|room| &room.timeline);
            timeline.is_some_and(|held| held.has(key) || (under_any && held.has_said(key.client_id)))
        };
        self.outbox.settle(is_held, out);
    }

    fn tidy(&mut self) {
        if self.members.is_full() {
            let rooms = self.rooms.iter();
            let authors = rooms.flat_map(|(_, room)| room.timeline.authors()).collect();
            self.members.tidy(&authors);
        }
    }
}
