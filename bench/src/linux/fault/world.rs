//! The pages and their event loop: sockets, timers, databases and users, in one thread. The loop performs the
//! clients' effects, and records in the oracle what was sent and acknowledged.
//!
//! - [`traffic`] carries frames, requests and responses.
//! - [`http_sessions`] carries the connections over plain HTTP.

mod http_sessions;
mod traffic;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::effect::Effect;
use client::http_session::SessionInput;
use client::identity::IdentityRequest;
use client::input::{ConnectionId, Input};
use client::transport::Transport;
use rustix::event::Timespec;
use rustix::event::epoll;
use shared::{ClientId, Now};

use super::browser::{Browser, Transaction};
use super::crash_loop::KillLog;
use super::http_connection::HttpConnection;
use super::oracle::{Oracle, PageId};
use super::page::{DatabaseRequest, Page};
use super::relay::Relay;
use super::socket::{Purpose, Socket, WebSocket};
use super::transport_switches::{RequestKind, TransportSwitches};
use crate::linux::failure::Failure;
use crate::linux::handshake;
use crate::linux::rng::Rng;

/// Longest time of a database request, in milliseconds.
const DATABASE_MS_MAX: u64 = 15;
/// Longest wait of the loop, in milliseconds.
const WAIT_MS_MAX: u64 = 20;
/// Events taken at a time.
const EVENTS_MAX: usize = 256;
/// One page in this many shares the browser of another.
const PAGES_PER_PAIR: usize = 5;

/// All pages of a run.
pub(super) struct World {
    pub(super) pages: Vec<Page>,
    pub(super) browsers: Vec<Browser>,
    pub(super) oracle: Oracle,
    pub(super) rng: Rng,
    pub(super) transport_switches: TransportSwitches,
    /// Port of the relay. [`Self::port_for`] chooses between this port and the blackhole's.
    port: u16,
    refusing_port: u16,
    kills: Arc<KillLog>,
    begin: (Instant, u64),
    epoll: rustix::fd::OwnedFd,
    sockets: HashMap<u64, Socket>,
    /// Connections that are made of requests.
    http: BTreeMap<(PageId, ConnectionId), HttpConnection>,
    last_socket: u64,
    inputs: VecDeque<(PageId, PageInput)>,
}

/// Input that waits for its page.
#[derive(Debug)]
enum PageInput {
    Client(Input),
    /// Input of one of the page's sessions over plain HTTP.
    Session(ConnectionId, SessionInput),
}

