//! What the person asked for and the server has not settled yet.
//!
//! Every durable command goes through here: first it is stored, then it leaves. Per room at most
//! one is in flight; the next leaves when it is settled, so that the order of sending is the order
//! of the log. A command is settled by its `reply`, a post also by the `posted` event or by a page
//! that holds it, whichever comes first. It keeps its `client_id` however often it is sent, and
//! the store keeps one of each: sending again does no harm. But it is of each author: a message that may
//! have been sent is not sent again by another member of the same log, unless the person says so.

use crate::backoff::Backoff;
use crate::compose;
use crate::effect::Effect;
use crate::jitter::Jitter;
use crate::limits::{LEASE_MS, OUTBOX_ROWS_MAX, SETTLE_MS};
use crate::outbox::foreign_rows::{ForeignRow, ForeignRows};
use crate::persisted::{CommandBody, MAY_HAVE_ARRIVED, Owner, StoredRow};
use crate::row_key::RowKey;
use entry::{EntryState, OutboxEntry};
use shared::event::Refusal;
use shared::{ClientId, Command, ErrorCode, Member, RoomId};

pub(crate) mod drafts;
pub(crate) mod entry;
pub(crate) mod foreign_rows;
mod lease;
mod rows;

/// The unsettled commands, in the order of sending.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: Vec<OutboxEntry>,
    /// The last place that was given out.
    last_place: u64,
    /// A session is on: what is stored may leave at once.
    is_live: bool,
    backoff: Backoff,
}

