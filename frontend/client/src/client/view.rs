//! Builds the view from the parts of the client.

use super::Client;
use crate::conversations::paging::PageRequest;
use crate::conversations::room_lookup::RoomLookup;
use crate::limits::WINDOW_ROWS_MAX;
use crate::view::{Edge, Row, View};
use std::rc::Rc;

impl Client {
    /// The data to draw. Returns the same `Rc` as before while nothing visible changed.
    pub fn view(&mut self) -> Rc<View> {
        if let Some(view) = self.view_cache.current() {
            return view;
        }
        let is_live = self.connection.is_live();
        let open = self.rooms.open_id();
        let (mut unsettled, waiting) = self.outbox.rows(open, is_live);
        let rooms = &self.rooms;
        let is_in = |id| rooms.get(id).is_some() || (self.epoch.is_none() && id == open);
        let mut connection = self.connection.status();
        connection.retry_at = connection.retry_at.or(self.identity.retry_at());
        let me = self.identity.me();
        let mut view = View {
            identity: self.identity.view().clone(),
            connection,
            rooms: rooms.items(|id| self.drafts.has_text(id), |id| self.outbox.has_failed(id)).into(),
            room: open,
            draft: self.drafts.view(open),
            pending: self.outbox.pending(is_in, is_live).into(),
            left_behind: self.left_behind().into(),
            directory: self
                .directory
                .as_ref()
                .map(|directory| Rc::new(directory.page(|id| rooms.get(id).is_some()))),
            unjoined_room: self.lookup.as_ref().filter(|_| rooms.open().is_some()).map(RoomLookup::view),
            catching_up: self.is_catching_up || !self.is_complete(),
            pinned: self.connection.pinned(),
            memory_only: self.is_memory_only,
            people: self.members.people(me.map(|me| me.id)).into(),
            people_count: self.members.count(),
            new_version: self.has_new_version,
            new_epoch: self.has_new_epoch,
            waiting,
            can_send: self.can_send(),
            ..View::empty()
        };
        if let Some(room) = rooms.open() {
            let (timeline, paging) = (&room.timeline, &room.paging);
            let mut rows = timeline.rows();
            if timeline.is_at_end() {
                rows.append(&mut unsettled);
            }
            rows.truncate(rows.len() - timeline.hidden_at_end().min(rows.len()));
            view.rows = last(&rows);
            view.older =
                edge(timeline.has_older(), timeline.needs_older_page(), paging.edge(PageRequest::Older));
            view.newer =
                edge(timeline.has_newer(), timeline.needs_newer_page(), paging.edge(PageRequest::Newer));
            view.following = timeline.is_following();
            view.new_below = timeline.new_below();
            view.jumping = paging.is_jumping();
            view.jump_failed = paging.has_failed_jump();
            view.jump_target = timeline.jump_target();
        } else {
            view.rows = last(&unsettled);
        }
        self.view_cache.update(view)
    }
}

/// The last rows, up to the limit of the window.
fn last(rows: &[Rc<Row>]) -> Rc<[Rc<Row>]> {
    Rc::from(&rows[rows.len().saturating_sub(WINDOW_ROWS_MAX)..])
}

/// The state of an edge of the window. Held messages beyond the edge need no request.
fn edge(has_more: bool, needs_page: bool, paging: Edge) -> Edge {
    match () {
        () if !has_more => Edge::End,
        () if needs_page => paging,
        () => Edge::More,
    }
}
