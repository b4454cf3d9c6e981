//! The outbox's part of the view: the rows of posts, and the other pending commands.

use super::Outbox;
use super::entry::{EntryState, OutboxEntry};
use crate::persisted::CommandBody;
use crate::view::{PendingCommand, Row, RowState};
use shared::RoomId;
use std::rc::Rc;

impl Outbox {
    /// The number of posts to `room`.
    pub(crate) fn count_posts(&self, room: RoomId) -> usize {
        let is_of = |body: &CommandBody| matches!(body, CommandBody::Post { room: of, .. } if *of == room);
        self.entries.iter().filter(|entry| is_of(&entry.row.body)).count()
    }

    /// The posts to `room`, and the number of posts to all rooms that wait for the network.
    ///
    /// Rows on their way come first, in the order of sending. Failed rows come last, so that a row
    /// that settles does not pass them.
    pub(crate) fn rows(&mut self, room: RoomId, connected: bool) -> (Vec<Rc<Row>>, u32) {
        let mut on_their_way = Vec::new();
        let mut failed = Vec::new();
        let mut waiting = 0_u32;
        for entry in &mut self.entries {
            let state = entry.state.show(connected);
            let is_post = matches!(entry.row.body, CommandBody::Post { .. });
            waiting = waiting.saturating_add((is_post && state == RowState::Waiting).into());
            if entry.row.body.room() == Some(room)
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
        let failed = self.entries.iter().filter(|entry| matches!(entry.state, EntryState::Failed(_)));
        let room_of = |entry: &OutboxEntry| match entry.row.body {
            CommandBody::Post { room, .. } => Some(room),
            _ => None,
        };
        failed.filter_map(room_of).collect()
    }

    /// The commands other than posts to the member's rooms.
    pub(crate) fn pending(&self, is_in: impl Fn(RoomId) -> bool, connected: bool) -> Vec<PendingCommand> {
        let is_pending = |entry: &&OutboxEntry| match &entry.row.body {
            CommandBody::Post { room, .. } => !is_in(*room),
            _ => true,
        };
        let pending = |entry: &OutboxEntry| PendingCommand {
            key: entry.row.key(),
            body: entry.row.body.clone(),
            state: entry.state.show(connected),
        };
        self.entries.iter().filter(is_pending).map(pending).collect()
    }
}
