//! What each frame of the server means to the client.

use super::Client;
use crate::chain::{Chain, Step};
use crate::effect::Effect;
use crate::input::Timer;
use crate::members::Members;
use crate::outbox::Entry;
use crate::timeline::Look;
use shared::command::{Command, Presence};
use shared::event::{Refusal, Reply, Through, Welcome};
use shared::version::is_newer_page;
use shared::{Address, CloseCode, ErrorCode, Event, Member, MemberId, Message};

impl Client {
    /// Takes a text frame of the connection. One that cannot be read is passed
    /// over: if it was an event of the log, the next one names it and the hole is seen.
    pub(super) fn frame(&mut self, text: &str, now: u64, out: &mut Vec<Effect>) {
        let Ok(event) = serde_json::from_str::<Event>(text) else { return };
        match event {
            Event::Welcome(welcome) => {
                if self.connection.is_greeting(welcome.reference) {
                    self.welcome(&welcome, now, out);
                }
                return;
            }
            Event::Error(refusal) => return self.refused(&refusal, now, out),
            Event::Ping(through) => {
                self.transmit(&Command::Pong, out);
                return self.through(through, now, out);
            }
            Event::Pong(through) => return self.through(through, now, out),
            _ if !self.connection.is_live() => return,
            Event::Reply(reply) => self.replied(reply),
            Event::Here(here) => self.came(&here.members, false, here.count),
            Event::Away(away) => self.came(&away.members, true, away.count),
            Event::Gone(gone) => self.members.gone(&gone.members, gone.count),
            durable => self.durable(durable, now, out),
        }
        self.tidy();
        self.pump(now, out);
    }

    fn welcome(&mut self, welcome: &Welcome, now: u64, out: &mut Vec<Effect>) {
        let Welcome { build, through, you, room, present, present_count, .. } = welcome;
        self.connection.welcomed(now);
        self.identity.welcomed(you, out);
        if !self.timeline.is_of(through.epoch) {
            // Another log numbers its members anew.
            self.members = Members::default();
        }
        // The room's authors last: the rest may lag a moment behind the log.
        self.members.named(you.id, &you.name);
        self.members.welcomed(present, *present_count);
        self.members.authors(&room.authors, &room.messages);
        let look = Look { me: Some(you.id), members: &self.members };
        self.new_epoch |= self.timeline.welcomed(through.epoch, room, look);
        // Under the old key first: a post may have been committed before the server forgot us.
        self.settle_outbox();
        self.outbox.welcomed(through.epoch, you);
        self.settle_outbox();
        self.own_chain = Chain::from(through.n);
        self.cursor = Some(*through);
        self.new_version = is_newer_page(&self.build, build);
        if !self.visible {
            self.transmit(&Command::Presence(Presence { away: true }), out);
        }
        self.tidy();
        self.pump(now, out);
    }

    fn durable(&mut self, event: Event, now: u64, out: &mut Vec<Effect>) {
        let Some((n, to, prev)) = position(&event) else { return };
        let step = match to {
            Address::Room(room) if room == self.timeline.room() => self.timeline.step(n, prev),
            Address::Member(member) if self.is_me(member) => self.own_chain.step(n, prev),
            // A room that is not open, a member that we are not.
            _ => return,
        };
        match step {
            // A new name of who has said nothing in the snapshot may be missing in it.
            Step::Known => {
                if let Event::Renamed(_) = event {
                    self.apply(event, out);
                }
            }
            Step::Hole => self.start_over(now, out),
            Step::Next => self.apply(event, out),
        }
    }

    fn apply(&mut self, event: Event, out: &mut Vec<Effect>) {
        match event {
            Event::Posted(posted) => {
                // The log is in order: the name when it was written is today's.
                self.call(&Member { id: posted.author, name: posted.name.clone() });
                let look = Look { me: self.identity.me().map(|me| me.id), members: &self.members };
                self.timeline.posted(&posted.into_message(), look);
                self.settle_outbox();
            }
            Event::MemberJoined(joined) => self.call(&joined.member),
            Event::MemberLeft(left) if self.members.left(left.member) => self.look_again(),
            Event::Renamed(renamed) => {
                self.identity.renamed(&renamed.member, out);
                self.call_me_by_name();
                self.call(&renamed.member);
            }
            _ => {}
        }
    }

    fn replied(&mut self, reply: Reply) {
        let Some(Entry { key, name, text, .. }) = self.outbox.replied(reply.reference) else { return };
        let Reply { n, seq, at, .. } = reply;
        let message = Message {
            n,
            seq,
            at,
            author: key.author,
            name: name.as_ref().to_owned(),
            tag: None,
            client_id: key.client_id,
            text: text.as_ref().to_owned(),
        };
        let look = Look { me: self.identity.me().map(|me| me.id), members: &self.members };
        self.timeline.replied(&message, look);
    }

    fn refused(&mut self, refusal: &Refusal, now: u64, out: &mut Vec<Effect>) {
        let Some(reference) = refusal.reference else { return };
        let is_greeting = self.connection.is_greeting(reference);
        if !is_greeting && !self.outbox.awaits(reference) {
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
        if let Some(at) = self.outbox.refused(refusal, now, &mut self.jitter) {
            out.push(Effect::Set(Timer::Resend, at));
        }
        self.pump(now, out);
    }

    fn through(&mut self, through: Through, now: u64, out: &mut Vec<Effect>) {
        match self.cursor {
            _ if !self.connection.is_live() => {}
            Some(held) if held.epoch != through.through.epoch => self.start_over(now, out),
            _ => self.cursor = Some(through.through),
        }
    }

    /// What is held is not whole: a new session starts with a snapshot.
    fn start_over(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.cursor = None;
        self.give_up(CloseCode::Normal, now, out);
    }

    fn came(&mut self, members: &[Member], away: bool, count: u32) {
        if self.members.came(members, away, count) {
            self.look_again();
        }
    }

    /// Today's name of a member, on all that they said.
    fn call(&mut self, member: &Member) {
        if self.members.named(member.id, &member.name) {
            self.look_again();
        }
    }

    fn look_again(&mut self) {
        let look = Look { me: self.identity.me().map(|me| me.id), members: &self.members };
        self.timeline.look_again(look);
    }

    /// Our own name of today, on all that we said and what waits.
    pub(super) fn call_me_by_name(&mut self) {
        if let Some(me) = self.identity.me().cloned() {
            self.outbox.renamed(&me);
            self.call(&me);
        }
    }

    /// Lets go of what the timeline holds.
    pub(super) fn settle_outbox(&mut self) {
        let timeline = &self.timeline;
        self.outbox.settle(|key| timeline.has(key));
    }

    fn tidy(&mut self) {
        let timeline = &self.timeline;
        self.members.tidy(|id| timeline.has_author(id));
    }

    fn is_me(&self, member: MemberId) -> bool {
        self.identity.me().is_some_and(|me| me.id == member)
    }
}

/// Where a durable event stands, to whom it is addressed, what stands before it.
fn position(event: &Event) -> Option<(u64, Address, u64)> {
    match event {
        Event::Posted(event) => Some((event.n, event.to, event.prev)),
        Event::MemberJoined(event) => Some((event.n, event.to, event.prev)),
        Event::MemberLeft(event) => Some((event.n, event.to, event.prev)),
        Event::Renamed(event) => Some((event.n, event.to, event.prev)),
        _ => None,
    }
}
