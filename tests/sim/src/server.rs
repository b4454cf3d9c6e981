//! The hub's shell: its sessions, its store, its clock. It keeps the contract
//! of the real one: what is published to a session that has not all that it
//! missed is held back, and dropped if it is too much; one append is under way
//! at a time; reads are answered in any order; a crash forgets what was not synced.

use crate::network::{Down, Up, Wire};
use crate::page::{Ask, PageId};
use crate::promise::Broken;
use crate::world::{Happening, World};
use hub::change::{Change, Outcome};
use hub::log::Log;
use hub::member::DeviceKey;
use hub::{Audience, Dialect, Hub, Input, Output, SessionId, Settings, Ticket};
use shared::event::{Refusal, Through};
use shared::limits::{PING_MS, SILENCE_MS};
use shared::{Address, ClientId, CloseCode, Command, Epoch, ErrorCode, Event, MemberId, RoomId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Frames that are held back for a session. Past it they are dropped.
const HELD_MAX: usize = 2;

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hub: Hub,
    pub(crate) log: Log,
    /// The log as it was before the append that is under way: what a crash may leave.
    synced: Option<Log>,
    /// What that append has made.
    unsynced: Vec<Outcome>,
    /// Counts its starts: what an earlier one had begun is over.
    pub(crate) life: u32,
    pub(crate) up: bool,
    /// The store refuses messages just now.
    pub(crate) refusing: bool,
    settings: Settings,
    sessions: BTreeMap<SessionId, Session>,
    last_session: u64,
    /// Requests that the hub has not answered yet.
    pub(crate) questions: BTreeMap<Ticket, (PageId, Ask, DeviceKey)>,
    pub(crate) last_ticket: u64,
    /// Waits for the append that is under way.
    changes: Vec<Change>,
    committing: bool,
    wake_at: Option<u64>,
}

#[derive(Debug)]
struct Session {
    wire: Wire,
    /// Whose, once it said hello.
    member: Option<MemberId>,
    /// What it hears of.
    addresses: BTreeSet<Address>,
    /// What was published since the attach, until it has what it missed.
    held: Option<Held>,
    paused_until: u64,
    heard_at: u64,
    /// Posts that are not settled yet, by `ref`.
    posts: BTreeMap<u64, (RoomId, ClientId)>,
}

/// What is held back.
#[derive(Debug, Default)]
struct Held {
    /// None if it was too much.
    frames: Option<Vec<String>>,
    /// What is nowhere to be read again: answers, and words without a position.
    answers: Vec<String>,
}

impl Server {
    pub(crate) fn new(settings: Settings) -> Self {
        let log = Log::new(Epoch(1));
        let hub = Hub::new(settings.clone(), log.epoch(), log.house().clone());
        Server {
            hub,
            log,
            synced: None,
            unsynced: Vec::new(),
            life: 0,
            up: true,
            refusing: false,
            settings,
            sessions: BTreeMap::new(),
            last_session: 0,
            questions: BTreeMap::new(),
            last_ticket: 0,
            changes: Vec::new(),
            committing: false,
            wake_at: None,
        }
    }
}

