//! Questions and their answers: replies, pages of history, what is missing, the house's rooms.

use super::Client;
use crate::conversations::paging::PageRequest;
use crate::conversations::segment::{Segment, Viewer};
use crate::effect::Effect;
use crate::limits::HOLES_ASKED_MAX;
use crate::outbox::entry::OutboxEntry;
use crate::persisted::CommandBody;
use crate::sync::gap_detector::Sequenced;
use crate::sync::pending_request::PendingRequest;
use crate::timer::Timer;
use shared::command::{self, Command};
use shared::event::{EventsPage, HistoryPage, Reply, RoomsPage};
use shared::{Address, Message};

impl Client {
    /// Asks what is to be asked.
    pub(super) fn ask(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.ask_for_holes(now, out);
        let reference = self.reference.wrapping_add(1);
        let id = self.rooms.open_id();
        if let Some(room) = self.rooms.open_mut() {
            if room.timeline.is_unloaded() && room.history.is_free() {
                room.history.want(PageRequest::Older);
            }
            if let Some(want) = room.history.wanted() {
                let at = match want {
                    PageRequest::Older => room.timeline.page_before(room.feed.reach()),
                    PageRequest::Newer => room.timeline.page_after(),
                    PageRequest::Jump(at) => at,
                };
                room.history.left(reference, at, self.seen, now);
                self.reference = reference;
                self.transmit(Command::History(command::HistoryQuery { reference, room: id, at }), out);
            }
        }
        if self.browse.as_ref().is_some_and(|browse| browse.ask.is_wanted()) {
            let reference = self.next_reference();
            if let Some(browse) = &mut self.browse {
                browse.ask.left(reference, now);
                let command = Command::Rooms(browse.command(reference));
                self.transmit(command, out);
            }
        }
    }

    fn ask_for_holes(&mut self, now: u64, out: &mut Vec<Effect>) {
        let me = self.identity.me().map(|me| Address::Member(me.id));
        let own = me.map(|me| (me, &mut self.own));
        let rooms = self.rooms.iter_mut().map(|(id, room)| (Address::Room(id), &mut room.feed));
        let mut free = HOLES_ASKED_MAX;
        let mut wanted = Vec::new();
        for (to, feed) in own.into_iter().chain(rooms) {
            if feed.ask.is_in_flight() {
                free = free.saturating_sub(1);
            } else if feed.ask.is_wanted() {
                wanted.push((to, feed));
            }
        }
        let mut commands = Vec::new();
        for (to, feed) in wanted.into_iter().take(free) {
            self.reference = self.reference.wrapping_add(1);
            let (reference, after) = (self.reference, feed.reach());
            feed.ask.left(reference, now);
            commands.push(Command::Events(command::EventsQuery { reference, to, after }));
        }
        for command in commands {
            self.transmit(command, out);
        }
    }

    pub(super) fn all_asks(&mut self) -> impl Iterator<Item = &mut PendingRequest> {
        let rooms = self.rooms.iter_mut();
        let rooms = rooms.flat_map(|(_, room)| [&mut room.feed.ask, &mut room.history.ask]);
        let browse = self.browse.iter_mut().map(|browse| &mut browse.ask);
        std::iter::once(&mut self.own.ask).chain(rooms).chain(browse)
    }

    /// Whether this is the `ref` of a question.
    pub(super) fn asks(&mut self, reference: u64) -> bool {
        self.all_asks().any(|ask| ask.is(reference))
    }

    /// When an answer is overdue, on a connection that lives.
    pub(super) fn overdue_at(&mut self) -> Option<u64> {
        // Answers come behind all that was missed, however long that takes.
        if self.catching_up {
            return None;
        }
        let asks = self.all_asks().filter_map(|ask| ask.overdue_at()).min();
        [self.outbox.overdue_at(), asks].into_iter().flatten().min()
    }

    /// The timer of refused questions came.
    pub(super) fn asks_rested(&mut self) {
        self.asks_rest = false;
        self.all_asks().for_each(PendingRequest::rested);
    }

