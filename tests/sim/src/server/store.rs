//! The store of the server: an append is committed some time after it was asked for, and is there
//! for good only when its outcomes have been told.

use crate::promise::Broken;
use crate::world::{Happening, World};
use hub::Input;
use hub::house::change::{Change, Outcome};
use hub::log::Log;
use shared::ErrorCode;

impl World {
    /// The store commits; its outcomes are told a little later.
    pub(crate) fn apply(&mut self, life: u32, changes: Vec<Change>) {
        if life != self.server.life {
            return;
        }
        self.server.synced = self.server.asked.len();
        let mut outcomes: Vec<Outcome> = Vec::new();
        for change in changes {
            let refused = self.server.refusing && change.key().is_some();
            outcomes.push(if refused {
                Err(ErrorCode::StoreRefused)
            } else {
                self.server.asked.push((change.clone(), self.now));
                self.server.log.append(change, self.now)
            });
        }
        self.server.unsynced = outcomes.clone();
        let delay = self.chance.between(0, self.plan.commit_ms);
        self.after(delay, Happening::Outcomes(life, outcomes));
    }

    pub(crate) fn outcomes(&mut self, life: u32, outcomes: Vec<Outcome>) -> Result<(), Broken> {
        if life != self.server.life {
            return Ok(());
        }
        self.server.committing = false;
        self.sync(true);
        self.serve(Input::AppendsCommitted(outcomes))
    }

    /// The append that was under way is there for good, or never was.
    pub(super) fn sync(&mut self, is_kept: bool) {
        let unsynced = std::mem::take(&mut self.server.unsynced);
        if is_kept {
            let epoch = self.server.log.epoch();
            for committed in unsynced.iter().flatten() {
                self.ledger.committed(epoch, committed, &mut self.story);
            }
        } else if !unsynced.is_empty() {
            self.story.forgotten += u64::try_from(unsynced.len()).unwrap_or(u64::MAX);
            self.server.asked.truncate(self.server.synced);
            self.server.log = Log::new(self.server.log.epoch());
            for (change, at) in self.server.asked.clone() {
                // It was told what came of it when it was asked for.
                let _ = self.server.log.append(change, at);
            }
        }
    }

    /// The store answers a read.
    pub(crate) fn read_came(&mut self, life: u32, found: Input) -> Result<(), Broken> {
        if life == self.server.life { self.serve(found) } else { Ok(()) }
    }
}
