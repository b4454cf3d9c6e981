//! Storing rows and drafts for the next visit, and taking over stored ones.

use super::Client;
use crate::conversations::rooms::Rooms;
use crate::effect::Effect;
use crate::limits::{LOAD_RETRIES_MAX, LOAD_RETRY_MS, OUTBOX_ROWS_MAX};
use crate::outbox::foreign_rows::ForeignRow;
use crate::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use crate::row_key::RowKey;
use crate::sync::requests::Requests;
use crate::timer::Timer;
use crate::view::{IdentityView, LeftBehind, Slice};
use shared::{ClientId, Now};

impl Client {
    /// Reads the stored rows, unless a read is under way.
    ///
    /// A tab reads at the start, and whenever another tab may have closed and left rows behind. A read that
    /// fails is repeated: a busy browser may answer too late.
    pub(super) fn load_rows(&mut self, out: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.is_loading, true) {
            self.load_retry_at = None;
            self.drafts.note_load_started();
            self.outbox.note_load_started();
            out.push(Effect::LoadRows);
        }
    }

    /// Takes the rows and drafts that the shell read; `None` if the storage cannot be read.
    pub(super) fn apply_loaded_rows(&mut self, stored: Option<StoredRows>, now: Now, out: &mut Vec<Effect>) {
        self.is_loading = false;
        match stored {
            Some(mut stored) => {
                self.load_failures = 0;
                let shown = std::mem::take(&mut self.was_shown);
                if self.has_loaded
                    && let Some((owner, _)) = &self.drafts_of
                {
                    let drafts = stored.drafts.extract_if(.., |draft| draft.owner == *owner);
                    // The person may write the same text again after this tab sent it.
                    let is_unknown =
                        |row: &&StoredRow| row.owner == *owner && !self.outbox.contains(row.client_id);
                    let rows = || stored.rows.iter().filter(is_unknown);
                    let drafts = drafts.filter(|draft| !is_sent(draft, rows()));
                    self.drafts.refresh(&drafts.collect::<Vec<_>>(), shown);
                }
                self.outbox.drop_taken(&stored.rows);
                self.foreign_rows.load(stored, |id| self.outbox.contains(id), now);
                self.has_loaded |= self.adopt_own_rows(now, out);
            }
            None => {
                self.foreign_rows.free_expired(now.mono);
                if self.load_failures < LOAD_RETRIES_MAX {
                    self.load_retry_at = Some(now.mono.saturating_add(LOAD_RETRY_MS << self.load_failures));
                    self.load_failures += 1;
                }
                self.adopt_own_rows(now, out);
            }
        }
        match self.left_behind_choice.take() {
            Some((predecessor, true)) => self.adopt_left_behind(predecessor, now, out),
            Some((predecessor, false)) => self.discard_left_behind(predecessor, out),
            None => {}
        }
        self.settle_outbox(out);
    }

    /// Reads the storage, and then adopts or discards what another person left behind. Another tab may have done so
    /// since the last read.
    pub(super) fn choose_left_behind(&mut self, owner: Owner, is_adopted: bool, out: &mut Vec<Effect>) {
        self.left_behind_choice = Some((owner, is_adopted));
        self.load_rows(out);
    }

    /// Records that a row was saved, or that it could not be.
    pub(super) fn mark_row_saved(&mut self, key: RowKey, ok: bool, out: &mut Vec<Effect>) {
        self.outbox.note_saved(key.client_id, ok);
        self.finish_send(key.client_id, out);
    }

    /// Deletes the row of a settled command, which may not be saved yet. Its text leaves the draft first, because
    /// another tab takes a draft without a row for text that was not sent.
    pub(super) fn forget_row(&mut self, key: RowKey, out: &mut Vec<Effect>) {
        self.finish_send(key.client_id, out);
        out.push(Effect::DeleteRow(key));
    }

    /// Removes a text from its draft, because the row or the log holds it now, whichever is first.
    pub(super) fn finish_send(&mut self, client_id: ClientId, out: &mut Vec<Effect>) {
        if self.drafts.finish_send(client_id) {
            self.flush_drafts(out);
        }
    }

    /// Takes the stored rows and drafts of this member. Returns false if the member is not known yet.
    fn adopt_own_rows(&mut self, now: Now, out: &mut Vec<Effect>) -> bool {
        let (Some(me), Some(owner)) = (self.identity.me(), self.owner()) else { return false };
        if owner.epoch.is_none() || self.is_leaving {
            return false;
        }
        let (rows, drafts) = self.foreign_rows.take_mine(owner, me, self.outbox.free_rows());
        // A tab that closed between saving a row and shortening its draft left the text in both.
        let is_sent = |draft: &StoredDraft| is_sent(draft, rows.iter().map(|foreign| &foreign.row));
        let (sent, drafts): (Vec<_>, Vec<_>) = drafts.into_iter().partition(is_sent);
        for mut draft in sent {
            draft.text.clear();
            out.push(Effect::SaveDraft(draft));
        }
        self.outbox.adopt(rows, owner, me, now, out);
        self.outbox.renew(now, out);
        let mut moved = Vec::new();
        for mut draft in drafts {
            let is_same_owner = draft.owner == owner;
            self.drafts.load(draft.conversation(), &draft.text, is_same_owner);
            if !is_same_owner {
                draft.text.clear();
                moved.push(Effect::SaveDraft(draft));
            }
        }
        self.flush_drafts(out);
        out.append(&mut moved);
        true
    }

    /// Makes rows and drafts that another person left behind this member's own.
    fn adopt_left_behind(&mut self, predecessor: Owner, now: Now, out: &mut Vec<Effect>) {
        let (Some(me), Some(owner)) = (self.identity.me(), self.owner()) else { return };
        if owner.epoch.is_none() || owner == predecessor {
            return;
        }
        let (mut rows, drafts) = self.foreign_rows.take_owned_by(predecessor, self.outbox.free_rows());
        // The other person's tab sent this message before it closed. Do not send it again under
        // another name.
        let is_sent = |row: &StoredRow| {
            let room = row.body.room().filter(|_| predecessor.epoch == owner.epoch);
            room.and_then(|room| self.rooms.get(room)).is_some_and(|room| room.timeline.contains(row.key()))
        };
        let sent = rows.extract_if(.., |foreign| is_sent(&foreign.row));
        out.extend(sent.map(|foreign| Effect::DeleteRow(foreign.row.key())));
        self.outbox.adopt(rows, owner, me, now, out);
        for mut draft in drafts {
            self.drafts.adopt(draft.conversation(), &draft.text);
            draft.text.clear();
            out.push(Effect::SaveDraft(draft));
        }
        self.flush_drafts(out);
    }

    /// Deletes rows and drafts that another person left behind.
    fn discard_left_behind(&mut self, predecessor: Owner, out: &mut Vec<Effect>) {
        if self.owner() == Some(predecessor) {
            return;
        }
        let (rows, drafts) = self.foreign_rows.take_owned_by(predecessor, usize::MAX);
        out.extend(rows.iter().map(|ForeignRow { row, .. }| Effect::DeleteRow(row.key())));
        for mut draft in drafts {
            draft.text.clear();
            out.push(Effect::SaveDraft(draft));
        }
    }

    /// Rows and drafts that others left behind; empty until this member's identity is known.
    pub(super) fn left_behind(&mut self) -> Slice<[LeftBehind]> {
        match (self.identity.view(), self.owner()) {
            (IdentityView::Nobody { .. }, _) => self.foreign_rows.left_behind(None),
            (_, Some(owner)) if owner.epoch.is_some() => self.foreign_rows.left_behind(Some(owner)),
            _ => Slice::default(),
        }
    }

    /// Saves the changed drafts once their owner is known.
    ///
    /// Before the first `welcome` the owner is a member of a log that is not known yet.
    pub(super) fn flush_drafts(&mut self, out: &mut Vec<Effect>) {
        if self.drafts_of.is_none() {
            self.drafts_of = self.owner().zip(self.identity.me().map(|me| me.name.clone()));
        }
        if let Some((owner, name)) = &self.drafts_of {
            self.drafts.flush(*owner, name, out);
        }
    }

    /// Hides everything of the previous member if another person is signed in now.
    ///
    /// `joined` means that the member has just joined and is new, even if another log gave out the
    /// same id.
    pub(super) fn set_aside_predecessor(&mut self, joined: bool, out: &mut Vec<Effect>) {
        let Some(me) = self.identity.me() else { return };
        let is_another =
            |(owner, name): &(Owner, String)| (joined || owner.member != me.id) && *name != me.name;
        if self.drafts_of.as_ref().is_some_and(is_another) {
            self.set_aside_unsent(out);
            self.rooms = Rooms::default();
            self.requests = Requests::default();
        }
    }

    /// Sets aside everything that is written and not sent, so that the next person cannot see it.
    pub(super) fn set_aside_unsent(&mut self, out: &mut Vec<Effect>) {
        self.flush_drafts(out);
        if let Some((owner, name)) = self.drafts_of.take() {
            for draft in self.drafts.take_all(owner, &name) {
                self.foreign_rows.add_draft(draft);
            }
        }
        self.outbox.set_aside(&mut self.foreign_rows, out);
        (self.has_loaded, self.left_behind_choice) = (false, None);
    }

    /// Renews this tab's leases. Reads the storage again if another tab's rows are to be looked at or the last read
    /// failed.
    pub(super) fn renew_leases(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.lease_timer_at = None;
        if !self.is_leaving {
            self.outbox.renew(now, out);
        }
        let load_at = [self.foreign_rows.next_look(), self.load_retry_at];
        if load_at.into_iter().flatten().any(|at| at <= now.mono) {
            self.load_rows(out);
        }
    }

    /// Schedules [`Timer::Lease`] for the next renewal, the next look at another tab's rows, or the next read of
    /// the storage. Called after each input.
    pub(super) fn schedule_lease_timer(&mut self, out: &mut Vec<Effect>) {
        let look_at = self.foreign_rows.next_look().filter(|_| !self.is_loading);
        // A tab that was left has released its rows.
        let renew_at = self.outbox.renew_at().filter(|_| !self.is_leaving);
        let Some(at) = [renew_at, look_at, self.load_retry_at].into_iter().flatten().min() else { return };
        if self.lease_timer_at.is_none_or(|set| at < set) {
            self.lease_timer_at = Some(at);
            out.push(Effect::ScheduleTimer(Timer::Lease, at));
        }
    }
}

/// Whether these rows contain the whole text of the draft.
fn is_sent<'a>(draft: &StoredDraft, rows: impl Iterator<Item = &'a StoredRow>) -> bool {
    let mut rest = &*draft.text;
    for row in rows {
        if let Some((conversation, text)) = row.body.row()
            && conversation == draft.conversation()
        {
            rest = rest.strip_prefix(text).unwrap_or(rest).trim_start();
        }
    }
    rest.is_empty()
}

impl crate::outbox::Outbox {
    /// The number of rows that the outbox can still take.
    fn free_rows(&self) -> usize {
        OUTBOX_ROWS_MAX.saturating_sub(self.len())
    }
}
