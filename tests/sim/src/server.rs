//! The hub's shell: its sessions, its store, its clock. It keeps the contract
//! of the real one: what is published to a session that has not all that it
//! missed is held back, and dropped if it is too much; one append is under way
//! at a time; reads are answered in any order; a crash forgets what was not synced.

mod answer;
mod session;
mod store;

use crate::network::Kind;
use crate::page::{Ask, PageId};
use crate::promise::Broken;
use crate::world::{Happening, World};
use answer::Told;
use hub::house::change::{Change, Outcome};
use hub::house::members::DeviceKey;
use hub::log::Log;
use hub::{Audience, Hub, Input, Output, RequestId, SessionId, Settings};
use session::{Held, Session, encode};
use shared::close::retry_reason;
use shared::event::Refusal;
use shared::{Address, CloseCode, Epoch, ErrorCode, Event};
use std::collections::{BTreeMap, VecDeque};

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hub: Hub,
    pub(crate) log: Log,
    /// All that this log was asked for, and when: what a crash leaves is made of it again.
    asked: Vec<(Change, u64)>,
    /// How much of that was there before the append that is under way.
    synced: usize,
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
    pub(crate) questions: BTreeMap<RequestId, (PageId, Ask, DeviceKey)>,
    pub(crate) last_ticket: u64,
    /// Waits for the append that is under way.
    changes: Vec<Change>,
    committing: bool,
    wake_at: Option<u64>,
}

impl Server {
    pub(crate) fn new(settings: Settings) -> Self {
        let log = Log::new(Epoch(1));
        let hub = Hub::new(settings.clone(), log.epoch(), log.house().clone());
        Server {
            hub,
            log,
            asked: Vec::new(),
            synced: 0,
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
            if inputs.is_empty() {
                inputs.extend(self.answer_polls());
            }
        }
        self.tell_through();
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
                let input = Input::ReadFinished(id, found);
                if self.plan.reads_take_time {
                    let delay = self.chance.between(0, self.plan.commit_ms);
                    self.after(delay, Happening::Read(self.server.life, input));
                } else {
                    inputs.push_back(input);
                }
            }
            // An answer that nobody waits for does nothing, and may come all the same.
            Output::CancelRead(_) => {}
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
            Output::SendReplay(id, event) => {
                self.may_hear(id, &event)?;
                self.leaves(id, encode(&event));
            }
            Output::NotifyDrained(id) => {
                let delay = self.chance.between(0, self.plan.delay_ms);
                self.after(delay, Happening::Read(self.server.life, Input::Drained(id)));
            }
            Output::Release(id) => {
                let Some(session) = self.server.sessions.get_mut(&id) else { return Ok(()) };
                match session.held.take() {
                    Some(Held { frames: Some(frames), answers }) => {
                        let all = frames.into_iter().chain(answers);
                        all.for_each(|text| self.leaves(id, text));
                    }
                    Some(held) => {
                        session.held = Some(held);
                        self.story.behind += 1;
                        inputs.push_back(Input::BufferOverflowed(id));
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
                let is_request =
                    self.server.sessions.get(&id).is_some_and(|session| session.kind == Kind::Request);
                if is_request && is_nobody(&event) {
                    inputs.extend(self.end(id, Some(CloseCode::SignedOut)));
                    return Ok(());
                }
                self.send(id, &event);
                if is_request {
                    inputs.extend(self.end(id, None));
                }
            }
            Output::Publish(Audience::Room(room), event) => self.publish(Address::Room(room), &event)?,
            Output::Publish(Audience::Member(member), event) => {
                self.publish(Address::Member(member), &event)?;
            }
            Output::PublishUnstored(_) => {}
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
                self.tell(session.wire, Told::Closed(1012, retry_reason(hint)));
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
            self.server.asked.clear();
        }
        let log = &self.server.log;
        let settings = self.server.settings.clone();
        self.server.hub = Hub::new(settings, log.epoch(), log.house().clone());
    }
}

/// Over HTTP that is a status, and the page's line is over.
fn is_nobody(event: &Event) -> bool {
    matches!(event, Event::Error(Refusal { code: ErrorCode::SignInRequired, .. }))
}

fn reference(event: &Event) -> u64 {
    match event {
        Event::Reply(reply) => reply.reference,
        Event::Error(Refusal { reference, .. }) => reference.unwrap_or_default(),
        _ => 0,
    }
}
