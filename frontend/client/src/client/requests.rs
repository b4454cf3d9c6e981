//! Requests and their answers: replies, pages of history, missing events, and the room directory.

use super::Client;
use crate::conversation::Conversation;
use crate::conversations::paging::PageRequest;
use crate::conversations::room_directory::RoomDirectory;
use crate::conversations::room_lookup::RoomLookup;
use crate::conversations::segment::{Segment, Viewer};
use crate::effect::Effect;
use crate::limits::GAP_REQUESTS_MAX;
use crate::outbox::entry::OutboxEntry;
use crate::persisted::{CommandBody, PostBody};
use crate::sync::gap_detector::Sequenced;
use crate::sync::requests::RequestOwner;
use crate::timer::Timer;
use shared::command::{self, Command, PageAnchor};
use shared::event::{EventsPage, HistoryPage, Reply, RoomsPage};
use shared::{Message, Now};

impl Client {
    /// Sends the requests that are wanted.
    pub(super) fn send_requests(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.request_missing_events(now, out);
        let open = self.rooms.open_conversations();
        let is_open = |owner| !matches!(owner, RequestOwner::Page(of) if !open.contains(&of));
        self.requests.retain(is_open);
        open.into_iter().for_each(|conversation| self.request_page(conversation, now, out));
        self.request_directory(now, out);
        self.request_lookup(now, out);
        self.send_markers(now, out);
    }

    fn request_missing_events(&mut self, now: Now, out: &mut Vec<Effect>) {
        for to in self.requests.events_to_request(GAP_REQUESTS_MAX) {
            let owner = RequestOwner::Events(to);
            let Some(after) = self.buffer_of(to).map(|buffer| buffer.held_through()) else {
                self.requests.forget(owner);
                continue;
            };
            let reference = self.mark_sent(owner, now);
            self.transmit(Command::Events(command::EventsQuery { reference, to, after }), out);
        }
    }

    /// Requests the wanted page of an open conversation.
    fn request_page(&mut self, of: Conversation, now: Now, out: &mut Vec<Effect>) {
        let owner = RequestOwner::Page(of);
        let Some(room) = self.rooms.get(of.room) else { return };
        if room.paging.is_in_flight() {
            return;
        }
        let own = match () {
            () if !room.paging.is_idle() => None,
            () if room.timeline.is_unloaded() => Some(PageRequest::Older),
            () => room.outdated_names.map(|(after, _)| PageRequest::Names(after)),
        };
        if own.is_none() && room.paging.wanted().is_none() {
            return self.requests.forget(owner);
        }
        let Some(room) = self.rooms.get_mut(of.room) else { return };
        if let Some(own) = own {
            room.paging.want(own);
        }
        let Some(want) = room.paging.wanted() else { return };
        if self.requests.is_in_flight(owner) {
            // The person went elsewhere, and the answer is of no use.
            self.requests.want_anew(owner);
        }
        let at = match want {
            PageRequest::Older => room.timeline.older_page(room.events.held_through()),
            PageRequest::Newer => room.timeline.newer_page(),
            PageRequest::Jump(at) => at,
            PageRequest::Names(after) => PageAnchor::After(after),
        };
        if let Some(reference) = self.send_if_wanted(owner, true, now) {
            if let Some(room) = self.rooms.get_mut(of.room) {
                room.paging.mark_sent(at, self.last_position);
            }
            self.transmit(Command::History(command::HistoryQuery { reference, room: of.room, at }), out);
        }
    }

    fn request_directory(&mut self, now: Now, out: &mut Vec<Effect>) {
        let is_wanted = self.directory.as_ref().is_some_and(RoomDirectory::wants_page);
        if let Some(reference) = self.send_if_wanted(RequestOwner::Directory, is_wanted, now)
            && let Some(directory) = &self.directory
        {
            self.transmit(Command::Rooms(directory.command(reference)), out);
        }
    }

    /// Requests the next page of a lookup, once the session's rooms are known.
    fn request_lookup(&mut self, now: Now, out: &mut Vec<Effect>) {
        let is_wanted =
            self.rooms.open().is_some() && self.lookup.as_ref().is_some_and(RoomLookup::wants_page);
        if let Some(reference) = self.send_if_wanted(RequestOwner::Lookup, is_wanted, now)
            && let Some(lookup) = &self.lookup
        {
            self.transmit(Command::Rooms(lookup.command(reference)), out);
        }
    }

    /// Wants the owner's request, or forgets it if it `is_wanted` no longer. Returns its `ref` if it is to be sent
    /// now, and marks it as sent.
    fn send_if_wanted(&mut self, owner: RequestOwner, is_wanted: bool, now: Now) -> Option<u64> {
        if is_wanted {
            self.requests.want(owner);
        } else {
            self.requests.forget(owner);
        }
        self.requests.is_wanted(owner).then(|| self.mark_sent(owner, now))
    }

    /// Marks the owner's request as sent, and returns its `ref`.
    pub(super) fn mark_sent(&mut self, owner: RequestOwner, now: Now) -> u64 {
        let reference = self.next_reference();
        self.requests.mark_sent(owner, reference, now.mono);
        reference
    }

    /// The time since which an answer is awaited; `None` if none is.
    pub(super) fn awaited_since(&self) -> Option<u64> {
        // Answers follow the replay, however long that takes.
        if self.is_catching_up {
            return None;
        }
        [self.outbox.awaited_since(), self.requests.awaited_since()].into_iter().flatten().min()
    }

