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
    pub(super) worked: Option<LastGood>,
    /// The transport that the user wants.
    pub(super) pinned: Option<Transport>,
    rows: BTreeMap<RowKey, StoredRow>,
    drafts: BTreeMap<(Owner, RoomId), StoredDraft>,
}

/// A transaction that a page asks for.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Keep(StoredRow),
    Drop(RowKey),
    Lease(Vec<RowKey>, u64),
    Draft(StoredDraft),
}

impl Browser {
    /// A fresh one, whose user wants this transport.
    pub(super) fn new(pinned: Option<Transport>) -> Self {
        Self { pinned, ..Self::default() }
    }

    /// All that lies here.
    pub(super) fn stored(&self) -> StoredRows {
        StoredRows {
            rows: self.rows.values().cloned().collect(),
            drafts: self.drafts.values().cloned().collect(),
        }
    }

    /// Carries a transaction out; from then on it survives a crash of its page.
    pub(super) fn commit(&mut self, write: Write) {
        match write {
            Write::Keep(row) => drop(self.rows.insert(row.key(), row)),
            Write::Drop(key) => drop(self.rows.remove(&key)),
            Write::Lease(keys, until) => {
                for key in keys {
                    if let Some(row) = self.rows.get_mut(&key) {
                        row.lease = until;
                    }
                }
            }
            Write::Draft(draft) if draft.text.is_empty() => {
                drop(self.drafts.remove(&(draft.owner, draft.room)));
            }
            Write::Draft(draft) => drop(self.drafts.insert((draft.owner, draft.room), draft)),
        }
    }
}
