//! One command of the outbox.

use crate::effect::Effect;
use crate::limits::LEASE_MS;
use crate::outbox::foreign_rows::ForeignRows;
use crate::persisted::{CommandBody, MAY_HAVE_ARRIVED, Owner, StoredRow};
use crate::view::{Row, RowState};
use shared::command::{Post, RoomChange, RoomCreate, RoomMove};
use shared::{Command, ErrorCode};
use std::rc::Rc;

/// The command.
#[derive(Debug)]
pub(crate) struct OutboxEntry {
    /// As it is stored.
    pub(crate) row: StoredRow,
    pub(super) state: EntryState,
    /// The store has it.
    pub(super) is_saved: bool,
    /// Asked for in this life of the page.
    pub(crate) is_new: bool,
    /// As it was last shown.
    pub(super) shown: Option<Rc<Row>>,
}

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryState {
    /// Leaves once it is stored.
    Storing,
    /// Leaves when the room is free.
    Queued,
    /// Sent on the connection of now.
    InFlight { reference: u64, sent_at: u64 },
    /// Refused for now: queued again when the timer comes. Its room waits with it.
    BackingOff,
    /// Refused for good: others pass it by.
    Failed(ErrorCode),
}

impl EntryState {
    pub(super) fn show(self, connected: bool) -> RowState {
        match self {
            EntryState::Failed(code) => RowState::Failed(code),
            EntryState::BackingOff => RowState::Waiting,
            _ if connected => RowState::Sending,
            _ => RowState::Waiting,
        }
    }
}

impl OutboxEntry {
    /// As it is sent.
    pub(super) fn command(&self, reference: u64) -> Command {
        let client_id = self.row.client_id;
        match self.row.body.clone() {
            CommandBody::Post { room, text } => Command::Post(Post { reference, client_id, room, text }),
            CommandBody::Create { name, description } => {
                Command::RoomCreate(RoomCreate { reference, client_id, name, description })
            }
            CommandBody::Change { room, name, description } => {
                Command::RoomChange(RoomChange { reference, client_id, room, name, description })
            }
            CommandBody::Join { room } => Command::RoomJoin(RoomMove { reference, client_id, room }),
            CommandBody::Leave { room } => Command::RoomLeave(RoomMove { reference, client_id, room }),
        }
    }

    /// Stores it as it is now.
    pub(super) fn save(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.row.failed = match self.state {
            EntryState::Failed(code) => Some(code),
            _ => None,
        };
        self.row.lease = now.saturating_add(LEASE_MS);
        out.push(Effect::SaveRow(self.row.clone()));
    }

    /// Makes it `owner`'s. A message that may be in their log under its author of until now steps
    /// aside: the store would take it for another.
    pub(super) fn reassign(&mut self, owner: Owner, now: u64, out: &mut Vec<Effect>) {
        let from = self.row.owner;
        let may_be_there = !self.row.unsent && from.epoch == owner.epoch;
        if may_be_there && from.member != owner.member && matches!(self.row.body, CommandBody::Post { .. }) {
            self.state = EntryState::Failed(MAY_HAVE_ARRIVED);
        }
        // It may leave before it is stored anew.
        self.row.unsent &= self.state != EntryState::Queued;
        self.row.owner = owner;
        // In the place of what was stored of it: the store knows it by its `client_id` alone.
        self.save(now, out);
    }

    /// Lets it wait for whoever asks for it.
    pub(super) fn set_aside(mut self, foreign_rows: &mut ForeignRows, out: &mut Vec<Effect>) {
        self.row.lease = 0;
        out.push(Effect::RenewLease { keys: vec![self.row.key()], until: 0 });
        foreign_rows.add(self.row, self.is_saved);
    }

    /// As a row, if it is a message.
    pub(super) fn show(&mut self, state: RowState) -> Option<Rc<Row>> {
        let CommandBody::Post { text, .. } = &self.row.body else { return None };
        let key = self.row.key();
        let same = |row: &&Rc<Row>| row.state == state && row.key == key && *row.name == *self.row.name;
        if let Some(row) = self.shown.as_ref().filter(same) {
            return Some(row.clone());
        }
        let text = self.shown.as_ref().map_or_else(|| Rc::from(text.as_str()), |row| row.text.clone());
        let name = Rc::from(self.row.name.as_str());
        let row = Rc::new(Row { key, name, tag: None, mine: true, text, at: self.row.at, state });
        self.shown = Some(row.clone());
        Some(row)
    }
}
