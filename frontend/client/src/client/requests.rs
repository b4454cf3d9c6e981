//! Requests and their answers: replies, pages of history, missing events, and the room directory.

use super::Client;
use crate::conversations::paging::PageRequest;
use crate::conversations::segment::{Segment, Viewer};
use crate::effect::Effect;
use crate::limits::GAP_REQUESTS_MAX;
use crate::outbox::entry::OutboxEntry;
use crate::persisted::CommandBody;
use crate::sync::gap_detector::Sequenced;
use crate::sync::pending_request::PendingRequest;
use crate::timer::Timer;
use shared::command::{self, Command};
use shared::event::{EventsPage, HistoryPage, Reply, RoomsPage};
use shared::{Address, Message, Now};

impl Client {
    /// Sends the requests that are wanted.
    pub(super) fn send_requests(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.request_gaps(now, out);
        let reference = self.last_reference.wrapping_add(1);
        let id = self.rooms.open_id();
        if let Some(room) = self.rooms.open_mut() {
            if room.timeline.is_unloaded() && room.paging.is_idle() {
                room.paging.want(PageRequest::Older);
            }
            if let Some(want) = room.paging.request_to_send() {
                let at = match want {
                    PageRequest::Older => room.timeline.older_page(room.events.held_through()),
                    PageRequest::Newer => room.timeline.newer_page(),
                    PageRequest::Jump(at) => at,
                };
                room.paging.mark_sent(reference, at, self.last_position, now.mono);
                self.last_reference = reference;
                self.transmit(Command::History(command::HistoryQuery { reference, room: id, at }), out);
            }
        }
        if self.directory.as_ref().is_some_and(|directory| directory.request.is_wanted()) {
            let reference = self.next_reference();
            if let Some(directory) = &mut self.directory {
                directory.request.mark_sent(reference, now.mono);
                let command = Command::Rooms(directory.command(reference));
                self.transmit(command, out);
            }
        }
        self.request_lookup(now, out);
    }

    /// Requests the next page of a lookup, once the session's rooms are known.
    fn request_lookup(&mut self, now: Now, out: &mut Vec<Effect>) {
        let reference = self.last_reference.wrapping_add(1);
        let has_rooms = self.rooms.open().is_some();
        let lookup = self.lookup.as_mut().filter(|lookup| has_rooms && lookup.request.is_wanted());
        if let Some(lookup) = lookup {
            lookup.request.mark_sent(reference, now.mono);
            let command = Command::Rooms(lookup.command(reference));
            self.last_reference = reference;
            self.transmit(command, out);
        }
    }

    fn request_gaps(&mut self, now: Now, out: &mut Vec<Effect>) {
        let me = self.identity.me().map(|me| Address::Member(me.id));
        let own = me.map(|me| (me, &mut self.own_events));
        let rooms = self.rooms.iter_mut().map(|(id, room)| (Address::Room(id), &mut room.events));
        let mut free = GAP_REQUESTS_MAX;
        let mut wanted = Vec::new();
        for (to, buffer) in own.into_iter().chain(rooms) {
            if buffer.request.is_in_flight() {
                free = free.saturating_sub(1);
            } else if buffer.request.is_wanted() {
                wanted.push((to, buffer));
            }
        }
        let mut commands = Vec::new();
        for (to, buffer) in wanted.into_iter().take(free) {
            self.last_reference = self.last_reference.wrapping_add(1);
            let (reference, after) = (self.last_reference, buffer.held_through());
            buffer.request.mark_sent(reference, now.mono);
            commands.push(Command::Events(command::EventsQuery { reference, to, after }));
        }
        for command in commands {
            self.transmit(command, out);
        }
    }

    pub(super) fn pending_requests(&mut self) -> impl Iterator<Item = &mut PendingRequest> {
        let rooms = self.rooms.iter_mut();
        let rooms = rooms.flat_map(|(_, room)| [&mut room.events.request, &mut room.paging.request]);
        let directory = self.directory.iter_mut().map(|directory| &mut directory.request);
        let lookup = self.lookup.iter_mut().map(|lookup| &mut lookup.request);
        std::iter::once(&mut self.own_events.request).chain(rooms).chain(directory).chain(lookup)
    }

    /// Whether this `ref` belongs to a pending request.
    pub(super) fn has_request(&mut self, reference: u64) -> bool {
        self.pending_requests().any(|request| request.has_reference(reference))
    }

    /// The time at which an answer is overdue although the connection lives.
    pub(super) fn overdue_at(&mut self) -> Option<u64> {
        // Answers follow the replay, however long that takes.
        if self.is_catching_up {
            return None;
        }
        let requests = self.pending_requests().filter_map(|request| request.overdue_at()).min();
        [self.outbox.overdue_at(), requests].into_iter().flatten().min()
    }

    /// Sends refused requests again, because [`Timer::Request`] fired.
    pub(super) fn retry_requests(&mut self) {
        self.has_request_timer = false;
        self.pending_requests().for_each(PendingRequest::retry);
    }

