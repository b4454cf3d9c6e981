//! Opening, using, cutting and closing connections.

use super::World;
use crate::event::SimEvent;
use crate::network::{Connection, ConnectionKind, PageEnd, ToPage, ToServer, Wire};
use crate::page_id::PageId;
use crate::violation::Violation;
use client::input::{ConnectionId, Input};
use std::collections::VecDeque;

impl World {
    /// Opens a WebSocket of a page.
    pub(crate) fn open_websocket(&mut self, page: PageId, socket: ConnectionId) {
        let wire = self.connect(page, socket, ConnectionKind::WebSocket);
        self.pages[page.index].wires.insert(socket, wire);
        self.send_first(wire, ToServer::Open);
    }

    /// Sends the first item of a new connection, or lets the page notice that it failed.
    pub(crate) fn send_first(&mut self, wire: Wire, item: ToServer) {
        if self.connections.get(&wire).is_some_and(|connection| connection.cut) {
            self.maybe_notify_page(wire);
        } else {
            self.send_to_server(wire, item);
        }
    }

    /// Creates a connection. The connection is cut from the start if the page is offline or its network
    /// blocks this kind.
    pub(crate) fn connect(&mut self, page: PageId, socket: ConnectionId, kind: ConnectionKind) -> Wire {
        self.last_wire += 1;
        let wire = Wire(self.last_wire);
        let device = self.browser_of(page).device;
        let connection = Connection {
            page,
            socket,
            device,
            session: None,
            kind,
            has_begun: false,
            cut: !self.pages[page.index].online || self.pages[page.index].blocked == Some(kind),
            page_end: PageEnd::Opening,
            to_server: VecDeque::new(),
            to_page: VecDeque::new(),
        };
        self.connections.insert(wire, connection);
        wire
    }

    /// Returns the connections that pass data and are not closed for the page.
    pub(crate) fn open_wires(&self) -> Vec<Wire> {
        let open = self.connections.iter().filter(|(_, it)| !it.cut && it.page_end != PageEnd::Closed);
        open.map(|(wire, _)| *wire).collect()
    }

    pub(crate) fn send_to_server(&mut self, wire: Wire, item: ToServer) {
        if let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) {
            connection.to_server.push_back(item);
            let delay = self.rng.between(0, self.plan.delay_ms);
            self.schedule(delay, SimEvent::ReachedServer(wire));
        }
    }

    pub(crate) fn send_to_page(&mut self, wire: Wire, item: ToPage) {
        if let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) {
            connection.to_page.push_back(item);
            let delay = self.rng.between(0, self.plan.delay_ms);
            self.schedule(delay, SimEvent::ReachedPage(wire));
        }
    }

    /// Takes the next item at the server's end.
    pub(crate) fn take_at_server(&mut self, wire: Wire) -> Option<ToServer> {
        self.connections.get_mut(&wire).filter(|connection| !connection.cut)?.to_server.pop_front()
    }

    /// Receives the next item at the page's end. A closed end ignores the item.
    pub(crate) fn receive_at_page(&mut self, wire: Wire) -> Result<(), Violation> {
        let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) else {
            return Ok(());
        };
        if connection.kind != ConnectionKind::WebSocket {
            return match connection.to_page.pop_front() {
                Some(item) if connection.page_end != PageEnd::Closed => self.receive_response(wire, item),
                _ => Ok(()),
            };
        }
        match self.take_websocket_input(wire) {
            Some((id, input)) => self.dispatch(id, input),
            None => Ok(()),
        }
    }

    fn take_websocket_input(&mut self, wire: Wire) -> Option<(PageId, Input)> {
        let connection = self.connections.get_mut(&wire).filter(|connection| !connection.cut)?;
        let item = connection.to_page.pop_front()?;
        let (page, socket) = (connection.page, connection.socket);
        match (item, connection.page_end) {
            (ToPage::Opened, PageEnd::Opening) => {
                connection.page_end = PageEnd::Open;
                Some((page, Input::ConnectionOpened(socket)))
            }
            // A frame may arrive after the client closed its end.
            (ToPage::Frame(text), PageEnd::Open | PageEnd::Closing) => {
                Some((page, Input::FrameReceived(socket, text)))
            }
            (ToPage::Closed(code, reason), PageEnd::Opening | PageEnd::Open) => {
                connection.page_end = PageEnd::Closed;
                connection.cut = true;
                Some((page, Input::ConnectionClosed { connection: socket, code, reason }))
            }
            _ => None,
        }
    }

    /// Cuts a connection. Each end may notice the cut later, or not.
    pub(crate) fn cut(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) else {
            return;
        };
        connection.cut = true;
        self.maybe_notify_page(wire);
        if self.rng.one_in(2) {
            let delay = self.rng.between(0, 3_000);
            self.schedule(delay, SimEvent::ServerNoticesEnd(wire));
        }
    }

    /// Lets the page notice a dead connection in three of four cases.
    pub(crate) fn maybe_notify_page(&mut self, wire: Wire) {
        if !self.rng.one_in(4) {
            let delay = self.rng.between(0, 3_000);
            self.schedule(delay, SimEvent::PageNoticesEnd(wire));
        }
    }

    /// Reports the end of a connection to the page.
    pub(crate) fn page_notices_end(&mut self, wire: Wire, code: u16) -> Result<(), Violation> {
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        if connection.page_end == PageEnd::Closed {
            return Ok(());
        }
        connection.page_end = PageEnd::Closed;
        let (id, socket) = (connection.page, connection.socket);
        if connection.kind != ConnectionKind::WebSocket {
            return self.fail_request(wire);
        }
        self.dispatch(id, Input::ConnectionClosed { connection: socket, code, reason: String::new() })
    }

    /// Closes the page's end; the browser reports the end in half of all cases.
    pub(crate) fn close_at_page(&mut self, wire: Wire) {
        self.send_to_server(wire, ToServer::Close);
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        connection.page_end = PageEnd::Closing;
        if self.rng.one_in(2) {
            let delay = self.rng.between(0, 5_000);
            self.schedule(delay, SimEvent::PageNoticesEnd(wire));
        }
    }
}
