//! The simulated world: all state of a run, and the queue of events in virtual time.

mod account;
mod clocks;
mod faults;
mod http_session;
mod invariants;
mod network;
mod page;
mod recovery;
mod run;
mod server;
mod storage;
mod users;

use crate::event::SimEvent;
use crate::network::{Connection, Wire};
use crate::oracle::Oracle;
use crate::page::{Browser, Page};
use crate::plan::Plan;
use crate::rng::Rng;
use crate::server::Server;
use crate::stats::RunStats;
use crate::violation::Violation;
use client::input::Input;
use hub::Settings;
use shared::RoomId;
use std::collections::{BTreeMap, BTreeSet};

/// Virtual time at which a run begins.
const START: u64 = 1_000_000;

/// The state of a run.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) rng: Rng,
    pub(crate) now: u64,
    pub(crate) prints_steps: bool,
    pub(crate) is_fault_phase: bool,
    /// Rooms with a final message in the recovery phase.
    pub(crate) final_messages: BTreeSet<RoomId>,
    /// Whether the pages agree and are being paged to the start.
    pub(crate) is_paging: bool,
    pub(crate) server: Server,
    pub(crate) pages: Vec<Page>,
    pub(crate) browsers: Vec<Browser>,
    pub(crate) connections: BTreeMap<Wire, Connection>,
    pub(crate) last_wire: u64,
    pub(crate) oracle: Oracle,
    pub(crate) stats: RunStats,
    /// Number of events that HTTP sessions delivered to their clients.
    pub(crate) delivered: u64,
    /// Scheduled events by time, and then by the order of scheduling.
    queue: BTreeMap<(u64, u64), SimEvent>,
    last_number: u64,
}

impl World {
    pub(crate) fn new(seed: u64, prints_steps: bool, draw: fn(&mut Rng) -> Plan) -> Self {
        let mut rng = Rng::new(seed);
        let plan = draw(&mut rng);
        let settings = Settings { posts: plan.post_rate, ..Settings::default() };
        let mut browsers = Vec::new();
        let mut pages = Vec::new();
        for index in 0..usize::try_from(plan.pages).unwrap_or(2) {
            // The first browser has the first page and the last ones.
            let shares = index > 0 && plan.pages - index as u64 - 1 < plan.shared_tabs;
            if !shares {
                browsers.push(Browser::new(browsers.len()));
            }
            let browser = if shares { 0 } else { browsers.len() - 1 };
            let clock = browsers[browser].clock(START);
            pages.push(Page::new(index, browser, rng.below(u64::MAX), clock));
        }
        World {
            plan,
            rng,
            now: START,
            prints_steps,
            is_fault_phase: true,
            final_messages: BTreeSet::new(),
            is_paging: false,
            server: Server::new(settings, plan.nodes, START),
            pages,
            browsers,
            connections: BTreeMap::new(),
            last_wire: 0,
            oracle: Oracle::default(),
            stats: RunStats::default(),
            delivered: 0,
            queue: BTreeMap::new(),
            last_number: 0,
        }
    }

    /// Schedules an event `ms` milliseconds from now.
    pub(crate) fn schedule(&mut self, ms: u64, event: SimEvent) {
        self.last_number += 1;
        self.queue.insert((self.now + ms, self.last_number), event);
    }

    /// Returns the time until which the event's page is frozen, if it is frozen now.
    fn frozen_until(&self, event: &SimEvent) -> Option<u64> {
        let id = match event {
            SimEvent::ReachedPage(wire) | SimEvent::PageNoticesEnd(wire) => self.connections.get(wire)?.page,
            SimEvent::SessionOpened(id, _)
            | SimEvent::ElectionTick(id, ..)
            | SimEvent::TabMessage(id, ..)
            | SimEvent::PollDue(id, _)
            | SimEvent::PageTimer(id, ..)
            | SimEvent::AccountResponse(id, _)
            | SimEvent::DatabaseDone(id, _) => *id,
            SimEvent::UserAction(index) => self.pages[*index].id,
            _ => return None,
        };
        let page = &self.pages[id.index];
        (page.id == id && page.frozen_until > self.now).then_some(page.frozen_until)
    }

    /// Performs the next event. Returns false if there is none until `end`.
    pub(crate) fn step(&mut self, end: u64) -> Result<bool, Violation> {
        let Some(entry) = self.queue.first_entry() else { return Ok(false) };
        if entry.key().0 > end {
            self.now = end;
            return Ok(false);
        }
        let ((now, number), event) = entry.remove_entry();
        self.now = now;
        if let Some(until) = self.frozen_until(&event) {
            // Keep the event's number, so that the page's events keep their order.
            self.queue.insert((until, number), event);
            return Ok(true);
        }
        self.stats.steps += 1;
        match event {
            SimEvent::ReachedServer(wire) => self.receive_at_server(wire)?,
            SimEvent::ReachedPage(wire) => self.receive_at_page(wire)?,
            SimEvent::SessionOpened(id, socket) => self.session_opened(id, socket)?,
            SimEvent::ElectionTick(id, socket, at) => self.election_tick(id, socket, at)?,
            SimEvent::TabMessage(id, socket, text) => self.receive_tab_message(id, socket, text)?,
            SimEvent::PollDue(id, socket) => self.poll_due(id, socket)?,
            SimEvent::PollExpired(session) => self.expire_poll(session)?,
            SimEvent::TransportSwitch => self.switch_transports()?,
            SimEvent::ServerNoticesEnd(wire) => self.server_notices_end(wire)?,
            SimEvent::PageNoticesEnd(wire) => self.page_notices_end(wire, 1006)?,
            SimEvent::PageTimer(id, timer, at) => {
                let page = &mut self.pages[id.index];
                if page.id == id && page.timers.get(&timer) == Some(&at) {
                    page.timers.remove(&timer);
                    self.dispatch(id, Input::TimerFired(timer))?;
                }
            }
            SimEvent::AccountRequest(id, request, device) => {
                self.receive_account_request(id, request, device)?
            }
            SimEvent::AccountResponse(id, response) => self.receive_account_response(id, response)?,
            SimEvent::Commit(generation, changes) => self.commit_append(generation, changes)?,
            SimEvent::CommitReport(generation, outcomes) => self.report_outcomes(generation, outcomes)?,
            SimEvent::TailRead(generation, node) => self.read_tail(generation, node)?,
            SimEvent::HubInput(generation, node, input) => {
                self.dispatch_delayed(generation, node, input)?;
            }
            SimEvent::DatabaseDone(page, request) => self.complete_database_request(page, request)?,
            SimEvent::HubTimer(generation, node, at) => self.fire_hub_timer(generation, node, at)?,
            SimEvent::SessionPing(session) => self.ping_session(session)?,
            SimEvent::UserAction(index) => self.act(index)?,
            SimEvent::Fault => self.inject_fault()?,
            SimEvent::ClockStep => self.step_clock(),
            SimEvent::Repair(repair) => self.repair(repair)?,
            SimEvent::Resolution => self.resolve_errors()?,
        }
        Ok(true)
    }
}