    /// Handles the refusal of a request. Returns false if `reference` is not a request's.
    pub(super) fn note_request_refused(
        &mut self,
        reference: u64,
        temporary: bool,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> bool {
        if !self.has_request(reference) {
            return false;
        }
        if let Some(directory) =
            self.directory.as_mut().filter(|directory| directory.request.has_reference(reference))
        {
            directory.mark_refused(temporary);
        }
        if let Some(lookup) = self.lookup.as_mut().filter(|lookup| lookup.request.has_reference(reference)) {
            lookup.mark_refused(temporary);
        }
        for (_, room) in self.rooms.iter_mut() {
            if room.paging.request.has_reference(reference) {
                room.paging.mark_refused(temporary);
            }
        }
        // The rest are requests for missing events. A permanent refusal means that the member left
        // the room; the event of that follows.
        if let Some(request) = self.pending_requests().find(|request| request.has_reference(reference)) {
            *request = if temporary { PendingRequest::BackingOff } else { PendingRequest::Idle };
        }
        if temporary && !std::mem::replace(&mut self.has_request_timer, true) {
            let wait = self.request_backoff.next_wait(now.mono, &mut self.jitter);
            out.push(Effect::ScheduleTimer(Timer::Request, now.mono.saturating_add(wait)));
        }
        true
    }

    /// Settles the command that a reply answers.
    pub(super) fn apply_reply(&mut self, reply: Reply, out: &mut Vec<Effect>) {
        let Some(OutboxEntry { row, is_new, .. }) = self.outbox.take_replied(reply.reference, out) else {
            return;
        };
        let Reply { n, seq, at, .. } = reply;
        self.last_position = self.last_position.max(n);
        match row.body {
            CommandBody::Post { room, text } => {
                let (author, client_id) = (row.owner.member, row.client_id);
                let message = Message { n, seq, at, author, name: row.name, tag: None, client_id, text };
                let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
                if let Some(room) = self.rooms.get_mut(room) {
                    let reach = room.events.held_through();
                    room.timeline.add_acked(&message, reach, viewer);
                }
            }
            CommandBody::Create { .. } | CommandBody::Join { .. } if is_new => {
                if let Some(id) = reply.room {
                    self.rooms.open_room(id);
                }
            }
            _ => {}
        }
    }

    /// Adds a page of history to its room.
    pub(super) fn apply_history(&mut self, page: &HistoryPage, out: &mut Vec<Effect>) {
        let Some(room) = self.rooms.get_mut(page.room) else { return };
        let Some((want, at, last_position)) = room.paging.take_answer(page.reference) else { return };
        self.request_backoff = Default::default();
        // The server read the page after the request was sent, so its names are at least as new as
        // `last_position`.
        self.members.set_author_names(&page.authors, &page.messages, last_position);
        let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let segment = Segment::from_messages(&page.messages, page.older, page.newer, viewer);
        if want == PageRequest::Jump(at) {
            room.timeline.land_jump(segment, at);
        } else if !room.timeline.add_page(segment, at) {
            room.paging.mark_failed(Some(want));
        }
        self.refresh_rows();
        self.rooms.evict();
        self.settle_outbox(out);
    }

    /// Applies a page of missing events.
    pub(super) fn apply_missing_events(&mut self, events: EventsPage, now: Now, out: &mut Vec<Effect>) {
        let EventsPage { reference, to, events, more } = events;
        let Some(buffer) = self.buffer_of(to).filter(|buffer| buffer.request.has_reference(reference)) else {
            return;
        };
        buffer.request = PendingRequest::Idle;
        let before = buffer.held_through();
        self.request_backoff = Default::default();
        for event in events {
            let Some(position) = event.position().filter(|position| position.to == to) else { continue };
            self.last_position = self.last_position.max(position.n);
            // The event may be buffered already. Unlike events that the server sends by itself,
            // these may not have a gap between them.
            let received = self.buffer_of(to).and_then(|buffer| buffer.receive(event, position));
            if let Some((Sequenced::Next, event)) = received {
                self.apply(event, position, out);
            }
        }
        let filled = self.buffer_of(to).map_or(0, |buffer| buffer.held_through());
        self.apply_buffered(to, out);
        let Some(buffer) = self.buffer_of(to) else { return };
        // If buffered events follow now, the rest of the answer is buffered too.
        let has_gap = buffer.has_gap() || (more && buffer.held_through() == filled);
        buffer.request = if has_gap { PendingRequest::Wanted } else { PendingRequest::Idle };
        if has_gap && buffer.held_through() == before {
            // The server cannot deliver the missing events.
            self.start_over(now, out);
        }
    }

    /// Gives a page of rooms to the directory or the lookup.
    pub(super) fn apply_directory_page(&mut self, page: RoomsPage) {
        if let Some(directory) =
            self.directory.as_mut().filter(|directory| directory.request.has_reference(page.reference))
        {
            self.request_backoff = Default::default();
            directory.add_page(page);
        } else if let Some(lookup) =
            self.lookup.as_mut().filter(|lookup| lookup.request.has_reference(page.reference))
        {
            self.request_backoff = Default::default();
            lookup.add_page(&page);
        }
    }
}
