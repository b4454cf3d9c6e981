//! Connections between pages and the server. Each keeps the order of its
//! frames, as TCP does; between two there is none. A cut loses what is on its
//! way, and either side may hear of it at once, late or never.

use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::http_session::Request;
use client::input::{ConnectionId, Input};
use hub::SessionId;
use hub::house::members::DeviceKey;
use std::collections::VecDeque;

/// One connection's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wire(pub(crate) u64);

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) page: PageId,
    pub(crate) socket: ConnectionId,
    pub(crate) kind: Kind,
    /// The cookie that the browser sent.
    pub(crate) device: Option<DeviceKey>,
    /// The server's end, while it has one.
    pub(crate) session: Option<SessionId>,
    /// The server has told something on it.
    pub(crate) has_begun: bool,
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

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Socket,
    Stream,
    Poll { waits: bool },
    Request,
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
    /// A request over HTTP.
    Request(Request),
    Close,
}

/// On the way to the page.
#[derive(Debug)]
pub(crate) enum Down {
    Opened,
    Frame(String),
    Closed(u16, String),
    /// A whole answer over HTTP: status and body.
    Response(u16, String),
    /// Bytes of a stream.
    Chunk(Vec<u8>),
    /// The end of a stream.
    End,
}

impl World {
    /// A page opens a WebSocket.
    pub(crate) fn open(&mut self, page: PageId, socket: ConnectionId) {
        let wire = self.connect(page, socket, Kind::Socket);
        self.pages[page.index].wires.insert(socket, wire);
        self.send_first(wire, Up::Open);
    }

    /// The first thing on a new connection, if it comes about.
    pub(crate) fn send_first(&mut self, wire: Wire, what: Up) {
        if self.connections.get(&wire).is_some_and(|connection| connection.cut) {
            self.page_may_hear(wire);
        } else {
            self.up(wire, what);
        }
    }

    /// A new connection. It does not come about without a network, or where the network lets nothing
    /// of its kind pass.
    pub(crate) fn connect(&mut self, page: PageId, socket: ConnectionId, kind: Kind) -> Wire {
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
            at_page: AtPage::Opening,
            to_server: VecDeque::new(),
            to_page: VecDeque::new(),
        };
        self.connections.insert(wire, connection);
        wire
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
    pub(crate) fn next_down(&mut self, wire: Wire) -> Result<(), Broken> {
        let Some(connection) = self.connections.get_mut(&wire).filter(|connection| !connection.cut) else {
            return Ok(());
        };
        if connection.kind != Kind::Socket {
            return match connection.to_page.pop_front() {
                Some(down) if connection.at_page != AtPage::Over => self.by_request(wire, down),
                _ => Ok(()),
            };
        }
        match self.next_of_socket(wire) {
            Some((id, input)) => self.give(id, input),
            None => Ok(()),
        }
    }

    fn next_of_socket(&mut self, wire: Wire) -> Option<(PageId, Input)> {
        let connection = self.connections.get_mut(&wire).filter(|connection| !connection.cut)?;
        let down = connection.to_page.pop_front()?;
        let (page, socket) = (connection.page, connection.socket);
        match (down, connection.at_page) {
            (Down::Opened, AtPage::Opening) => {
                connection.at_page = AtPage::Open;
                Some((page, Input::ConnectionOpened(socket)))
            }
            // A frame that was on its way when the client left is a late word.
            (Down::Frame(text), AtPage::Open | AtPage::Left) => {
                Some((page, Input::FrameReceived(socket, text)))
            }
            (Down::Closed(code, reason), AtPage::Opening | AtPage::Open) => {
                connection.at_page = AtPage::Over;
                connection.cut = true;
                Some((page, Input::ConnectionClosed { socket, code, reason }))
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
    pub(crate) fn page_hears(&mut self, wire: Wire, code: u16) -> Result<(), Broken> {
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        if connection.at_page == AtPage::Over {
            return Ok(());
        }
        connection.at_page = AtPage::Over;
        let (id, socket) = (connection.page, connection.socket);
        if connection.kind != Kind::Socket {
            return self.request_failed(wire);
        }
        self.give(id, Input::ConnectionClosed { socket, code, reason: String::new() })
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
