//! Stored rows that this tab may not send: rows under another tab's lease, and rows of previous
//! members of this page.
//!
//! The page shows the latter to the next member, and asks before it sends them.

use crate::conversation::Conversation;
use crate::limits::{DRAFTS_MAX, FOREIGN_ROWS_MAX, LEASE_LOOK_MS, LEASE_MS, LEASE_SLACK_MS, LEASE_WATCH_MS};
use crate::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use crate::sorted::{Map, sort_by_key};
use crate::view::{LeftBehind, LeftText, Slice};
use shared::{ClientId, Member, Now};
use std::rc::Rc;

/// A stored row that this tab may not send.
#[derive(Debug)]
pub(crate) struct ForeignRow {
    pub(crate) row: StoredRow,
    /// Whether the row is stored; otherwise only this tab has it.
    pub(crate) is_saved: bool,
    /// Whether no tab holds a lease on the row.
    is_free: bool,
    /// The time at which the lease on the row ends, by this tab's monotonic clock.
    free_at: u64,
    /// The time at which this tab first saw this lease, by its monotonic clock.
    seen_at: u64,
    /// Whether this tab held the row before. The person's next message in the room comes from this tab, and
    /// must not overtake the row while another tab holds an earlier row of its own.
    is_own: bool,
}

/// The foreign rows and drafts.
#[derive(Debug, Default)]
pub(crate) struct ForeignRows {
    rows: Vec<ForeignRow>,
    /// The drafts, and whether each was read from the storage. The next read replaces those.
    drafts: Vec<(StoredDraft, bool)>,
    /// The time of the next read of the storage by the monotonic clock, if no lease ends before.
    look_at: u64,
    /// The owners about whom the person does not want to decide now.
    deferred: Vec<Owner>,
    /// The list that was shown last, and the member of the page then; `None` after a change.
    shown: Option<(Option<Owner>, Slice<[LeftBehind]>)>,
}

impl ForeignRows {
    /// Takes what the storage holds, except rows that the outbox holds.
    pub(crate) fn load(&mut self, stored: StoredRows, is_held: impl Fn(ClientId) -> bool, now: Now) {
        self.look_at = now.mono.saturating_add(LEASE_LOOK_MS);
        self.shown = None;
        let before: Vec<ForeignRow> = self.rows.extract_if(.., |foreign| foreign.is_saved).collect();
        for row in stored.rows {
            let is_known = self.rows.iter().any(|foreign| foreign.row.client_id == row.client_id);
            if !is_known && !is_held(row.client_id) && self.rows.len() < FOREIGN_ROWS_MAX {
                // A lease that was not renewed ends when this tab first expected it, whatever the clock did since.
                let held = before.iter().find(|held| held.row.client_id == row.client_id);
                let same = held.filter(|held| held.row.lease == row.lease);
                let (expected, seen_at) =
                    same.map_or((u64::MAX, now.mono), |held| (held.free_at, held.seen_at));
                let free_at = lease_end(row.lease, seen_at, now).min(expected);
                // No tab sends a refused row unasked, so all tabs may show it.
                let is_free = free_at <= now.mono || row.failed.is_some();
                let is_own = held.is_some_and(|held| held.is_own);
                self.rows.push(ForeignRow { row, is_saved: true, is_free, free_at, seen_at, is_own });
            }
        }
        self.rows = sort_by_key(std::mem::take(&mut self.rows), |foreign| foreign.row.send_order);
        let is_stored = |held: &StoredDraft| {
            stored
                .drafts
                .iter()
                .any(|draft| (draft.owner, draft.conversation()) == (held.owner, held.conversation()))
        };
        self.drafts.retain(|(held, is_read)| !is_read && !is_stored(held));
        for draft in stored.drafts {
            self.push_draft(draft, true);
        }
    }

    /// Frees the rows whose lease has ended. For when the storage cannot be read.
    pub(crate) fn free_expired(&mut self, now: u64) {
        self.look_at = now.saturating_add(LEASE_LOOK_MS);
        self.shown = None;
        for foreign in &mut self.rows {
            foreign.is_free |= foreign.free_at <= now;
        }
    }

    /// Adds a row that this tab held.
    pub(crate) fn add(&mut self, row: StoredRow, is_saved: bool) {
        self.shown = None;
        if self.rows.len() < FOREIGN_ROWS_MAX {
            self.rows.push(ForeignRow { row, is_saved, is_free: true, free_at: 0, seen_at: 0, is_own: true });
            self.rows = sort_by_key(std::mem::take(&mut self.rows), |foreign| foreign.row.send_order);
        }
    }

    /// Adds a draft that this tab held.
    pub(crate) fn add_draft(&mut self, draft: StoredDraft) {
        self.push_draft(draft, false);
    }

    fn push_draft(&mut self, draft: StoredDraft, is_read: bool) {
        self.shown = None;
        if self.drafts.len() < DRAFTS_MAX {
            self.drafts.push((draft, is_read));
        }
    }

    /// Takes out up to `most` rows of `me` and all of their drafts.
    pub(crate) fn take_mine(
        &mut self,
        owner: Owner,
        me: &Member,
        most: usize,
    ) -> (Vec<ForeignRow>, Vec<StoredDraft>) {
        let rows = self.take(most, |row| is_owned_by(row.owner, &row.name, owner, me));
        (rows, self.take_drafts(|draft| is_owned_by(draft.owner, &draft.name, owner, me)))
    }

