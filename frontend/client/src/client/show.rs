//! The view, made of the parts.

use super::Client;
use crate::conversations::paging::PageRequest;
use crate::limits::WINDOW_ROWS_MAX;
use crate::view::{Edge, Row, View};
use std::rc::Rc;

impl Client {
    /// What to show. The same `Rc` as before while nothing visible changed.
    pub fn view(&mut self) -> Rc<View> {
        if let Some(view) = self.screen.current() {
            return view;
        }
        let live = self.connection.is_live();
        let open = self.rooms.open_id();
        let (mut unsettled, waiting) = self.outbox.rows(open, live);
        let rooms = &self.rooms;
        let is_in = |id| rooms.get(id).is_some() || (self.epoch.is_none() && id == open);
        let mut link = self.connection.link();
        link.retry_at = link.retry_at.or(self.identity.ask_at());
        let me = self.identity.me();
        let mut view = View {
            identity: self.identity.who().clone(),
            connection: link,
            rooms: rooms.items(|id| self.drafts.has(id), |id| self.outbox.has_failed(id)).into(),
            room: open,
            rows: Rc::from([]),
            older: Edge::End,
            newer: Edge::End,
            following: true,
            new_below: 0,
            jumping: false,
            jump_failed: false,
            jump_target: None,
            draft: self.drafts.show(open),
            pending: self.outbox.pending(is_in, live).into(),
            left_behind: self.left_behind().into(),
            directory: self.browse.as_ref().map(|browse| Rc::new(browse.show(|id| rooms.get(id).is_some()))),
            catching_up: self.catching_up || !self.is_whole(),
            pinned: self.connection.pinned(),
            memory_only: self.memory_only,
            people: self.members.people(me.map(|me| me.id)).into(),
            people_count: self.members.count(),
            new_version: self.new_version,
            new_epoch: self.new_epoch,
            waiting,
            can_send: self.can_send(),
        };
        if let Some(room) = rooms.open() {
            let (timeline, history) = (&room.timeline, &room.history);
            let mut rows = timeline.rows();
            if timeline.is_at_end() {
                rows.append(&mut unsettled);
            }
            rows.truncate(rows.len() - timeline.over().min(rows.len()));
            view.rows = last(&rows);
            view.older = edge(timeline.has_older(), timeline.lacks_older(), history.edge(PageRequest::Older));
            view.newer = edge(timeline.has_newer(), timeline.lacks_newer(), history.edge(PageRequest::Newer));
            view.following = timeline.is_following();
            view.new_below = timeline.new_below();
            view.jumping = history.is_jumping();
            view.jump_failed = history.jump_failed();
            view.jump_target = timeline.landed();
        } else {
            view.rows = last(&unsettled);
        }
        self.screen.show(view)
    }
}

/// As many as are shown.
fn last(rows: &[Rc<Row>]) -> Rc<[Rc<Row>]> {
    Rc::from(&rows[rows.len().saturating_sub(WINDOW_ROWS_MAX)..])
}

/// What an edge of the window shows: what is held beyond it needs no asking.
fn edge(has_more: bool, lacks: bool, asked: Edge) -> Edge {
    match () {
        () if !has_more => Edge::End,
        () if lacks => asked,
        () => Edge::More,
    }
}
