//! The pages and their loop: sockets, timers, databases and people, in one
//! thread. It carries out what each client wants done, and writes down what was
//! sent and acknowledged.

mod chains;
mod traffic;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::effect::Effect;
use client::input::{ConnectionId, Input};
use client::transport::Transport;
use rustix::event::Timespec;
use rustix::event::epoll;

use super::browser::{Browser, Write};
use super::chain::Chain;
use super::ledger::{Ledger, PageId};
use super::line::{Ask, Line, Purpose, Socket};
use super::page::{Database, Page};
use super::reaper::Kills;
use super::relay::Relay;
use super::switching::{Request, Switching};
use crate::linux::failure::Failure;
use crate::linux::handshake;
use crate::linux::rng::Rng;

/// The longest that a browser's database takes for one transaction, in milliseconds.
const DATABASE_MS_MAX: u64 = 15;
/// The longest sleep of the loop, in milliseconds.
const LOOK_MS: u64 = 20;
/// Events taken at a time.
const EVENTS_MAX: usize = 256;
/// Pages for each of which there is one that shares its browser.
const PAGES_PER_PAIR: usize = 5;

/// The pages.
pub(super) struct World {
    pub(super) pages: Vec<Page>,
    pub(super) browsers: Vec<Browser>,
    pub(super) ledger: Ledger,
    pub(super) rng: Rng,
    pub(super) switching: Switching,
    /// The relay's ports: that of what is let through, and that of what is not.
    port: u16,
    refusing_port: u16,
    kills: Arc<Kills>,
    begin: (Instant, u64),
    epoll: rustix::fd::OwnedFd,
    lines: HashMap<u64, Line>,
    /// Connections that are made of requests.
    chains: HashMap<(PageId, ConnectionId), Chain>,
    last_line: u64,
    inputs: VecDeque<(PageId, Input)>,
}

