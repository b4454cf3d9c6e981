//! What a browser keeps in its database, shared by its pages. A write that was
//! asked for may be lost with its page until it is told as done; one that is
//! there stays.

use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::Input;
use client::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use client::view::RowKey;
use shared::{ClientId, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// The database.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// A browser has one of each, whoever its author is.
    rows: BTreeMap<ClientId, StoredRow>,
    drafts: BTreeMap<(Owner, RoomId), StoredDraft>,
    /// Pages that went before all that they had asked for was done. What came first was done, what
    /// came after the first that was not is not either.
    torn: BTreeSet<PageId>,
}

impl Shelf {
    /// How many rows lie here.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Of which messages rows lie here.
    pub(crate) fn messages(&self) -> impl Iterator<Item = ClientId> {
        self.rows.keys().copied()
    }

    /// Whether a row of this message lies here, under whichever author.
    pub(crate) fn has(&self, client_id: ClientId) -> bool {
        self.rows.contains_key(&client_id)
    }
}

/// One thing that a page wants of it.
#[derive(Clone, Debug)]
pub(crate) enum Shelve {
    Load,
    Keep(StoredRow),
    Drop(RowKey),
    Lease(Vec<RowKey>, u64),
    KeepDraft(StoredDraft),
}

impl World {
    /// A page asks its browser's database. Its transactions keep their order.
    pub(crate) fn shelve(&mut self, id: PageId, what: Shelve) {
        self.after(self.plan.store_ms, Happening::Store(id, what));
    }

    /// A transaction is done. One whose page is gone may have been, or not.
    pub(crate) fn stored(&mut self, id: PageId, what: Shelve) -> Result<(), Broken> {
        if self.pages[id.index].id != id {
            let is_lost = self.chance.one_in(2);
            let torn = &mut self.browser_of(id).shelf.torn;
            if is_lost {
                torn.insert(id);
            }
            if torn.contains(&id) {
                return Ok(());
            }
        }
        if self.plan.memory_only {
            return match what {
                Shelve::Load => self.give(id, Input::RowsLoaded(None)),
                Shelve::Keep(row) => self.give(id, Input::RowSaved { key: row.key(), ok: false }),
                Shelve::Drop(_) | Shelve::Lease(..) | Shelve::KeepDraft(_) => Ok(()),
            };
        }
        let shelf = &mut self.browser_of(id).shelf;
        match what {
            Shelve::Load => {
                let rows: Vec<_> = shelf.rows.values().cloned().collect();
                let drafts = shelf.drafts.values().cloned().collect();
                self.story.adopted += u64::try_from(rows.len()).unwrap_or(u64::MAX);
                return self.give(id, Input::RowsLoaded(Some(StoredRows { rows, drafts })));
            }
            Shelve::Keep(row) => {
                let key = row.key();
                shelf.rows.insert(key.client_id, row);
                return self.give(id, Input::RowSaved { key, ok: true });
            }
            Shelve::Drop(key) => drop(shelf.rows.remove(&key.client_id)),
            Shelve::Lease(keys, until) => {
                for key in keys {
                    if let Some(row) = shelf.rows.get_mut(&key.client_id) {
                        row.lease = until;
                    }
                }
            }
            Shelve::KeepDraft(draft) => {
                let key = (draft.owner, draft.room);
                if draft.text.is_empty() {
                    drop(shelf.drafts.remove(&key))
                } else {
                    drop(shelf.drafts.insert(key, draft))
                }
            }
        }
        Ok(())
    }
}
