//! The one entry: who is connected, what each command does, who is told.
//!
//! The hub holds the fold of the log (a [`House`]) and the state of its
//! sessions; the log itself is the store's. Whatever lasts goes out as
//! [`Output::Append`] and takes effect when its outcome comes back: nothing is
//! acknowledged or shown before it is committed.

mod admit;
mod commands;
mod commit;
mod pending_read;
mod recovery;

use crate::change::Change;
use crate::house::House;
use crate::house::members::DeviceKey;
use crate::input::{Input, Unstored};
use crate::limits::{APPENDS_WAITING_MAX, HELLO_MS, POST_BURST_S, POSTS_PER_S};
use crate::output::{Audience, Output};
use crate::poller::Pollers;
use crate::presence::Presence;
use crate::rate::{Bucket, Rate};
use crate::session::{Dialect, ReadId, Session, SessionId, TransportKind};
use commit::Origin;
use pending_read::Reading;
use recovery::Attaching;
use shared::{
    CloseCode, Command, Cursor, Epoch, ErrorCode, Event, MemberId, RoomId,
    command::Post,
    event::{Refusal, Through},
    limits::TEXT_BYTES_MAX,
};
use std::collections::{HashMap, VecDeque};

/// What the hub is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The build of the page that this server serves.
    pub build: String,
    /// How fast one member may post.
    pub posts: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        let posts = Rate { per_s: POSTS_PER_S, burst: POSTS_PER_S * POST_BURST_S };
        Settings { build: shared::version::DEVELOPMENT_BUILD.to_owned(), posts }
    }
}

/// The server's mind.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    epoch: Epoch,
    house: House,
    sessions: HashMap<SessionId, Session>,
    /// The sessions of each member that said `hello`, in their order.
    of_member: HashMap<MemberId, Vec<SessionId>>,
    /// Those that are held back until they have what they missed.
    attaching: HashMap<SessionId, Attaching>,
    /// What waits for the store, bound by the sessions and by what each may ask.
    reading: HashMap<ReadId, Reading>,
    reads: u64,
    presence: Presence,
    pollers: Pollers,
    /// Of members of today only, so bounded with them.
    rates: HashMap<MemberId, Bucket>,
    /// The same for commands in requests of their own, which no connection counts.
    asked: HashMap<MemberId, Bucket>,
    waiting: VecDeque<Origin>,
    hellos: VecDeque<(u64, SessionId)>,
    tags: u32,
}

impl Hub {
    /// A hub over a log that has come to this.
    pub fn new(settings: Settings, epoch: Epoch, house: House) -> Self {
        Hub {
            settings,
            epoch,
            house,
            sessions: HashMap::new(),
            of_member: HashMap::new(),
            attaching: HashMap::new(),
            reading: HashMap::new(),
            reads: 0,
            presence: Presence::default(),
            pollers: Pollers::default(),
            rates: HashMap::new(),
            asked: HashMap::new(),
            waiting: VecDeque::new(),
            hellos: VecDeque::new(),
            tags: 0,
        }
    }

    /// Takes one input at time `now` (milliseconds since 1970) and says what to do.
    pub fn handle(&mut self, input: Input, now: u64, out: &mut Vec<Output>) {
        match input {
            Input::Opened { session, dialect, device } => self.opened(session, dialect, device, now, out),
            Input::Closed(session) => self.closed(session, now, out),
            Input::CommandReceived(session, command) => self.command(session, command, now, out),
            Input::Streamed { session, device, hello } => self.streamed(session, device, &hello, now, out),
            Input::Polled { session, device, poll } => self.polled(session, device, &poll, now, out),
            Input::CommandRequested { session, device, identity, command } => {
                let member = self.member_as(device, identity);
                self.asked(session, member, device, command, now, out);
            }
            Input::TextReceived { session, client_id, text } => self.plain(session, client_id, text, out),
            Input::UnstoredReceived(session, unstored) => self.pass(session, unstored, out),
            Input::WhoAmI(ticket, device) => self.answer_me(ticket, device, out),
            Input::Join { ticket, name, device } => self.join(ticket, &name, device, out),
            Input::Rename { ticket, name, device } => self.rename(ticket, &name, device, out),
            Input::SignOut(ticket, device) => self.sign_out(ticket, device, out),
            Input::AppendsCommitted(outcomes) => {
                outcomes.into_iter().for_each(|outcome| self.outcome(outcome, out))
            }
            Input::ReadFinished(id, found) => self.found(id, found, out),
            Input::Drained(session) => self.drained(session, out),
            Input::BufferOverflowed(session) => self.behind(session, out),
            Input::Tick => {}
        }
        self.give_up_on_hellos(now, out);
        self.pollers.expire(now, &mut self.presence);
        let (members, as_of) = (&self.house.members, self.house.head());
        for event in self.presence.tell(now, as_of, |id| members.get(id)) {
            out.push(Output::Publish(Audience::Room(RoomId::LOBBY), event));
        }
    }

