//! The shell of a page: loading, inputs, and the effects of its client.

use super::World;
use crate::event::SimEvent;
use crate::network::{Connection, PageEnd, ToServer, Wire};
use crate::page::{Browser, Page, me};
use crate::page_id::PageId;
use crate::storage::DatabaseRequest;
use crate::violation::Violation;
use client::effect::Effect;
use client::http_session::SessionInput;
use client::identity::IdentityRequest;
use client::input::{ConnectionId, Conversation, Input};
use client::transport::Transport;
use shared::event::{EventFrame, Welcome};
use shared::{ClientId, Event};

/// Returns the `welcome` in an input, and its connection.
fn welcome_in(input: &Input) -> Option<(ConnectionId, Box<Welcome>)> {
    match input {
        Input::EventReceived(socket, EventFrame { event: Event::Welcome(welcome), .. }) => {
            Some((*socket, welcome.clone()))
        }
        Input::FrameReceived(socket, text) => match Event::parse(text) {
            Ok(Event::Welcome(welcome)) => Some((*socket, welcome)),
            _ => None,
        },
        _ => None,
    }
}

impl World {
    pub(crate) fn browser_of(&mut self, page: PageId) -> &mut Browser {
        let browser = self.pages[page.index].browser;
        &mut self.browsers[browser]
    }

    /// Loads or reloads a page. A reload loses everything in its memory.
    pub(crate) fn load(&mut self, index: usize) -> Result<(), Violation> {
        let seed = self.rng.below(u64::MAX);
        let old_id = self.pages[index].id;
        // Half of the reloads follow a crash of the tab.
        let in_order = self.rng.one_in(2);
        if in_order {
            self.dispatch(old_id, Input::Leaving)?;
        }
        self.drop_sessions(old_id, in_order)?;
        let old = &self.pages[index];
        let mut page = Page::new(index, old.browser, seed, self.browsers[old.browser].clock(self.now));
        page.id.generation = old.id.generation + 1;
        page.online = old.online;
        page.blocked = old.blocked;
        let wires: Vec<Wire> = old.wires.values().copied().collect();
        let database = &self.browsers[old.browser].database;
        let is_kept = !self.plan.memory_only;
        self.oracle.record_drop(old.id, |client_id| is_kept && database.has(client_id));
        for wire in wires {
            self.send_to_server(wire, ToServer::Close);
            if let Some(connection) = self.connections.get_mut(&wire) {
                connection.page_end = PageEnd::Closed;
            }
        }
        let id = page.id;
        self.pages[index] = page;
        let (name, marks) = (self.browser_of(id).name.clone(), self.browser_of(id).marks.clone());
        if let Some(marks) = marks {
            self.dispatch(id, Input::MarksRemembered(marks))?;
        }
        let join_id = ClientId(self.rng.bytes());
        self.dispatch(id, Input::Started { build: "dev".to_owned(), name, join_id })
    }

    /// The open conversation of a page.
    pub(crate) fn open_conversation(&self, id: PageId) -> Conversation {
        self.pages[id.index].view.pane().conversation
    }

