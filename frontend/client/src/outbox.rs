//! The outbox: durable commands that the server has not settled yet.
//!
//! While a session is live, a new command is saved and sent in the same step: waiting for the storage
//! would delay each message by a frame or more. No order of crash, answer and write loses or doubles a
//! command, because it keeps its `client_id`. If the page dies after the sending and before the saving,
//! the text may also be in the stored draft. A command that is given without a session is saved first,
//! as unsent.
//!
//! Per conversation at most one command is in flight, so that the order of sending is the order in the log. A `reply` settles a command. A post is also settled by
//! its `posted` event or by a page of history that contains it, whichever comes first.
//!
//! A command keeps its `client_id` however often it is sent. The store keeps one event per author
//! and `client_id`, so sending again is harmless. A message that may have been sent is not sent
//! again by another member of the same log, unless the person asks for it.

use crate::backoff::Backoff;
use crate::conversation::Conversation;
use crate::effect::Effect;
use crate::jitter::Jitter;
use crate::limits::{LEASE_MS, OUTBOX_ROWS_MAX};
use crate::outbox::foreign_rows::{ForeignRow, ForeignRows};
use crate::persisted::{CommandBody, MAY_HAVE_ARRIVED, Owner, StoredRow};
use crate::row_key::RowKey;
use entry::{EntryState, OutboxEntry};
use lease::renewal_after;
use shared::event::Refusal;
use shared::{ClientId, Command, ErrorCode, Member, Now, RoomId};

pub(crate) mod drafts;
pub(crate) mod entry;
pub(crate) mod foreign_rows;
mod lease;
mod rows;

/// The unsettled commands, in the order of sending.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: Vec<OutboxEntry>,
    /// The greatest `send_order` so far.
    last_send_order: u64,
    /// Whether a session is live, so that a saved command may be sent at once.
    is_live: bool,
    backoff: Backoff,
}

