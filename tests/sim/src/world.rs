//! Virtual time: what happens, in order.

use crate::Story;
use crate::chance::Chance;
use crate::fault::Mend;
use crate::network::{Connection, Wire};
use crate::page::{Answered, Ask, Browser, Page, PageId};
use crate::plan::Plan;
use crate::promise::{Broken, Ledger};
use crate::server::Server;
use crate::shelf::Shelve;
use client::input::{ConnectionId, Input, Timer};
use hub::house::change::{Change, Outcome};
use hub::house::members::DeviceKey;
use hub::{SessionId, Settings};
use shared::RoomId;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that happens.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The next frame on a connection reaches the server.
    AtServer(Wire),
    /// The next frame on a connection reaches the page.
    AtPage(Wire),
    /// A session over plain HTTP opens.
    SessionOpens(PageId, ConnectionId),
    /// It looks which tab leads, if it was to do so at this time.
    Tick(PageId, ConnectionId, u64),
    /// A message of another tab reaches it.
    TabMessage(PageId, ConnectionId, String),
    /// Its next poll is due.
    PollDue(PageId, ConnectionId),
    /// A poll has waited for long enough.
    PollOver(SessionId),
    /// Some pages are to use another transport, or their network lets another pass.
    Switch,
    /// The server finds out that a connection is dead.
    ServerHears(Wire),
    /// The browser finds out that a connection is dead.
    PageHears(Wire),
    /// A page's timer, set for this time of its clock.
    Timer(PageId, Timer, u64),
    /// A request reaches the server.
    Request(PageId, Ask, Option<DeviceKey>),
    /// An answer reaches the page.
    Response(PageId, Answered),
    /// The store commits.
    Apply(u32, Vec<Change>),
    /// The store tells what it committed.
    Outcomes(u32, Vec<Outcome>),
    /// The store answers a read, or what was sent to a session has left.
    Read(u32, hub::Input),
    /// What a browser was to store is stored.
    Store(PageId, Shelve),
    /// The hub wanted to be woken at this time.
    Wake(u32, u64),
    /// The server pings a session.
    Ping(SessionId),
    /// Somebody does something.
    Act(usize),
    /// Something goes wrong.
    Fault,
    /// Something comes right.
    Mend(Mend),
    /// In the calm: people look after what needs them, once a second.
    Tend,
}

/// All there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) chance: Chance,
    pub(crate) now: u64,
    pub(crate) trace: bool,
    pub(crate) storm: bool,
    /// In the calm: rooms in which somebody said something.
    pub(crate) last_words: BTreeSet<RoomId>,
    /// All agree, and the pages are paged to the start.
    pub(crate) reading: bool,
    pub(crate) server: Server,
    pub(crate) pages: Vec<Page>,
    pub(crate) browsers: Vec<Browser>,
    pub(crate) connections: BTreeMap<Wire, Connection>,
    pub(crate) last_wire: u64,
    pub(crate) ledger: Ledger,
    pub(crate) story: Story,
    /// Things read that sessions over plain HTTP delivered to their clients.
    pub(crate) delivered: u64,
    /// What is to happen, by time and then by the order in which it was foreseen.
    due: BTreeMap<(u64, u64), Happening>,
    foreseen: u64,
}

impl World {
    pub(crate) fn new(seed: u64, trace: bool, draw: fn(&mut Chance) -> Plan) -> Self {
        let mut chance = Chance::new(seed);
        let plan = draw(&mut chance);
        let settings = Settings { posts: plan.posts, ..Settings::default() };
        let mut browsers = Vec::new();
        let mut pages = Vec::new();
        for index in 0..usize::try_from(plan.pages).unwrap_or(2) {
            // The first page, and of the others the last.
            let shares = index > 0 && plan.pages - index as u64 - 1 < plan.sharing;
            if !shares {
                browsers.push(Browser::default());
            }
            let browser = if shares { 0 } else { browsers.len() - 1 };
            pages.push(Page::new(index, browser, chance.below(u64::MAX)));
        }
        World {
            plan,
            chance,
            now: 1_000_000,
            trace,
            storm: true,
            last_words: BTreeSet::new(),
            reading: false,
            server: Server::new(settings),
            pages,
            browsers,
            connections: BTreeMap::new(),
            last_wire: 0,
            ledger: Ledger::default(),
            story: Story::default(),
            delivered: 0,
            due: BTreeMap::new(),
            foreseen: 0,
        }
    }