    /// Sends refused requests again, because [`Timer::Request`] fired.
    pub(super) fn retry_requests(&mut self) {
        self.has_request_timer = false;
        self.requests.retry();
    }

    /// Handles the refusal of a request. Returns false if `reference` is not a request's.
    pub(super) fn note_request_refused(
        &mut self,
        reference: u64,
        temporary: bool,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(owner) = self.requests.owner_of(reference) else { return false };
        // If the member left the room, the event of that follows and forgets the request. Otherwise the server
        // lags behind the one that this client reads from, and does not know the room yet.
        let temporary = temporary || matches!(owner, RequestOwner::Events(_));
        self.requests.mark_refused(owner, temporary);
        match owner {
            RequestOwner::Events(_) | RequestOwner::Marker(_) => {}
            RequestOwner::Page(of) => {
                if let Some(room) = self.rooms.get_mut(of.room) {
                    room.paging.mark_refused(temporary);
                    room.outdated_names = room.outdated_names.filter(|_| temporary);
                }
            }
            RequestOwner::Directory => {
                if let Some(directory) = &mut self.directory {
                    directory.mark_refused(temporary);
                }
            }
            RequestOwner::Lookup => {
                if let Some(lookup) = &mut self.lookup {
                    lookup.mark_refused(temporary);
                }
            }
        }
        if temporary && !std::mem::replace(&mut self.has_request_timer, true) {
            let wait = self.request_backoff.next_wait(now.mono, &mut self.jitter);
            out.push(Effect::ScheduleTimer(Timer::Request, now.mono.saturating_add(wait)));
        }
        true
    }

    /// Takes the answer to the request in flight with this `ref`. Returns whose request it was.
    pub(super) fn take_answered(&mut self, reference: u64) -> Option<RequestOwner> {
        let owner = self.requests.take_answered(reference)?;
        self.request_backoff = Default::default();
        Some(owner)
    }

    /// Settles the command that a reply answers.
    pub(super) fn apply_reply(&mut self, reply: Reply, out: &mut Vec<Effect>) {
        let Some(OutboxEntry { row, .. }) = self.outbox.take_replied(reply.reference) else {
            return;
        };
        self.forget_row(row.key(), out);
        let Reply { n, seq, at, .. } = reply;
        self.last_position = self.last_position.max(n);
        match row.body {
            CommandBody::Post(PostBody { room, text }) => {
                let (author, client_id) = (row.owner.member, row.client_id);
                let message = Message { n, seq, at, author, name: row.name, tag: None, client_id, text };
                let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
                if let Some(held) = self.rooms.get_mut(room) {
                    let reach = held.events.held_through();
                    held.timeline.add_acked(&message, reach, viewer);
                    self.rooms.note_acked(room);
                }
            }
            body => {
                if let Some(id) = reply.room.filter(|_| body.kind().opens_room()) {
                    self.rooms.open_awaited(id);
                }
            }
        }
    }

    /// Adds a page of history to its room.
    pub(super) fn apply_history(&mut self, page: &HistoryPage, out: &mut Vec<Effect>) {
        let Some(RequestOwner::Page(of)) = self.take_answered(page.reference) else { return };
        let Some(room) = self.rooms.get_mut(of.room) else { return };
        let Some((want, at, last_position)) = room.paging.take_answer() else { return };
        // The server read the page after the request was sent, so its names are at least as new as
        // `last_position`.
        self.members.set_author_names(&page.authors, &page.messages, last_position);
        if let PageRequest::Names(after) = want {
            room.update_names(after, page);
            return self.refresh_rows();
        }
        let viewer = Viewer { me: self.identity.me().map(|me| me.id), members: &self.members };
        let segment = Segment::from_messages(&page.messages, page.older, page.newer, viewer);
        if want == PageRequest::Jump(at) {
            room.timeline.land_jump(segment, at);
        } else if !room.timeline.add_page(segment, at) {
            room.paging.mark_failed(Some(want));
        }
        self.refresh_rows();
        self.rooms.evict(page.messages.len());
        self.settle_outbox(out);
    }

    /// Applies a page of missing events.
    pub(super) fn apply_missing_events(&mut self, events: EventsPage, now: Now, out: &mut Vec<Effect>) {
        let EventsPage { reference, to, events, more } = events;
        let owner = RequestOwner::Events(to);
        if self.requests.owner_of(reference) != Some(owner) {
            return;
        }
        self.take_answered(reference);
        let Some(before) = self.buffer_of(to).map(|buffer| buffer.held_through()) else { return };
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
        let is_stuck = buffer.held_through() == before;
        if has_gap {
            self.requests.want(owner);
        }
        if has_gap && is_stuck {
            // The server cannot deliver the missing events.
            self.start_over(now, out);
        }
    }

    /// Gives a page of rooms to the directory or the lookup.
    pub(super) fn apply_directory_page(&mut self, page: RoomsPage) {
        match self.take_answered(page.reference) {
            Some(RequestOwner::Directory) => {
                if let Some(directory) = &mut self.directory {
                    directory.add_page(page);
                }
            }
            Some(RequestOwner::Lookup) => {
                if let Some(lookup) = &mut self.lookup {
                    lookup.add_page(&page);
                }
            }
            _ => {}
        }
    }
}
