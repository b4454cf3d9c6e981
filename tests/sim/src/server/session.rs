//! The sessions of the server: what comes in on each, and what goes out or is held back.

use super::answer::Told;
use crate::network::{Down, Kind, Up, Wire};
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::http_session::{Call, Request};
use client::tabs;
use hub::house::members::DeviceKey;
use hub::input::{ExpectedIdentity, Poll};
use hub::{Dialect, Input, SessionId};
use shared::command::Hello;
use shared::event::Through;
use shared::limits::{PING_MS, SILENCE_MS};
use shared::{Address, ClientId, CloseCode, Command, Event, MemberId, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds between two comments of a stream.
const COMMENT_MS: u64 = 15_000;

/// Frames that are held back for a session. Past it they are dropped.
const HELD_MAX: usize = 2;

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) kind: Kind,
    /// What a poll is to be answered with, and whether it has waited for long enough.
    collected: Vec<String>,
    is_over: bool,
    /// Something left on a stream: how far that is follows.
    has_told: bool,
    /// Whose, once it said hello.
    pub(super) member: Option<MemberId>,
    /// What it hears of.
    pub(super) addresses: BTreeSet<Address>,
    /// What was published since the attach, until it has what it missed.
    pub(super) held: Option<Held>,
    pub(super) paused_until: u64,
    heard_at: u64,
    /// Posts that are not settled yet, by `ref`.
    pub(super) posts: BTreeMap<u64, (RoomId, ClientId)>,
}

/// What is held back.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// None if it was too much.
    pub(super) frames: Option<Vec<String>>,
    /// What is nowhere to be read again: answers, and words without a position.
    pub(super) answers: Vec<String>,
}

impl World {
    pub(super) fn publish(&mut self, to: Address, event: &Event) -> Result<(), Broken> {
        let sessions = self.server.sessions.iter().filter(|(_, session)| session.addresses.contains(&to));
        let hearers: Vec<SessionId> = sessions.map(|(id, _)| *id).collect();
        for id in hearers {
            self.may_hear(id, event)?;
            self.send(id, event);
        }
        Ok(())
    }

    /// (e) Nobody is told an event of a room that they were not in when it happened.
    pub(super) fn may_hear(&self, id: SessionId, event: &Event) -> Result<(), Broken> {
        let Some(position) = event.position() else { return Ok(()) };
        let member = self.server.sessions.get(&id).and_then(|session| session.member);
        let may = match position.to {
            Address::Room(room) => member
                .is_some_and(|member| self.ledger.was_in(self.server.log.epoch(), member, room, position.n)),
            Address::Member(other) => member == Some(other),
        };
        if may { Ok(()) } else { Err(Broken(format!("(e) {member:?} is told {event:?}"))) }
    }

    pub(super) fn send(&mut self, id: SessionId, event: &Event) {
        let text = encode(event);
        if self.storm && self.plan.faulty_fanout {
            // Only what a room numbers is lost: nothing else could be missed before long.
            let is_of_a_room = event.position().is_some_and(|it| matches!(it.to, Address::Room(_)));
            if is_of_a_room && self.chance.one_in(30) {
                return;
            }
            if self.chance.one_in(30) {
                self.queue(id, event, text.clone());
            }
        }
        self.queue(id, event, text);
    }

    fn queue(&mut self, id: SessionId, event: &Event, text: String) {
        let Some(session) = self.server.sessions.get_mut(&id) else { return };
        match &mut session.held {
            Some(held) if event.position().is_none() => held.answers.push(text),
            Some(held) => {
                if let Some(frames) = &mut held.frames {
                    frames.push(text);
                    if frames.len() > HELD_MAX {
                        held.frames = None;
                    }
                }
            }
            None => self.leaves(id, text),
        }
    }

    /// A frame leaves, or waits for the answer that it leaves in.
    pub(super) fn leaves(&mut self, id: SessionId, text: String) {
        let Some(session) = self.server.sessions.get_mut(&id) else { return };
        if matches!(session.kind, Kind::Poll { .. }) {
            return session.collected.push(text);
        }
        session.has_told |= session.kind == Kind::Stream;
        let wire = session.wire;
        self.tell(wire, Told::Frame(text));
    }