    /// Dispatches an input to a page's client, or queues it while another is handled.
    pub(crate) fn dispatch(&mut self, id: PageId, input: Input) -> Result<(), Violation> {
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

    fn handle(&mut self, id: PageId, input: Input) -> Result<(), Violation> {
        let now = self.now;
        let page = &mut self.pages[id.index];
        if self.prints_steps {
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
            let roll_backs = welcome.build.parse().unwrap_or(0);
            page.is_checked &= page.epoch == epoch && page.roll_backs == roll_backs;
            page.roll_backs = roll_backs;
            self.stats.rolled_back += u64::from(welcome.rolled_back);
            // Before the welcome the page took the other name for a rename. The new log shows that it may be
            // another person with the same id, so the drafts are set aside, and the notice offers them.
            if std::mem::take(&mut page.has_new_name) && page.epoch != epoch {
                page.typed = None;
            }
            page.epoch = epoch;
            self.stats.welcomes += 1;
            self.stats.resumed += u64::from(welcome.resumed);
        }
        if let Input::ConnectionClosed { connection: socket, .. } = &input
            && let Some(shell) = page.sessions.get_mut(socket)
        {
            shell.is_closed = true;
        }
        if input == Input::SignedOut(Ok(())) {
            self.oracle.record_drop(id, |_| false);
        }
        match (&input, me(&page.view)) {
            (Input::DraftChanged { conversation, text }, Some(me)) => {
                page.typed = Some((conversation.room, text.clone(), me.name.clone()));
            }
            (Input::IdentityFetched(Ok(Some(fetched))), Some(me)) => {
                page.has_new_name |= fetched.name != me.name
            }
            (Input::FocusChanged(has_focus), _) => page.has_focus = *has_focus,
            // A page that becomes visible may load a newer draft of another tab.
            (Input::VisibilityChanged(true), _) => page.typed = None,
            _ => {}
        }
        let mut out = Vec::new();
        if matches!(input, Input::IdentityFetched(_)) {
            let name = self.browsers[page.browser].name.clone();
            page.client.handle(Input::NameRemembered(name), page.clock.read(now), &mut out);
        }
        page.client.handle(input, page.clock.read(now), &mut out);
        for effect in out {
            self.perform(id, effect)?;
        }
        self.check_countdown(id.index)?;
        self.check_page(id)
    }

    fn perform(&mut self, id: PageId, effect: Effect) -> Result<(), Violation> {
        if self.prints_steps {
            println!("{:>8} page {}   {effect:?}", self.now, id.index);
        }
        match effect {
            Effect::FetchIdentity => self.request_account(id, IdentityRequest::Me),
            Effect::Join { name, client_id } => {
                self.request_account(id, IdentityRequest::Join(name, client_id))
            }
            Effect::Rename { name } => self.request_account(id, IdentityRequest::Rename(name)),
            Effect::SignOut => self.request_account(id, IdentityRequest::SignOut),
            Effect::RememberName(name) => self.browser_of(id).name = name,
            Effect::RememberMarks(marks) => {
                self.browser_of(id).marks.clone_from(&marks);
                // The browser tells the other tabs of the change.
                let (browser, text) = (self.pages[id.index].browser, marks.unwrap_or_default());
                let others = self.pages.iter().filter(|page| page.browser == browser && page.id != id);
                let others: Vec<PageId> = others.map(|page| page.id).collect();
                for other in others {
                    self.dispatch(other, Input::MarksRemembered(text.clone()))?;
                }
            }
            Effect::LoadRows => self.request_database(id, DatabaseRequest::Load),
            Effect::SaveRow(row) => self.request_database(id, DatabaseRequest::SaveRow(row)),
            Effect::DeleteRow(key) => self.request_database(id, DatabaseRequest::DeleteRow(key)),
            Effect::RenewLease { keys, until } => {
                self.request_database(id, DatabaseRequest::RenewLease(keys, until))
            }
            Effect::SaveDraft(draft) => self.request_database(id, DatabaseRequest::SaveDraft(draft)),
            Effect::OpenConnection(socket, Transport::WebSocket) => self.open_websocket(id, socket),
            Effect::OpenConnection(socket, transport) => self.open_session(id, socket, transport),
            Effect::Transmit(socket, command) if self.has_session(id, socket) => {
                self.dispatch_to_session(id, socket, SessionInput::Send(command))?;
            }
            Effect::CloseConnection(socket, _) if self.has_session(id, socket) => {
                self.dispatch_to_session(id, socket, SessionInput::Close)?;
            }
            Effect::RememberTransport(_) | Effect::RememberPin(_) => {}
            Effect::Transmit(socket, command) => {
                let wire = self.wire_of(id, socket, PageEnd::Open)?;
                self.send_to_server(wire, ToServer::Frame(command.to_text()));
            }
            Effect::CloseConnection(socket, _) => {
                let opening = self.wire_of(id, socket, PageEnd::Opening);
                let wire = opening.or_else(|_| self.wire_of(id, socket, PageEnd::Open))?;
                self.close_at_page(wire);
            }
            Effect::ScheduleTimer(timer, at) => {
                self.check_page_timer(id.index, at)?;
                let page = &mut self.pages[id.index];
                page.timers.insert(timer, at);
                let delay = page.clock.virtual_time(at).saturating_sub(self.now);
                self.schedule(delay, SimEvent::PageTimer(id, timer, at));
            }
            Effect::CancelTimer(timer) => {
                self.pages[id.index].timers.remove(&timer);
            }
        }
        Ok(())
    }

    /// Returns whether this is an HTTP session whose end the client does not know yet.
    fn has_session(&self, id: PageId, socket: ConnectionId) -> bool {
        self.pages[id.index].sessions.get(&socket).is_some_and(|shell| !shell.is_closed)
    }

    /// Returns the connection of a WebSocket, whose page end must be in this state.
    fn wire_of(&self, id: PageId, socket: ConnectionId, state: PageEnd) -> Result<Wire, Violation> {
        let wire = self.pages[id.index].wires.get(&socket).copied();
        let found = wire.filter(|wire| self.connections.get(wire).is_some_and(|it| it.page_end == state));
        found.ok_or_else(|| Violation(format!("page {} used {socket:?}, which is not {state:?}", id.index)))
    }
}
