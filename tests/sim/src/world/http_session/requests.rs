//! The requests of HTTP sessions. Each request is a connection of its own and can be cut.

use crate::event::SimEvent;
use crate::network::{ConnectionKind, ToPage, ToServer, Wire};
use crate::page_id::PageId;
use crate::violation::Violation;
use crate::world::World;
use client::http_session::{Call, Request, RequestId, SessionInput};
use client::input::ConnectionId;

impl World {
    pub(super) fn make_request(&mut self, id: PageId, socket: ConnectionId, request: Request) {
        let kind = match &request.call {
            Call::Stream(_) => ConnectionKind::Stream,
            Call::FirstPoll { .. } => ConnectionKind::Poll { waits: false },
            Call::Poll { wait_s, .. } => ConnectionKind::Poll { waits: *wait_s > 0 },
            Call::Command { .. } => ConnectionKind::Request,
        };
        let wire = self.connect(id, socket, kind);
        if let Some(shell) = self.shell(id, socket) {
            shell.requests.insert(wire, request.id);
        }
        if let Some(ms) = request.timeout_ms() {
            self.schedule(ms, SimEvent::PageNoticesEnd(wire));
        }
        self.send_first(wire, ToServer::Request(request));
    }

    pub(super) fn abort_request(&mut self, id: PageId, socket: ConnectionId, request: RequestId) {
        let Some(shell) = self.shell(id, socket) else { return };
        let wire = shell.requests.iter().find(|(_, it)| **it == request).map(|(wire, _)| *wire);
        if let Some(wire) = wire {
            shell.requests.remove(&wire);
            self.abandon_request(wire);
        }
    }

    /// Dispatches a response, or a part of it, to its session.
    pub(crate) fn receive_response(&mut self, wire: Wire, item: ToPage) -> Result<(), Violation> {
        let Some(connection) = self.connections.get(&wire) else { return Ok(()) };
        let (page, socket) = (connection.page, connection.socket);
        let is_over = !matches!(item, ToPage::Chunk(_));
        if is_over {
            // Neither end needs the connection any more.
            self.connections.remove(&wire);
        }
        let Some(shell) = self.shell(page, socket) else { return Ok(()) };
        let Some(id) = shell.requests.get(&wire).copied() else { return Ok(()) };
        if is_over {
            shell.requests.remove(&wire);
        }
        let input = match item {
            ToPage::Chunk(bytes) => SessionInput::Chunk { id, bytes },
            ToPage::Response(status, body) => SessionInput::Response { id, status, body },
            _ => SessionInput::Failed(id),
        };
        self.dispatch_to_session(page, socket, input)
    }

    /// Reports a failed or timed out request to its session.
    pub(crate) fn fail_request(&mut self, wire: Wire) -> Result<(), Violation> {
        let Some(connection) = self.connections.get(&wire) else { return Ok(()) };
        let (page, socket) = (connection.page, connection.socket);
        self.abandon_request(wire);
        let Some(shell) = self.shell(page, socket) else { return Ok(()) };
        match shell.requests.remove(&wire) {
            Some(id) => self.dispatch_to_session(page, socket, SessionInput::Failed(id)),
            None => Ok(()),
        }
    }
}
