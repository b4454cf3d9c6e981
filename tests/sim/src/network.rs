//! Connections between pages and the server. Each keeps the order of its
//! frames, as TCP does; between two there is none. A cut loses what is on its
//! way, and either side may hear of it at once, late or never.

use crate::page::PageId;
use crate::world::{Happening, World};
use client::input::{Input, SocketId};
use hub::SessionId;
use hub::member::DeviceKey;
use std::collections::VecDeque;

/// One connection's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wire(pub(crate) u64);

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) page: PageId,
    pub(crate) socket: SocketId,
    /// The cookie that the browser sent.
    pub(crate) device: Option<DeviceKey>,
    /// The server's end, while it has one.
    pub(crate) session: Option<SessionId>,
    /// Nothing passes any more.
    pub(crate) cut: bool,
    pub(crate) at_page: AtPage,
    to_server: VecDeque<Up>,
    to_page: VecDeque<Down>,
}

impl Connection {
    /// Whether the page holds it to be open.
    pub(crate) fn is_open(&self) -> bool {
        self.at_page == AtPage::Open
    }
}

/// The page's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtPage {
    Opening,
    Open,
    /// The client closed it; the browser may still say so.
    Left,
    /// The page was told that it ended.
    Over,
}

/// On the way to the server.
#[derive(Debug)]
pub(crate) enum Up {
    Open,
    Frame(String),
    Close,
}

/// On the way to the page.
#[derive(Debug)]
pub(crate) enum Down {
    Opened,
    Frame(String),
    Closed(u16, String),
}

impl World {
    /// A page opens a WebSocket.
    pub(crate) fn open(&mut self, page: PageId, socket: SocketId) {
        self.last_wire += 1;
        let wire = Wire(self.last_wire);
        let device = self.browser_of(page).device;
        let connection = Connection {
            page,
            socket,
            device,
            session: None,
            cut: !self.pages[page.index].online,
            at_page: AtPage::Opening,
            to_server: VecDeque::new(),
            to_page: VecDeque::new(),
        };
        let cut = connection.cut;
        self.connections.insert(wire, connection);
        self.pages[page.index].wires.insert(socket, wire);
        if cut {
            self.page_may_hear(wire);
        } else {
            self.up(wire, Up::Open);
        }
    }

    /// Connections that both ends hold to be alive, or one of them.
    pub(crate) fn living(&self) -> Vec<Wire> {
        let alive = self.connections.iter().filter(|(_, it)| !it.cut && it.at_page != AtPage::Over);
        alive.map(|(wire, _)| *wire).collect()
    }

    pub(crate) fn up(&mut self, wire: Wire, what: Up) {
        if let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) {
            connection.to_server.push_back(what);
            let delay = self.chance.between(0, self.plan.delay_ms);
            self.after(delay, Happening::AtServer(wire));
        }
    }

    pub(crate) fn down(&mut self, wire: Wire, what: Down) {
        if let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) {
            connection.to_page.push_back(what);
            let delay = self.chance.between(0, self.plan.delay_ms);
            self.after(delay, Happening::AtPage(wire));
        }
    }

    /// The next thing on the way to the server is there.
    pub(crate) fn next_up(&mut self, wire: Wire) -> Option<Up> {
        self.connections.get_mut(&wire).filter(|connection| !connection.cut)?.to_server.pop_front()
    }

    /// The next thing on the way to the page is there. It may find that nobody listens.
    pub(crate) fn next_down(&mut self, wire: Wire) -> Option<(PageId, Input)> {
        let connection = self.connections.get_mut(&wire).filter(|connection| !connection.cut)?;
        let down = connection.to_page.pop_front()?;
        let (page, socket) = (connection.page, connection.socket);
        match (down, connection.at_page) {
            (Down::Opened, AtPage::Opening) => {
                connection.at_page = AtPage::Open;
                Some((page, Input::Opened(socket)))
            }
            // A frame that was on its way when the client left is a late word.
            (Down::Frame(text), AtPage::Open | AtPage::Left) => Some((page, Input::Frame(socket, text))),
            (Down::Closed(code, reason), AtPage::Opening | AtPage::Open) => {
                connection.at_page = AtPage::Over;
                connection.cut = true;
                Some((page, Input::Closed { socket, code, reason }))
            }
            _ => None,
        }
    }

    /// Cuts a connection: each end may hear of it, or not.
    pub(crate) fn cut(&mut self, wire: Wire) {
        let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) else {
            return;
        };
        connection.cut = true;
        self.page_may_hear(wire);
        if self.chance.one_in(2) {
            let delay = self.chance.between(0, 3_000);
            self.after(delay, Happening::ServerHears(wire));
        }
    }

    /// The page's browser finds out that a connection is dead. Most do.
    pub(crate) fn page_may_hear(&mut self, wire: Wire) {
        if !self.chance.one_in(4) {
            let delay = self.chance.between(0, 3_000);
            self.after(delay, Happening::PageHears(wire));
        }
    }

    /// The page's browser says that a connection is over.
    pub(crate) fn page_hears(&mut self, wire: Wire, code: u16) -> Option<(PageId, Input)> {
        let connection = self.connections.get_mut(&wire)?;
        if connection.at_page == AtPage::Over {
            return None;
        }
        connection.at_page = AtPage::Over;
        let closed = Input::Closed { socket: connection.socket, code, reason: String::new() };
        Some((connection.page, closed))
    }

    /// The client closes its end; the browser may say when that is done.
    pub(crate) fn leave(&mut self, wire: Wire) {
        self.up(wire, Up::Close);
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        connection.at_page = AtPage::Left;
        if self.chance.one_in(2) {
            let delay = self.chance.between(0, 5_000);
            self.after(delay, Happening::PageHears(wire));
        }
    }
}