    /// Takes out up to `most` rows of this owner, and all of the owner's drafts. Messages that are not among the
    /// `shown` ones stay.
    pub(crate) fn take_shown(
        &mut self,
        owner: Owner,
        shown: &[ClientId],
        most: usize,
    ) -> (Vec<ForeignRow>, Vec<StoredDraft>) {
        let is_wanted = |row: &StoredRow| {
            row.owner == owner && (row.body.row().is_none() || shown.contains(&row.client_id))
        };
        (self.take(most, is_wanted), self.take_drafts(|draft| draft.owner == owner))
    }

    /// Takes out up to `most` rows of this owner, and all of the owner's drafts.
    pub(crate) fn take_owned_by(&mut self, owner: Owner, most: usize) -> (Vec<ForeignRow>, Vec<StoredDraft>) {
        (self.take(most, |row| row.owner == owner), self.take_drafts(|draft| draft.owner == owner))
    }

    /// The messages of this owner that [`Self::left_behind`] shows now.
    pub(crate) fn shown_posts(&self, owner: Owner) -> Vec<ClientId> {
        let is_shown = |foreign: &&ForeignRow| {
            foreign.is_free && foreign.row.owner == owner && foreign.row.body.row().is_some()
        };
        self.rows.iter().filter(is_shown).map(|foreign| foreign.row.client_id).collect()
    }

    fn take_drafts(&mut self, is_wanted: impl Fn(&StoredDraft) -> bool) -> Vec<StoredDraft> {
        self.drafts.extract_if(.., |(draft, _)| is_wanted(draft)).map(|(draft, _)| draft).collect()
    }

    /// Takes out up to `most` of the wanted rows, in order. A row stays if an earlier one of its conversation stays,
    /// for example because another tab holds it. A row that this tab held waits only for such rows.
    fn take(&mut self, most: usize, is_wanted: impl Fn(&StoredRow) -> bool) -> Vec<ForeignRow> {
        let mut most = most;
        self.shown = None;
        // Rows from before the first `welcome` belong to the same person, so only the conversation counts.
        let mut blocked: Vec<(Option<Conversation>, bool)> = Vec::new();
        let taken = self.rows.extract_if(.., |foreign| {
            let of = foreign.row.body.kind().conversation();
            let is_blocked =
                blocked.contains(&(of, true)) || !foreign.is_own && blocked.contains(&(of, false));
            if !is_wanted(&foreign.row) || is_blocked {
                return false;
            }
            let can_take = foreign.is_free && most > 0;
            if can_take {
                most -= 1
            } else {
                blocked.push((of, foreign.is_own))
            }
            can_take
        });
        taken.collect()
    }

    /// Leaves the rows and drafts of this owner until the next load of the page.
    pub(crate) fn defer(&mut self, owner: Owner) {
        self.deferred.push(owner);
        self.shown = None;
    }

    /// Messages and drafts of owners other than `me`, without the texts if there is no `me`. It is the same slice as
    /// before if nothing changed.
    pub(crate) fn left_behind(&mut self, me: Option<Owner>) -> Slice<[LeftBehind]> {
        if let Some((_, shown)) = self.shown.as_ref().filter(|(of, _)| *of == me) {
            return shown.clone();
        }
        let mut found: Map<Owner, (LeftBehind, Vec<LeftText>)> = Map::new();
        let rows = self.rows.iter().filter(|foreign| foreign.is_free).map(|foreign| &foreign.row);
        let rows = rows.map(|row| (row.owner, &row.name, row.body.row(), false));
        let drafts = self.drafts.iter();
        let drafts = drafts.map(|(it, _)| (it.owner, &it.name, Some((it.conversation(), &*it.text)), true));
        for (owner, name, text, is_draft) in rows.chain(drafts) {
            if me == Some(owner) || self.deferred.contains(&owner) {
                continue;
            }
            let none = || {
                let (name, texts) = (Rc::from(name.as_str()), Rc::from([]));
                (LeftBehind { owner, name, rows: 0, drafts: 0, others: 0, texts }, Vec::new())
            };
            let (left, texts) = found.or_insert_with(owner, none);
            *match (is_draft, text) {
                (true, _) => &mut left.drafts,
                (false, Some(_)) => &mut left.rows,
                (false, None) => &mut left.others,
            } += 1;
            if let Some((conversation, text)) = text.filter(|_| me.is_some()) {
                let room = conversation.room;
                texts.push(LeftText { room, text: Rc::from(text), is_draft });
            }
        }
        let found = found.into_values().map(|(left, texts)| LeftBehind { texts: texts.into(), ..left });
        let shown: Slice<[LeftBehind]> = found.collect();
        self.shown = Some((me, shown.clone()));
        shown
    }

    /// The time by the monotonic clock at which to read the storage again; `None` if no other tab holds a row.
    pub(crate) fn next_look(&self) -> Option<u64> {
        self.rows
            .iter()
            .filter(|foreign| !foreign.is_free)
            .map(|foreign| foreign.free_at.min(self.look_at))
            .min()
    }
}

/// The time at which a lease ends that this tab has seen since `seen_at`, by this tab's monotonic clock.
fn lease_end(lease: u64, seen_at: u64, now: Now) -> u64 {
    if lease == 0 {
        // The tab that held the row has released it.
        return now.mono;
    }
    let left = lease.saturating_sub(now.wall);
    // A lease that lasts longer than any was given by a clock that was set back since. One that has passed may be
    // that of a living tab, if the clock was set ahead since.
    let is_believed = (1..=LEASE_MS + LEASE_SLACK_MS).contains(&left);
    if is_believed {
        now.mono.saturating_add(left.min(LEASE_MS))
    } else {
        seen_at.saturating_add(LEASE_WATCH_MS)
    }
}

fn is_owned_by(owner: Owner, name: &str, mine: Owner, me: &Member) -> bool {
    owner == mine || (owner.epoch.is_none() && owner.member == me.id && name == me.name)
}

#[cfg(test)]
mod tests;
