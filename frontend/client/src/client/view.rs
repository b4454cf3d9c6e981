//! Builds the view from the parts of the client. A slice whose parts did not change is not built again.

use super::Client;
use super::view_cache::{reuse, reuse_items};
use crate::conversation::Conversation;
use crate::conversations::paging::PageRequest;
use crate::conversations::room::Room;
use crate::conversations::room_list::Marks;
use crate::conversations::room_lookup::RoomLookup;
use crate::limits::WINDOW_ROWS_MAX;
use crate::view::{AtRisk, ComposerView, Edge, NewLine, Notices, Pane, Row, View};
use std::rc::Rc;

impl Client {
    /// The whole draft of the open room, with the text that was typed since the composer's slice was made.
    pub fn draft_text(&self) -> Rc<str> {
        self.drafts.view(self.rooms.open_id().into()).text
    }

    /// The data to draw. Returns the same `Rc` as before while nothing visible changed.
    pub fn view(&mut self) -> Rc<View> {
        if let Some(view) = self.view_cache.current() {
            return view;
        }
        let last = self.view_cache.last();
        let is_live = self.connection.is_live() && !self.connection.is_silent();
        let open = self.rooms.open_id();
        let conversation = Conversation::from(open);
        let (unsettled, waiting) = self.outbox.rows(conversation, is_live);
        let is_room_same = self.rooms.open().is_some_and(|room| !room.is_touched);
        let is_same_pane = last.pane().conversation == conversation
            && is_room_same
            && self.view_cache.unsettled == unsettled;
        let attended = self.attended_room();
        let marks = Marks {
            open,
            attended,
            drafts: self.drafts.rooms_with_text(),
            failed: self.outbox.failed_rooms(),
        };
        let at_risk = match () {
            () if self.drafts.has_unsaved() => AtRisk::Drafts,
            () if self.is_storage_unusable && !marks.drafts.is_empty() => AtRisk::Drafts,
            () if self.outbox.has_unsaved() => AtRisk::Commands,
            () if self.is_storage_unusable && self.outbox.len() > 0 => AtRisk::Commands,
            () => AtRisk::Nothing,
        };
        let rooms = self.view_cache.room_list.update(&mut self.rooms, marks);
        let pane = match is_same_pane {
            true => last.pane().clone(),
            false => {
                let pane = pane(conversation, self.rooms.open(), &unsettled, &last.pane().rows);
                reuse(last.pane(), pane)
            }
        };
        self.view_cache.unsettled = unsettled;
        let mut connection = self.connection.status();
        connection.retry_at = connection.retry_at.or(self.identity.retry_at());
        let identity = reuse(&last.identity, self.identity.view().clone());
        let composer = ComposerView {
            draft: self.drafts.view(conversation),
            waiting,
            can_send: self.can_send(),
            at_risk,
        };
        // A composer that appears with a new identity takes the whole draft, also what was typed before.
        let composer = match identity == last.identity {
            true => reuse(&last.composer, composer),
            false => composer.into(),
        };
        let is_in = |id| self.rooms.get(id).is_some() || (self.epoch.is_none() && id == open);
        let pending = reuse_items(&last.pending, self.outbox.pending(is_in, is_live));
        let notices = Notices {
            left_behind: self.left_behind(),
            unjoined_room: self.lookup.as_ref().filter(|_| self.rooms.open().is_some()).map(RoomLookup::view),
            ready_room: self.rooms.ready_room(),
            catching_up: self.is_catching_up || !self.is_complete(),
            new_version: self.has_new_version,
            new_epoch: self.has_new_epoch,
        };
        let held = &self.rooms;
        let directory = self.directory.as_mut().map(|directory| directory.page(|id| held.get(id).is_some()));
        let me = self.identity.me().map(|me| me.id);
        let view = View {
            identity,
            connection,
            pinned: self.connection.pinned(),
            rooms,
            panes: reuse_items(&last.panes, vec![pane]),
            composer,
            people: self.members.people(me),
            pending,
            directory,
            notices: reuse(&last.notices, notices),
        };
        self.view_cache.update(view)
    }
}

/// The pane of the open room, which is missing before the first session.
fn pane(
    conversation: Conversation,
    room: Option<&Room>,
    unsettled: &[Rc<Row>],
    last: &Rc<[Rc<Row>]>,
) -> Pane {
    let Some(Room { timeline, paging, unread, .. }) = room else {
        return Pane { rows: last_rows(unsettled, last), ..Pane::empty(conversation) };
    };
    let mut rows = timeline.rows();
    if timeline.is_at_end() {
        rows.extend_from_slice(unsettled);
    }
    rows.truncate(rows.len() - timeline.hidden_at_end().min(rows.len()));
    let older = edge(timeline.has_older(), timeline.needs_older_page(), paging.edge(PageRequest::Older));
    Pane {
        conversation,
        rows: last_rows(&rows, last),
        older,
        newer: edge(timeline.has_newer(), timeline.needs_newer_page(), paging.edge(PageRequest::Newer)),
        loaded: older == Edge::End || !rows.is_empty(),
        following: timeline.is_following(),
        new_below: timeline.new_below(),
        jumping: paging.is_jumping(),
        jump_failed: paging.has_failed_jump(),
        jump_target: timeline.jump_target(),
        line: unread.line.map(|line| {
            let first = timeline.first_of_others_after(line.above.n).map(|held| &held.row);
            NewLine {
                before: first.map(|row| row.key),
                count: line.count,
                since: first.map(|row| row.at),
                is_unread: unread.count(timeline) > 0,
            }
        }),
    }
}

/// The last rows, up to the limit of the window: `last`, if these are the same.
fn last_rows(rows: &[Rc<Row>], last: &Rc<[Rc<Row>]>) -> Rc<[Rc<Row>]> {
    let rows = &rows[rows.len().saturating_sub(WINDOW_ROWS_MAX)..];
    let is_same =
        rows.len() == last.len() && rows.iter().zip(last.iter()).all(|(row, last)| Rc::ptr_eq(row, last));
    if is_same { last.clone() } else { Rc::from(rows) }
}

/// The state of an edge of the window. Held messages beyond the edge need no request.
fn edge(has_more: bool, needs_page: bool, paging: Edge) -> Edge {
    match () {
        () if !has_more => Edge::End,
        () if needs_page => paging,
        () => Edge::More,
    }
}
