//! Steps of the wall clocks of computers: of the server's, and of each browser's.

use super::World;
use crate::clock::Computer;
use crate::event::{Repair, SimEvent};
use crate::violation::Violation;
use client::limits::{AVOIDED_MS, UPGRADE_CEILING_MS};
use hub::limits::{CLOCK_CHECK_MS, POLL_LINGER_AWAY_MS};

/// Longest time between two steps, and until a step is put right, in milliseconds.
const STEP_INTERVAL_MS: u64 = 3_000;

/// Greatest steps in milliseconds.
const STEPS_MS: [u64; 5] = [100, 3_000, 20_000, 10 * 60_000, 5 * 3_600_000];

/// Milliseconds of the monotonic clock that two appends must be apart for their events to differ in time.
const GROWTH_MS: u64 = 2;

impl World {
    /// Steps one wall clock and schedules the next step. Half of the steps are soon put right.
    pub(crate) fn step_clock(&mut self) {
        if !self.is_fault_phase {
            return;
        }
        let wait = self.rng.between(1, STEP_INTERVAL_MS);
        self.schedule(wait, SimEvent::ClockStep);
        let browser = self.rng.below(self.browsers.len() as u64 * 2);
        let browser = usize::try_from(browser).ok().filter(|index| *index < self.browsers.len());
        let computer = browser.map_or(Computer::Server, Computer::Browser);
        let longest = self.rng.pick(&STEPS_MS).unwrap_or_default();
        let step = i64::try_from(self.rng.between(1, longest)).unwrap_or_default();
        let step = if self.rng.one_in(2) { step } else { -step };
        self.set_clock(computer, step);
        if self.rng.one_in(2) {
            let wait = self.rng.between(1, STEP_INTERVAL_MS);
            self.schedule(wait, SimEvent::Repair(Repair::Clock(computer, -step)));
        }
    }

    /// Sets a wall clock ahead, or back by a negative number of milliseconds.
    pub(crate) fn set_clock(&mut self, computer: Computer, by: i64) {
        self.stats.clock_steps += 1;
        if self.prints_steps {
            println!("{:>8} the clock of {computer:?} steps by {by} ms", self.now);
        }
        match computer {
            Computer::Server => {
                let clock = &mut self.server.clock;
                clock.wall_zero = clock.wall_zero.saturating_add_signed(by);
            }
            Computer::Browser(index) => {
                let browser = &mut self.browsers[index];
                browser.wall_zero = browser.wall_zero.saturating_add_signed(by);
                for page in self.pages.iter_mut().filter(|page| page.browser == index) {
                    page.clock.wall_zero = browser.wall_zero;
                }
            }
        }
    }

    /// Returns the time of the events of an append, and checks (m): it never decreases, and grows.
    pub(crate) fn event_time(&mut self) -> Result<u64, Violation> {
        let server = &mut self.server;
        let last_at = server.log.house().last_at();
        let hub = &mut server.nodes[0].hub;
        let is_current = hub.house().head() == server.log.house().head();
        // The log raises a time that a lagging hub made from an older last event.
        let now = server.clock.read(self.now);
        let at = hub.event_time(now).max(if is_current { 0 } else { last_at });
        let since = server.appended_at.max(server.clock.started_at);
        // The time may only grow from a time that the hub knew.
        server.appended_at = if is_current { self.now } else { u64::MAX };
        // The wall clock may show the last time once more, after it was set back by exactly that.
        let must_grow = is_current && now.wall != last_at && self.now.saturating_sub(since) >= GROWTH_MS;
        if at < last_at || (must_grow && at == last_at) {
            return Err(Violation(format!("(m) an event has the time {at} after {last_at}")));
        }
        Ok(at)
    }

    /// Checks (n) for the hub: it waits for no longer than its longest timer.
    pub(crate) fn check_hub_timer(&self, node: usize) -> Result<(), Violation> {
        let now = self.server.clock.read(self.now).mono;
        let longest = CLOCK_CHECK_MS.max(POLL_LINGER_AWAY_MS);
        match self.server.nodes[node].hub.next_wake() {
            Some(at) if at > now + longest => {
                Err(Violation(format!("(n) the hub sleeps for {} ms", at - now)))
            }
            _ => Ok(()),
        }
    }

    /// Checks (n) for a page, which scheduled a timer for this time of its monotonic clock.
    pub(crate) fn check_page_timer(&self, page: usize, at: u64) -> Result<(), Violation> {
        let now = self.pages[page].clock.read(self.now).mono;
        if at > now + AVOIDED_MS.max(UPGRADE_CEILING_MS) {
            return Err(Violation(format!("(n) page {page} waits for {} ms", at - now)));
        }
        Ok(())
    }

    /// Checks (n) for a page: the countdown to the next attempt shows no longer than the longest wait.
    pub(crate) fn check_countdown(&self, page: usize) -> Result<(), Violation> {
        let page = &self.pages[page];
        let now = page.clock.read(self.now).mono;
        match page.view.connection.retry_at {
            Some(at) if at > now + client::limits::RETRY_HINT_MAX_MS => {
                Err(Violation(format!("(n) page {} counts {} ms down", page.id.index, at - now)))
            }
            _ => Ok(()),
        }
    }
}
