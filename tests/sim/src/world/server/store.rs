//! The server's store: an append commits some time after the request, and is durable when its outcomes
//! are reported.

use crate::event::SimEvent;
use crate::violation::Violation;
use crate::world::World;
use hub::Input;
use hub::house::change::{Change, Outcome};
use hub::log::Log;
use shared::ErrorCode;

impl World {
    /// Commits an append and schedules the report of its outcomes.
    pub(crate) fn commit_append(&mut self, generation: u32, changes: Vec<Change>) -> Result<(), Violation> {
        if generation != self.server.generation {
            return Ok(());
        }
        self.server.synced = self.server.appended.len();
        let at = self.event_time()?;
        let mut outcomes: Vec<Outcome> = Vec::new();
        for change in changes {
            let refused = self.server.refuses_changes && change.key().is_some();
            outcomes.push(if refused {
                Err(ErrorCode::StoreRefused)
            } else {
                self.server.appended.push((change.clone(), at));
                self.server.log.append(change, at)
            });
        }
        self.server.unsynced = outcomes.clone();
        let delay = self.rng.between(0, self.plan.commit_ms);
        self.schedule(delay, SimEvent::CommitReport(generation, outcomes));
        Ok(())
    }

    pub(crate) fn report_outcomes(
        &mut self,
        generation: u32,
        outcomes: Vec<Outcome>,
    ) -> Result<(), Violation> {
        if generation != self.server.generation {
            return Ok(());
        }
        self.server.is_committing = false;
        self.finish_append(true);
        self.dispatch_to_hub(Input::AppendsCommitted(outcomes))
    }

    /// Makes the append under way durable, or rebuilds the log without it.
    pub(super) fn finish_append(&mut self, is_kept: bool) {
        let unsynced = std::mem::take(&mut self.server.unsynced);
        if is_kept {
            let epoch = self.server.log.epoch();
            for committed in unsynced.iter().flatten() {
                self.oracle.record_commit(epoch, committed, &mut self.stats);
            }
        } else if !unsynced.is_empty() {
            self.stats.lost_changes += u64::try_from(unsynced.len()).unwrap_or(u64::MAX);
            self.server.appended.truncate(self.server.synced);
            self.server.log = Log::new(self.server.log.epoch());
            for (change, at) in self.server.appended.clone() {
                // Ignore the outcome, which was reported before the crash.
                let _ = self.server.log.append(change, at);
            }
        }
    }

    /// Dispatches a delayed input to the hub that requested it.
    pub(crate) fn dispatch_delayed(&mut self, generation: u32, found: Input) -> Result<(), Violation> {
        if generation == self.server.generation { self.dispatch_to_hub(found) } else { Ok(()) }
    }
}
