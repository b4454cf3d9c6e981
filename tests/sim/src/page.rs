//! The client's shell: a page in a browser, with its timers, sockets and requests.

use crate::http_session::Shell;
use crate::network::{AtPage, Connection, Kind, Up, Wire};
use crate::promise::{Broken, me};
use crate::shelf::{Shelf, Shelve};
use crate::world::{Happening, World};
use client::Client;
use client::effect::Effect;
use client::http_session::SessionInput;
use client::input::{ConnectionId, Input, Timer, Unreachable};
use client::tabs::Lease;
use client::transport::Transport;
use client::view::{NameRefusal, View};
use hub::house::members::DeviceKey;
use hub::output::Answer;
use shared::event::Welcome;
use shared::{Epoch, ErrorCode, Event, RoomId};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// One page in one of its lives: a reload begins the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PageId {
    pub(crate) index: usize,
    pub(crate) life: u32,
}

/// What a browser keeps: pages of one browser share it.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    /// The cookie.
    pub(crate) device: Option<DeviceKey>,
    /// The remembered name.
    pub(crate) name: Option<String>,
    /// Which of its pages reads for the others, and until when.
    pub(crate) lease: Option<Lease>,
    /// Rows and drafts.
    pub(crate) shelf: Shelf,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) id: PageId,
    pub(crate) client: Client,
    pub(crate) browser: usize,
    /// How far its clock is ahead of the world's.
    pub(crate) skew: u64,
    pub(crate) timers: BTreeMap<Timer, u64>,
    pub(crate) wires: BTreeMap<ConnectionId, Wire>,
    pub(crate) sessions: BTreeMap<ConnectionId, Shell>,
    /// What its network does not let pass.
    pub(crate) blocked: Option<Kind>,
    /// There is a network.
    pub(crate) online: bool,
    pub(crate) visible: bool,
    /// Until when its browser lets it do nothing: what reaches it waits.
    pub(crate) frozen_until: u64,
    /// Requests that are not answered yet.
    pub(crate) asking: u32,
    /// The log of the last welcome.
    pub(crate) epoch: Option<Epoch>,
    /// What it showed last.
    pub(crate) view: Rc<View>,
    /// The rows of that were checked against this epoch's log.
    pub(crate) is_checked: bool,
    /// What was typed last, where and by whom, as long as nothing may take it away.
    pub(crate) typed: Option<(RoomId, String, String)>,
    /// Inputs that wait, and whether one is being handled: as in the page's driver.
    waiting: VecDeque<Input>,
    is_busy: bool,
}

/// A request over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Me,
    Join(String),
    Rename(String),
    SignOut,
}

/// Its answer, and the cookie that comes with it: set, cleared, or none.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) input: Input,
    pub(crate) cookie: Option<Option<DeviceKey>>,
}

impl Ask {
    /// What the page is told when the server cannot be reached, or its answer is lost.
    pub(crate) fn unreachable(&self) -> Answered {
        let refusal = NameRefusal { code: ErrorCode::Internal, suggestion: None };
        let input = match self {
            Ask::Me => Input::IdentityFetched(Err(Unreachable)),
            Ask::Join(_) | Ask::Rename(_) => Input::Named(Err(refusal)),
            Ask::SignOut => Input::SignedOut(Err(Unreachable)),
        };
        Answered { input, cookie: None }
    }

    /// What the page is told about what the server answered; `device` is the
    /// one that asked, or the new one of a join.
    pub(crate) fn answered(&self, answer: Answer, device: DeviceKey) -> Answered {
        let (input, cookie) = match (self, answer) {
            (Ask::Me, Answer::Me(member)) => (Input::IdentityFetched(Ok(member)), None),
            (Ask::Join(_), Answer::Me(Some(member))) => (Input::Named(Ok(member)), Some(Some(device))),
            (Ask::Rename(_), Answer::Me(Some(member))) => (Input::Named(Ok(member)), None),
            (Ask::SignOut, Answer::Me(_)) => (Input::SignedOut(Ok(())), Some(None)),
            (Ask::Join(_) | Ask::Rename(_), Answer::Refused(code, suggestion)) => {
                (Input::Named(Err(NameRefusal { code, suggestion })), None)
            }
            _ => return self.unreachable(),
        };
        Answered { input, cookie }
    }
}

