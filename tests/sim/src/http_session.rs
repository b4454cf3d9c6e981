//! The shell round [`HttpSession`]: it makes the requests over the pretend network, keeps the lease in the browser's
//! storage, and carries messages between tabs. Built as the page's own shell is: an input that comes while another is
//! being handled waits for it.

mod requests;
mod tabs;

use crate::network::{AtPage, Up, Wire};
use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::http_session::{HttpSession, RequestId, SessionEvent, SessionInput, SessionOutput, SessionTimer};
use client::input::ConnectionId;
use client::tabs::ExpectedIdentity;
use client::transport::Transport;
use std::collections::{BTreeMap, VecDeque};

/// One session of a page, and what its shell holds.
#[derive(Debug)]
pub(crate) struct Shell {
    session: HttpSession,
    /// Inputs that wait, and whether one is being handled.
    waiting: VecDeque<SessionInput>,
    is_busy: bool,
    /// Requests under way.
    requests: BTreeMap<Wire, RequestId>,
    /// The client was told that the session has ended.
    pub(crate) is_over: bool,
    /// When it looks next which tab leads.
    tick_at: u64,
    /// Since when it was seen, by looks in time, that no tab leads.
    unled_since: Option<u64>,
    /// Since when it was seen, by looks in time, that it and another read.
    rivals_since: Option<u64>,
    /// Until when the messages of each other session are on their way.
    heard_until: BTreeMap<(PageId, ConnectionId), u64>,
}

impl Shell {
    fn new(transport: Transport, seed: u64) -> Self {
        Shell {
            session: HttpSession::new(transport, seed),
            waiting: VecDeque::new(),
            is_busy: false,
            requests: BTreeMap::new(),
            is_over: false,
            tick_at: 0,
            unled_since: None,
            rivals_since: None,
            heard_until: BTreeMap::new(),
        }
    }

    /// It reads for the tabs of its browser.
    pub(crate) fn leads(&self) -> bool {
        self.session.leads()
    }
}

impl World {
    /// A page begins to use a transport over plain HTTP.
    pub(crate) fn open_session(&mut self, id: PageId, socket: ConnectionId, transport: Transport) {
        let seed = self.chance.below(u64::MAX);
        self.pages[id.index].sessions.insert(socket, Shell::new(transport, seed));
        self.after(0, Happening::SessionOpens(id, socket));
    }

    /// The session opens, in the browser as it is now.
    pub(crate) fn session_opens(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        let (lease, is_hidden) = (self.browser_of(id).lease, !self.pages[id.index].visible);
        self.session(id, socket, SessionInput::Opened { lease, is_alone: false, is_hidden })
    }

    /// A session of a page that is there still.
    fn shell(&mut self, id: PageId, socket: ConnectionId) -> Option<&mut Shell> {
        let page = &mut self.pages[id.index];
        if page.id == id { page.sessions.get_mut(&socket) } else { None }
    }

    /// Gives a session an input, and does what it wants done.
    pub(crate) fn session(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        input: SessionInput,
    ) -> Result<(), Broken> {
        let Some(shell) = self.shell(id, socket) else { return Ok(()) };
        shell.waiting.push_back(input);
        if std::mem::replace(&mut shell.is_busy, true) {
            return Ok(());
        }
        let now = self.now + self.pages[id.index].skew;
        while let Some((input, shell)) =
            self.shell(id, socket).and_then(|shell| Some((shell.waiting.pop_front()?, shell)))
        {
            let mut out = Vec::new();
            shell.session.handle(input, now, &mut out);
            for output in out {
                self.perform_output(id, socket, output)?;
            }
        }
        if let Some(shell) = self.shell(id, socket) {
            shell.is_busy = false;
        }
        Ok(())
    }

    fn perform_output(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        output: SessionOutput,
    ) -> Result<(), Broken> {
        if self.trace && !matches!(output, SessionOutput::Emit(_) | SessionOutput::Broadcast(_)) {
            println!("{:>8} page {}     {socket:?} {output:?}", self.now, id.index);
        }
        match output {
            SessionOutput::Request(request) => self.make_request(id, socket, request),
            SessionOutput::Abort(request) => self.abort_request(id, socket, request),
            SessionOutput::ReadLease => {
                let lease = self.browser_of(id).lease;
                if let Some(shell) = self.shell(id, socket) {
                    shell.waiting.push_front(SessionInput::LeaseRead(lease));
                }
            }
            SessionOutput::SaveLease(lease) => self.browser_of(id).lease = lease,
            SessionOutput::Broadcast(text) => self.tell_other_tabs(id, socket, &text),
            SessionOutput::ScheduleTimer(SessionTimer::Election, _) => self.tick_later(id, socket),
            SessionOutput::ScheduleTimer(timer, 0) => {
                if let Some(shell) = self.shell(id, socket) {
                    shell.waiting.push_back(SessionInput::TimerFired(timer));
                }
            }
            SessionOutput::ScheduleTimer(SessionTimer::Poll, ms) => {
                self.after(ms, Happening::PollDue(id, socket))
            }
            SessionOutput::Emit(event) => {
                self.story.follows += u64::from(event == SessionEvent::Follows);
                let is_delivery = matches!(event, SessionEvent::Event(_) | SessionEvent::Through(_));
                self.delivered += u64::from(is_delivery);
                if let SessionEvent::Closed { .. } = event
                    && let Some(shell) = self.shell(id, socket)
                {
                    shell.heard_until.clear();
                }
                if let Some(input) = event.into_input(socket) {
                    return self.give(id, input);
                }
            }
        }
        Ok(())
    }

    /// The next poll is due.
    pub(crate) fn poll_due(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        self.session(id, socket, SessionInput::TimerFired(SessionTimer::Poll))
    }

    /// The page is gone, in order or not: what its sessions had asked for is given up. A page that is left in order
    /// lets the others know.
    pub(crate) fn drop_sessions(&mut self, id: PageId, in_order: bool) -> Result<(), Broken> {
        let sockets: Vec<ConnectionId> = self.pages[id.index].sessions.keys().copied().collect();
        for socket in sockets {
            if in_order {
                self.session(id, socket, SessionInput::Leave)?;
            }
            let Some(shell) = self.shell(id, socket) else { continue };
            let (led, requests) = (shell.leads(), std::mem::take(&mut shell.requests));
            if led {
                self.leader_is_gone(id);
            }
            requests.into_keys().for_each(|wire| self.abandon(wire));
        }
        Ok(())
    }

    /// Nobody waits for this request any more.
    fn abandon(&mut self, wire: Wire) {
        self.up(wire, Up::Close);
        if let Some(connection) = self.connections.get_mut(&wire) {
            connection.at_page = AtPage::Over;
        }
    }

    /// Identity of a session that is open; none before its `welcome`.
    fn identity(&mut self, id: PageId, socket: ConnectionId) -> Option<ExpectedIdentity> {
        self.shell(id, socket)?.session.identity()
    }
}