impl World {
    /// So many pages, which reach the server over the relay. One in five shares the
    /// browser of another. With `switching` they use all transports, else the WebSocket only.
    ///
    /// # Errors
    /// When there is no epoll.
    pub(super) fn new(
        relay: &Relay,
        pages: usize,
        switching: bool,
        kills: Arc<Kills>,
        mut rng: Rng,
    ) -> Result<Self, Failure> {
        let browsers = (pages - pages / PAGES_PER_PAIR).max(1);
        let page = |index| Page::new(PageId { index, life: 0 }, index % browsers, rng.next());
        let pages = (0..pages).map(page).collect();
        let pinned = (!switching).then_some(Transport::WebSocket);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            pages,
            browsers: (0..browsers).map(|_| Browser::new(pinned)).collect(),
            ledger: Ledger::default(),
            rng,
            switching: Switching::new(switching),
            port: relay.port(),
            refusing_port: relay.refusing_port(),
            kills,
            begin: (Instant::now(), u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?,
            lines: HashMap::new(),
            chains: HashMap::new(),
            last_line: 0,
            inputs: VecDeque::new(),
        })
    }

    /// Milliseconds since 1970 by a clock that never steps back.
    pub(super) fn now(&self) -> u64 {
        self.begin.1 + u64::try_from(self.begin.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Lets happen what is due, and what comes within a few milliseconds.
    ///
    /// # Errors
    /// When epoll fails.
    pub(super) fn turn(&mut self) -> Result<(), Failure> {
        let now = self.now();
        for index in 0..self.pages.len() {
            self.start_if_possible(index);
            let id = self.pages[index].id;
            while let Some(timer) = self.pages[index].take_timer(now) {
                self.give(id, Input::TimerFired(timer));
            }
            while let Some(what) = self.pages[index].take_write(now) {
                self.database(id, what);
            }
        }
        self.poll_those_due(now);
        self.give_up_requests(now);
        self.wait()
    }

    /// Gives a page an input and does what it wants done, and so on until all is quiet.
    pub(super) fn give(&mut self, id: PageId, input: Input) {
        self.inputs.push_back((id, input));
        self.settle();
    }

    fn settle(&mut self) {
        while let Some((id, input)) = self.inputs.pop_front() {
            let now = self.now();
            let page = &mut self.pages[id.index];
            if page.id != id {
                continue;
            }
            let mut out = Vec::new();
            page.client.handle(input, now, &mut out);
            for effect in out {
                self.perform(id, effect);
            }
        }
    }

    /// The page ends, in order or not, and is opened again.
    pub(super) fn reload(&mut self, index: usize, in_order: bool) {
        let id = self.pages[index].id;
        if in_order {
            self.give(id, Input::Leaving);
        } else {
            self.ledger.crashes += 1;
        }
        let old = &mut self.pages[index];
        // A crash takes with it what the database has not carried out; it keeps its order.
        let pending = std::mem::take(&mut old.asked);
        let most = pending.len() as u64;
        let done = if in_order { most } else { self.rng.between(0, most) };
        let mut page = Page::new(PageId { life: id.life + 1, ..id }, old.browser, self.rng.next());
        page.acts_at = old.acts_at;
        page.crashes_at = old.crashes_at;
        page.blocked = old.blocked;
        self.pages[index] = page;
        let browser = self.pages[index].browser;
        for (_, what) in pending.into_iter().take(usize::try_from(done).unwrap_or(usize::MAX)) {
            if let Database::Write(write) = what {
                self.note_kept(&write);
                self.browsers[browser].commit(write);
            }
        }
        self.chains.retain(|(page, _), _| *page != id);
        for (_, line) in self.lines.extract_if(|_, line| line.page == id) {
            if in_order { drop(line) } else { line.crash() }
        }
        self.start_if_possible(index);
    }

    /// A page that shares its browser is opened once somebody is signed in there.
    fn start_if_possible(&mut self, index: usize) {
        let page = &mut self.pages[index];
        let browser = &self.browsers[page.browser];
        let is_first = index < self.browsers.len();
        if !page.is_started && (is_first || browser.cookie.is_some()) {
            page.is_started = true;
            let (id, name) = (page.id, browser.name.clone());
            let ways = Input::TransportHints { last_good: browser.worked, pinned: browser.pinned };
            self.give(id, ways);
            self.give(id, Input::Started { build: "dev".to_owned(), name });
        }
    }

    fn perform(&mut self, id: PageId, effect: Effect) {
        let page = &mut self.pages[id.index];
        match effect {
            Effect::FetchIdentity => self.ask(id, Ask::Me),
            Effect::Join { name } => self.ask(id, Ask::Join(name)),
            Effect::Rename { name } => self.ask(id, Ask::Rename(name)),
            Effect::SignOut => self.ask(id, Ask::SignOut),
            Effect::RememberName(name) => self.browsers[page.browser].name = name,
            Effect::LoadRows => self.ask_database(id, Database::Load),
            Effect::SaveRow(row) => self.ask_database(id, Database::Write(Write::Keep(row))),
            Effect::DeleteRow(key) => self.ask_database(id, Database::Write(Write::Drop(key))),
            Effect::RenewLease { keys, until } => {
                self.ask_database(id, Database::Write(Write::Lease(keys, until)))
            }
            Effect::SaveDraft(draft) => self.ask_database(id, Database::Write(Write::Draft(draft))),
            Effect::RememberTransport(_) | Effect::RememberPin(_) => self.remember(id, effect),
            Effect::OpenConnection(socket, Transport::WebSocket) => {
                let request = handshake::request_v1(self.port, self.cookie(id).unwrap_or_default());
                let port = self.port_for(id, Transport::WebSocket);
                self.switching.count(Request::Handshake);
                if !self.open(id, port, Purpose::Socket(Socket::new(socket)), request) {
                    let closed = Input::ConnectionClosed { socket, code: 1006, reason: String::new() };
                    self.inputs.push_back((id, closed));
                }
            }
            Effect::OpenConnection(socket, transport) => self.open_chain(id, socket, transport),
            Effect::Transmit(socket, command) => {
                let text = command.to_text();
                if !self.say_by_chain(id, socket, &text) {
                    self.transmit(id, socket, &text);
                }
            }
            Effect::CloseConnection(socket, code) => {
                self.leave_chain(id, socket);
                let mark = self.line_of(id, socket);
                if let Some(line) = mark.and_then(|mark| self.lines.remove(&mark)) {
                    line.close(code);
                }
            }
            Effect::ScheduleTimer(timer, at) => drop(page.timers.insert(timer, at)),
            Effect::CancelTimer(timer) => drop(page.timers.remove(&timer)),
        }
    }

    /// Where a page connects for this transport: what its network does not let pass is refused.
    fn port_for(&self, id: PageId, transport: Transport) -> u16 {
        let is_blocked = self.pages[id.index].blocked == Some(transport);
        if is_blocked { self.refusing_port } else { self.port }
    }

    fn cookie(&self, id: PageId) -> Option<&str> {
        self.browsers[self.pages[id.index].browser].cookie.as_deref()
    }

    fn ask_database(&mut self, id: PageId, what: Database) {
        let at = self.now() + self.rng.between(0, DATABASE_MS_MAX);
        let asked = &mut self.pages[id.index].asked;
        let at = asked.back().map_or(at, |(before, _)| at.max(*before));
        asked.push_back((at, what));
    }

    fn database(&mut self, id: PageId, what: Database) {
        let browser = self.pages[id.index].browser;
        match what {
            Database::Load => {
                let stored = self.browsers[browser].stored();
                self.give(id, Input::RowsLoaded(Some(stored)));
            }
            Database::Write(write) => {
                let kept = match &write {
                    Write::Keep(row) => Some(row.key()),
                    _ => None,
                };
                self.note_kept(&write);
                self.browsers[browser].commit(write);
                if let Some(key) = kept {
                    self.give(id, Input::RowSaved { key, ok: true });
                }
            }
        }
    }

    fn note_kept(&mut self, write: &Write) {
        if let Write::Keep(row) = write {
            self.ledger.kept(row.client_id);
        }
    }

    fn wait(&mut self) -> Result<(), Failure> {
        let due = self.pages.iter().filter_map(Page::due).min();
        let now = self.now();
        let wait = due.map_or(LOOK_MS, |due| due.saturating_sub(now).min(LOOK_MS));
        let wait = Timespec::try_from(Duration::from_millis(wait)).map_err(Failure::at("a time to wait"))?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        for event in events {
            self.serve(event.data.u64(), event.flags);
        }
        Ok(())
    }
}
