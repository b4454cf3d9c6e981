//! Requests to a browser's database.

use super::World;
use crate::event::SimEvent;
use crate::page_id::PageId;
use crate::storage::DatabaseRequest;
use crate::violation::Violation;
use client::input::Input;
use client::persisted::StoredRows;

impl World {
    /// Sends a request to the page's database. Requests keep their order.
    pub(crate) fn request_database(&mut self, id: PageId, request: DatabaseRequest) {
        self.schedule(self.plan.database_ms, SimEvent::DatabaseDone(id, request));
    }

    /// Completes a request. The request of an ended page may be lost.
    pub(crate) fn complete_database_request(
        &mut self,
        id: PageId,
        request: DatabaseRequest,
    ) -> Result<(), Violation> {
        if self.pages[id.index].id != id {
            let is_lost = self.rng.one_in(2);
            let broken_off = &mut self.browser_of(id).database.broken_off;
            if is_lost {
                broken_off.insert(id);
            }
            if broken_off.contains(&id) {
                return Ok(());
            }
        }
        if self.plan.memory_only {
            return match request {
                DatabaseRequest::Load => self.dispatch(id, Input::RowsLoaded(None)),
                DatabaseRequest::SaveRow(row) => {
                    self.dispatch(id, Input::RowSaved { key: row.key(), ok: false })
                }
                DatabaseRequest::SaveDraft(draft) if !draft.text.is_empty() => {
                    self.dispatch(id, Input::DraftSaved { conversation: draft.conversation(), ok: false })
                }
                DatabaseRequest::DeleteRow(_)
                | DatabaseRequest::RenewLease(..)
                | DatabaseRequest::SaveDraft(_) => Ok(()),
            };
        }
        let database = &mut self.browser_of(id).database;
        match request {
            DatabaseRequest::Load => {
                let rows: Vec<_> = database.rows.values().cloned().collect();
                let drafts = database.drafts.values().cloned().collect();
                self.stats.loaded_rows += u64::try_from(rows.len()).unwrap_or(u64::MAX);
                return self.dispatch(id, Input::RowsLoaded(Some(StoredRows { rows, drafts })));
            }
            DatabaseRequest::SaveRow(row) => {
                let key = row.key();
                database.rows.insert(key.client_id, row);
                return self.dispatch(id, Input::RowSaved { key, ok: true });
            }
            DatabaseRequest::DeleteRow(key) => drop(database.rows.remove(&key.client_id)),
            DatabaseRequest::RenewLease(keys, until) => {
                for key in keys {
                    if let Some(row) = database.rows.get_mut(&key.client_id) {
                        row.lease = until;
                    }
                }
            }
            DatabaseRequest::SaveDraft(draft) => {
                let key = (draft.owner, draft.room);
                if draft.text.is_empty() {
                    drop(database.drafts.remove(&key))
                } else {
                    let conversation = draft.conversation();
                    database.drafts.insert(key, draft);
                    return self.dispatch(id, Input::DraftSaved { conversation, ok: true });
                }
            }
        }
        Ok(())
    }
}
