//! What was stored and is not this page's to send: another page's rows, whose lease holds, and
//! what somebody else left behind, who was signed in here before. Of that only the count and the
//! name are shown; it waits to be asked for.

use crate::limits::{DRAFTS_MAX, FOREIGN_ROWS_MAX, LEASE_MS};
use crate::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use crate::sorted::{Map, sort_by_key};
use crate::view::LeftBehind;
use shared::{ClientId, Member, RoomId};
use std::rc::Rc;

/// A row that lies here.
#[derive(Debug)]
pub(crate) struct ForeignRow {
    pub(crate) row: StoredRow,
    /// The store has it; otherwise only this page does.
    pub(crate) is_saved: bool,
    /// No page keeps it any more.
    is_free: bool,
}

/// The shelf.
#[derive(Debug, Default)]
pub(crate) struct ForeignRows {
    rows: Vec<ForeignRow>,
    drafts: Vec<StoredDraft>,
}

impl ForeignRows {
    /// Takes what the store has, but for rows that are held already.
    pub(crate) fn load(&mut self, stored: StoredRows, is_held: impl Fn(ClientId) -> bool, now: u64) {
        self.rows.retain(|foreign| !foreign.is_saved);
        for row in stored.rows {
            let here = self.rows.iter().any(|foreign| foreign.row.client_id == row.client_id);
            if !here && !is_held(row.client_id) && self.rows.len() < FOREIGN_ROWS_MAX {
                let is_free = is_lease_over(&row, now);
                self.rows.push(ForeignRow { row, is_saved: true, is_free });
            }
        }
        self.rows = sort_by_key(std::mem::take(&mut self.rows), |foreign| foreign.row.place);
        for draft in stored.drafts {
            self.drafts.retain(|held| (held.owner, held.room) != (draft.owner, draft.room));
            self.add_draft(draft);
        }
    }

    /// Looks at the leases again, where the store cannot be looked into.
    pub(crate) fn free_expired(&mut self, now: u64) {
        for foreign in &mut self.rows {
            foreign.is_free |= is_lease_over(&foreign.row, now);
        }
    }

    /// Puts away a row that this page held.
    pub(crate) fn add(&mut self, row: StoredRow, is_saved: bool) {
        if self.rows.len() < FOREIGN_ROWS_MAX {
            self.rows.push(ForeignRow { row, is_saved, is_free: true });
            self.rows = sort_by_key(std::mem::take(&mut self.rows), |foreign| foreign.row.place);
        }
    }

    /// Puts away a draft.
    pub(crate) fn add_draft(&mut self, draft: StoredDraft) {
        if self.drafts.len() < DRAFTS_MAX {
            self.drafts.push(draft);
        }
    }

    /// Takes up to `most` rows of `me`, and all their drafts.
    pub(crate) fn take_mine(
        &mut self,
        owner: Owner,
        me: &Member,
        most: usize,
    ) -> (Vec<ForeignRow>, Vec<StoredDraft>) {
        let rows = self.take(most, |row| is_owned_by(row.owner, &row.name, owner, me));
        let drafts =
            self.drafts.extract_if(.., |draft| is_owned_by(draft.owner, &draft.name, owner, me)).collect();
        (rows, drafts)
    }

    /// Takes up to `most` rows that `owner` left behind, and all their drafts.
    pub(crate) fn take_owned_by(&mut self, owner: Owner, most: usize) -> (Vec<ForeignRow>, Vec<StoredDraft>) {
        let rows = self.take(most, |row| row.owner == owner);
        let drafts = self.drafts.extract_if(.., |draft| draft.owner == owner).collect();
        (rows, drafts)
    }

    /// Takes up to `most` of these rows, in their order: none of a room before one that another
    /// page keeps still.
    fn take(&mut self, most: usize, is_wanted: impl Fn(&StoredRow) -> bool) -> Vec<ForeignRow> {
        let mut most = most;
        // Whoever wrote before there was a welcome is the same person: only the room counts.
        let mut kept: Vec<Option<RoomId>> = Vec::new();
        let taken = self.rows.extract_if(.., |foreign| {
            let of = foreign.row.body.room();
            if !is_wanted(&foreign.row) || kept.contains(&of) {
                return false;
            }
            let takes = foreign.is_free && most > 0;
            if takes {
                most -= 1
            } else {
                kept.push(of)
            }
            takes
        });
        taken.collect()
    }

    /// What others than `me` left behind.
    pub(crate) fn left_behind(&self, me: Option<Owner>) -> Vec<LeftBehind> {
        let mut found: Map<Owner, LeftBehind> = Map::new();
        let rows = self.rows.iter().filter(|foreign| foreign.is_free);
        let rows = rows.map(|foreign| (foreign.row.owner, &foreign.row.name, 1, 0));
        let drafts = self.drafts.iter().map(|draft| (draft.owner, &draft.name, 0, 1));
        for (owner, name, rows, drafts) in rows.chain(drafts) {
            if me != Some(owner) {
                let name = Rc::from(name.as_str());
                let one = found.or_insert_with(owner, || LeftBehind { owner, name, rows: 0, drafts: 0 });
                one.rows += rows;
                one.drafts += drafts;
            }
        }
        found.into_values().collect()
    }

    /// When to look into the store again: a lease of another page runs out.
    pub(crate) fn next_lease_end(&self) -> Option<u64> {
        self.rows.iter().filter(|foreign| !foreign.is_free).map(|foreign| foreign.row.lease).min()
    }
}

fn is_lease_over(row: &StoredRow, now: u64) -> bool {
    // One that lasts longer than any was given by a clock that was set back since.
    row.lease <= now || row.lease > now.saturating_add(LEASE_MS)
}

fn is_owned_by(owner: Owner, name: &str, mine: Owner, me: &Member) -> bool {
    owner == mine || (owner.epoch.is_none() && owner.member == me.id && name == me.name)
}

#[cfg(test)]
mod tests;