impl World {
    /// A world of this many pages, which reach the server through the relay. One page in five shares the
    /// browser of another. With `switching` the pages use all transports, otherwise the WebSocket only.
    ///
    /// # Errors
    /// When there is no epoll.
    pub(super) fn new(
        relay: &Relay,
        pages: usize,
        switching: bool,
        kills: Arc<KillLog>,
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
            oracle: Oracle::default(),
            rng,
            transport_switches: TransportSwitches::new(switching),
            port: relay.port(),
            refusing_port: relay.refusing_port(),
            kills,
            begin: (Instant::now(), u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?,
            sockets: HashMap::new(),
            http: BTreeMap::new(),
            last_socket: 0,
            inputs: VecDeque::new(),
        })
    }

    /// Milliseconds since the begin of the run, by the monotonic clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.begin.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Both clocks of all pages.
    pub(super) fn clocks(&self) -> Now {
        let mono = self.now();
        Now { mono, wall: self.begin.1 + mono }
    }

    /// Runs all work that is due, and the events of the next few milliseconds.
    ///
    /// # Errors
    /// When epoll fails.
    pub(super) fn run_once(&mut self) -> Result<(), Failure> {
        let now = self.now();
        for index in 0..self.pages.len() {
            self.start_if_possible(index);
            let id = self.pages[index].id;
            while let Some(timer) = self.pages[index].take_timer(now) {
                self.deliver(id, Input::TimerFired(timer));
            }
            while let Some(what) = self.pages[index].take_database_request(now) {
                self.finish_database_request(id, what);
            }
        }
        self.fire_session_timers(now);
        self.time_out_requests(now);
        self.wait_for_events()
    }

    /// Delivers an input to a page and performs the effects, until no inputs are left.
    pub(super) fn deliver(&mut self, id: PageId, input: Input) {
        self.inputs.push_back((id, PageInput::Client(input)));
        self.run_inputs();
    }

    fn run_inputs(&mut self) {
        while let Some((id, input)) = self.inputs.pop_front() {
            let now = self.clocks();
            let page = &mut self.pages[id.index];
            if page.id != id {
                continue;
            }
            let input = match input {
                PageInput::Client(input) => input,
                PageInput::Session(connection, input) => {
                    self.run_session(id, connection, input);
                    continue;
                }
            };
            let mut out = Vec::new();
            page.client.handle(input, now, &mut out);
            for effect in out {
                self.perform(id, effect);
            }
        }
    }

    /// Ends a page, in order or by a crash, and begins its next life.
    pub(super) fn reload(&mut self, index: usize, in_order: bool) {
        let id = self.pages[index].id;
        if in_order {
            self.deliver(id, Input::Leaving);
        } else {
            self.oracle.crashes += 1;
        }
        self.drop_sessions(id, in_order);
        let old = &mut self.pages[index];
        // A crash loses the database requests that are not done. Those that are done are the first ones.
        let pending = std::mem::take(&mut old.database_queue);
        let most = pending.len() as u64;
        let done = if in_order { most } else { self.rng.between(0, most) };
        let mut page = Page::new(PageId { life: id.life + 1, ..id }, old.browser, self.rng.next());
        page.acts_at = old.acts_at;
        page.crashes_at = old.crashes_at;
        page.blocked = old.blocked;
        self.pages[index] = page;
        // Remove a session that the old page opened while it was being left.
        self.http.retain(|(page, _), _| *page != id);
        let browser = self.pages[index].browser;
        for (_, what) in pending.into_iter().take(usize::try_from(done).unwrap_or(usize::MAX)) {
            if let DatabaseRequest::Write(transaction) = what {
                self.record_stored(&transaction);
                self.browsers[browser].commit(transaction);
            }
        }
        for (_, socket) in self.sockets.extract_if(|_, socket| socket.page == id) {
            if in_order { drop(socket) } else { socket.reset() }
        }
        self.start_if_possible(index);
    }

    /// Starts the page if it has not started. A page that shares a browser waits until somebody is signed in
    /// there.
    fn start_if_possible(&mut self, index: usize) {
        let page = &mut self.pages[index];
        let browser = &self.browsers[page.browser];
        let is_first = index < self.browsers.len();
        if !page.is_started && (is_first || browser.cookie.is_some()) {
            page.is_started = true;
            let (id, name) = (page.id, browser.name.clone());
            let ways = Input::TransportHints { last_good: browser.last_good, pinned: browser.pinned };
            self.deliver(id, ways);
            let join_id = ClientId(self.rng.bytes());
            self.deliver(id, Input::Started { build: "dev".to_owned(), name, join_id });
        }
    }

    fn perform(&mut self, id: PageId, effect: Effect) {
        let page = &mut self.pages[id.index];
        match effect {
            Effect::FetchIdentity => self.send_identity_request(id, IdentityRequest::Me),
            Effect::Join { name, client_id } => {
                self.send_identity_request(id, IdentityRequest::Join(name, client_id))
            }
            Effect::Rename { name } => self.send_identity_request(id, IdentityRequest::Rename(name)),
            Effect::SignOut => self.send_identity_request(id, IdentityRequest::SignOut),
            Effect::RememberName(name) => self.browsers[page.browser].name = name,
            Effect::LoadRows => self.queue_database_request(id, DatabaseRequest::Load),
            Effect::SaveRow(row) => {
                self.queue_database_request(id, DatabaseRequest::Write(Transaction::SaveRow(row)))
            }
            Effect::DeleteRow(key) => {
                self.queue_database_request(id, DatabaseRequest::Write(Transaction::DeleteRow(key)))
            }
            Effect::RenewLease { keys, until } => {
                self.queue_database_request(id, DatabaseRequest::Write(Transaction::RenewLease(keys, until)))
            }
            Effect::SaveDraft(draft) => {
                self.queue_database_request(id, DatabaseRequest::Write(Transaction::SaveDraft(draft)))
            }
            // A page that reloads tells its read markers anew.
            Effect::RememberMarks(_) => {}
            Effect::RememberTransport(_) | Effect::RememberPin(_) => self.remember(id, effect),
            Effect::OpenConnection(connection, Transport::WebSocket) => {
                let request = handshake::request_v1(self.port, self.cookie(id).unwrap_or_default());
                let port = self.port_for(id, Transport::WebSocket);
                self.transport_switches.count_request(RequestKind::Handshake);
                if !self.open_socket(id, port, Purpose::WebSocket(WebSocket::new(connection)), request) {
                    let closed = Input::ConnectionClosed { connection, code: 1006, reason: String::new() };
                    self.inputs.push_back((id, PageInput::Client(closed)));
                }
            }
            Effect::OpenConnection(connection, transport) => self.open_session(id, connection, transport),
            Effect::Transmit(connection, command) => {
                if !self.send_by_session(id, connection, &command) {
                    self.send_frame(id, connection, &command);
                }
            }
            Effect::CloseConnection(connection, code) => {
                if self.http.contains_key(&(id, connection)) {
                    self.inputs.push_back((id, PageInput::Session(connection, SessionInput::Close)));
                }
                let key = self.find_socket(id, connection);
                if let Some(socket) = key.and_then(|key| self.sockets.remove(&key)) {
                    socket.close(code);
                }
            }
            Effect::ScheduleTimer(timer, at) => drop(page.timers.insert(timer, at)),
            Effect::CancelTimer(timer) => drop(page.timers.remove(&timer)),
        }
    }

    /// Port at which a page connects with this transport: the blackhole's, if the page's network blocks the
    /// transport.
    fn port_for(&self, id: PageId, transport: Transport) -> u16 {
        let is_blocked = self.pages[id.index].blocked == Some(transport);
        if is_blocked { self.refusing_port } else { self.port }
    }

    fn cookie(&self, id: PageId) -> Option<&str> {
        self.browsers[self.pages[id.index].browser].cookie.as_deref()
    }

    fn queue_database_request(&mut self, id: PageId, what: DatabaseRequest) {
        let at = self.now() + self.rng.between(0, DATABASE_MS_MAX);
        let queue = &mut self.pages[id.index].database_queue;
        let at = queue.back().map_or(at, |(before, _)| at.max(*before));
        queue.push_back((at, what));
    }

    fn finish_database_request(&mut self, id: PageId, what: DatabaseRequest) {
        let browser = self.pages[id.index].browser;
        match what {
            DatabaseRequest::Load => {
                let rows = self.browsers[browser].load_rows();
                self.deliver(id, Input::RowsLoaded(Some(rows)));
            }
            DatabaseRequest::Write(transaction) => {
                let kept = match &transaction {
                    Transaction::SaveRow(row) => Some(row.key()),
                    _ => None,
                };
                self.record_stored(&transaction);
                self.browsers[browser].commit(transaction);
                if let Some(key) = kept {
                    self.deliver(id, Input::RowSaved { key, ok: true });
                }
            }
        }
    }

    fn record_stored(&mut self, transaction: &Transaction) {
        if let Transaction::SaveRow(row) = transaction {
            self.oracle.record_stored(row.client_id);
        }
    }

    fn wait_for_events(&mut self) -> Result<(), Failure> {
        let due = self.pages.iter().filter_map(Page::next_due).min();
        let now = self.now();
        let wait = due.map_or(WAIT_MS_MAX, |due| due.saturating_sub(now).min(WAIT_MS_MAX));
        let wait = Timespec::try_from(Duration::from_millis(wait)).map_err(Failure::at("a time to wait"))?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        for event in events {
            self.serve_socket(event.data.u64(), event.flags);
        }
        Ok(())
    }
}
