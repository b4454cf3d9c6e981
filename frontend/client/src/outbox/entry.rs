//! One command of the outbox: its state until it is settled, and its row in the view.

use super::lease::renewal_after;
use crate::conversation::Conversation;
use crate::effect::Effect;
use crate::limits::LEASE_MS;
use crate::outbox::foreign_rows::ForeignRows;
use crate::persisted::{MAY_HAVE_ARRIVED, Owner, StoredRow};
use crate::view::{Row, RowState};
use shared::{Command, ErrorCode, Now};
use std::rc::Rc;

/// A command of the outbox, with its state.
#[derive(Debug)]
pub(crate) struct OutboxEntry {
    /// The command in the form in which the browser's database stores it.
    pub(crate) row: StoredRow,
    pub(super) state: EntryState,
    /// The time at which the lease is to be renewed, by the monotonic clock.
    pub(super) renew_at: u64,
    /// Whether the row is stored.
    pub(super) is_saved: bool,
    /// Whether the last attempt to store the row failed.
    pub(super) has_failed_save: bool,
    /// Whether the storage held the refused command when the last read of it began.
    pub(super) was_stored_refused: bool,
    /// The row as it was last shown.
    pub(super) shown: Option<Rc<Row>>,
}

/// The state of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryState {
    /// The command is sent once it is saved.
    Storing,
    /// The command is sent when no other of its conversation is in flight.
    Queued,
    /// The command was sent on the present connection.
    InFlight { reference: u64, sent_at: u64 },
    /// The command was refused temporarily and is queued again by the timer. Its conversation waits too.
    BackingOff,
    /// The command was refused permanently. Others of its conversation pass it.
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
    /// The command as it is sent.
    pub(super) fn command(&self, reference: u64) -> Command {
        self.row.body.kind().command(reference, self.row.client_id)
    }

    /// The conversation whose order the command belongs to.
    pub(super) fn conversation(&self) -> Option<Conversation> {
        self.row.body.kind().conversation()
    }

    /// Whether the command was refused permanently.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.state, EntryState::Failed(_))
    }

    /// Whether other tabs must not take the stored row.
    pub(super) fn needs_lease(&self) -> bool {
        self.is_saved && !self.is_refused()
    }

    /// Saves the command in its present state and renews its lease.
    pub(super) fn save(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.row.failed = match self.state {
            EntryState::Failed(code) => Some(code),
            _ => None,
        };
        self.row.lease = now.after(LEASE_MS).wall;
        self.renew_at = renewal_after(now);
        out.push(Effect::SaveRow(self.row.clone()));
    }

    /// Moves the command to another owner.
    ///
    /// A message that may be in the log under the previous author fails, because the store would
    /// take it for a new one.
    pub(super) fn reassign(&mut self, owner: Owner, now: Now, out: &mut Vec<Effect>) {
        let from = self.row.owner;
        let may_be_there = !self.row.unsent && from.epoch == owner.epoch;
        if may_be_there && from.member != owner.member && self.row.body.row().is_some() {
            self.state = EntryState::Failed(MAY_HAVE_ARRIVED);
        }
        // The command may be sent before it is saved again.
        self.row.unsent &= self.state != EntryState::Queued;
        self.row.owner = owner;
        // Replaces the stored row: the storage knows it by its `client_id` alone.
        self.save(now, out);
    }

    /// Releases the command until its owner, or another person, asks for it.
    pub(super) fn set_aside(mut self, foreign_rows: &mut ForeignRows, out: &mut Vec<Effect>) {
        self.row.lease = 0;
        out.push(Effect::RenewLease { keys: vec![self.row.key()], until: 0 });
        foreign_rows.add(self.row, self.is_saved);
    }

    /// The row to show; `None` if the command is not a message.
    pub(super) fn show(&mut self, state: RowState) -> Option<Rc<Row>> {
        let (_, text) = self.row.body.row()?;
        let key = self.row.key();
        let same = |row: &&Rc<Row>| row.state == state && row.key == key && *row.name == *self.row.name;
        if let Some(row) = self.shown.as_ref().filter(same) {
            return Some(row.clone());
        }
        let text = self.shown.as_ref().map_or_else(|| Rc::from(text), |row| row.text.clone());
        let name = Rc::from(self.row.name.as_str());
        let row = Rc::new(Row { key, name, tag: None, mine: true, text, at: self.row.at, state });
        self.shown = Some(row.clone());
        Some(row)
    }
}
