//! The storage of a browser.

use client::effect::Effect;
use client::persisted::{Owner, StoredDraft, StoredRow, StoredRows};
use shared::{ClientId, RoomId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone, Default)]
pub(crate) struct Store(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    rows: BTreeMap<ClientId, StoredRow>,
    drafts: BTreeMap<(Owner, RoomId), StoredDraft>,
}

impl Store {
    pub(crate) fn perform(&self, effect: &Effect) {
        let mut data = self.0.borrow_mut();
        match effect {
            Effect::SaveRow(row) => drop(data.rows.insert(row.client_id, through_json(row))),
            Effect::DeleteRow(key) => drop(data.rows.remove(&key.client_id)),
            Effect::RenewLease { keys, until } => {
                for key in keys {
                    if let Some(row) = data.rows.get_mut(&key.client_id) {
                        row.lease = *until;
                    }
                }
            }
            Effect::SaveDraft(draft) if draft.text.is_empty() => {
                data.drafts.remove(&(draft.owner, draft.room));
            }
            Effect::SaveDraft(draft) => {
                drop(data.drafts.insert((draft.owner, draft.room), through_json(draft)))
            }
            _ => {}
        }
    }

    pub(crate) fn read(&self) -> StoredRows {
        let data = self.0.borrow();
        StoredRows {
            rows: data.rows.values().cloned().collect(),
            drafts: data.drafts.values().cloned().collect(),
        }
    }

    pub(crate) fn drafts(&self) -> Vec<String> {
        self.read().drafts.into_iter().map(|draft| draft.text).collect()
    }
}

/// Stored values are JSON.
fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
