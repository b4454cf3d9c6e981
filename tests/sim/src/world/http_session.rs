//! The shell around `HttpSession`: requests over the simulated network, the leader lease in the browser's storage,
//! and messages between tabs. As in the page's own shell, an input that comes while another is handled waits.

mod requests;
mod tabs;

use super::World;
use crate::event::SimEvent;
use crate::http_session::SessionShell;
use crate::network::{PageEnd, ToServer, Wire};
use crate::page_id::PageId;
use crate::violation::Violation;
use client::http_session::{SessionEvent, SessionInput, SessionOutput, SessionTimer};
use client::input::ConnectionId;
use client::tabs::SessionIdentity;
use client::transport::Transport;

impl World {
    /// Creates a session for a transport over plain HTTP.
    pub(crate) fn open_session(&mut self, id: PageId, socket: ConnectionId, transport: Transport) {
        let seed = self.rng.below(u64::MAX);
        self.pages[id.index].sessions.insert(socket, SessionShell::new(transport, seed));
        self.schedule(0, SimEvent::SessionOpened(id, socket));
    }

    /// Opens the session with the browser's current lease and visibility.
    pub(crate) fn session_opened(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Violation> {
        let (lease, is_hidden) = (self.browser_of(id).lease, !self.pages[id.index].visible);
        self.dispatch_to_session(id, socket, SessionInput::Opened { lease, is_alone: false, is_hidden })
    }

    /// Returns a session of a page that was not reloaded meanwhile.
    fn shell(&mut self, id: PageId, socket: ConnectionId) -> Option<&mut SessionShell> {
        let page = &mut self.pages[id.index];
        if page.id == id { page.sessions.get_mut(&socket) } else { None }
    }

    /// Dispatches an input to a session and performs the outputs.
    pub(crate) fn dispatch_to_session(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        input: SessionInput,
    ) -> Result<(), Violation> {
        let Some(shell) = self.shell(id, socket) else { return Ok(()) };
        shell.waiting.push_back(input);
        if std::mem::replace(&mut shell.is_busy, true) {
            return Ok(());
        }
        let now = self.pages[id.index].clock.read(self.now);
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
    ) -> Result<(), Violation> {
        if self.prints_steps && !matches!(output, SessionOutput::Emit(_) | SessionOutput::Broadcast(_)) {
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
            SessionOutput::Broadcast(text) => self.broadcast_to_tabs(id, socket, &text),
            SessionOutput::ScheduleTimer(SessionTimer::Election, _) => self.schedule_tick(id, socket),
            SessionOutput::ScheduleTimer(timer, 0) => {
                if let Some(shell) = self.shell(id, socket) {
                    shell.waiting.push_back(SessionInput::TimerFired(timer));
                }
            }
            SessionOutput::ScheduleTimer(SessionTimer::Poll, ms) => {
                self.schedule(ms, SimEvent::PollDue(id, socket))
            }
            SessionOutput::Emit(event) => {
                self.stats.follows += u64::from(event == SessionEvent::Follows);
                let is_delivery = matches!(event, SessionEvent::Event(_) | SessionEvent::Through(_));
                self.delivered += u64::from(is_delivery);
                if let SessionEvent::Closed { .. } = event
                    && let Some(shell) = self.shell(id, socket)
                {
                    shell.delivered_until.clear();
                }
                if let Some(input) = event.into_input(socket) {
                    return self.dispatch(id, input);
                }
            }
        }
        Ok(())
    }

    /// Fires the timer of the next poll.
    pub(crate) fn poll_due(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Violation> {
        self.dispatch_to_session(id, socket, SessionInput::TimerFired(SessionTimer::Poll))
    }

    /// Abandons the requests of a page that was closed or crashed. A page that was closed in order tells the other
    /// tabs first.
    pub(crate) fn drop_sessions(&mut self, id: PageId, in_order: bool) -> Result<(), Violation> {
        let sockets: Vec<ConnectionId> = self.pages[id.index].sessions.keys().copied().collect();
        for socket in sockets {
            if in_order {
                self.dispatch_to_session(id, socket, SessionInput::Leave)?;
            }
            let Some(shell) = self.shell(id, socket) else { continue };
            let (led, requests) = (shell.leads(), std::mem::take(&mut shell.requests));
            if led {
                self.restart_takeover_deadline(id);
            }
            requests.into_keys().for_each(|wire| self.abandon_request(wire));
        }
        Ok(())
    }

    /// Closes the page's end of a request.
    fn abandon_request(&mut self, wire: Wire) {
        self.send_to_server(wire, ToServer::Close);
        if let Some(connection) = self.connections.get_mut(&wire) {
            connection.page_end = PageEnd::Closed;
        }
    }

    /// Returns the identity of a session, or none before its `welcome`.
    fn identity(&mut self, id: PageId, socket: ConnectionId) -> Option<SessionIdentity> {
        self.shell(id, socket)?.session.identity()
    }
}
