//! The requests of a session. Each is a connection of its own, and can be cut like any other.

use crate::network::{Down, Kind, Up, Wire};
use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::http_session::{Call, Request, RequestId, SessionInput};
use client::input::ConnectionId;

impl World {
    pub(super) fn make_request(&mut self, id: PageId, socket: ConnectionId, request: Request) {
        let kind = match &request.call {
            Call::Stream(_) => Kind::Stream,
            Call::FirstPoll { .. } => Kind::Poll { waits: false },
            Call::Poll { wait_s, .. } => Kind::Poll { waits: *wait_s > 0 },
            Call::Command { .. } => Kind::Request,
        };
        let wire = self.connect(id, socket, kind);
        if let Some(shell) = self.shell(id, socket) {
            shell.requests.insert(wire, request.id);
        }
        if let Some(ms) = request.timeout_ms() {
            self.after(ms, Happening::PageHears(wire));
        }
        self.send_first(wire, Up::Request(request));
    }

    pub(super) fn abort_request(&mut self, id: PageId, socket: ConnectionId, request: RequestId) {
        let Some(shell) = self.shell(id, socket) else { return };
        let wire = shell.requests.iter().find(|(_, it)| **it == request).map(|(wire, _)| *wire);
        if let Some(wire) = wire {
            shell.requests.remove(&wire);
            self.abandon(wire);
        }
    }

    /// What a request brought the page.
    pub(crate) fn by_request(&mut self, wire: Wire, down: Down) -> Result<(), Broken> {
        let Some(connection) = self.connections.get(&wire) else { return Ok(()) };
        let (page, socket) = (connection.page, connection.socket);
        let is_over = !matches!(down, Down::Chunk(_));
        if is_over {
            // Both ends have done with it.
            self.connections.remove(&wire);
        }
        let Some(shell) = self.shell(page, socket) else { return Ok(()) };
        let Some(id) = shell.requests.get(&wire).copied() else { return Ok(()) };
        if is_over {
            shell.requests.remove(&wire);
        }
        let input = match down {
            Down::Chunk(bytes) => SessionInput::Chunk { id, bytes },
            Down::Response(status, body) => SessionInput::Response { id, status, body },
            _ => SessionInput::Failed(id),
        };
        self.session(page, socket, input)
    }

    /// A request came to nothing, or timed out.
    pub(crate) fn request_failed(&mut self, wire: Wire) -> Result<(), Broken> {
        let Some(connection) = self.connections.get(&wire) else { return Ok(()) };
        let (page, socket) = (connection.page, connection.socket);
        self.abandon(wire);
        let Some(shell) = self.shell(page, socket) else { return Ok(()) };
        match shell.requests.remove(&wire) {
            Some(id) => self.session(page, socket, SessionInput::Failed(id)),
            None => Ok(()),
        }
    }
}