impl World {
    /// Gives the hub an input and carries out what follows from it.
    pub(crate) fn serve(&mut self, input: Input) -> Result<(), Broken> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            if self.trace && input != Input::Tick {
                println!("{:>8} hub: {input:?}", self.now);
            }
            let mut out = Vec::new();
            self.server.hub.handle(input, self.now, &mut out);
            for output in out {
                self.carry_out(output, &mut inputs)?;
            }
        }
        if !self.server.hub.is_ready() {
            return Err(Broken("(d) the hub has its hands full with so few pages".to_owned()));
        }
        if !self.server.committing && !self.server.changes.is_empty() {
            self.server.committing = true;
            let changes = std::mem::take(&mut self.server.changes);
            let delay = self.chance.between(0, self.plan.commit_ms);
            self.after(delay, Happening::Apply(self.server.life, changes));
        }
        let wake_at = self.server.hub.next_wake();
        if wake_at != self.server.wake_at {
            self.server.wake_at = wake_at;
            if let Some(at) = wake_at {
                self.after(at.saturating_sub(self.now), Happening::Wake(self.server.life, at));
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, output: Output, inputs: &mut VecDeque<Input>) -> Result<(), Broken> {
        match output {
            Output::Append(change) => self.server.changes.push(change),
            Output::Read(id, query) => {
                let refused = self.server.refusing && self.chance.one_in(4);
                let found =
                    if refused { Err(ErrorCode::StoreRefused) } else { Ok(self.server.log.read(&query)) };
                let input = Input::Read(id, found);
                if self.plan.reads_take_time {
                    let delay = self.chance.between(0, self.plan.commit_ms);
                    self.after(delay, Happening::Read(self.server.life, input));
                } else {
                    inputs.push_back(input);
                }
            }
            // An answer that nobody waits for does nothing, and may come all the same.
            Output::Forget(_) => {}
            Output::Attach(id, addresses) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.member = addresses.iter().find_map(|to| match to {
                        Address::Member(member) => Some(*member),
                        Address::Room(_) => None,
                    });
                    session.addresses = addresses.into_iter().collect();
                    let answers = session.held.take().unwrap_or_default().answers;
                    session.held = Some(Held { frames: Some(Vec::new()), answers });
                }
            }
            Output::Subscribe(id, to) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.addresses.insert(to);
                }
            }
            Output::Unsubscribe(id, to) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.addresses.remove(&to);
                }
            }
            Output::First(id, event) => {
                self.may_hear(id, &event)?;
                if let Some(session) = self.server.sessions.get(&id) {
                    self.down(session.wire, Down::Frame(encode(&event)));
                }
            }
            Output::Drain(id) => {
                let delay = self.chance.between(0, self.plan.delay_ms);
                self.after(delay, Happening::Read(self.server.life, Input::Drained(id)));
            }
            Output::Release(id) => {
                let Some(session) = self.server.sessions.get_mut(&id) else { return Ok(()) };
                match session.held.take() {
                    Some(Held { frames: Some(frames), answers }) => {
                        let wire = session.wire;
                        let all = frames.into_iter().chain(answers);
                        all.for_each(|text| self.down(wire, Down::Frame(text)));
                    }
                    Some(held) => {
                        session.held = Some(held);
                        self.story.behind += 1;
                        inputs.push_back(Input::Behind(id));
                    }
                    None => {}
                }
            }
            Output::Send(id, event) | Output::Publish(Audience::Session(id), event) => {
                if let (Some(session), Event::Reply(_) | Event::Error(_)) =
                    (self.server.sessions.get_mut(&id), &event)
                {
                    session.posts.remove(&reference(&event));
                }
                self.send(id, &event);
            }
            Output::Publish(Audience::Room(room), event) => self.publish(Address::Room(room), &event)?,
            Output::Publish(Audience::Member(member), event) => {
                self.publish(Address::Member(member), &event)?;
            }
            Output::Pass(_) => {}
            Output::Close(id, code) => inputs.extend(self.end(id, Some(code))),
            Output::Pause(id, wait_ms) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.paused_until = session.paused_until.max(self.now + wait_ms);
                }
            }
            Output::Answer(ticket, answer) => {
                if let Some((page, ask, device)) = self.server.questions.remove(&ticket) {
                    self.respond(page, &ask, answer, device);
                }
            }
        }
        Ok(())
    }

    fn publish(&mut self, to: Address, event: &Event) -> Result<(), Broken> {
        let sessions = self.server.sessions.iter().filter(|(_, session)| session.addresses.contains(&to));
        let hearers: Vec<SessionId> = sessions.map(|(id, _)| *id).collect();
        for id in hearers {
            self.may_hear(id, event)?;
            self.send(id, event);
        }
        Ok(())
    }

    /// (e) Nobody is told an event of a room that they were not in when it happened.
    fn may_hear(&self, id: SessionId, event: &Event) -> Result<(), Broken> {
        let Some(position) = event.position() else { return Ok(()) };
        let member = self.server.sessions.get(&id).and_then(|session| session.member);
        let may = match position.to {
            Address::Room(room) => member
                .is_some_and(|member| self.ledger.was_in(self.server.log.epoch(), member, room, position.n)),
            Address::Member(other) => member == Some(other),
        };
        if may { Ok(()) } else { Err(Broken(format!("(e) {member:?} is told {event:?}"))) }
    }

    fn send(&mut self, id: SessionId, event: &Event) {
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
            None => {
                let wire = session.wire;
                self.down(wire, Down::Frame(text));
            }
        }
    }

    /// Ends a session, with a word to its page or without; what the hub is told.
    fn end(&mut self, id: SessionId, code: Option<CloseCode>) -> Option<Input> {
        let session = self.server.sessions.remove(&id)?;
        if let Some(code) = code {
            self.down(session.wire, Down::Closed(code.number(), String::new()));
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
            Some(Up::Open) => self.accept(wire),
            Some(Up::Frame(text)) => self.read(id, &text),
            Some(Up::Close) => self.server_hears(wire),
        }
    }

    fn accept(&mut self, wire: Wire) -> Result<(), Broken> {
        if !self.server.up {
            self.cut(wire);
            return Ok(());
        }
        self.server.last_session += 1;
        let id = SessionId(self.server.last_session);
        let session = Session {
            wire,
            member: None,
            addresses: BTreeSet::new(),
            held: None,
            paused_until: 0,
            heard_at: self.now,
            posts: BTreeMap::new(),
        };
        self.server.sessions.insert(id, session);
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        connection.session = Some(id);
        let device = connection.device;
        self.down(wire, Down::Opened);
        self.after(PING_MS, Happening::Ping(id));
        self.serve(Input::Opened { session: id, dialect: Dialect::V1, device })
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
        self.serve(Input::Command(id, command))
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

    /// The store commits; its outcomes are told a little later.
    pub(crate) fn apply(&mut self, life: u32, changes: Vec<Change>) {
        if life != self.server.life {
            return;
        }
        self.server.synced = Some(self.server.log.clone());
        let mut outcomes: Vec<Outcome> = Vec::new();
        for change in changes {
            let refused = self.server.refusing && change.key().is_some();
            outcomes.push(if refused {
                Err(ErrorCode::StoreRefused)
            } else {
                self.server.log.append(change, self.now)
            });
        }
        self.server.unsynced = outcomes.clone();
        let delay = self.chance.between(0, self.plan.commit_ms);
        self.after(delay, Happening::Outcomes(life, outcomes));
    }

    pub(crate) fn outcomes(&mut self, life: u32, outcomes: Vec<Outcome>) -> Result<(), Broken> {
        if life != self.server.life {
            return Ok(());
        }
        self.server.committing = false;
        self.sync(true);
        self.serve(Input::Outcomes(outcomes))
    }

    /// The append that was under way is there for good, or never was.
    fn sync(&mut self, is_kept: bool) {
        let unsynced = std::mem::take(&mut self.server.unsynced);
        match self.server.synced.take() {
            Some(before) if !is_kept => {
                self.story.forgotten += u64::try_from(unsynced.len()).unwrap_or(u64::MAX);
                self.server.log = before;
            }
            _ => {
                let epoch = self.server.log.epoch();
                for committed in unsynced.iter().flatten() {
                    self.ledger.committed(epoch, committed, &mut self.story);
                }
            }
        }
    }

    /// The store answers a read.
    pub(crate) fn read_came(&mut self, life: u32, found: Input) -> Result<(), Broken> {
        if life == self.server.life { self.serve(found) } else { Ok(()) }
    }

    pub(crate) fn wake(&mut self, life: u32, at: u64) -> Result<(), Broken> {
        if life != self.server.life || self.server.wake_at != Some(at) {
            return Ok(());
        }
        self.server.wake_at = None;
        self.serve(Input::Tick)
    }

    /// The server ends: with a word to everyone, or as if the power failed.
    pub(crate) fn stop(&mut self, in_order: bool) {
        self.server.life += 1;
        self.server.up = false;
        self.server.changes.clear();
        self.server.committing = false;
        // What was written and not synced may be there after a crash, or not.
        let is_kept = in_order || self.chance.one_in(2);
        self.sync(is_kept);
        self.server.wake_at = None;
        self.story.restarts += 1;
        for session in std::mem::take(&mut self.server.sessions).into_values() {
            if let Some(connection) = self.connections.get_mut(&session.wire) {
                connection.session = None;
            }
            if in_order {
                let hint = self.chance.between(0, 1_000);
                self.down(session.wire, Down::Closed(1012, format!("retry-ms={hint}")));
            } else {
                self.cut(session.wire);
            }
        }
        for (page, ask, _) in std::mem::take(&mut self.server.questions).into_values() {
            let answered = ask.unreachable();
            self.after(100, Happening::Response(page, answered));
        }
    }

    /// The server is there again: with its log, if that outlives it, else in a new epoch.
    pub(crate) fn start(&mut self) {
        if self.server.up {
            return;
        }
        self.server.up = true;
        if !self.plan.durable {
            self.server.log = Log::new(Epoch(self.server.log.epoch().0 + 1));
        }
        let log = &self.server.log;
        let settings = self.server.settings.clone();
        self.server.hub = Hub::new(settings, log.epoch(), log.house().clone());
    }
}

fn reference(event: &Event) -> u64 {
    match event {
        Event::Reply(reply) => reply.reference,
        Event::Error(Refusal { reference, .. }) => reference.unwrap_or_default(),
        _ => 0,
    }
}

fn encode(event: &Event) -> String {
    // Maps with string keys and plain values cannot fail to serialise.
    serde_json::to_string(event).unwrap_or_default()
}