    /// When to come with [`Input::Tick`], if nothing else happens before.
    pub fn next_wake(&self) -> Option<u64> {
        let hello = self.hellos.front().map(|(deadline, _)| *deadline);
        [hello, self.presence.next_wake(), self.pollers.next_wake()].into_iter().flatten().min()
    }

    /// Whether more input may come now: not while the store has its hands full.
    pub fn is_ready(&self) -> bool {
        self.waiting.len() < APPENDS_WAITING_MAX
    }

    /// How far the log goes.
    pub fn through(&self) -> Cursor {
        Cursor { epoch: self.epoch, n: self.house.head() }
    }

    /// Another number after each telling of presence. Who polls brings it back.
    pub fn presence_revision(&self) -> u64 {
        self.presence.revision()
    }

    fn opened(
        &mut self,
        session: SessionId,
        dialect: Dialect,
        device: Option<DeviceKey>,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let state = match dialect {
            Dialect::V1 => {
                self.hellos.push_back((now.saturating_add(HELLO_MS), session));
                Session::Opened { member: device.and_then(|device| self.house.members.of_device(&device)) }
            }
            Dialect::Text => {
                self.tags = self.tags.wrapping_add(1);
                out.push(Output::Attach(session, Vec::new()));
                Session::Text { tag: self.tags }
            }
        };
        self.sessions.insert(session, state);
    }

    fn closed(&mut self, session: SessionId, now: u64, out: &mut Vec<Output>) {
        let mut reads = self.attaching.remove(&session).is_some_and(|attaching| attaching.is_reading());
        let state = self.sessions.remove(&session);
        if let Some(Session::Member { reads: own, .. }) = &state {
            reads |= *own > 0;
        }
        if reads {
            self.forget_reads_of(session, out);
        }
        if let Some(Session::Member { member, away, carrier, device, .. }) = state {
            match (carrier, device) {
                (TransportKind::Socket | TransportKind::Stream, _) => self.presence.close(member, away),
                (TransportKind::Poll, Some(device)) => self.pollers.went(device, member, now),
                _ => {}
            }
            if let Some(sessions) = self.of_member.get_mut(&member) {
                sessions.retain(|other| *other != session);
                if sessions.is_empty() {
                    self.of_member.remove(&member);
                }
            }
        }
    }

    fn give_up_on_hellos(&mut self, now: u64, out: &mut Vec<Output>) {
        while let Some((_, session)) = self.hellos.pop_front_if(|(deadline, _)| *deadline <= now) {
            if let Some(Session::Opened { .. }) = self.sessions.get(&session) {
                out.push(Output::Close(session, CloseCode::Hello));
            }
        }
    }

    fn command(&mut self, session: SessionId, command: Command, now: u64, out: &mut Vec<Output>) {
        match self.sessions.get_mut(&session) {
            None | Some(Session::Text { .. }) => {}
            Some(Session::Opened { member }) => {
                let member = *member;
                self.before_hello(session, member, command, out);
            }
            Some(Session::Member { member, away, .. }) => match command {
                Command::Presence(presence) => {
                    if *away != presence.away {
                        *away = presence.away;
                        self.presence.set_away(*member, presence.away);
                    }
                }
                command => {
                    let member = *member;
                    self.of(session, member, command, now, out);
                }
            },
        }
    }

    fn before_hello(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        command: Command,
        out: &mut Vec<Output>,
    ) {
        let reference = match command {
            Command::Hello(hello) => return self.hello(session, member, &hello, out),
            Command::Pong => return,
            Command::Presence(_) | Command::Ping => None,
            Command::Post(Post { reference, .. }) => Some(reference),
            Command::RoomCreate(create) => Some(create.reference),
            Command::RoomChange(change) => Some(change.reference),
            Command::RoomJoin(moved) | Command::RoomLeave(moved) => Some(moved.reference),
            Command::Rooms(rooms) => Some(rooms.reference),
            Command::History(history) => Some(history.reference),
            Command::Events(events) => Some(events.reference),
        };
        refuse(session, reference, ErrorCode::HelloExpected, out);
    }