impl Page {
    pub(crate) fn new(index: usize, browser: usize, seed: u64) -> Self {
        let mut client = Client::new(seed);
        let view = client.view();
        Page {
            id: PageId { index, life: 0 },
            client,
            browser,
            // Pages of one browser have one clock.
            skew: browser as u64 * 1_234,
            timers: BTreeMap::new(),
            wires: BTreeMap::new(),
            sessions: BTreeMap::new(),
            blocked: None,
            online: true,
            visible: true,
            frozen_until: 0,
            asking: 0,
            epoch: None,
            view,
            is_checked: false,
            typed: None,
            waiting: VecDeque::new(),
            is_busy: false,
        }
    }
}

/// The `welcome` that an input is, and the connection that it came on.
fn welcome_in(input: &Input) -> Option<(ConnectionId, Box<Welcome>)> {
    match input {
        Input::EventReceived(socket, Event::Welcome(welcome)) => Some((*socket, welcome.clone())),
        Input::FrameReceived(socket, text) if text.starts_with(r#"{"type":"welcome""#) => {
            match Event::parse(text) {
                Ok(Event::Welcome(welcome)) => Some((*socket, welcome)),
                _ => None,
            }
        }
        _ => None,
    }
}

impl World {
    pub(crate) fn browser_of(&mut self, page: PageId) -> &mut Browser {
        let browser = self.pages[page.index].browser;
        &mut self.browsers[browser]
    }

    /// The page is opened, or loaded anew: what it held in memory is gone.
    pub(crate) fn load(&mut self, index: usize) -> Result<(), Broken> {
        let seed = self.chance.below(u64::MAX);
        let old_id = self.pages[index].id;
        // Left in order; else its tab crashed.
        let in_order = self.chance.one_in(2);
        if in_order {
            self.give(old_id, Input::Leaving)?;
        }
        self.drop_sessions(old_id, in_order)?;
        let old = &self.pages[index];
        let mut page = Page::new(index, old.browser, seed);
        page.id.life = old.id.life + 1;
        page.online = old.online;
        page.blocked = old.blocked;
        let wires: Vec<Wire> = old.wires.values().copied().collect();
        let shelf = &self.browsers[old.browser].shelf;
        let is_kept = !self.plan.memory_only;
        self.ledger.dropped(old.id, |client_id| is_kept && shelf.has(client_id));
        for wire in wires {
            self.up(wire, Up::Close);
            if let Some(connection) = self.connections.get_mut(&wire) {
                connection.at_page = AtPage::Over;
            }
        }
        let id = page.id;
        self.pages[index] = page;
        let name = self.browser_of(id).name.clone();
        self.give(id, Input::Started { build: "dev".to_owned(), name })
    }

    /// Gives a page an input and does what it wants done.
    pub(crate) fn give(&mut self, id: PageId, input: Input) -> Result<(), Broken> {
        let page = &mut self.pages[id.index];
        if page.id != id {
            return Ok(());
        }
        page.waiting.push_back(input);
        if std::mem::replace(&mut page.is_busy, true) {
            return Ok(());
        }
        while let Some(input) = self.pages[id.index].waiting.pop_front() {
            self.handle(id, input)?;
        }
        self.pages[id.index].is_busy = false;
        Ok(())
    }