    /// Lets something happen so many milliseconds from now.
    pub(crate) fn after(&mut self, ms: u64, what: Happening) {
        self.foreseen += 1;
        self.due.insert((self.now + ms, self.foreseen), what);
    }

    /// Until when the page to which this is to happen is frozen.
    fn frozen_until(&self, what: &Happening) -> Option<u64> {
        let id = match what {
            Happening::AtPage(wire) | Happening::PageHears(wire) => self.connections.get(wire)?.page,
            Happening::SessionOpens(id, _)
            | Happening::Tick(id, ..)
            | Happening::TabMessage(id, ..)
            | Happening::PollDue(id, _)
            | Happening::Timer(id, ..)
            | Happening::Response(id, _)
            | Happening::Store(id, _) => *id,
            Happening::Act(index) => self.pages[*index].id,
            _ => return None,
        };
        let page = &self.pages[id.index];
        (page.id == id && page.frozen_until > self.now).then_some(page.frozen_until)
    }

    /// Lets the next thing happen, unless it lies after `end`.
    pub(crate) fn step(&mut self, end: u64) -> Result<bool, Broken> {
        let Some(entry) = self.due.first_entry() else { return Ok(false) };
        if entry.key().0 > end {
            self.now = end;
            return Ok(false);
        }
        let ((now, number), what) = entry.remove_entry();
        self.now = now;
        if let Some(until) = self.frozen_until(&what) {
            // Under its own number, or a later word of that moment would be heard before it.
            self.due.insert((until, number), what);
            return Ok(true);
        }
        self.story.steps += 1;
        match what {
            Happening::AtServer(wire) => self.at_server(wire)?,
            Happening::AtPage(wire) => self.next_down(wire)?,
            Happening::SessionOpens(id, socket) => self.session_opens(id, socket)?,
            Happening::Tick(id, socket, at) => self.tick(id, socket, at)?,
            Happening::TabMessage(id, socket, text) => self.hear(id, socket, text)?,
            Happening::PollDue(id, socket) => self.poll_due(id, socket)?,
            Happening::PollOver(session) => self.poll_over(session)?,
            Happening::Switch => self.switch()?,
            Happening::ServerHears(wire) => self.server_hears(wire)?,
            Happening::PageHears(wire) => self.page_hears(wire, 1006)?,
            Happening::Timer(id, timer, at) => {
                let page = &mut self.pages[id.index];
                if page.id == id && page.timers.get(&timer) == Some(&at) {
                    page.timers.remove(&timer);
                    self.give(id, Input::TimerFired(timer))?;
                }
            }
            Happening::Request(id, ask, device) => self.request(id, ask, device)?,
            Happening::Response(id, answered) => self.response(id, answered)?,
            Happening::Apply(life, changes) => self.apply(life, changes),
            Happening::Outcomes(life, outcomes) => self.outcomes(life, outcomes)?,
            Happening::Read(life, snapshot) => self.read_came(life, snapshot)?,
            Happening::Store(page, what) => self.stored(page, what)?,
            Happening::Wake(life, at) => self.wake(life, at)?,
            Happening::Ping(session) => self.ping(session)?,
            Happening::Act(index) => self.act(index)?,
            Happening::Fault => self.fault()?,
            Happening::Mend(what) => self.mend(what)?,
            Happening::Tend => self.tend()?,
        }
        Ok(true)
    }
}