impl Outbox {
    /// Whether the outbox is full.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= OUTBOX_ROWS_MAX
    }

    /// The number of commands.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the outbox contains a command with this id.
    pub(crate) fn contains(&self, client_id: ClientId) -> bool {
        self.entries.iter().any(|entry| entry.row.client_id == client_id)
    }

    /// Adds a command of `me`, which is saved now, and may be sent now if a session is live. A command that can
    /// never be sent fails at once.
    pub(crate) fn add(
        &mut self,
        owner: Owner,
        me: &Member,
        client_id: ClientId,
        body: CommandBody,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        if self.is_full() || self.contains(client_id) {
            return;
        }
        let (failed, send_order) = (body.kind().refusal(), self.next_send_order(now));
        let (name, lease) = (me.name.clone(), now.after(LEASE_MS).wall);
        let row = StoredRow {
            owner,
            client_id,
            name,
            body,
            at: now.wall,
            send_order,
            lease,
            unsent: !self.is_live,
            failed,
        };
        out.push(Effect::SaveRow(row.clone()));
        let state = failed.map_or(self.new_state(), EntryState::Failed);
        let renew_at = renewal_after(now);
        self.entries.push(OutboxEntry {
            row,
            state,
            renew_at,
            is_saved: false,
            has_failed_save: false,
            was_stored_refused: false,
            shown: None,
        });
    }

    /// Records that the shell saved a row, or could not. A command that waited for that may be sent now.
    pub(crate) fn note_saved(&mut self, client_id: ClientId, ok: bool) {
        // A row whose command is settled is no longer here.
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.row.client_id == client_id) {
            (entry.is_saved, entry.has_failed_save) = (ok, !ok);
            if entry.state == EntryState::Storing {
                entry.state = EntryState::Queued;
            }
        }
    }

    /// Returns the commands that may be sent now and marks them as in flight.
    ///
    /// `number` returns the next `ref`. A command that is stored as unsent is first stored again as
    /// sent.
    pub(crate) fn take_ready(
        &mut self,
        now: Now,
        mut number: impl FnMut() -> u64,
        out: &mut Vec<Effect>,
    ) -> Vec<Command> {
        let in_flight =
            self.entries.iter().filter(|entry| matches!(entry.state, EntryState::InFlight { .. }));
        let mut busy: Vec<Option<Conversation>> = in_flight.map(OutboxEntry::conversation).collect();
        let mut commands = Vec::new();
        for entry in &mut self.entries {
            // Only the first command of a conversation that has not failed may be sent.
            let conversation = entry.conversation();
            if entry.is_refused() || busy.contains(&conversation) {
                continue;
            }
            busy.push(conversation);
            if entry.state == EntryState::Queued && std::mem::take(&mut entry.row.unsent) {
                entry.state = EntryState::Storing;
                entry.save(now, out);
            } else if entry.state == EntryState::Queued {
                let reference = number();
                entry.state = EntryState::InFlight { reference, sent_at: now.mono };
                commands.push(entry.command(reference));
            }
        }
        commands
    }

    /// Removes the command that a `reply` settles. The caller deletes its row.
    pub(crate) fn take_replied(&mut self, reference: u64) -> Option<OutboxEntry> {
        let at = self.index_in_flight(reference)?;
        self.backoff = Backoff::default();
        Some(self.entries.remove(at))
    }

    /// Removes the posts that are settled elsewhere, and returns their keys. The caller deletes their rows.
    ///
    /// The last argument of `is_settled` is true for a post that may have arrived under another
    /// author; then the author does not matter.
    pub(crate) fn settle(&mut self, is_settled: impl Fn(RoomId, RowKey, bool) -> bool) -> Vec<RowKey> {
        let settled = self.entries.extract_if(.., |entry| {
            let Some((conversation, _)) = entry.row.body.row() else { return false };
            is_settled(
                conversation.room,
                entry.row.key(),
                entry.state == EntryState::Failed(MAY_HAVE_ARRIVED),
            )
        });
        let settled: Vec<RowKey> = settled.map(|entry| entry.row.key()).collect();
        if !settled.is_empty() {
            self.backoff = Backoff::default();
        }
        settled
    }

    /// Whether a row could not be saved, so that it is lost with the page.
    pub(crate) fn has_unsaved(&self) -> bool {
        self.entries.iter().any(|entry| entry.has_failed_save)
    }

    /// Whether the command with this `ref` is in flight.
    pub(crate) fn has_in_flight(&self, reference: u64) -> bool {
        self.index_in_flight(reference).is_some()
    }

    /// Records the refusal of a command. Returns the time to send it again if the refusal is
    /// temporary.
    pub(crate) fn note_refused(
        &mut self,
        refusal: &Refusal,
        now: Now,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> Option<u64> {
        let at = self.index_in_flight(refusal.reference?)?;
        let entry = self.entries.get_mut(at)?;
        if refusal.temporary {
            entry.state = EntryState::BackingOff;
            return Some(now.mono.saturating_add(self.backoff.next_wait(now.mono, jitter)));
        }
        entry.state = EntryState::Failed(refusal.code);
        // If the refusal is for lack of a sign-in, an earlier attempt may have arrived.
        entry.row.unsent |= refusal.code != ErrorCode::SignInRequired;
        entry.save(now, out);
        None
    }

    /// Queues the temporarily refused commands again.
    pub(crate) fn retry_refused(&mut self) {
        self.requeue(|state| state == EntryState::BackingOff);
    }

    /// Queues everything in flight again because the connection was lost. Returns true if
    /// [`crate::timer::Timer::Resend`] is no longer needed.
    pub(crate) fn disconnected(&mut self) -> bool {
        self.is_live = false;
        let was_backing_off = self.entries.iter().any(|entry| entry.state == EntryState::BackingOff);
        self.requeue(|state| matches!(state, EntryState::BackingOff | EntryState::InFlight { .. }));
        was_backing_off
    }

    /// Begins a session as `you`.
    ///
    /// Rows follow a person whom the server had forgotten and who joined again under the same name.
    /// Rows of another person are set aside until they are asked for: no one sends what another
    /// person wrote.
    pub(crate) fn begin_session(
        &mut self,
        owner: Owner,
        you: &Member,
        now: Now,
        foreign_rows: &mut ForeignRows,
        out: &mut Vec<Effect>,
    ) {
        self.is_live = true;
        let is_foreign = |entry: &mut OutboxEntry| {
            let unnumbered = entry.row.owner.epoch.is_none() && entry.row.owner.member == you.id;
            entry.row.owner != owner && !unnumbered && entry.row.name != you.name
        };
        let foreign: Vec<OutboxEntry> = self.entries.extract_if(.., is_foreign).collect();
        for entry in foreign {
            entry.set_aside(foreign_rows, out);
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.row.owner != owner) {
            entry.reassign(owner, now, out);
        }
        self.set_name(you);
    }

    /// Sets everything aside because the member of this page is gone.
    pub(crate) fn set_aside(&mut self, foreign_rows: &mut ForeignRows, out: &mut Vec<Effect>) {
        for entry in std::mem::take(&mut self.entries) {
            entry.set_aside(foreign_rows, out);
        }
        *self = Outbox { last_send_order: self.last_send_order, ..Outbox::default() };
    }

    /// Adopts stored rows for `owner`, who is `me`.
    pub(crate) fn adopt(
        &mut self,
        rows: Vec<ForeignRow>,
        owner: Owner,
        me: &Member,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        for ForeignRow { row, is_saved, .. } in rows {
            if self.contains(row.client_id) {
                continue;
            }
            self.last_send_order = self.last_send_order.max(row.send_order);
            let mut entry = OutboxEntry {
                row,
                state: EntryState::Queued,
                renew_at: 0,
                is_saved,
                has_failed_save: false,
                was_stored_refused: false,
                shown: None,
            };
            let from = entry.row.owner;
            if from.epoch.is_some_and(|epoch| Some(epoch) != owner.epoch) || from.member != owner.member {
                // The row was another member's: try it again under the new name.
                entry.row.name.clone_from(&me.name);
                entry.row.failed = None;
            }
            let failed = entry.row.failed.or_else(|| entry.row.body.kind().refusal());
            entry.state = failed.map_or(EntryState::Queued, EntryState::Failed);
            if from != owner {
                entry.reassign(owner, now, out);
            }
            let at = self.entries.partition_point(|held| held.row.send_order <= entry.row.send_order);
            self.entries.insert(at, entry);
        }
    }

    /// Records that a read of the storage began.
    pub(crate) fn note_load_started(&mut self) {
        for entry in &mut self.entries {
            entry.was_stored_refused = entry.is_saved && entry.is_refused();
        }
    }

    /// Drops the refused commands that the person discarded in another tab, or sends again there.
    pub(crate) fn drop_taken(&mut self, stored: &[StoredRow]) {
        let is_still = |id| stored.iter().any(|row| row.client_id == id && row.failed.is_some());
        self.entries.retain(|entry| {
            let is_unchanged = entry.was_stored_refused && entry.is_refused();
            !is_unchanged || is_still(entry.row.client_id)
        });
    }

    /// Gives the rows of this member the member's present name.
    pub(crate) fn set_name(&mut self, me: &Member) {
        let has_old_name =
            |entry: &&mut OutboxEntry| entry.row.owner.member == me.id && entry.row.name != me.name;
        for entry in self.entries.iter_mut().filter(has_old_name) {
            entry.row.name.clone_from(&me.name);
        }
    }

    /// Sends a failed row again: moves it to the end and saves it.
    pub(crate) fn retry(&mut self, key: RowKey, now: Now, out: &mut Vec<Effect>) {
        let Some(at) = self.index_failed(key) else { return };
        let mut entry = self.entries.remove(at);
        entry.row.send_order = self.next_send_order(now);
        entry.row.at = now.wall;
        entry.row.unsent = !self.is_live;
        entry.state = entry.row.body.kind().refusal().map_or(self.new_state(), EntryState::Failed);
        entry.save(now, out);
        self.entries.push(entry);
    }

    /// Discards a failed row.
    pub(crate) fn discard(&mut self, key: RowKey, out: &mut Vec<Effect>) {
        if let Some(at) = self.index_failed(key) {
            self.entries.remove(at);
            out.push(Effect::DeleteRow(key));
        }
    }

    /// Restarts the deadlines of the commands in flight, because replies could not arrive before
    /// now.
    pub(crate) fn restart_deadlines(&mut self, now: u64) {
        for entry in &mut self.entries {
            if let EntryState::InFlight { sent_at, .. } = &mut entry.state {
                *sent_at = now;
            }
        }
    }

    /// The time at which the oldest command in flight was sent.
    pub(crate) fn awaited_since(&self) -> Option<u64> {
        let sent = self.entries.iter().filter_map(|entry| match entry.state {
            EntryState::InFlight { sent_at, .. } => Some(sent_at),
            _ => None,
        });
        sent.min()
    }

    /// The state of a command that is given now. While a session is live, its row is saved as sent, so nobody
    /// else sends it again unasked. A row that is saved as unsent is saved again before it is sent.
    fn new_state(&self) -> EntryState {
        if self.is_live { EntryState::Queued } else { EntryState::Storing }
    }

    /// The next `send_order`. It begins with the wall clock, so that rows of this visit follow those of earlier
    /// visits.
    fn next_send_order(&mut self, now: Now) -> u64 {
        self.last_send_order = now.wall.max(self.last_send_order.saturating_add(1));
        self.last_send_order
    }

    fn index_in_flight(&self, wanted: u64) -> Option<usize> {
        let is_wanted =
            |state| matches!(state, EntryState::InFlight { reference, .. } if reference == wanted);
        self.entries.iter().position(|entry| is_wanted(entry.state))
    }

    fn index_failed(&self, key: RowKey) -> Option<usize> {
        self.entries.iter().position(|entry| entry.row.key() == key && entry.is_refused())
    }

    fn requeue(&mut self, which: impl Fn(EntryState) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| which(entry.state)) {
            entry.state = EntryState::Queued;
        }
    }
}

#[cfg(test)]
mod tests;
