//! The recovery phase: users resolve what needs them, until no page disagrees with the log.

use super::World;
use crate::event::SimEvent;
use crate::page::Page;
use crate::page_id::PageId;
use crate::violation::Violation;
use client::input::Input;
use client::view::{Edge, IdentityView, RowState};
use shared::{ErrorCode, RoomId};
use std::collections::BTreeSet;

/// Failed rows that a user resolves at once.
const RESOLVED_AT_ONCE: usize = 10;

impl World {
    /// Resolves, once a second, everything that needs a user: a missing name, failed rows, foreign rows. In
    /// each room one member posts a final message, which reveals a gap before it.
    pub(crate) fn resolve_errors(&mut self) -> Result<(), Violation> {
        self.schedule(1_000, SimEvent::Resolution);
        if self.is_paging {
            return Ok(());
        }
        for room in self.writable_rooms() {
            let author = self.pages.iter().find(|page| {
                page.view.connection.welcomed && page.view.composer.can_send && is_in(page, room)
            });
            if let Some(id) = author.map(|page| page.id)
                && self.final_messages.insert(room)
            {
                self.send_message(id, room)?;
            }
        }
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            if let IdentityView::Nobody { busy: false, .. } = *self.pages[index].view.identity {
                self.join(id)?;
            } else if self.failed_row(id).is_some() {
                self.resolve_failed_rows(id)?;
            } else if let Some(room) = self.pages[index].view.rooms.iter().find(|room| room.failed) {
                // The room shows its refused rows when it is open.
                let room = room.id;
                self.dispatch(id, Input::OpenRoom(room))?;
            } else {
                self.adopt_rows(id)?;
            }
            let view = &self.pages[index].view;
            if !view.pane().following || view.pane().newer != Edge::End {
                self.dispatch(id, Input::JumpToLatest(self.open_conversation(id)))?;
                self.dispatch(id, Input::FollowEnd(self.open_conversation(id), true))?;
            }
        }
        Ok(())
    }

    /// Discards or retries the failed rows of a page.
    fn resolve_failed_rows(&mut self, id: PageId) -> Result<(), Violation> {
        for _ in 0..RESOLVED_AT_ONCE {
            let Some(key) = self.failed_row(id) else { break };
            let view = &self.pages[id.index].view;
            let states = view.pane().rows.iter().map(|row| (row.key, row.state));
            let states = states.chain(view.pending.iter().map(|pending| (pending.key, pending.state)));
            let state = states.into_iter().find(|(other, _)| *other == key).map(|(_, state)| state);
            match state {
                // A retry cannot succeed.
                Some(RowState::Failed(code)) if code != ErrorCode::SignInRequired => {
                    self.oracle.record_discard(key.client_id);
                    // The discarded row may have been the final message of the room.
                    let room = view.room();
                    self.final_messages.remove(&room);
                    self.dispatch(id, Input::Discard(key))?;
                }
                _ => self.retry_row(id, key)?,
            }
        }
        Ok(())
    }

    /// Returns the rooms of which any page is a member and that are not archived.
    fn writable_rooms(&self) -> BTreeSet<RoomId> {
        let epoch = self.server.log.epoch();
        let rooms = self.pages.iter().flat_map(|page| page.view.rooms.iter().map(|room| room.id));
        rooms.filter(|room| !self.oracle.is_archived(epoch, *room)).collect()
    }

    /// Returns a description of the first difference between the pages and the log, if there is one.
    pub(super) fn disagreement(&self) -> Option<String> {
        if self.writable_rooms().iter().any(|room| !self.final_messages.contains(room)) {
            return Some("a room has no final message".to_owned());
        }
        if let Some(rows) = self.browsers.iter().map(|browser| browser.database.rows()).find(|rows| *rows > 0)
        {
            return Some(format!("{rows} rows are saved"));
        }
        let durable = self.server.durable_head;
        if let Some(node) = self.server.nodes.iter().position(|node| node.hub.through().n < durable) {
            return Some(format!("node {node} has not read the tail up to {durable}"));
        }
        let epoch = self.server.log.epoch();
        for page in &self.pages {
            let at = page.id.index;
            let view = &page.view;
            // Without a database only the page has the refused rows.
            if view.rooms.iter().any(|room| room.failed) || self.failed_row(page.id).is_some() {
                return Some(format!("page {at} has refused rows"));
            }
            let IdentityView::Somebody { busy: false, .. } = *view.identity else {
                return Some(format!("page {at} is {:?}", view.identity));
            };
            if !view.connection.welcomed || page.pending_requests > 0 || view.notices.catching_up {
                return Some(format!("page {at} is not connected: {:?}", view.connection));
            }
            if page.epoch != Some(epoch) {
                return Some(format!("page {at} is in the epoch {:?}", page.epoch));
            }
            if view.composer.waiting > 0 || !view.pending.is_empty() || !view.notices.left_behind.is_empty() {
                return Some(format!(
                    "page {at}: {} wait, {:?}, {:?}",
                    view.composer.waiting, view.pending, view.notices.left_behind
                ));
            }
            let unsettled = view.pane().rows.iter().find(|row| row.state != RowState::Settled);
            if let Some(row) = unsettled {
                return Some(format!("page {at} has {row:?}"));
            }
            if view.pane().rows.last().map(|row| row.key) != self.oracle.newest(epoch, view.room()) {
                return Some(format!("page {at} lacks the newest message of {:?}", view.room()));
            }
            if let Some(missing) = self.missing_people(page) {
                return Some(missing);
            }
            if let Some(wrong) = self.wrong_badge(page) {
                return Some(wrong);
            }
        }
        None
    }
}

fn is_in(page: &Page, room: RoomId) -> bool {
    page.view.rooms.iter().any(|item| item.id == room)
}