impl Outbox {
    /// Whether it takes no more.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= OUTBOX_ROWS_MAX
    }

    /// How many are held.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether this is held.
    pub(crate) fn contains(&self, client_id: ClientId) -> bool {
        self.entries.iter().any(|entry| entry.row.client_id == client_id)
    }

    /// Takes a command of `me`, to be stored first. One that cannot be sent steps aside at once.
    pub(crate) fn add(
        &mut self,
        owner: Owner,
        me: &Member,
        client_id: ClientId,
        body: CommandBody,
        now: u64,
        out: &mut Vec<Effect>,
    ) {
        if self.is_full() || self.contains(client_id) {
            return;
        }
        let (failed, place) = (refusal_of(&body), self.next_place(now));
        let (name, lease) = (me.name.clone(), now.saturating_add(LEASE_MS));
        let row =
            StoredRow { owner, client_id, name, body, at: now, place, lease, unsent: !self.is_live, failed };
        out.push(Effect::SaveRow(row.clone()));
        let state = failed.map_or(EntryState::Storing, EntryState::Failed);
        self.entries.push(OutboxEntry { row, state, is_saved: false, is_new: true, shown: None });
    }

    /// The shell has stored a row, or cannot. True if that lets it leave.
    pub(crate) fn note_saved(&mut self, client_id: ClientId, ok: bool) -> bool {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.row.client_id == client_id) else {
            return false;
        };
        entry.is_saved = ok;
        let waited = entry.state == EntryState::Storing;
        if waited {
            entry.state = EntryState::Queued;
        }
        waited
    }

    /// The commands that may leave now, taken as sent. `number` gives each its `ref`. One that is
    /// stored as never sent is stored anew first.
    pub(crate) fn take_ready(
        &mut self,
        now: u64,
        mut number: impl FnMut() -> u64,
        out: &mut Vec<Effect>,
    ) -> Vec<Command> {
        let flying = self.entries.iter().filter(|entry| matches!(entry.state, EntryState::InFlight { .. }));
        let mut busy: Vec<Option<RoomId>> = flying.map(|entry| entry.row.body.room()).collect();
        let mut commands = Vec::new();
        for entry in &mut self.entries {
            // The first of a room that has not failed speaks for it.
            let room = entry.row.body.room();
            if matches!(entry.state, EntryState::Failed(_)) || busy.contains(&room) {
                continue;
            }
            busy.push(room);
            if entry.state == EntryState::Queued && std::mem::take(&mut entry.row.unsent) {
                entry.state = EntryState::Storing;
                entry.save(now, out);
            } else if entry.state == EntryState::Queued {
                let reference = number();
                entry.state = EntryState::InFlight { reference, sent_at: now };
                commands.push(entry.command(reference));
            }
        }
        commands
    }

    /// Takes out the command that a `reply` settles.
    pub(crate) fn take_replied(&mut self, reference: u64, out: &mut Vec<Effect>) -> Option<OutboxEntry> {
        let at = self.index_in_flight(reference)?;
        self.backoff = Backoff::default();
        let entry = self.entries.remove(at);
        out.push(Effect::DeleteRow(entry.row.key()));
        Some(entry)
    }

    /// Lets go of the posts that are held as settled elsewhere. Of one that may have arrived it is
    /// asked whether it did, under whichever author: the last argument is true.
    pub(crate) fn settle(
        &mut self,
        is_settled: impl Fn(RoomId, RowKey, bool) -> bool,
        out: &mut Vec<Effect>,
    ) {
        let settled = self.entries.extract_if(.., |entry| {
            let CommandBody::Post { room, .. } = entry.row.body else { return false };
            is_settled(room, entry.row.key(), entry.state == EntryState::Failed(MAY_HAVE_ARRIVED))
        });
        for entry in settled {
            self.backoff = Backoff::default();
            out.push(Effect::DeleteRow(entry.row.key()));
        }
    }

    /// Whether the command with this `ref` is in flight.
    pub(crate) fn has_in_flight(&self, reference: u64) -> bool {
        self.index_in_flight(reference).is_some()
    }

    /// The server refused a command. When to send it again, if that may help.
    pub(crate) fn note_refused(
        &mut self,
        refusal: &Refusal,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> Option<u64> {
        let at = self.index_in_flight(refusal.reference?)?;
        let entry = self.entries.get_mut(at)?;
        if refusal.temporary {
            entry.state = EntryState::BackingOff;
            return Some(now.saturating_add(self.backoff.next_wait(now, jitter)));
        }
        entry.state = EntryState::Failed(refusal.code);
        // Who was refused for not being signed in may have been heard before.
        entry.row.unsent |= refusal.code != ErrorCode::SignInRequired;
        entry.save(now, out);
        None
    }

    /// The timer of a temporary refusal came.
    pub(crate) fn retry_refused(&mut self) {
        self.requeue(|state| state == EntryState::BackingOff);
    }

    /// The connection is lost, and with it the answers to what is in flight.
    /// True if the timer of a temporary refusal is not needed any more.
    pub(crate) fn disconnected(&mut self) -> bool {
        self.is_live = false;
        let rested = self.entries.iter().any(|entry| entry.state == EntryState::BackingOff);
        self.requeue(|state| matches!(state, EntryState::BackingOff | EntryState::InFlight { .. }));
        rested
    }

    /// A session began as `you`.
    ///
    /// Rows go along with a person whom the server had forgotten and who came back under the same
    /// name. Those of somebody else are put away and wait to be asked for: nobody says what
    /// another wrote.
    pub(crate) fn begin_session(
        &mut self,
        owner: Owner,
        you: &Member,
        now: u64,
        foreign_rows: &mut ForeignRows,
        out: &mut Vec<Effect>,
    ) {
        self.is_live = true;
        let theirs = |entry: &mut OutboxEntry| {
            let unnumbered = entry.row.owner.epoch.is_none() && entry.row.owner.member == you.id;
            entry.row.owner != owner && !unnumbered && entry.row.name != you.name
        };
        let others: Vec<OutboxEntry> = self.entries.extract_if(.., theirs).collect();
        for entry in others {
            entry.set_aside(foreign_rows, out);
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.row.owner != owner) {
            entry.reassign(owner, now, out);
        }
        self.set_name(you);
    }

    /// The member of this page is gone: all is put away.
    pub(crate) fn set_aside(&mut self, foreign_rows: &mut ForeignRows, out: &mut Vec<Effect>) {
        for entry in std::mem::take(&mut self.entries) {
            entry.set_aside(foreign_rows, out);
        }
        *self = Outbox { last_place: self.last_place, ..Outbox::default() };
    }

    /// Takes stored rows, as those of `owner`, who is `me`.
    pub(crate) fn adopt(
        &mut self,
        rows: Vec<ForeignRow>,
        owner: Owner,
        me: &Member,
        now: u64,
        out: &mut Vec<Effect>,
    ) {
        for ForeignRow { row, is_saved, .. } in rows {
            if self.contains(row.client_id) {
                continue;
            }
            self.last_place = self.last_place.max(row.place);
            let mut entry =
                OutboxEntry { row, state: EntryState::Queued, is_saved, is_new: false, shown: None };
            let from = entry.row.owner;
            if from.epoch.is_some_and(|epoch| Some(epoch) != owner.epoch) || from.member != owner.member {
                // Another's: asked for, it is tried anew.
                entry.row.name.clone_from(&me.name);
                entry.row.failed = None;
            }
            let failed = entry.row.failed.or_else(|| refusal_of(&entry.row.body));
            entry.state = failed.map_or(EntryState::Queued, EntryState::Failed);
            if from == owner {
                entry.row.lease = 0;
            } else {
                entry.reassign(owner, now, out);
            }
            let at = self.entries.partition_point(|held| held.row.place <= entry.row.place);
            self.entries.insert(at, entry);
        }
    }

    /// The member has another name.
    pub(crate) fn set_name(&mut self, me: &Member) {
        let mine = |entry: &&mut OutboxEntry| entry.row.owner.member == me.id && entry.row.name != me.name;
        for entry in self.entries.iter_mut().filter(mine) {
            entry.row.name.clone_from(&me.name);
        }
    }

    /// The person wants a failed row sent again: it goes to the end, and leaves once that is stored.
    pub(crate) fn retry(&mut self, key: RowKey, now: u64, out: &mut Vec<Effect>) {
        let Some(at) = self.index_failed(key) else { return };
        let mut entry = self.entries.remove(at);
        entry.row.place = self.next_place(now);
        entry.row.at = now;
        entry.row.unsent = !self.is_live;
        entry.state = refusal_of(&entry.row.body).map_or(EntryState::Storing, EntryState::Failed);
        entry.save(now, out);
        self.entries.push(entry);
    }

    /// The person drops a failed row.
    pub(crate) fn discard(&mut self, key: RowKey, out: &mut Vec<Effect>) {
        if let Some(at) = self.index_failed(key) {
            self.entries.remove(at);
            out.push(Effect::DeleteRow(key));
        }
    }

    /// What was in the way of the answers until now is gone.
    pub(crate) fn restart_deadlines(&mut self, now: u64) {
        for entry in &mut self.entries {
            if let EntryState::InFlight { sent_at, .. } = &mut entry.state {
                *sent_at = now;
            }
        }
    }

    /// When a command in flight has waited too long, on a connection that lives.
    pub(crate) fn overdue_at(&self) -> Option<u64> {
        let sent = self.entries.iter().filter_map(|entry| match entry.state {
            EntryState::InFlight { sent_at, .. } => Some(sent_at),
            _ => None,
        });
        sent.min().map(|sent_at| sent_at.saturating_add(SETTLE_MS))
    }

    fn next_place(&mut self, now: u64) -> u64 {
        self.last_place = now.max(self.last_place.saturating_add(1));
        self.last_place
    }

    fn index_in_flight(&self, wanted: u64) -> Option<usize> {
        let is_it = |state| matches!(state, EntryState::InFlight { reference, .. } if reference == wanted);
        self.entries.iter().position(|entry| is_it(entry.state))
    }

    fn index_failed(&self, key: RowKey) -> Option<usize> {
        let is_it =
            |entry: &OutboxEntry| entry.row.key() == key && matches!(entry.state, EntryState::Failed(_));
        self.entries.iter().position(is_it)
    }

    fn requeue(&mut self, which: impl Fn(EntryState) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| which(entry.state)) {
            entry.state = EntryState::Queued;
        }
    }
}

/// Why this can never be sent. The composer has checked the text; a frame over the limit would
/// still end each connection that it is sent on, so it is never sent.
fn refusal_of(body: &CommandBody) -> Option<ErrorCode> {
    let long = |text: &str| text.len() > shared::limits::TEXT_BYTES_MAX;
    match body {
        CommandBody::Post { text, .. } => match compose::check(text) {
            Ok(()) => None,
            Err(compose::TextRefusal::Empty) => Some(ErrorCode::TextEmpty),
            Err(compose::TextRefusal::TooLong { .. }) => Some(ErrorCode::TextTooLong),
        },
        CommandBody::Create { name, .. } | CommandBody::Change { name, .. } if long(name) => {
            Some(ErrorCode::NameTooLong)
        }
        CommandBody::Create { description, .. } | CommandBody::Change { description, .. }
            if long(description) =>
        {
            Some(ErrorCode::DescriptionRefused)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
