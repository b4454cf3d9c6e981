//! The transports over plain HTTP: a stream or a chain of polls that is read, and a request for each
//! command. Each request is a connection of its own, and can be cut like any other.

use crate::network::{AtPage, Down, Kind, Up, Wire};
use crate::page::{Page, PageId};
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::{Input, SocketId};
use client::transport::Transport;
use hub::input::{Claim, Poll};
use shared::command::{Hello, Presence};
use shared::event::Through;
use shared::{Command, Cursor, Event};
use std::collections::BTreeSet;

/// Milliseconds from one poll to the next, where none waits.
const AGAIN_MS: u64 = 2_000;

/// Milliseconds that a poll waits at the server, and those after which a request is given up.
const WAIT_MS: u64 = 25_000;
const PATIENCE_MS: u64 = 10_000;

/// One connection of the page that is made of requests.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) transport: Transport,
    /// The page holds it to be open.
    is_open: bool,
    hello: Option<Hello>,
    /// Whose it is, since the `welcome`.
    identity: Claim,
    /// How far presence is known.
    present: u64,
    wires: BTreeSet<Wire>,
    /// A word about presence is on its way, and whether another is to follow: one must not overtake
    /// the other.
    telling: Option<Wire>,
    tell_again: bool,
}

/// The answer to a poll.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) frames: Vec<String>,
    pub(crate) through: Cursor,
    pub(crate) present: u64,
}

impl World {
    /// A page begins to use a transport.
    pub(crate) fn open_line(&mut self, id: PageId, socket: SocketId, transport: Transport) {
        let line = Line {
            transport,
            is_open: true,
            hello: None,
            identity: Claim::default(),
            present: 0,
            wires: BTreeSet::new(),
            telling: None,
            tell_again: false,
        };
        self.pages[id.index].lines.insert(socket, line);
        self.after(0, Happening::LineOpen(id, socket));
    }

    pub(crate) fn line_open(&mut self, id: PageId, socket: SocketId) -> Result<(), Broken> {
        if self.line(id, socket).is_some() { self.give(id, Input::Opened(socket)) } else { Ok(()) }
    }

    fn line(&mut self, id: PageId, socket: SocketId) -> Option<&mut Line> {
        let page = &mut self.pages[id.index];
        page.lines.get_mut(&socket).filter(|line| page.id == id && line.is_open)
    }

    /// Whether it is one of these, and open.
    pub(crate) fn is_line(&self, id: PageId, socket: SocketId) -> Option<bool> {
        self.pages[id.index].lines.get(&socket).map(|line| line.is_open)
    }

    /// The page says something.
    pub(crate) fn say_by_line(&mut self, id: PageId, socket: SocketId, text: &str) -> Result<(), Broken> {
        let command = Command::parse(text).map_err(|error| Broken(format!("{error:?}: {text}")))?;
        let away = self.is_away(id);
        let Some(line) = self.line(id, socket) else {
            return Err(Broken(format!("page {} said something by {socket:?}, which is over", id.index)));
        };
        let identity = line.identity;
        match command {
            Command::Hello(hello) => {
                line.hello = Some(hello.clone());
                match line.transport {
                    Transport::EventStream => {
                        self.request_by(id, socket, Kind::Stream, Up::Stream(hello));
                    }
                    _ => self.poll(id, socket, true),
                }
            }
            // The page needs no answer to its answer.
            Command::Pong => {}
            // One that all pages of a browser share knows of them all.
            Command::Presence(_) if line.telling.is_some() => line.tell_again = true,
            Command::Presence(_) => {
                let presence = Command::Presence(Presence { away });
                let wire = self.request_by(id, socket, Kind::Request, Up::Command(identity, presence));
                if let Some(line) = self.line(id, socket) {
                    line.telling = Some(wire);
                }
            }
            command => {
                self.request_by(id, socket, Kind::Request, Up::Command(identity, command));
            }
        }
        Ok(())
    }

    fn is_away(&self, id: PageId) -> bool {
        // Whose session it is, its line knows first.
        let who = |page: &Page| {
            let open = page.lines.values().find(|line| line.is_open)?;
            Some((page.browser, open.identity))
        };
        let this = who(&self.pages[id.index]);
        self.pages.iter().filter(|page| who(page) == this).all(|page| !page.visible)
    }

    /// The next poll leaves.
    pub(crate) fn poll(&mut self, id: PageId, socket: SocketId, begins: bool) {
        let away = self.is_away(id);
        let Some(line) = self.line(id, socket) else { return };
        let waits = line.transport == Transport::LongPoll && !begins;
        let Some(hello) = line.hello.clone() else { return };
        let poll = Poll { hello, identity: line.identity, begins, present: line.present, away };
        self.request_by(id, socket, Kind::Poll { waits }, Up::Poll(poll));
    }

