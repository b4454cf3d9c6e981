//! What a browser keeps: a cookie, a name, and a database of rows and drafts
//! that its pages share. It outlives them.

use std::collections::BTreeMap;

use client::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use client::transport::{LastGood, Transport};
use client::view::RowKey;
use shared::RoomId;

/// The browser.
#[derive(Debug, Default)]
pub(super) struct Browser {
    /// The cookie, as `name=value`.
    pub(super) cookie: Option<String>,
    /// The remembered name.
    pub(super) name: Option<String>,
    /// The transport that worked.
    pub(super) last_good: Option<LastGood>,
    /// The transport that the user wants.
    pub(super) pinned: Option<Transport>,
    rows: BTreeMap<RowKey, StoredRow>,
    drafts: BTreeMap<(Owner, RoomId), StoredDraft>,
}

/// A transaction that a page asks for.
#[derive(Debug, Clone)]
pub(super) enum Transaction {
    SaveRow(StoredRow),
    DeleteRow(RowKey),
    RenewLease(Vec<RowKey>, u64),
    SaveDraft(StoredDraft),
}

impl Browser {
    /// A fresh one, whose user wants this transport.
    pub(super) fn new(pinned: Option<Transport>) -> Self {
        Self { pinned, ..Self::default() }
    }

    /// All that lies here.
    pub(super) fn load_rows(&self) -> StoredRows {
        StoredRows {
            rows: self.rows.values().cloned().collect(),
            drafts: self.drafts.values().cloned().collect(),
        }
    }

    /// Carries a transaction out; from then on it survives a crash of its page.
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
