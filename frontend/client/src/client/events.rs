//! The server's events: welcome, refusals, cursors, names and presence.

use super::Client;
use crate::conversations::segment::Viewer;
use crate::effect::Effect;
use crate::row_key::RowKey;
use crate::sync::requests::RequestOwner;
use crate::timer::Timer;
use shared::command::Command;
use shared::event::{EventFrame, Position, Refusal, Through};
use shared::limits::HELD_MAX;
use shared::{Address, CloseCode, Cursor, ErrorCode, Event, Mark, Member, Now};

impl Client {
    /// Applies a frame of the serving connection.
    pub(super) fn apply_frame(&mut self, frame: EventFrame, now: Now, out: &mut Vec<Effect>) {
        let EventFrame { event, mark, held } = frame;
        let position = event.position();
        self.apply_event(event, now, out);
        if let Some(held) = held {
            if self.connection.is_live() && self.contradicts(held) {
                return self.start_over(now, out);
            }
            self.note_held(held);
        }
        // A connection brings durable events in the order of the log, so all earlier ones have arrived.
        if let (Some(Mark(mark)), Some(Position { n, .. }), Some(epoch)) = (mark, position, self.epoch) {
            self.advance_cursor(Cursor { epoch, n, mark: Some(mark) }, now, out);
        }
    }

    fn apply_event(&mut self, event: Event, now: Now, out: &mut Vec<Effect>) {
        match event {
            Event::Welcome(welcome) => {
                if self.connection.is_greeting(welcome.reference) {
                    self.apply_welcome(&welcome, now, out);
                }
                return;
            }
            Event::Error(refusal) => return self.apply_refusal(&refusal, now, out),
            Event::Ping(through) => {
                self.transmit(Command::Pong, out);
                return self.advance_cursor(through.through, now, out);
            }
            Event::Pong(through) => return self.advance_cursor(through.through, now, out),
            // The page does not trace its connection, so a trace has no effect.
            Event::Trace(_) => return,
            _ if !self.connection.is_live() => return,
            Event::Reply(reply) => self.apply_reply(reply, out),
            Event::Here(here) => self.add_present(&here.members, false, here.count, here.as_of),
            Event::Away(away) => self.add_present(&away.members, true, away.count, away.as_of),
            Event::Present(present) => {
                self.members.set_present(&present.members, present.count, present.as_of);
                self.refresh_rows();
            }
            Event::Gone(gone) => self.members.remove_present(&gone.members, gone.count),
            Event::Reset(reset) => self.apply_reset(&reset, out),
            Event::CaughtUp(through) => self.finish_replay(through, now, out),
            Event::Rooms(page) => self.apply_directory_page(page),
            Event::History(page) => self.apply_history(&page, out),
            Event::Events(events) => self.apply_missing_events(events, now, out),
            Event::ReadMarker(told) => self.apply_marker(&told),
            durable => self.receive_durable(durable, out),
        }
        self.evict_names();
    }

    /// Applies an event of the WebSocket that is to replace the serving connection.
    pub(super) fn apply_upgrade_event(&mut self, frame: EventFrame, now: Now, out: &mut Vec<Effect>) {
        match &frame.event {
            Event::Welcome(welcome) if self.connection.is_upgrade_hello(welcome.reference) => {
                self.connection.complete_upgrade(now.mono, out);
                self.requeue_in_flight(out);
                self.apply_frame(frame, now, out);
            }
            Event::Error(_) => self.fail_upgrade(now, out),
            _ => {}
        }
    }

    /// Gives the upgrade up and applies the events that were buffered for it.
    pub(super) fn fail_upgrade(&mut self, now: Now, out: &mut Vec<Effect>) {
        let held = self.connection.fail_upgrade(now.mono, out);
        self.apply_deferred_events(held, now, out);
    }

    pub(super) fn apply_deferred_events(&mut self, held: Vec<EventFrame>, now: Now, out: &mut Vec<Effect>) {
        for frame in held {
            self.apply_frame(frame, now, out);
        }
    }

    fn apply_refusal(&mut self, refusal: &Refusal, now: Now, out: &mut Vec<Effect>) {
        let Some(reference) = refusal.reference else { return };
        let is_greeting = self.connection.is_greeting(reference);
        let is_ours = is_greeting
            || self.outbox.has_in_flight(reference)
            || self.requests.owner_of(reference).is_some();
        if !is_ours {
            return;
        }
        if refusal.code == ErrorCode::SignInRequired {
            // The command is not at fault: the session is no longer this member's. The command
            // waits until the identity is known.
            self.suspend_connection(now, out);
            return self.identity.doubt(!is_greeting, out);
        }
        if is_greeting {
            return self.give_up_connection(CloseCode::Normal, now, out);
        }
        if self.note_request_refused(reference, refusal.temporary, now, out) {
            return;
        }
        if let Some(at) = self.outbox.note_refused(refusal, now, &mut self.jitter, out) {
            out.push(Effect::ScheduleTimer(Timer::Resend, at));
        }
    }