    fn request_by(&mut self, id: PageId, socket: SocketId, kind: Kind, what: Up) -> Wire {
        let wire = self.connect(id, socket, kind);
        if let Some(line) = self.line(id, socket) {
            line.wires.insert(wire);
        }
        self.send_first(wire, what);
        // A request that is not answered is given up.
        match kind {
            Kind::Poll { waits: true } => self.after(WAIT_MS + PATIENCE_MS, Happening::PageHears(wire)),
            Kind::Poll { .. } | Kind::Request => self.after(PATIENCE_MS, Happening::PageHears(wire)),
            Kind::Stream | Kind::Socket => {}
        }
        wire
    }

    /// What a request brought the page.
    pub(crate) fn by_request(&mut self, wire: Wire, down: Down) -> Result<(), Broken> {
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        let (id, socket, kind) = (connection.page, connection.socket, connection.kind);
        if kind != Kind::Stream {
            connection.cut = true;
            connection.at_page = AtPage::Over;
        }
        if self.line(id, socket).is_none() {
            return Ok(());
        }
        let told = self.line(id, socket).filter(|line| line.telling == Some(wire));
        if told.is_some_and(|line| {
            line.telling = None;
            std::mem::take(&mut line.tell_again)
        }) {
            // What it is by now: the word itself does not matter.
            let presence = Command::Presence(Presence { away: false });
            self.say_by_line(id, socket, &serde_json::to_string(&presence).unwrap_or_default())?;
        }
        match down {
            Down::Opened => Ok(()),
            Down::Frame(text) if kind == Kind::Request => self.give(id, Input::Answer(socket, text)),
            Down::Frame(text) => self.heard_by(id, socket, text),
            Down::Answer(answer) => self.answered(id, socket, answer),
            // What is refused for now is to the page a transport that broke; but who it is, it is told.
            Down::Closed(code, _) if code != 4401 && kind != Kind::Stream => self.line_over(id, socket, 1006),
            Down::Closed(code, _) => self.line_over(id, socket, code),
        }
    }

    fn heard_by(&mut self, id: PageId, socket: SocketId, text: String) -> Result<(), Broken> {
        if let (Some(line), Ok(Event::Welcome(welcome))) = (self.line(id, socket), Event::parse(&text)) {
            line.identity = Claim { member: Some(welcome.you.id), epoch: Some(welcome.through.epoch) };
        }
        let begins = text.starts_with(r#"{"type":"welcome""#);
        self.give(id, Input::Frame(socket, text))?;
        if begins && self.line(id, socket).is_some() {
            // One more shares what is read.
            let presence = serde_json::to_string(&Command::Presence(Presence { away: false }));
            return self.say_by_line(id, socket, &presence.unwrap_or_default());
        }
        Ok(())
    }

    fn answered(&mut self, id: PageId, socket: SocketId, answer: Answer) -> Result<(), Broken> {
        // Its cursor was of no use any more: the page begins anew, and says where it stands.
        let is_welcome = |frame: &String| frame.starts_with(r#"{"type":"welcome""#);
        let has_begun = self.line(id, socket).is_some_and(|line| line.identity != Claim::default());
        if has_begun && answer.frames.iter().any(is_welcome) {
            return self.line_over(id, socket, 1001);
        }
        if let Some(line) = self.line(id, socket) {
            line.present = answer.present;
            if let Some(hello) = &mut line.hello {
                hello.cursor = Some(answer.through);
            }
        }
        for frame in answer.frames {
            if self.line(id, socket).is_some() {
                self.heard_by(id, socket, frame)?;
            }
        }
        let through = Event::Pong(Through { through: answer.through });
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        let wait = if line.transport == Transport::LongPoll { 0 } else { AGAIN_MS };
        self.give(id, Input::Frame(socket, serde_json::to_string(&through).unwrap_or_default()))?;
        self.after(wait, Happening::Poll(id, socket));
        Ok(())
    }

    /// The page finds that a request of it is dead.
    pub(crate) fn line_over(&mut self, id: PageId, socket: SocketId, code: u16) -> Result<(), Broken> {
        if self.line(id, socket).is_none() {
            return Ok(());
        }
        self.leave_line(id, socket);
        self.give(id, Input::Closed { socket, code, reason: String::new() })
    }

    /// The page lets go of it.
    pub(crate) fn leave_line(&mut self, id: PageId, socket: SocketId) {
        let Some(line) = self.line(id, socket) else { return };
        line.is_open = false;
        for wire in std::mem::take(&mut line.wires) {
            self.up(wire, Up::Close);
            if let Some(connection) = self.connections.get_mut(&wire) {
                connection.at_page = AtPage::Over;
            }
        }
        // Those that share what is read know that one is less.
        let browser = self.pages[id.index].browser;
        let presence =
            serde_json::to_string(&Command::Presence(Presence { away: false })).unwrap_or_default();
        let shares = |page: &Page| {
            let open = page.lines.iter().find(|(_, line)| line.is_open && line.identity != Claim::default());
            open.filter(|_| page.browser == browser).map(|(socket, _)| (page.id, *socket))
        };
        let others: Vec<(PageId, SocketId)> = self.pages.iter().filter_map(shares).collect();
        for (id, socket) in others {
            // Said by a line that is open: there is nothing to go wrong.
            let _ = self.say_by_line(id, socket, &presence);
        }
    }
}
