//! A browser: a cookie, a name, and a database of rows and drafts. Its pages share them, and they outlive the
//! pages.

use std::collections::BTreeMap;

use client::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use client::tabs::Lease;
use client::transport::{LastGood, Transport};
use client::view::RowKey;
use shared::RoomId;

/// State that outlives a page.
#[derive(Debug, Default)]
pub(super) struct Browser {
    /// Cookie of the signed-in member, as `name=value`.
    pub(super) cookie: Option<String>,
    /// Name remembered for the next join.
    pub(super) name: Option<String>,
    /// Transport that worked last.
    pub(super) last_good: Option<LastGood>,
    /// Transport that the user chose.
    pub(super) pinned: Option<Transport>,
    /// Lease of the page that reads for the others.
    pub(super) lease: Option<Lease>,
    rows: BTreeMap<RowKey, StoredRow>,
    drafts: BTreeMap<(Owner, RoomId), StoredDraft>,
}

/// A transaction that a page requests.
#[derive(Debug, Clone)]
pub(super) enum Transaction {
    SaveRow(StoredRow),
    DeleteRow(RowKey),
    RenewLease(Vec<RowKey>, u64),
    SaveDraft(StoredDraft),
}

impl Browser {
    /// A fresh browser whose user chose this transport.
    pub(super) fn new(pinned: Option<Transport>) -> Self {
        Self { pinned, ..Self::default() }
    }

    /// All stored rows and drafts.
    pub(super) fn load_rows(&self) -> StoredRows {
        StoredRows {
            rows: self.rows.values().cloned().collect(),
            drafts: self.drafts.values().cloned().collect(),
        }
    }

    /// Commits a transaction. From then on its effect survives a crash of the page.
    pub(super) fn commit(&mut self, transaction: Transaction) {
        match transaction {
            Transaction::SaveRow(row) => drop(self.rows.insert(row.key(), row)),
            Transaction::DeleteRow(key) => drop(self.rows.remove(&key)),
            Transaction::RenewLease(keys, until) => {
                for key in keys {
                    if let Some(row) = self.rows.get_mut(&key) {
                        row.lease = until;
                    }
                }
            }
            Transaction::SaveDraft(draft) if draft.text.is_empty() => {
                drop(self.drafts.remove(&(draft.owner, draft.room)));
            }
            Transaction::SaveDraft(draft) => drop(self.drafts.insert((draft.owner, draft.room), draft)),
        }
    }
}
