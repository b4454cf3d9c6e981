//! What people do at their pages.

use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::Input;
use client::view::{Identity, RowKey, RowState};
use shared::{ClientId, RoomId};

/// Few names for many people, so that some are taken.
const NAMES: &[&str] = &["Ann", "Bo", "Cy", "Di", "Eve", "小茶", "Gus"];

impl World {
    /// Somebody does something.
    pub(crate) fn act(&mut self, index: usize) -> Result<(), Broken> {
        if !self.storm {
            return Ok(());
        }
        let wait = self.chance.between(1, self.plan.act_ms);
        self.after(wait, Happening::Act(index));
        let id = self.pages[index].id;
        match &self.pages[index].view.identity {
            Identity::Unknown { .. } => Ok(()),
            Identity::Nobody { .. } => self.join(id),
            Identity::Somebody { .. } => self.act_as_somebody(id),
        }
    }

    pub(crate) fn join(&mut self, id: PageId) -> Result<(), Broken> {
        let Identity::Nobody { name, refusal, .. } = &self.pages[id.index].view.identity else {
            return Ok(());
        };
        let suggested = refusal.as_ref().and_then(|refusal| refusal.suggestion.clone());
        let remembered = (!name.is_empty() && refusal.is_none()).then(|| name.to_string());
        let name = suggested.or(remembered).unwrap_or_else(|| self.name());
        self.give(id, Input::Join { name })
    }

    fn name(&mut self) -> String {
        self.chance.pick(NAMES).unwrap_or("Ann").to_owned()
    }

    fn act_as_somebody(&mut self, id: PageId) -> Result<(), Broken> {
        match self.chance.below(100) {
            0..70 => {
                let burst = if self.chance.one_in(8) { self.chance.between(2, self.plan.burst) } else { 1 };
                (0..burst).try_for_each(|_| self.say(id))
            }
            70..76 => self.give(id, Input::ReconnectNow),
            76..84 => {
                let visible = !self.pages[id.index].visible;
                self.pages[id.index].visible = visible;
                self.give(id, Input::Visible(visible))
            }
            84..90 => {
                let name = self.name();
                self.give(id, Input::Rename { name })
            }
            90..92 => self.give(id, Input::SignOut),
            92..94 => self.load(id.index),
            94..98 => {
                let Some(key) = self.failed(id) else { return Ok(()) };
                if self.chance.one_in(4) {
                    self.ledger.discarded(key.client_id);
                    return self.give(id, Input::Discard(key));
                }
                self.again(id, key)
            }
            _ => self.give(id, Input::DismissEpoch),
        }
    }

    pub(crate) fn say(&mut self, id: PageId) -> Result<(), Broken> {
        if !self.pages[id.index].view.can_send {
            return Ok(());
        }
        let client_id = ClientId(self.chance.bytes());
        let text = format!("{} from page {}", self.story.sent, id.index);
        self.story.sent += 1;
        self.ledger.said(client_id, id, &text);
        self.give(id, Input::Send { client_id, room: RoomId::LOBBY, text })
    }

    /// A row that failed.
    pub(crate) fn failed(&self, id: PageId) -> Option<RowKey> {
        let rows = &self.pages[id.index].view.rows;
        rows.iter().find(|row| matches!(row.state, RowState::Failed(_))).map(|row| row.key)
    }

    /// The person wants a failed row sent again.
    pub(crate) fn again(&mut self, id: PageId, key: RowKey) -> Result<(), Broken> {
        self.ledger.retried(key.client_id);
        self.give(id, Input::Retry(key))
    }
}