    /// What a member asks for.
    fn of(
        &mut self,
        session: SessionId,
        member: MemberId,
        command: Command,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        match command {
            Command::Ping => {
                out.push(Output::Send(session, Event::Pong(Through { through: self.through() })))
            }
            Command::Pong | Command::Presence(_) => {}
            Command::Hello(_) => out.push(Output::Close(session, CloseCode::Hello)),
            Command::Post(post) => self.post(session, member, post, now, out),
            Command::RoomCreate(create) => self.create_room(session, member, create, now, out),
            Command::RoomChange(change) => self.change_room(session, member, change, now, out),
            Command::RoomJoin(moved) => self.join_room(session, member, moved, now, out),
            Command::RoomLeave(moved) => self.leave_room(session, member, moved, now, out),
            Command::Rooms(rooms) => self.rooms(session, member, rooms, now, out),
            Command::History(history) => self.history(session, member, history, out),
            Command::Events(events) => self.events(session, member, events, out),
        }
    }

    fn post(&mut self, session: SessionId, author: MemberId, post: Post, now: u64, out: &mut Vec<Output>) {
        let Post { reference, client_id, room, text } = post;
        self.pace(session, author, now, out);
        if text.len() > TEXT_BYTES_MAX {
            return refuse(session, Some(reference), ErrorCode::TextTooLong, out);
        }
        if text.trim().is_empty() {
            return refuse(session, Some(reference), ErrorCode::TextEmpty, out);
        }
        let change = Change::Post { room, author, tag: None, client_id, text };
        self.append(Origin::Command { session, reference }, change, out);
    }

    fn append(&mut self, origin: Origin, change: Change, out: &mut Vec<Output>) {
        self.waiting.push_back(origin);
        out.push(Output::Append(change));
    }

    /// Counts a durable command of a member; over the rate the session is not read for a while.
    fn pace(&mut self, session: SessionId, member: MemberId, now: u64, out: &mut Vec<Output>) {
        // Who has left meanwhile is refused by the store, and not remembered here.
        if !self.house.members.contains(member) {
            return;
        }
        count(&mut self.rates, self.settings.posts, session, member, now, out);
    }

    fn plain(
        &mut self,
        session: SessionId,
        client_id: shared::ClientId,
        text: String,
        out: &mut Vec<Output>,
    ) {
        let Some(Session::Text { tag }) = self.sessions.get(&session) else { return };
        let change = Change::Post {
            room: RoomId::LOBBY,
            author: MemberId::PASSER_BY,
            tag: Some(*tag),
            client_id,
            text,
        };
        self.append(Origin::Plain { session }, change, out);
    }

    fn pass(&mut self, session: SessionId, unstored: Unstored, out: &mut Vec<Output>) {
        if let Some(Session::Text { .. }) = self.sessions.get(&session) {
            self.waiting.push_back(Origin::Pass(unstored));
            self.let_pass(out);
        }
    }

    /// What is not stored leaves when everything that came before it has.
    fn let_pass(&mut self, out: &mut Vec<Output>) {
        while let Some(Origin::Pass(unstored)) =
            self.waiting.pop_front_if(|origin| matches!(origin, Origin::Pass(_)))
        {
            out.push(Output::PublishUnstored(unstored));
        }
    }
}

/// Counts one thing that a member asked for. Over the rate the session waits.
fn count(
    buckets: &mut HashMap<MemberId, Bucket>,
    rate: Rate,
    session: SessionId,
    member: MemberId,
    now: u64,
    out: &mut Vec<Output>,
) {
    let wait = buckets.entry(member).or_insert_with(|| Bucket::full(rate, now)).take(rate, 1, now);
    if wait > 0 {
        out.push(Output::Pause(session, wait));
    }
}

fn refuse(session: SessionId, reference: Option<u64>, code: ErrorCode, out: &mut Vec<Output>) {
    out.push(Output::Send(session, Event::Error(Refusal::new(reference, code))));
}

#[cfg(test)]
mod tests;