    /// Polls that have something to say, or have waited for long enough, are answered.
    pub(super) fn answer_polls(&mut self) -> Option<Input> {
        let is_ready = |session: &Session| {
            let is_current = session.member.is_some() && session.held.is_none();
            matches!(session.kind, Kind::Poll { .. })
                && is_current
                && (session.is_over || !session.collected.is_empty())
        };
        let (id, session) = self.server.sessions.iter_mut().find(|(_, session)| is_ready(session))?;
        let (id, wire, frames) = (*id, session.wire, std::mem::take(&mut session.collected));
        let (through, present) = (self.server.hub.through(), self.server.hub.presence_revision());
        self.tell(wire, Told::Polled { frames, through, present });
        self.end(id, None)
    }

    /// Behind what left on a stream: how far its client has everything now.
    pub(super) fn tell_through(&mut self) {
        let through = self.server.hub.through();
        let mut told = Vec::new();
        for session in self.server.sessions.values_mut() {
            if session.has_told && session.member.is_some() && session.held.is_none() {
                session.has_told = false;
                told.push(session.wire);
            }
        }
        told.into_iter().for_each(|wire| self.tell(wire, Told::Through(through)));
    }

    pub(crate) fn poll_over(&mut self, id: SessionId) -> Result<(), Broken> {
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.is_over = true;
        }
        match self.answer_polls() {
            Some(closed) => self.serve(closed),
            None => Ok(()),
        }
    }

    /// Ends a session, with a word to its page or without; what the hub is told.
    pub(super) fn end(&mut self, id: SessionId, code: Option<CloseCode>) -> Option<Input> {
        let session = self.server.sessions.remove(&id)?;
        if let Some(code) = code {
            self.tell(session.wire, Told::Closed(code.number(), String::new()));
        }
        if let Some(connection) = self.connections.get_mut(&session.wire) {
            connection.session = None;
        }
        Some(Input::Closed(id))
    }

    /// The next thing on a connection's way to the server is there.
    pub(crate) fn at_server(&mut self, wire: Wire) -> Result<(), Broken> {
        let id = self.connections.get(&wire).and_then(|connection| connection.session);
        if let Some(session) = id.and_then(|id| self.server.sessions.get(&id))
            && self.now < session.paused_until
        {
            let wait = session.paused_until - self.now;
            self.after(wait, Happening::AtServer(wire));
            return Ok(());
        }
        match self.next_up(wire) {
            None => Ok(()),
            Some(Up::Open) => {
                self.accept(wire, |session, device| Input::Opened { session, dialect: Dialect::V1, device })
            }
            Some(Up::Request(request)) => self.request_came(wire, request),
            Some(Up::Frame(text)) => self.read(id, &text),
            Some(Up::Close) => self.server_hears(wire),
        }
    }

    /// A request over HTTP is there: what its path and body say.
    fn request_came(&mut self, wire: Wire, request: Request) -> Result<(), Broken> {
        let nobody = Hello { reference: 0, build: String::new(), cursor: None, room: None };
        let claim = |identity: Option<tabs::ExpectedIdentity>| ExpectedIdentity {
            member: identity.map(|identity| identity.member),
            epoch: identity.map(|identity| identity.epoch),
        };
        let (poll, wait_ms) = match request.call.clone() {
            Call::Stream(hello) => {
                return self.accept(wire, |session, device| Input::Streamed { session, device, hello });
            }
            Call::Command { identity, .. } => {
                let (text, identity) = (request.body().unwrap_or_default(), claim(identity));
                let command = Command::parse(&text).map_err(|error| Broken(format!("{error:?}: {text}")))?;
                return self.accept(wire, |session, device| Input::CommandRequested {
                    session,
                    device,
                    identity,
                    command,
                });
            }
            Call::FirstPoll { hello, is_away: away } => {
                (Poll { hello, identity: claim(None), is_first: true, presence_revision: 0, away }, 0)
            }
            Call::Poll { cursor, present, is_away: away, wait_s, identity } => {
                let hello = Hello { cursor: Some(cursor), ..nobody };
                (
                    Poll {
                        hello,
                        identity: claim(identity),
                        is_first: false,
                        presence_revision: present,
                        away,
                    },
                    wait_s * 1_000,
                )
            }
        };
        self.accept(wire, |session, device| Input::Polled { session, device, poll })?;
        if let Some(id) = self.connections.get(&wire).and_then(|connection| connection.session) {
            self.after(wait_ms, Happening::PollOver(id));
        }
        Ok(())
    }

    fn accept(
        &mut self,
        wire: Wire,
        input: impl FnOnce(SessionId, Option<DeviceKey>) -> Input,
    ) -> Result<(), Broken> {
        if !self.server.up {
            self.cut(wire);
            return Ok(());
        }
        self.server.last_session += 1;
        let id = SessionId(self.server.last_session);
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        connection.session = Some(id);
        let (kind, device) = (connection.kind, connection.device);
        let session = Session {
            wire,
            kind,
            collected: Vec::new(),
            is_over: false,
            has_told: false,
            member: None,
            addresses: BTreeSet::new(),
            held: None,
            paused_until: 0,
            heard_at: self.now,
            posts: BTreeMap::new(),
        };
        self.server.sessions.insert(id, session);
        match kind {
            Kind::Socket => {
                self.down(wire, Down::Opened);
                self.after(PING_MS, Happening::Ping(id));
            }
            Kind::Stream => self.after(COMMENT_MS, Happening::Ping(id)),
            Kind::Poll { .. } | Kind::Request => {}
        }
        self.serve(input(id, device))
    }

    fn read(&mut self, id: Option<SessionId>, text: &str) -> Result<(), Broken> {
        let Some(id) = id else { return Ok(()) };
        let command = Command::parse(text).map_err(|error| Broken(format!("{error:?}: {text}")))?;
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.heard_at = self.now;
            if let Command::Post(post) = &command {
                // One that is committed is settled, though its reply may be on its way.
                let epoch = self.server.log.epoch();
                session.posts.insert(post.reference, (post.room, post.client_id));
                session.posts.retain(|_, (_, client_id)| !self.ledger.has(epoch, *client_id));
                let of_room = session.posts.values().filter(|(room, _)| *room == post.room);
                if of_room.count() > 1 {
                    return Err(Broken(format!("(d) two posts to {:?} in flight at once", post.room)));
                }
            }
        }
        self.serve(Input::CommandReceived(id, command))
    }

    /// The server finds out that a connection has ended.
    pub(crate) fn server_hears(&mut self, wire: Wire) -> Result<(), Broken> {
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        connection.cut = true;
        let Some(id) = connection.session else { return Ok(()) };
        match self.end(id, None) {
            Some(closed) => self.serve(closed),
            None => Ok(()),
        }
    }

    /// The time of a ping: a session that was silent for too long ends instead.
    pub(crate) fn ping(&mut self, id: SessionId) -> Result<(), Broken> {
        let Some(session) = self.server.sessions.get(&id) else { return Ok(()) };
        if session.kind == Kind::Stream {
            // The kernel finds that nobody takes what is sent.
            if self.connections.get(&session.wire).is_none_or(|connection| connection.cut) {
                return self.end(id, None).map_or(Ok(()), |closed| self.serve(closed));
            }
            if let Some(session) = self.server.sessions.get_mut(&id) {
                session.has_told = true;
            }
            self.tell_through();
            self.after(COMMENT_MS, Happening::Ping(id));
            return Ok(());
        }
        if self.now.saturating_sub(session.heard_at) >= SILENCE_MS && self.now >= session.paused_until {
            let closed = self.end(id, Some(CloseCode::Silent));
            return closed.map_or(Ok(()), |closed| self.serve(closed));
        }
        if session.member.is_some() && session.held.is_none() {
            let through = self.server.hub.through();
            self.send(id, &Event::Ping(Through { through }));
        }
        self.after(PING_MS, Happening::Ping(id));
        Ok(())
    }
}

pub(super) fn encode(event: &Event) -> String {
    // Maps with string keys and plain values cannot fail to serialise.
    serde_json::to_string(event).unwrap_or_default()
}
