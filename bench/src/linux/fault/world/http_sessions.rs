//! The sessions over plain HTTP: their requests, timers, leases, and the messages between tabs.

use client::effect::Effect;
use client::http_session::{Call, Request, SessionEvent, SessionInput, SessionOutput};
use client::input::ConnectionId;
use client::transport::Transport;
use shared::{Command, Event, event::EventFrame};

use super::{PageInput, World};
use crate::linux::api;
use crate::linux::fault::http_connection::{HttpConnection, HttpRequest, kind_of};
use crate::linux::fault::oracle::PageId;
use crate::linux::fault::socket::{Purpose, Socket};
use crate::linux::response::Response;

impl World {
    pub(super) fn open_session(&mut self, id: PageId, connection: ConnectionId, transport: Transport) {
        self.http.insert((id, connection), HttpConnection::new(transport, self.rng.next()));
        let lease = self.browsers[self.pages[id.index].browser].lease;
        let opened = SessionInput::Opened { lease, is_alone: false, is_hidden: false };
        self.inputs.push_back((id, PageInput::Session(connection, opened)));
    }

    /// Gives a session an input and performs its outputs, until no inputs are left.
    pub(super) fn deliver_to_session(&mut self, id: PageId, connection: ConnectionId, input: SessionInput) {
        self.inputs.push_back((id, PageInput::Session(connection, input)));
        self.run_inputs();
    }

    /// Sends a command of the page by a session. Returns false if `connection` is no session over plain HTTP.
    pub(super) fn send_by_session(
        &mut self,
        id: PageId,
        connection: ConnectionId,
        command: &Command,
    ) -> bool {
        let Some(http) = self.http.get_mut(&(id, connection)) else { return false };
        if let Command::Post(post) = command {
            http.record.posts.insert(post.reference, post.client_id);
        }
        self.inputs.push_back((id, PageInput::Session(connection, SessionInput::Send(command.clone()))));
        true
    }

    pub(super) fn run_session(&mut self, id: PageId, connection: ConnectionId, input: SessionInput) {
        let now = self.clocks();
        let Some(http) = self.http.get_mut(&(id, connection)) else { return };
        let mut out = Vec::new();
        http.session.handle(input, now, &mut out);
        for output in out {
            self.perform_output(id, connection, output, now.mono);
        }
    }

    fn perform_output(&mut self, id: PageId, connection: ConnectionId, output: SessionOutput, now: u64) {
        let browser = self.pages[id.index].browser;
        match output {
            SessionOutput::Request(request) => self.make_request(id, connection, &request),
            SessionOutput::Abort(request) => {
                let is_it = |socket: &Socket| {
                    socket.page == id
                        && matches!(&socket.purpose, Purpose::Http(http) if (http.connection, http.id) == (connection, request))
                };
                self.sockets.retain(|_, socket| !is_it(socket));
            }
            SessionOutput::ReadLease => {
                let read = SessionInput::LeaseRead(self.browsers[browser].lease);
                self.inputs.push_front((id, PageInput::Session(connection, read)));
            }
            SessionOutput::SaveLease(lease) => self.browsers[browser].lease = lease,
            SessionOutput::Broadcast(text) => {
                let others = self.http.keys().filter(|(page, other)| {
                    self.pages[page.index].browser == browser && (*page, *other) != (id, connection)
                });
                let message = |(page, other): &(PageId, ConnectionId)| {
                    (*page, PageInput::Session(*other, SessionInput::TabMessage(text.clone())))
                };
                self.inputs.extend(others.map(message).collect::<Vec<_>>());
            }
            // A timer of 0 ms fires in the next turn, after the client's inputs about earlier events.
            SessionOutput::ScheduleTimer(timer, ms) => {
                if let Some(http) = self.http.get_mut(&(id, connection)) {
                    http.timers.insert(timer, now + ms);
                }
            }
            SessionOutput::Emit(event) => self.emit(id, connection, event),
        }
    }

