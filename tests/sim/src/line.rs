//! A connection over plain HTTP, as the page's shell makes it of requests: something is read, and each
//! command is a request of its own. Of the pages of one browser one reads for all.
//!
//! It does step by step what the shell does in the browser: what is played here is what it does there.

mod request;
mod words;

use crate::network::{AtPage, Kind, Up, Wire};
use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::{ConnectionId, Input};
use client::pace::Pace;
use client::share::{Role, Share, Tab, Wish};
use client::transport::Transport;
use hub::input::ExpectedIdentity;
use request::Sent;
use shared::command::Hello;
use shared::event::{Refusal, Through};
use shared::{Command, Cursor, ErrorCode, Event, MemberId};
use std::collections::BTreeMap;

pub(crate) use request::Answer;

/// Close codes: for what must begin anew, what broke, and who is nobody.
const GOING_AWAY: u16 = 1001;
const ABNORMAL: u16 = 1006;
const SIGNED_OUT: u16 = 4401;

/// One connection of a page that is made of requests.
#[derive(Debug)]
pub(crate) struct Line {
    transport: Transport,
    /// The page holds it to be open.
    is_open: bool,
    share: Share,
    hello: Option<Hello>,
    /// Whose it is, since the `welcome`: what the share calls its claim.
    identity: ExpectedIdentity,
    /// How far presence is known.
    present: u64,
    pace: Pace,
    requests: BTreeMap<Wire, Sent>,
    /// What is being read.
    reading: Option<Wire>,
    /// What the server is being told of presence is not answered yet, and what it is to be told then:
    /// one word must not overtake the other.
    telling: bool,
    tell_next: Option<bool>,
    /// When it looks next who leads.
    tick_at: u64,
    /// Since when it was seen, by looks in time, that nobody leads.
    unled_since: Option<u64>,
    /// Since when it was seen, by looks in time, that it and another read.
    rivals_since: Option<u64>,
    /// Until when the words of each other line are on their way.
    heard_until: BTreeMap<(PageId, ConnectionId), u64>,
}

impl Line {
    /// It reads for the pages of its browser.
    pub(crate) fn leads(&self) -> bool {
        self.is_open && self.share.role() == Role::Leader
    }
}

