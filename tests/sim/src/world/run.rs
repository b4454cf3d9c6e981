//! A run from its start to its end: the fault phase, and then the recovery phase, in which all pages
//! must agree.

use super::World;
use crate::event::{Repair, SimEvent};
use crate::network::ConnectionKind;
use crate::oracle::key_of;
use crate::page::Page;
use crate::page_id::PageId;
use crate::stats::RunStats;
use crate::violation::Violation;
use client::input::Input;
use client::transport::Transport;
use client::view::{Edge, RowKey, RowState, View};
use shared::RoomId;
use std::collections::BTreeSet;

/// Deadline of the recovery phase in milliseconds. A page notices a dead connection after 60 s of silence
/// at the latest, and may wait 30 s more. The server ends the session of a dead page at the second or
/// third ping, up to 85 s later, and then announces the absence.
const RECOVERY_MS: u64 = 150_000;

/// Milliseconds until every polling page has received the last events. Its commands use requests of their
/// own, so a page may agree with the log while a poll's response is lost.
const POLL_RECOVERY_MS: u64 = 60_000;

/// Deadline in milliseconds for one page of history in the recovery phase.
const PAGING_MS: u64 = 60_000;

/// Further milliseconds for each unsent message. One is in flight at a time, and the rate limit may be two
/// posts a second.
const RECOVERY_MS_PER_ROW: u64 = 1_000;

/// Limit of steps in the recovery phase, and further steps for each unsent message.
const RECOVERY_STEPS: u64 = 5_000;
const RECOVERY_STEPS_PER_ROW: u64 = 50;

impl World {
    /// Runs both phases and returns the counts.
    pub(crate) fn run(mut self) -> Result<RunStats, Violation> {
        for index in 0..self.pages.len() {
            if self.plan.blocks_websocket {
                self.pages[index].blocked = Some(ConnectionKind::WebSocket);
            }
            self.load(index)?;
            self.schedule(1, SimEvent::UserAction(index));
        }
        let wait = self.rng.between(1, self.plan.fault_interval_ms);
        self.schedule(wait, SimEvent::Fault);
        if self.plan.steps_clocks {
            self.schedule(1, SimEvent::ClockStep);
        }
        if self.plan.switching_pages > 0 {
            self.schedule(1_000, SimEvent::TransportSwitch);
        }
        let end = self.now + self.plan.fault_phase_ms;
        while self.step(end)? {}
        self.recover()?;
        Ok(self.stats)
    }