    /// Records an event of a session in the oracle, and passes it to the session's client.
    fn emit(&mut self, id: PageId, connection: ConnectionId, event: SessionEvent) {
        let Some(http) = self.http.get_mut(&(id, connection)) else { return };
        match &event {
            SessionEvent::Event(EventFrame { event: Event::Welcome(_), .. }) => {
                self.transport_switches.record_welcome(id, http.transport);
            }
            // Events that another tab relays may repeat earlier ones, so only the leader's are recorded.
            SessionEvent::Event(EventFrame { event, .. }) if http.session.leads() => {
                Self::record_event(&mut http.record, &mut self.oracle, &self.kills, http.answered_on, event);
            }
            SessionEvent::Answer(EventFrame { event, .. }) => {
                Self::record_event(&mut http.record, &mut self.oracle, &self.kills, http.answered_on, event);
            }
            SessionEvent::Closed { .. } => drop(self.http.remove(&(id, connection))),
            _ => {}
        }
        if let Some(input) = event.into_input(connection) {
            self.inputs.push_back((id, PageInput::Client(input)));
        }
    }

    fn make_request(&mut self, id: PageId, connection: ConnectionId, request: &Request) {
        let Some(http) = self.http.get(&(id, connection)) else { return };
        self.transport_switches.count_request(kind_of(&request.call));
        let is_command = matches!(request.call, Call::Command { .. });
        let port = if is_command { self.port } else { self.port_for(id, http.transport) };
        let (path, cookie) = (request.path(), self.cookie(id));
        let text = match request.body() {
            Some(body) => api::post(&path, self.port, cookie, &body),
            None => api::get(&path, self.port, cookie),
        };
        let by = request.timeout_ms().map_or(u64::MAX, |ms| self.now().saturating_add(ms));
        let (is_stream, response) = (request.is_stream(), Response::default());
        let purpose = HttpRequest { connection, id: request.id, is_stream, by, response };
        if !self.open_socket(id, port, Purpose::Http(purpose), text) {
            self.inputs.push_back((id, PageInput::Session(connection, SessionInput::Failed(request.id))));
        }
    }

    /// Reports the response of a request to its session; `None` if the request failed.
    pub(super) fn finish_request(
        &mut self,
        socket: &Socket,
        request: &HttpRequest,
        answer: Option<(u16, Vec<u8>)>,
    ) {
        if let Some(http) = self.http.get_mut(&(socket.page, request.connection)) {
            http.answered_on = Some(socket.opened);
        }
        let id = request.id;
        let input = match answer {
            Some((status, body)) => {
                SessionInput::Response { id, status, body: String::from_utf8_lossy(&body).into_owned() }
            }
            None => SessionInput::Failed(id),
        };
        self.deliver_to_session(socket.page, request.connection, input);
    }

    /// Fires the timers that are due.
    pub(super) fn fire_session_timers(&mut self, now: u64) {
        let keys: Vec<_> = self.http.keys().copied().collect();
        for key in keys {
            while let Some(timer) = self.http.get_mut(&key).and_then(|http| http.take_timer(now)) {
                self.deliver_to_session(key.0, key.1, SessionInput::TimerFired(timer));
            }
        }
    }

    /// Ends the sessions of a page. If the page is left in order, its sessions tell the other tabs first.
    pub(super) fn drop_sessions(&mut self, id: PageId, in_order: bool) {
        let keys: Vec<_> = self.http.keys().filter(|(page, _)| *page == id).copied().collect();
        for (page, connection) in keys {
            if in_order {
                self.deliver_to_session(page, connection, SessionInput::Leave);
            }
            self.http.remove(&(page, connection));
        }
    }

    /// Stores the last good transport, or the user's choice, in the page's browser.
    pub(super) fn remember(&mut self, id: PageId, effect: Effect) {
        let browser = &mut self.browsers[self.pages[id.index].browser];
        match effect {
            Effect::RememberTransport(last_good) => browser.last_good = last_good,
            Effect::RememberPin(pinned) => browser.pinned = pinned,
            _ => {}
        }
    }
}