/// Who is told of in a `welcome`, and of which log. The client reads all of it; here two fields will do.
fn claim_of(welcome: &str) -> Option<ExpectedIdentity> {
    let (_, rest) = welcome.split_once(r#""you":{"id":"#)?;
    let id = rest.split([',', '}']).next()?;
    let (_, rest) = welcome.split_once(r#""through":""#)?;
    let cursor: Cursor = rest.split_once('"')?.0.parse().ok()?;
    Some(ExpectedIdentity { member: Some(MemberId(id.parse().ok()?)), epoch: Some(cursor.epoch) })
}

fn is_welcome(frame: &str) -> bool {
    frame.starts_with(r#"{"type":"welcome""#)
}

impl World {
    /// A page begins to use a transport.
    pub(crate) fn open_line(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        transport: Transport,
    ) -> Result<(), Broken> {
        let tab = Tab(self.chance.below(u64::MAX) >> 12);
        let (found, now) = (self.browser_of(id).lease, self.clock(id));
        let mut wishes = Vec::new();
        let line = Line {
            transport,
            is_open: true,
            share: Share::new(tab, found, now, &mut wishes),
            hello: None,
            identity: ExpectedIdentity::default(),
            present: 0,
            pace: Pace::new(transport == Transport::LongPoll),
            requests: BTreeMap::new(),
            reading: None,
            telling: false,
            tell_next: None,
            tick_at: 0,
            unled_since: None,
            rivals_since: None,
            heard_until: BTreeMap::new(),
        };
        self.pages[id.index].lines.insert(socket, line);
        self.carry_out_wishes(id, socket, wishes)?;
        self.tick_later(id, socket);
        self.after(0, Happening::LineOpen(id, socket));
        Ok(())
    }

    pub(crate) fn line_open(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        if self.line(id, socket).is_some() { self.give(id, Input::ConnectionOpened(socket)) } else { Ok(()) }
    }

    /// One that is open.
    fn line(&mut self, id: PageId, socket: ConnectionId) -> Option<&mut Line> {
        self.any_line(id, socket).filter(|line| line.is_open)
    }

    /// One of a page that is there still: what it asked for goes on when it is over.
    fn any_line(&mut self, id: PageId, socket: ConnectionId) -> Option<&mut Line> {
        let page = &mut self.pages[id.index];
        if page.id == id { page.lines.get_mut(&socket) } else { None }
    }

    /// Whether it is one of these, and open.
    pub(crate) fn is_line(&self, id: PageId, socket: ConnectionId) -> Option<bool> {
        self.pages[id.index].lines.get(&socket).map(|line| line.is_open)
    }

    /// A page's clock.
    fn clock(&self, id: PageId) -> u64 {
        self.now + self.pages[id.index].skew
    }

    /// The page says something.
    pub(crate) fn say_by_line(&mut self, id: PageId, socket: ConnectionId, text: &str) -> Result<(), Broken> {
        let command = Command::parse(text).map_err(|error| Broken(format!("{error:?}: {text}")))?;
        let Some(line) = self.line(id, socket) else {
            return Err(Broken(format!("page {} said something by {socket:?}, which is over", id.index)));
        };
        let identity = line.identity;
        match command {
            Command::Hello(hello) => self.begin(id, socket, hello)?,
            // The page needs no answer to its answer.
            Command::Pong => {}
            Command::Presence(presence) => {
                self.shares(id, socket, |share, now, out| share.away(presence.away, now, out))?;
            }
            command => {
                let sent = Sent::Command(reference_of(text));
                self.request_by(id, socket, Kind::Request, Up::Command(identity, command), sent);
            }
        }
        Ok(())
    }

    fn begin(&mut self, id: PageId, socket: ConnectionId, hello: Hello) -> Result<(), Broken> {
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        line.hello = Some(hello.clone());
        let (leads, transport) = (line.share.role() == Role::Leader, line.transport);
        if !leads {
            self.story.follows += 1;
            self.give(id, Input::FollowsLeader(socket))?;
        }
        match transport {
            Transport::EventStream if leads => {
                self.request_by(id, socket, Kind::Stream, Up::Stream(hello), Sent::Stream);
            }
            _ => self.begin_poll(id, socket),
        }
        Ok(())
    }

    /// A frame was read.
    fn frame(&mut self, id: PageId, socket: ConnectionId, frame: &str) -> Result<(), Broken> {
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        let is_welcome = is_welcome(frame);
        if is_welcome {
            line.identity = claim_of(frame).ok_or_else(|| Broken(format!("nobody's: {frame}")))?;
            let ExpectedIdentity { member: Some(member), epoch: Some(epoch) } = line.identity else {
                return Ok(());
            };
            if !line.share.welcomed(format!("member={}&epoch={epoch}", member.0)) {
                // What was held is of no use any more: begun anew, the client says where it stands.
                return self.line_over(id, socket, GOING_AWAY, "");
            }
        }
        self.shares(id, socket, |share, _, out| share.frame(frame, out))
    }

    /// A frame of a stream was read.
    fn streamed(&mut self, id: PageId, socket: ConnectionId, frame: &str) -> Result<(), Broken> {
        self.frame(id, socket, frame)?;
        let is_behind = frame.starts_with(r#"{"type":"caught_up""#)
            || (is_welcome(frame) && !frame.contains(r#""resumed":true"#));
        // Of a poll's answer all is to be taken first: what another page told meanwhile is newer.
        if is_behind { self.live(id, socket) } else { Ok(()) }
    }

    /// All up to this cursor was read.
    fn through(&mut self, id: PageId, socket: ConnectionId, through: Cursor) -> Result<(), Broken> {
        let pong = serde_json::to_string(&Event::Pong(Through { through })).unwrap_or_default();
        self.shares(id, socket, |share, _, out| share.frame(&pong, out))
    }

    /// What was missed is there.
    fn live(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        self.shares(id, socket, |share, now, out| share.live(now, out))
    }

    /// The client lets go of it.
    pub(crate) fn leave_line(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        if self.line(id, socket).is_some() {
            self.end_line(id, socket)?;
            self.after(0, Happening::LineLeft(id, socket));
        }
        Ok(())
    }

    pub(crate) fn line_left(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        self.give(id, Input::ConnectionClosed { socket, code: 1000, reason: String::new() })
    }

    /// It has ended.
    fn line_over(&mut self, id: PageId, socket: ConnectionId, code: u16, reason: &str) -> Result<(), Broken> {
        if self.line(id, socket).is_none() {
            return Ok(());
        }
        self.end_line(id, socket)?;
        self.give(id, Input::ConnectionClosed { socket, code, reason: reason.to_owned() })
    }

    fn end_line(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        let found = self.browser_of(id).lease;
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        let mut wishes = Vec::new();
        line.share.end(found, &mut wishes);
        self.carry_out_wishes(id, socket, wishes)?;
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        line.is_open = false;
        line.heard_until.clear();
        if let Some(wire) = line.reading.take() {
            line.requests.remove(&wire);
            self.abandon(wire);
        }
        Ok(())
    }

    /// The page is gone, in order or not: what its lines had asked for is given up. Pages that are left
    /// in order let the others know.
    pub(crate) fn drop_lines(&mut self, id: PageId, in_order: bool) -> Result<(), Broken> {
        let sockets: Vec<ConnectionId> = self.pages[id.index].lines.keys().copied().collect();
        for socket in sockets {
            if in_order {
                self.line_over(id, socket, GOING_AWAY, "")?;
            }
            let Some(line) = self.any_line(id, socket) else { continue };
            let has_led = line.leads();
            line.is_open = false;
            let requests = std::mem::take(&mut line.requests);
            if has_led {
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

    /// Lets the share of an open line act, and does what it wishes.
    fn shares(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        act: impl FnOnce(&mut Share, u64, &mut Vec<Wish>),
    ) -> Result<(), Broken> {
        let now = self.clock(id);
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        let mut wishes = Vec::new();
        act(&mut line.share, now, &mut wishes);
        self.carry_out_wishes(id, socket, wishes)
    }

    fn carry_out_wishes(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        wishes: Vec<Wish>,
    ) -> Result<(), Broken> {
        for wish in wishes {
            if self.trace && !matches!(wish, Wish::Take(_) | Wish::Say(client::share::Word::Frame(_))) {
                println!("{:>8} page {}     {socket:?} {wish:?}", self.now, id.index);
            }
            match wish {
                Wish::Keep(lease) => self.browser_of(id).lease = lease,
                Wish::Say(word) => self.tell_others(id, socket, &word),
                Wish::Take(frame) => self.give(id, Input::FrameReceived(socket, frame))?,
                Wish::Anew => return self.line_over(id, socket, GOING_AWAY, ""),
                Wish::Away(away) => self.tell_away(id, socket, away),
            }
        }
        Ok(())
    }
}

/// The number that the answer to a command is to carry.
fn reference_of(command: &str) -> u64 {
    let rest = command.split_once(r#""ref":"#).map_or("", |(_, rest)| rest);
    rest.split([',', '}']).next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A problem of the house's, as the frame that says the same.
fn refusal(reference: u64, code: ErrorCode) -> String {
    serde_json::to_string(&Event::Error(Refusal::new(Some(reference), code))).unwrap_or_default()
}