    fn handle(&mut self, id: PageId, input: Input) -> Result<(), Broken> {
        let now = self.now;
        let page = &mut self.pages[id.index];
        if self.trace {
            println!("{now:>8} page {}: {input:?}", id.index);
        }
        if let Some((socket, welcome)) = welcome_in(&input)
            && (page.sessions.contains_key(&socket)
                || page
                    .wires
                    .get(&socket)
                    .and_then(|wire| self.connections.get(wire))
                    .is_some_and(Connection::is_open))
        {
            let epoch = Some(welcome.through.epoch);
            page.is_checked &= page.epoch == epoch;
            page.epoch = epoch;
            self.story.welcomes += 1;
            self.story.resumed += u64::from(welcome.resumed);
        }
        if let Input::ConnectionClosed { socket, .. } = &input
            && let Some(shell) = page.sessions.get_mut(socket)
        {
            shell.is_over = true;
        }
        if input == Input::SignedOut(Ok(())) {
            self.ledger.dropped(id, |_| false);
        }
        match (&input, me(&page.view)) {
            (Input::DraftChanged { room, text }, Some(me)) => {
                page.typed = Some((*room, text.clone(), me.name.clone()));
            }
            // A page that is shown may find that another went on with it.
            (Input::VisibilityChanged(true), _) => page.typed = None,
            _ => {}
        }
        let mut out = Vec::new();
        page.client.handle(input, now + page.skew, &mut out);
        for effect in out {
            self.perform(id, effect)?;
        }
        self.look(id)
    }

    fn perform(&mut self, id: PageId, effect: Effect) -> Result<(), Broken> {
        if self.trace {
            println!("{:>8} page {}   {effect:?}", self.now, id.index);
        }
        match effect {
            Effect::FetchIdentity => self.ask(id, Ask::Me),
            Effect::Join { name } => self.ask(id, Ask::Join(name)),
            Effect::Rename { name } => self.ask(id, Ask::Rename(name)),
            Effect::SignOut => self.ask(id, Ask::SignOut),
            Effect::RememberName(name) => self.browser_of(id).name = name,
            Effect::LoadRows => self.shelve(id, Shelve::Load),
            Effect::SaveRow(row) => self.shelve(id, Shelve::Keep(row)),
            Effect::DeleteRow(key) => self.shelve(id, Shelve::Drop(key)),
            Effect::RenewLease { keys, until } => self.shelve(id, Shelve::Lease(keys, until)),
            Effect::SaveDraft(draft) => self.shelve(id, Shelve::KeepDraft(draft)),
            Effect::OpenConnection(socket, Transport::WebSocket) => self.open(id, socket),
            Effect::OpenConnection(socket, transport) => self.open_session(id, socket, transport),
            Effect::Transmit(socket, command) if self.has_session(id, socket) => {
                self.session(id, socket, SessionInput::Send(command))?;
            }
            Effect::CloseConnection(socket, _) if self.has_session(id, socket) => {
                self.session(id, socket, SessionInput::Close)?;
            }
            Effect::RememberTransport(_) | Effect::RememberPin(_) => {}
            Effect::Transmit(socket, command) => {
                let wire = self.wire_of(id, socket, AtPage::Open)?;
                self.up(wire, Up::Frame(command.to_text()));
            }
            Effect::CloseConnection(socket, _) => {
                let opening = self.wire_of(id, socket, AtPage::Opening);
                let wire = opening.or_else(|_| self.wire_of(id, socket, AtPage::Open))?;
                self.leave(wire);
            }
            Effect::ScheduleTimer(timer, at) => {
                let page = &mut self.pages[id.index];
                page.timers.insert(timer, at);
                let delay = at.saturating_sub(self.now + page.skew);
                self.after(delay, Happening::Timer(id, timer, at));
            }
            Effect::CancelTimer(timer) => {
                self.pages[id.index].timers.remove(&timer);
            }
        }
        Ok(())
    }

    /// Whether this is a session over plain HTTP that the page has not been told the end of.
    fn has_session(&self, id: PageId, socket: ConnectionId) -> bool {
        self.pages[id.index].sessions.get(&socket).is_some_and(|shell| !shell.is_over)
    }

    /// The connection behind a socket, which must be as the page should know it.
    fn wire_of(&self, id: PageId, socket: ConnectionId, state: AtPage) -> Result<Wire, Broken> {
        let wire = self.pages[id.index].wires.get(&socket).copied();
        let found = wire.filter(|wire| self.connections.get(wire).is_some_and(|it| it.at_page == state));
        found.ok_or_else(|| Broken(format!("page {} used {socket:?}, which is not {state:?}", id.index)))
    }
}
