//! The server's store: an append commits some time after the request, and is durable when its outcomes
//! are reported. The tail brings the commits to each hub some time before or after the outcomes.

use crate::event::SimEvent;
use crate::server::UnsyncedAppend;
use crate::violation::Violation;
use crate::world::World;
use hub::Input;
use hub::house::change::{Change, Outcome};
use hub::log::Log;
use shared::ErrorCode;

/// Largest number of changes that a roll-back loses.
const ROLLED_BACK_MAX: u64 = 8;

impl World {
    /// Commits an append and schedules the report of its outcomes.
    pub(crate) fn commit_append(
        &mut self,
        generation: u32,
        changes: Vec<(usize, Change)>,
    ) -> Result<(), Violation> {
        if generation != self.server.generation {
            return Ok(());
        }
        self.server.synced = self.server.appended.len();
        let head = self.server.log.house().head();
        let at = self.event_time()?;
        let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
        for (node, change) in changes {
            let refused = self.server.refuses_changes && change.key().is_some();
            let outcome = if refused {
                Err(ErrorCode::StoreRefused)
            } else {
                self.server.appended.push((change.clone(), at));
                self.server.log.append(change, at)
            };
            outcomes.push((node, outcome));
        }
        let is_retry = |(_, outcome): &&(usize, Outcome)| outcome.is_ok_and(|receipt| receipt.n <= head);
        self.server.unsynced = UnsyncedAppend {
            commits: self.server.log.commits_after(head).unwrap_or_default(),
            retries: outcomes.iter().filter(is_retry).count(),
        };
        let delay = self.rng.between(0, self.plan.commit_ms);
        self.schedule(delay, SimEvent::CommitReport(generation, outcomes));
        Ok(())
    }

    pub(crate) fn report_outcomes(
        &mut self,
        generation: u32,
        outcomes: Vec<(usize, Outcome)>,
    ) -> Result<(), Violation> {
        if generation != self.server.generation {
            return Ok(());
        }
        self.server.is_committing = false;
        self.finish_append(true);
        for node in 0..self.server.nodes.len() {
            let delay = self.rng.between(0, self.plan.tail_ms);
            if delay == 0 && self.rng.one_in(2) {
                self.read_tail(generation, node)?;
            } else {
                self.schedule(delay, SimEvent::TailRead(generation, node));
            }
            let of_node = outcomes.iter().filter(|(of, _)| *of == node).map(|(_, outcome)| *outcome);
            let of_node: Vec<Outcome> = of_node.collect();
            if !of_node.is_empty() {
                self.dispatch_to_hub(node, Input::AppendsFinished(of_node))?;
            }
        }
        Ok(())
    }

    /// Gives the hub of a node all durable commits that it has not applied.
    pub(crate) fn read_tail(&mut self, generation: u32, node: usize) -> Result<(), Violation> {
        if generation != self.server.generation {
            return Ok(());
        }
        let head = self.server.nodes[node].hub.through().n;
        let commits = self.server.log.commits_after(head).unwrap_or_default();
        for commit in commits {
            if commit.last() <= self.server.durable_head {
                self.dispatch_to_hub(node, Input::CommitRead(commit))?;
            }
        }
        Ok(())
    }

    /// Makes the append under way durable, or rebuilds the log without it.
    pub(super) fn finish_append(&mut self, is_kept: bool) {
        let unsynced = std::mem::take(&mut self.server.unsynced);
        if is_kept {
            let epoch = self.server.log.epoch();
            self.stats.retries += u64::try_from(unsynced.retries).unwrap_or(u64::MAX);
            for commit in &unsynced.commits {
                self.oracle.record_commit(epoch, commit, &mut self.stats);
            }
            self.server.durable_head = self.server.log.house().head();
        } else if !unsynced.commits.is_empty() {
            self.stats.lost_changes += u64::try_from(unsynced.commits.len()).unwrap_or(u64::MAX);
            self.rebuild_log(self.server.synced);
        }
    }

    /// Rebuilds the log from its first changes.
    fn rebuild_log(&mut self, changes: usize) {
        self.server.appended.truncate(changes);
        // The markers are no part of what is lost.
        let markers = self.server.log.take_markers();
        self.server.log = Log::new(self.server.log.epoch());
        self.server.log.set_markers(markers);
        for (change, at) in self.server.appended.clone() {
            // Ignore the outcome, which was reported before.
            let _ = self.server.log.append(change, at);
        }
    }

    /// Puts an older copy of the log in place while the server is down, as the restore of a machine does. The log
    /// loses its last changes, also acknowledged ones, and keeps its epoch.
    pub(crate) fn roll_back(&mut self) {
        let lost = usize::try_from(self.rng.between(1, ROLLED_BACK_MAX)).unwrap_or(1);
        let members: Vec<_> = self.server.log.house().members.all().map(|member| member.id).collect();
        self.rebuild_log(self.server.appended.len().saturating_sub(lost));
        let head = self.server.log.house().head();
        if head == self.server.durable_head {
            return;
        }
        // The older copy has older markers.
        self.server.log.take_markers();
        self.server.durable_head = head;
        self.stats.roll_backs += 1;
        self.server.roll_backs += 1;
        self.server.settings.build = self.server.roll_backs.to_string();
        if self.prints_steps {
            println!("{:>8} the log is rolled back to {head}", self.now);
        }
        self.oracle.roll_back(&self.server.log);
        if members.iter().any(|id| !self.server.log.house().members.contains(*id)) {
            self.server.lost_member = self.server.roll_backs;
            self.oracle.record_lost_member();
        }
    }

    /// Dispatches a delayed input to the hub that requested it.
    pub(crate) fn dispatch_delayed(
        &mut self,
        generation: u32,
        node: usize,
        found: Input,
    ) -> Result<(), Violation> {
        if generation == self.server.generation { self.dispatch_to_hub(node, found) } else { Ok(()) }
    }
}
