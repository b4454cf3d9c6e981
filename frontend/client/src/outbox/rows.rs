//! The outbox's part of the view: the rows of posts, and the other pending commands.

use super::Outbox;
use super::entry::OutboxEntry;
use crate::conversation::Conversation;
use crate::view::{PendingCommand, Row, RowState};
use shared::RoomId;
use std::rc::Rc;

impl Outbox {
    /// The number of rows in this conversation.
    pub(crate) fn count_rows(&self, conversation: Conversation) -> usize {
        let is_of = |entry: &&OutboxEntry| entry.row.body.row().is_some_and(|(of, _)| of == conversation);
        self.entries.iter().filter(is_of).count()
    }

    /// The rows in this conversation, and the number of posts to all rooms that wait for the network.
    ///
    /// Rows on their way come first, in the order of sending. Failed rows come last, so that a row
    /// that settles does not pass them.
    pub(crate) fn rows(&mut self, conversation: Conversation, connected: bool) -> (Vec<Rc<Row>>, u32) {
        let mut on_their_way = Vec::new();
        let mut failed = Vec::new();
        let mut waiting = 0_u32;
        for entry in &mut self.entries {
            let state = entry.state.show(connected);
            let is_row = entry.row.body.row().is_some();
            waiting = waiting.saturating_add((is_row && state == RowState::Waiting).into());
            if entry.conversation() == Some(conversation)
                && let Some(row) = entry.show(state)
            {
                let rows = if matches!(state, RowState::Failed(_)) { &mut failed } else { &mut on_their_way };
                rows.push(row);
            }
        }
        on_their_way.append(&mut failed);
        (on_their_way, waiting)
    }

    /// The rooms with a post that was refused permanently and waits for the person's decision.
    pub(crate) fn failed_rooms(&self) -> Vec<RoomId> {
        let failed = self.entries.iter().filter(|entry| entry.is_refused());
        failed.filter_map(|entry| entry.row.body.row()).map(|(conversation, _)| conversation.room).collect()
    }

    /// The commands other than posts to the member's rooms.
    pub(crate) fn pending(&self, is_in: impl Fn(RoomId) -> bool, connected: bool) -> Vec<PendingCommand> {
        let is_pending = |entry: &&OutboxEntry| {
            entry.row.body.row().is_none_or(|(conversation, _)| !is_in(conversation.room))
        };
        let pending = |entry: &OutboxEntry| PendingCommand {
            key: entry.row.key(),
            body: entry.row.body.clone(),
            state: entry.state.show(connected),
        };
        self.entries.iter().filter(is_pending).map(pending).collect()
    }
}