    /// Records a position with its mark, not before anything that was just applied.
    ///
    /// The answer to a request may come from a server that has started since, with an older log. So a later
    /// position does not take the place of an earlier one, unless the cursor passes it, or they are too many.
    /// Then the first one goes that a later position follows. A position stays if an earlier one follows it,
    /// because the log may have gone back between the two.
    pub(super) fn note_held(&mut self, told: Cursor) {
        let is_ours = told.mark.is_some() && self.epoch == Some(told.epoch);
        if is_ours && self.cursor.is_none_or(|cursor| cursor.n < told.n) && !self.held.contains(&told) {
            self.held.push(told);
            if self.held.len() > HELD_MAX {
                let followed = self.held.windows(2).position(|pair| pair[0].n < pair[1].n);
                self.held.remove(followed.unwrap_or(0));
            }
        }
    }

    /// Whether the log has another mark now at a position whose mark this client knows.
    fn contradicts(&self, told: Cursor) -> bool {
        let is_other = |known: &Cursor| {
            (known.epoch, known.n) == (told.epoch, told.n)
                && known.mark.zip(told.mark).is_some_and(|(a, b)| a != b)
        };
        self.cursor.iter().chain(&self.held).any(is_other)
    }

    fn advance_cursor(&mut self, through: Cursor, now: Now, out: &mut Vec<Effect>) {
        match self.cursor {
            _ if !self.connection.is_live() => {}
            Some(held) if held.epoch != through.epoch => self.start_over(now, out),
            _ if self.contradicts(through) => self.start_over(now, out),
            // A gap before this position is still open.
            _ if self.is_catching_up || !self.is_complete() => self.note_held(through),
            // The answer to a request does not know what was read since.
            Some(held) if held.n >= through.n => {}
            // Every event up to there has arrived, so the log has lost a message that is still without its own.
            _ if self.rooms.has_acked_through(through.n) => self.start_over(now, out),
            _ => {
                self.cursor = Some(through);
                self.held.retain(|held| held.n > through.n);
            }
        }
    }

    fn finish_replay(&mut self, through: Through, now: Now, out: &mut Vec<Effect>) {
        if !std::mem::take(&mut self.is_catching_up) {
            return;
        }
        self.outbox.restart_deadlines(now.mono);
        self.requests.restart_deadlines(now.mono);
        for (id, room) in self.rooms.iter() {
            // An unreadable frame leaves a gap that no later event reveals.
            if room.events.held_through() < room.last {
                self.requests.want(RequestOwner::Events(Address::Room(id)));
            }
        }
        self.advance_cursor(through.through, now, out);
    }

    /// Whether no event is known to be missing.
    pub(super) fn is_complete(&self) -> bool {
        !self.requests.has_missing_events()
    }

    /// Drops the cursor and reconnects, so that the next session starts with a snapshot.
    pub(super) fn start_over(&mut self, now: Now, out: &mut Vec<Effect>) {
        if let Some(cursor) = self.cursor.take() {
            self.note_held(cursor);
        }
        self.give_up_connection(CloseCode::Normal, now, out);
    }

    fn add_present(&mut self, members: &[Member], away: bool, count: u32, as_of: u64) {
        if self.members.add_present(members, away, count, as_of) {
            self.refresh_rows();
        }
    }

    /// Sets a member's name as of position `n` on all rows of the member.
    pub(super) fn set_member_name(&mut self, member: &Member, n: u64) {
        if self.members.set_name(member.id, &member.name, n) {
            self.refresh_rows();
        }
    }

    pub(super) fn refresh_rows(&mut self) {
        let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        for (_, room) in self.rooms.iter_mut() {
            room.timeline.refresh_rows(viewer);
        }
    }

    /// Shows this member's present name on all own rows, sent or waiting.
    ///
    /// A name that the log announced since the rename was requested is newer than the answer,
    /// because another tab may have renamed the member again.
    pub(super) fn refresh_own_name(&mut self, out: &mut Vec<Effect>) {
        let Some(mut me) = self.identity.me().cloned() else { return };
        if let Some(name) = self.members.name_since(me.id, self.rename_position) {
            me.name = name.to_string();
            self.identity.set_name(&me, out);
        }
        self.outbox.set_name(&me);
        // The drafts of other persons were set aside, so the owner is the same person even if the
        // member id changed.
        if let Some((_, name)) = &mut self.drafts_of {
            name.clone_from(&me.name);
        }
        self.set_member_name(&me, self.rename_position);
    }

    /// Removes the outbox rows that a timeline holds.
    pub(super) fn settle_outbox(&mut self, out: &mut Vec<Effect>) {
        let rooms = &self.rooms;
        let is_held = |room, key: RowKey, under_any: bool| {
            let timeline = rooms.get(room).map(|room| &room.timeline);
            timeline
                .is_some_and(|held| held.contains(key) || (under_any && held.has_client_id(key.client_id)))
        };
        for key in self.outbox.settle(is_held) {
            self.forget_row(key, out);
        }
    }

    fn evict_names(&mut self) {
        if self.members.is_full() {
            let rooms = self.rooms.iter();
            let authors = rooms.flat_map(|(_, room)| room.timeline.authors()).collect();
            self.members.evict_names(&authors);
        }
    }
}