    /// A question was refused. False if it was none.
    pub(super) fn ask_refused(
        &mut self,
        reference: u64,
        temporary: bool,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> bool {
        if !self.asks(reference) {
            return false;
        }
        if let Some(browse) = self.browse.as_mut().filter(|browse| browse.ask.is(reference)) {
            browse.refused(temporary);
        }
        for (_, room) in self.rooms.iter_mut() {
            if room.history.ask.is(reference) {
                room.history.refused(temporary);
            }
        }
        // What is left is a hole. Refused for good: we are out of the room, and the word of it
        // is on its way.
        if let Some(ask) = self.all_asks().find(|ask| ask.is(reference)) {
            *ask = if temporary { PendingRequest::Resting } else { PendingRequest::Idle };
        }
        if temporary && !std::mem::replace(&mut self.asks_rest, true) {
            let wait = self.asks.wait(now, &mut self.jitter);
            out.push(Effect::ScheduleTimer(Timer::Request, now.saturating_add(wait)));
        }
        true
    }

    /// A command was carried out.
    pub(super) fn replied(&mut self, reply: Reply, out: &mut Vec<Effect>) {
        let Some(OutboxEntry { row, fresh, .. }) = self.outbox.replied(reply.reference, out) else { return };
        let Reply { n, seq, at, .. } = reply;
        self.seen = self.seen.max(n);
        match row.body {
            CommandBody::Post { room, text } => {
                let (author, client_id) = (row.owner.member, row.client_id);
                let message = Message { n, seq, at, author, name: row.name, tag: None, client_id, text };
                let look = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
                if let Some(room) = self.rooms.get_mut(room) {
                    let reach = room.feed.reach();
                    room.timeline.replied(&message, reach, look);
                }
            }
            CommandBody::Create { .. } | CommandBody::Join { .. } if fresh => {
                if let Some(id) = reply.room {
                    if matches!(row.body, CommandBody::Create { .. }) {
                        let told = self.own.reach().max(self.rooms.as_of());
                        self.rooms.made(id, n > told);
                    }
                    self.rooms.enter(id);
                }
            }
            _ => {}
        }
    }

    /// A page of history.
    pub(super) fn history(&mut self, page: &HistoryPage, out: &mut Vec<Effect>) {
        let Some(room) = self.rooms.get_mut(page.room) else { return };
        let Some((want, at, seen)) = room.history.answered(page.reference) else { return };
        self.asks = Default::default();
        // The page was read after it was asked for: its names are at least so new.
        self.members.authors(&page.authors, &page.messages, seen);
        let look = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let stretch = Segment::of(&page.messages, page.older, page.newer, look);
        if want == PageRequest::Jump(at) {
            room.timeline.land(stretch, at);
        } else if !room.timeline.paged(stretch, at) {
            room.history.fails(Some(want));
        }
        self.look_again();
        self.rooms.bound();
        self.settle_outbox(out);
    }

    /// What was missing.
    pub(super) fn filled(&mut self, events: EventsPage, now: u64, out: &mut Vec<Effect>) {
        let EventsPage { reference, to, events, more } = events;
        let Some(feed) = self.feed(to).filter(|feed| feed.ask.is(reference)) else { return };
        feed.ask = PendingRequest::Idle;
        let before = feed.reach();
        self.asks = Default::default();
        for event in events {
            let Some(position) = event.position().filter(|position| position.to == to) else { continue };
            self.seen = self.seen.max(position.n);
            // One beyond a hole may wait already; here nothing may be missing.
            let step = self.feed(to).and_then(|feed| feed.take(event, position));
            if let Some((Sequenced::Next, event)) = step {
                self.apply(event, position, out);
            }
        }
        let filled = self.feed(to).map_or(0, |feed| feed.reach());
        self.go_on(to, out);
        let Some(feed) = self.feed(to) else { return };
        // If what waited follows now, the rest of the answer is what waited.
        let has_hole = feed.has_hole() || (more && feed.reach() == filled);
        feed.ask = if has_hole { PendingRequest::Wanted } else { PendingRequest::Idle };
        if has_hole && feed.reach() == before {
            // The server cannot tell what is missing.
            self.start_over(now, out);
        }
    }

    /// Rooms of the house.
    pub(super) fn found(&mut self, page: RoomsPage) {
        if let Some(browse) = self.browse.as_mut().filter(|browse| browse.ask.is(page.reference)) {
            self.asks = Default::default();
            browse.answered(page);
        }
    }
}
