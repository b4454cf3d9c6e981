//! Builds the view from the parts of the client.

use super::Client;
use crate::conversations::paging::PageRequest;
use crate::limits::WINDOW_ROWS_MAX;
use crate::view::{Edge, Row, View};
use std::rc::Rc;

impl Client {
    /// The data to draw. Returns the same `Rc` as before while nothing visible changed.
    pub fn view(&mut self) -> Rc<View> {
        if let Some(view) = self.view_cache.current() {
            return view;
        }
        let live = self.connection.is_live();
        let open = self.rooms.open_id();
        let (mut unsettled, waiting) = self.outbox.rows(open, live);
        let rooms = &self.rooms;
        let is_in = |id| rooms.get(id).is_some() || (self.epoch.is_none() && id == open);
        let mut link = self.connection.status();
        link.retry_at = link.retry_at.or(self.identity.retry_at());
        let me = self.identity.me();
        let mut view = View {
            identity: self.identity.view().clone(),
            connection: link,
            rooms: rooms.items(|id| self.drafts.has_text(id), |id| self.outbox.has_failed(id)).into(),
            room: open,
            rows: Rc::from([]),
            older: Edge::End,
            newer: Edge::End,
            following: true,
            new_below: 0,
            jumping: false,
            jump_failed: false,
            jump_target: None,
            draft: self.drafts.view(open),
            pending: self.outbox.pending(is_in, live).into(),
            left_behind: self.left_behind().into(),
            directory: self
                .directory
                .as_ref()
                .map(|directory| Rc::new(directory.page(|id| rooms.get(id).is_some()))),
            catching_up: self.is_catching_up || !self.is_complete(),
            pinned: self.connection.pinned(),
            memory_only: self.is_memory_only,
            people: self.members.people(me.map(|me| me.id)).into(),
            people_count: self.members.count(),
            new_version: self.has_new_version,
            new_epoch: self.has_new_epoch,
            waiting,
            can_send: self.can_send(),
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
fn edge(has_more: bool, lacks: bool, asked: Edge) -> Edge {
    match () {
        () if !has_more => Edge::End,
        () if lacks => asked,
        () => Edge::More,
    }
}
