//! What is stored for the next life of the page, and what the last one left.

use super::Client;
use crate::conversations::rooms::Rooms;
use crate::effect::Effect;
use crate::limits::OUTBOX_ROWS_MAX;
use crate::outbox::foreign_rows::ForeignRow;
use crate::persisted::{CommandBody, Owner, StoredDraft, StoredRow, StoredRows};
use crate::row_key::RowKey;
use crate::timer::Timer;
use crate::view::{IdentityView, LeftBehind};

impl Client {
    /// Looks into the store: at the start, and when there is reason to think that another page of
    /// this browser has ended since and left rows there.
    pub(super) fn load_rows(&mut self, out: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.is_loading, true) {
            self.drafts.note_load_started();
            out.push(Effect::LoadRows);
        }
    }

    /// What is there.
    pub(super) fn apply_loaded_rows(&mut self, stored: Option<StoredRows>, now: u64, out: &mut Vec<Effect>) {
        self.is_loading = false;
        match stored {
            Some(mut stored) => {
                let shown = std::mem::take(&mut self.was_shown);
                if std::mem::replace(&mut self.has_loaded, true)
                    && let Some((mine, _)) = &self.drafts_of
                {
                    let drafts = stored.drafts.extract_if(.., |draft| draft.owner == *mine);
                    // Who sent something here may say it again.
                    let others =
                        |row: &&StoredRow| row.owner == *mine && !self.outbox.contains(row.client_id);
                    let rows = || stored.rows.iter().filter(others);
                    let drafts = drafts.filter(|draft| !is_sent(draft, rows()));
                    self.drafts.refresh(&drafts.collect::<Vec<_>>(), shown);
                }
                self.foreign_rows.load(stored, |id| self.outbox.contains(id), now);
            }
            None => self.foreign_rows.free_expired(now),
        }
        self.adopt_own_rows(now, out);
        self.settle_outbox(out);
    }

    /// A row is stored, or cannot be.
    pub(super) fn mark_row_saved(&mut self, key: RowKey, ok: bool, out: &mut Vec<Effect>) {
        if self.outbox.note_saved(key.client_id, ok) {
            self.is_memory_only = !ok;
            self.drafts.finish_send(key.client_id);
            self.flush_drafts(out);
        }
    }

    /// Takes what is ours of what was stored.
    pub(super) fn adopt_own_rows(&mut self, now: u64, out: &mut Vec<Effect>) {
        let (Some(me), Some(owner)) = (self.identity.me(), self.owner()) else { return };
        if owner.epoch.is_none() || self.is_leaving {
            return;
        }
        let (rows, drafts) = self.foreign_rows.take_mine(owner, me, self.outbox.free_rows());
        // A page that ended between storing a row and its shorter draft left the text in both.
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
            self.drafts.load(draft.room, &draft.text, is_same_owner);
            if !is_same_owner {
                draft.text.clear();
                moved.push(Effect::SaveDraft(draft));
            }
        }
        self.flush_drafts(out);
        out.append(&mut moved);
    }

    /// What somebody else left behind is ours from now on.
    pub(super) fn take_over(&mut self, whose: Owner, now: u64, out: &mut Vec<Effect>) {
        let (Some(me), Some(owner)) = (self.identity.me(), self.owner()) else { return };
        if owner.epoch.is_none() || owner == whose {
            return;
        }
        let (mut rows, drafts) = self.foreign_rows.take_owned_by(whose, self.outbox.free_rows());
        // What was said before its page ended is not said again in another name.
        let is_sent = |row: &StoredRow| {
            let room = row.body.room().filter(|_| whose.epoch == owner.epoch);
            room.and_then(|room| self.rooms.get(room)).is_some_and(|room| room.timeline.contains(row.key()))
        };
        let sent = rows.extract_if(.., |foreign| is_sent(&foreign.row));
        out.extend(sent.map(|foreign| Effect::DeleteRow(foreign.row.key())));
        self.outbox.adopt(rows, owner, me, now, out);
        for mut draft in drafts {
            self.drafts.adopt(draft.room, &draft.text);
            draft.text.clear();
            out.push(Effect::SaveDraft(draft));
        }
        self.flush_drafts(out);
    }

    /// What somebody else left behind is wanted by nobody.
    pub(super) fn discard_left_behind(&mut self, whose: Owner, out: &mut Vec<Effect>) {
        if self.owner() == Some(whose) {
            return;
        }
        let (rows, drafts) = self.foreign_rows.take_owned_by(whose, usize::MAX);
        out.extend(rows.iter().map(|ForeignRow { row, .. }| Effect::DeleteRow(row.key())));
        for mut draft in drafts {
            draft.text.clear();
            out.push(Effect::SaveDraft(draft));
        }
    }

    /// What others left behind, once it is clear who is no other.
    pub(super) fn left_behind(&self) -> Vec<LeftBehind> {
        match (self.identity.view(), self.owner()) {
            (IdentityView::Nobody { .. }, _) => self.foreign_rows.left_behind(None),
            (_, Some(owner)) if owner.epoch.is_some() => self.foreign_rows.left_behind(Some(owner)),
            _ => Vec::new(),
        }
    }

    /// Stores the drafts that changed, once it is clear whose they are. Before the first welcome
    /// that is a member of a log that is not known yet.
    pub(super) fn flush_drafts(&mut self, out: &mut Vec<Effect>) {
        if self.drafts_of.is_none() {
            self.drafts_of = self.owner().zip(self.identity.me().map(|me| me.name.clone()));
        }
        if let Some((owner, name)) = &self.drafts_of {
            self.drafts.flush(*owner, name, out);
        }
    }

    /// Somebody is here, who may have joined only now. If that is not who was here, nothing of theirs
    /// stays in sight. Who joined is new, even if another log gave that number before.
    pub(super) fn set_aside_predecessor(&mut self, joined: bool, out: &mut Vec<Effect>) {
        let Some(me) = self.identity.me() else { return };
        let other = |(owner, name): &(Owner, String)| (joined || owner.member != me.id) && *name != me.name;
        if self.drafts_of.as_ref().is_some_and(other) {
            self.set_aside_unsent(out);
            self.rooms = Rooms::default();
        }
    }

    /// Puts away all that is written and not sent: the next person sees nothing of it.
    pub(super) fn set_aside_unsent(&mut self, out: &mut Vec<Effect>) {
        self.flush_drafts(out);
        if let Some((owner, name)) = self.drafts_of.take() {
            for draft in self.drafts.take_all(owner, &name) {
                self.foreign_rows.add_draft(draft);
            }
        }
        self.outbox.set_aside(&mut self.foreign_rows, out);
    }

    /// The timer of the leases came.
    pub(super) fn renew_leases(&mut self, now: u64, out: &mut Vec<Effect>) {
        self.lease_timer_at = None;
        if !self.is_leaving {
            self.outbox.renew(now, out);
        }
        if self.foreign_rows.next_lease_end().is_some_and(|at| at <= now) {
            self.load_rows(out);
        }
    }

    /// Keeps the timer of the leases right: called after each input.
    pub(super) fn schedule_lease_timer(&mut self, out: &mut Vec<Effect>) {
        let look_at = self.foreign_rows.next_lease_end().filter(|_| !self.is_loading);
        // A page that was left has given its rows away.
        let renew_at = self.outbox.renew_at().filter(|_| !self.is_leaving);
        let Some(at) = [renew_at, look_at].into_iter().flatten().min() else { return };
        if self.lease_timer_at.is_none_or(|set| at < set) {
            self.lease_timer_at = Some(at);
            out.push(Effect::ScheduleTimer(Timer::Lease, at));
        }
    }
}

/// Whether these rows say all that a draft says.
fn is_sent<'a>(draft: &StoredDraft, rows: impl Iterator<Item = &'a StoredRow>) -> bool {
    let mut rest = &*draft.text;
    for row in rows {
        if let CommandBody::Post { room, text } = &row.body
            && *room == draft.room
        {
            rest = rest.strip_prefix(text.as_str()).unwrap_or(rest).trim_start();
        }
    }
    rest.is_empty()
}

impl crate::outbox::Outbox {
    /// How many more it takes.
    fn free_rows(&self) -> usize {
        OUTBOX_ROWS_MAX.saturating_sub(self.len())
    }
}