    /// Checks (f): repairs all faults and waits until all pages agree. Then checks the end of the run.
    fn recover(&mut self) -> Result<(), Violation> {
        let start = self.now;
        let first_step = self.stats.steps;
        self.is_fault_phase = false;
        self.pages.iter_mut().for_each(|page| page.blocked = None);
        self.plan.delay_ms = self.plan.delay_ms.min(50);
        self.plan.commit_ms = self.plan.commit_ms.min(5);
        let rows = self.pages.iter().flat_map(|page| page.view.pane().rows.iter());
        let unsettled = rows.filter(|row| row.state != RowState::Settled).map(|row| row.key.client_id);
        // A page that loads the saved rows may send rows that no page shows now.
        let stored = self.browsers.iter().flat_map(|browser| browser.database.messages());
        let unsettled = unsettled.chain(stored).collect::<BTreeSet<_>>().len() as u64;
        let limit_ms = RECOVERY_MS + unsettled * RECOVERY_MS_PER_ROW;
        let limit_steps = RECOVERY_STEPS + unsettled * RECOVERY_STEPS_PER_ROW;
        if self.prints_steps {
            println!("{start:>8} -- recovery --");
        }
        self.repair(Repair::Server)?;
        self.repair(Repair::Store)?;
        for index in 0..self.pages.len() {
            self.repair(Repair::Network(index))?;
        }
        self.schedule(0, SimEvent::Resolution);
        // Compare the pages once a second.
        loop {
            let second = self.now + 1_000;
            while self.step(second)? {
                if self.stats.steps - first_step > limit_steps {
                    return Err(Violation(format!("(f) no agreement after {limit_steps} steps of recovery")));
                }
            }
            let Some(missing) = self.disagreement() else { break };
            if self.now - start > limit_ms {
                return Err(Violation(format!(
                    "(f) no agreement after {limit_ms} ms of recovery: {missing}"
                )));
            }
        }
        self.stats.recovery_ms = self.now - start;
        self.is_paging = true;
        // Send the messages that wait in other rooms first.
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            for room in self.rooms_of(id) {
                self.dispatch(id, Input::OpenRoom(room))?;
                // A room opens at its first unread message, and the unsettled rows are at its end.
                self.dispatch(id, Input::JumpToLatest)?;
                self.step_until(id, "its messages to settle", |view| {
                    view.room() == room && view.pane().rows.iter().all(|row| row.state == RowState::Settled)
                })?;
            }
        }
        let polls = |page: &Page| page.view.connection.transport != Transport::WebSocket;
        // Frames of a node that has just read the tail may be on their way.
        if self.pages.iter().any(polls) || self.server.nodes.len() > 1 {
            let end = self.now + POLL_RECOVERY_MS;
            while self.step(end)? {}
        }
        for index in 0..self.pages.len() {
            self.page_to_start(self.pages[index].id)?;
        }
        self.check_end()
    }

    /// Checks (a): each room of a page, paged to the start, shows exactly the messages of the log.
    fn page_to_start(&mut self, id: PageId) -> Result<(), Violation> {
        let epoch = self.server.log.epoch();
        for room in self.rooms_of(id) {
            self.dispatch(id, Input::OpenRoom(room))?;
            self.dispatch(id, Input::JumpToLatest(self.open_conversation(id)))?;
            self.dispatch(id, Input::FollowEnd(self.open_conversation(id), true))?;
            let newest = self.oracle.newest(epoch, room);
            self.step_until(id, "its newest message", |view| {
                view.room() == room
                    && view.pane().newer == Edge::End
                    && view.pane().rows.last().map(|row| row.key) == newest
            })?;
            let mut shown_keys: BTreeSet<RowKey> =
                self.pages[id.index].view.pane().rows.iter().map(|row| row.key).collect();
            loop {
                self.step_until(id, "older messages", |view| {
                    matches!(view.pane().older, Edge::End | Edge::More)
                })?;
                let view = &self.pages[id.index].view;
                shown_keys.extend(view.pane().rows.iter().map(|row| row.key));
                if view.pane().older == Edge::End {
                    break;
                }
                let first = view.pane().rows.first().map(|row| row.key);
                // A person who reads older messages has scrolled away from the end.
                self.dispatch(id, Input::FollowEnd(self.open_conversation(id), false))?;
                self.dispatch(id, Input::LoadOlder(self.open_conversation(id)))?;
                self.step_until(id, "an older message", |view| {
                    view.pane().rows.first().map(|row| row.key) != first || view.pane().older == Edge::End
                })?;
            }
            let log: BTreeSet<RowKey> = self.oracle.log(epoch, room).iter().map(key_of).collect();
            // A command's own response may arrive before the events that precede its message.
            self.dispatch(id, Input::JumpToLatest(self.open_conversation(id)))?;
            self.step_until(id, "events on their way", |view| {
                log.iter()
                    .all(|key| shown_keys.contains(key) || view.pane().rows.iter().any(|row| row.key == *key))
            })?;
            shown_keys.extend(self.pages[id.index].view.pane().rows.iter().map(|row| row.key));
            self.stats.shown_messages += u64::try_from(shown_keys.len()).unwrap_or(u64::MAX);
            if shown_keys != log {
                let (found, total) = (shown_keys.len(), log.len());
                let at = id.index;
                return Err(Violation(format!(
                    "(a) page {at} showed {found} messages of {total} in {room:?}"
                )));
            }
        }
        self.dispatch(id, Input::JumpToLatest(self.open_conversation(id)))
    }

    /// Steps until the page's view fulfils a condition.
    fn step_until(
        &mut self,
        id: PageId,
        condition: &str,
        holds: impl Fn(&View) -> bool,
    ) -> Result<(), Violation> {
        let end = self.now + PAGING_MS;
        while !holds(&self.pages[id.index].view) {
            if !self.step(end)? {
                let view = &self.pages[id.index].view;
                let (room, older, newer) = (view.room(), view.pane().older, view.pane().newer);
                let rows = view.pane().rows.len();
                return Err(Violation(format!(
                    "(a) page {} waits for {condition}: {room:?}, {older:?}, {newer:?}, {rows} rows",
                    id.index
                )));
            }
        }
        Ok(())
    }

    fn rooms_of(&self, id: PageId) -> Vec<RoomId> {
        self.pages[id.index].view.rooms.iter().map(|room| room.id).collect()
    }
}
