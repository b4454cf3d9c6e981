//! A browser's database, which its pages share. A write may be lost together with its page until it is
//! reported as done. A write that is done stays.

use crate::page_id::PageId;
use client::persisted::{Owner, StoredDraft, StoredRow};
use client::view::RowKey;
use shared::{ClientId, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// The database of a browser.
#[derive(Debug, Default)]
pub(crate) struct Database {
    /// Saved rows by message, under any author.
    pub(crate) rows: BTreeMap<ClientId, StoredRow>,
    pub(crate) drafts: BTreeMap<(Owner, RoomId), StoredDraft>,
    /// Pages that ended before all their requests were done. After the first lost request of a page all
    /// later ones are lost too.
    pub(crate) broken_off: BTreeSet<PageId>,
}

impl Database {
    /// Returns the number of saved rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Returns the messages of the saved rows.
    pub(crate) fn messages(&self) -> impl Iterator<Item = ClientId> {
        self.rows.keys().copied()
    }

    /// Returns whether a row of this message is saved, under any author.
    pub(crate) fn has(&self, client_id: ClientId) -> bool {
        self.rows.contains_key(&client_id)
    }
}

/// A request of a page to the database.
#[derive(Clone, Debug)]
pub(crate) enum DatabaseRequest {
    Load,
    SaveRow(StoredRow),
    DeleteRow(RowKey),
    RenewLease(Vec<RowKey>, u64),
    SaveDraft(StoredDraft),
}
