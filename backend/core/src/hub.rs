//! The one entry: who is connected, what each command does, who is told.
//!
//! The hub holds the fold of the log (members, head) and the state of its
//! sessions; the log itself is the store's. Whatever lasts goes out as
//! [`Output::Append`] and takes effect when its outcome comes back: nothing is
//! acknowledged or shown before it is committed.

use crate::{
    input::{Input, Unstored},
    limits::{APPENDS_WAITING_MAX, HELLO_MS, POST_BURST_S, POSTS_PER_S, SESSIONS_PER_MEMBER_MAX},
    log::{Change, Committed, Outcome},
    member::{DeviceKey, Members},
    name::Name,
    output::{Answer, Audience, Output},
    presence::Presence,
    rate::{Bucket, Rate},
    session::{Dialect, Session, SessionId, Ticket},
};
use shared::{
    Address, CloseCode, Command, Cursor, Epoch, ErrorCode, Event, MemberId, RoomId,
    command::{Hello, Post},
    event::{Refusal, Reply, RoomSnapshot, Through, Welcome},
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

/// Where a change came from, in the order of the appends.
#[derive(Debug)]
enum Origin {
    Post {
        session: SessionId,
        reference: u64,
    },
    Plain {
        session: SessionId,
    },
    /// Not an append: it only waits for its turn.
    Pass(Unstored),
    Join {
        ticket: Ticket,
        name: Name,
        device: DeviceKey,
    },
    Rename {
        ticket: Ticket,
        name: Name,
    },
    SignOut {
        ticket: Ticket,
        member: MemberId,
    },
}

/// The server's mind.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    epoch: Epoch,
    head: u64,
    members: Members,
    sessions: HashMap<SessionId, Session>,
    presence: Presence,
    /// Of members of today only, so bounded with them.
    rates: HashMap<MemberId, Bucket>,
    waiting: VecDeque<Origin>,
    hellos: VecDeque<(u64, SessionId)>,
    /// `ref`s of `hello`s whose snapshot is being read.
    welcomes: HashMap<SessionId, u64>,
    tags: u32,
}

impl Hub {
    /// A hub over a log that stands at `head` with these members.
    pub fn new(settings: Settings, epoch: Epoch, head: u64, members: Members) -> Self {
        Hub {
            settings,
            epoch,
            head,
            members,
            sessions: HashMap::new(),
            presence: Presence::default(),
            rates: HashMap::new(),
            waiting: VecDeque::new(),
            hellos: VecDeque::new(),
            welcomes: HashMap::new(),
            tags: 0,
        }
    }

    /// Takes one input at time `now` (milliseconds since 1970) and says what to do.
    pub fn handle(&mut self, input: Input, now: u64, out: &mut Vec<Output>) {
        match input {
            Input::Opened { session, dialect, device } => self.opened(session, dialect, device, now, out),
            Input::Closed(session) => self.closed(session),
            Input::Command(session, command) => self.command(session, command, now, out),
            Input::Plain { session, client_id, text } => self.plain(session, client_id, text, out),
            Input::Pass(session, unstored) => self.pass(session, unstored, out),
            Input::Me(ticket, device) => self.answer_me(ticket, device, out),
            Input::Join { ticket, name, device } => self.join(ticket, &name, device, out),
            Input::Rename { ticket, name, device } => self.rename(ticket, &name, device, out),
            Input::SignOut(ticket, device) => self.sign_out(ticket, device, out),
            Input::Outcomes(outcomes) => outcomes.into_iter().for_each(|outcome| self.outcome(outcome, out)),
            Input::Snapshot(session, snapshot) => self.welcome(session, *snapshot, out),
            Input::Tick => {}
        }
        self.give_up_on_hellos(now, out);
        let members = &self.members;
        for event in self.presence.tell(now, |id| members.get(id)) {
            out.push(Output::Publish(Audience::Room(RoomId::LOBBY), event));
        }
    }

    /// When to come with [`Input::Tick`], if nothing else happens before.
    pub fn next_wake(&self) -> Option<u64> {
        let hello = self.hellos.front().map(|(deadline, _)| *deadline);
        hello.into_iter().chain(self.presence.next_wake()).min()
    }

    /// Whether more input may come now: not while the store has its hands full.
    pub fn is_ready(&self) -> bool {
        self.waiting.len() < APPENDS_WAITING_MAX
    }

    /// How far the log goes.
    pub fn through(&self) -> Cursor {
        Cursor { epoch: self.epoch, n: self.head }
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
                Session::Opened { member: device.and_then(|device| self.members.of_device(&device)) }
            }
            Dialect::Plain => {
                self.tags = self.tags.wrapping_add(1);
                out.push(Output::Attach(session));
                Session::Plain { tag: self.tags }
            }
        };
        self.sessions.insert(session, state);
    }

    fn closed(&mut self, session: SessionId) {
        self.welcomes.remove(&session);
        if let Some(Session::Member { member, away }) = self.sessions.remove(&session) {
            self.presence.close(member, away);
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
        let Some(state) = self.sessions.get_mut(&session) else { return };
        match (command, state) {
            (Command::Ping, Session::Member { .. }) => {
                out.push(Output::Send(session, Event::Pong(Through { through: self.through() })));
            }
            (Command::Pong, _) | (_, Session::Plain { .. }) => {}
            (Command::Hello(hello), Session::Opened { member }) => {
                let member = *member;
                self.hello(session, member, &hello, out);
            }
            (Command::Hello(_), Session::Member { .. }) => out.push(Output::Close(session, CloseCode::Hello)),
            (Command::Post(post), Session::Member { member, .. }) => {
                let member = *member;
                self.post(session, member, post, now, out);
            }
            (Command::Presence(presence), Session::Member { member, away }) => {
                if *away != presence.away {
                    *away = presence.away;
                    self.presence.set_away(*member, presence.away);
                }
            }
            (Command::Post(Post { reference, .. }), Session::Opened { .. }) => {
                refuse(session, Some(reference), ErrorCode::HelloExpected, out);
            }
            (Command::Presence(_) | Command::Ping, Session::Opened { .. }) => {
                refuse(session, None, ErrorCode::HelloExpected, out)
            }
        }
    }

    fn hello(&mut self, session: SessionId, member: Option<MemberId>, hello: &Hello, out: &mut Vec<Output>) {
        // The member may have left since the connection was opened.
        let Some(member) = member.filter(|id| self.members.contains(*id)) else {
            refuse(session, Some(hello.reference), ErrorCode::SignInRequired, out);
            out.push(Output::Close(session, CloseCode::SignedOut));
            return;
        };
        if self.presence.open_sessions(member) >= SESSIONS_PER_MEMBER_MAX {
            out.push(Output::Close(session, CloseCode::Full));
            return;
        }
        self.sessions.insert(session, Session::Member { member, away: false });
        self.presence.open(member);
        self.welcomes.insert(session, hello.reference);
        out.push(Output::Attach(session));
        out.push(Output::Read(session, RoomId::LOBBY));
    }

    fn welcome(&mut self, session: SessionId, room: RoomSnapshot, out: &mut Vec<Output>) {
        let (Some(reference), Some(Session::Member { member, .. })) =
            (self.welcomes.remove(&session), self.sessions.get(&session))
        else {
            return;
        };
        let Some(you) = self.members.get(*member) else { return };
        let welcome = Welcome {
            reference,
            build: self.settings.build.clone(),
            // What was committed since the snapshot was read is held back behind this frame.
            through: Cursor { epoch: self.epoch, n: room.as_of },
            you,
            room,
            present: self.presence.first(|id| self.members.get(id)),
            present_count: self.presence.count(),
        };
        out.push(Output::Welcome(session, Box::new(Event::Welcome(Box::new(welcome)))));
    }

    fn post(&mut self, session: SessionId, author: MemberId, post: Post, now: u64, out: &mut Vec<Output>) {
        let Post { reference, client_id, room, text } = post;
        let wait = self.take_rate(author, now);
        if wait > 0 {
            out.push(Output::Pause(session, wait));
        }
        if text.len() > TEXT_BYTES_MAX {
            return refuse(session, Some(reference), ErrorCode::TextTooLong, out);
        }
        if text.trim().is_empty() {
            return refuse(session, Some(reference), ErrorCode::TextEmpty, out);
        }
        self.waiting.push_back(Origin::Post { session, reference });
        out.push(Output::Append(Change::Post { room, author, tag: None, client_id, text }));
    }

    fn take_rate(&mut self, member: MemberId, now: u64) -> u64 {
        let rate = self.settings.posts;
        self.rates.entry(member).or_insert_with(|| Bucket::full(rate, now)).take(rate, 1, now)
    }

    fn plain(
        &mut self,
        session: SessionId,
        client_id: shared::ClientId,
        text: String,
        out: &mut Vec<Output>,
    ) {
        let Some(Session::Plain { tag }) = self.sessions.get(&session) else { return };
        let change = Change::Post {
            room: RoomId::LOBBY,
            author: MemberId::PASSER_BY,
            tag: Some(*tag),
            client_id,
            text,
        };
        self.waiting.push_back(Origin::Plain { session });
        out.push(Output::Append(change));
    }

    fn pass(&mut self, session: SessionId, unstored: Unstored, out: &mut Vec<Output>) {
        if let Some(Session::Plain { .. }) = self.sessions.get(&session) {
            self.waiting.push_back(Origin::Pass(unstored));
            self.let_pass(out);
        }
    }

    /// What is not stored leaves when everything that came before it has.
    fn let_pass(&mut self, out: &mut Vec<Output>) {
        while let Some(Origin::Pass(unstored)) =
            self.waiting.pop_front_if(|origin| matches!(origin, Origin::Pass(_)))
        {
            out.push(Output::Pass(unstored));
        }
    }

    fn answer_me(&mut self, ticket: Ticket, device: DeviceKey, out: &mut Vec<Output>) {
        let member = self.members.of_device(&device).and_then(|id| self.members.get(id));
        out.push(Output::Answer(ticket, Answer::Me(member)));
    }

    fn join(&mut self, ticket: Ticket, typed: &str, device: DeviceKey, out: &mut Vec<Output>) {
        match Name::parse(typed) {
            Ok(name) => {
                self.waiting.push_back(Origin::Join { ticket, name: name.clone(), device });
                out.push(Output::Append(Change::Join { name, device }));
            }
            Err(code) => self.refuse_name(ticket, typed, code, out),
        }
    }

    fn rename(&mut self, ticket: Ticket, typed: &str, device: DeviceKey, out: &mut Vec<Output>) {
        let Some(member) = self.members.of_device(&device) else {
            return out.push(Output::Answer(ticket, Answer::Refused(ErrorCode::SignInRequired, None)));
        };
        match Name::parse(typed) {
            Ok(name) => {
                self.waiting.push_back(Origin::Rename { ticket, name: name.clone() });
                out.push(Output::Append(Change::Rename { member, name }));
            }
            Err(code) => self.refuse_name(ticket, typed, code, out),
        }
    }

    fn sign_out(&mut self, ticket: Ticket, device: DeviceKey, out: &mut Vec<Output>) {
        match self.members.of_device(&device) {
            Some(member) => {
                self.waiting.push_back(Origin::SignOut { ticket, member });
                out.push(Output::Append(Change::Leave { member }));
            }
            // Already so: a retry whose answer was lost.
            None => out.push(Output::Answer(ticket, Answer::Me(None))),
        }
    }

    fn refuse_name(&self, ticket: Ticket, typed: &str, code: ErrorCode, out: &mut Vec<Output>) {
        let suggestion = (code == ErrorCode::NameTaken)
            .then(|| Name::suggest(typed, |key| self.members.is_taken(key)))
            .flatten();
        out.push(Output::Answer(ticket, Answer::Refused(code, suggestion)));
    }

    fn outcome(&mut self, outcome: Outcome, out: &mut Vec<Output>) {
        self.let_pass(out);
        let Some(origin) = self.waiting.pop_front() else { return };
        match outcome {
            Ok(committed) => self.committed(origin, committed, out),
            Err(code) => self.refused(origin, code, out),
        }
        self.let_pass(out);
    }

    fn committed(&mut self, origin: Origin, committed: Committed, out: &mut Vec<Output>) {
        let Committed { event, again } = committed;
        if !again {
            self.fold(&origin, &event);
            if let Some(Address::Room(room)) = address(&event) {
                out.push(Output::Publish(Audience::Room(room), event.clone()));
            }
        }
        match (origin, event) {
            (Origin::Post { session, reference }, Event::Posted(posted)) => {
                let reply = Reply { reference, n: posted.n, seq: posted.seq, at: posted.at };
                out.push(Output::Send(session, Event::Reply(reply)));
            }
            (Origin::Join { ticket, .. }, Event::MemberJoined(joined)) => {
                out.push(Output::Answer(ticket, Answer::Me(Some(joined.member))));
            }
            (Origin::Rename { ticket, .. }, Event::Renamed(renamed)) => {
                out.push(Output::Answer(ticket, Answer::Me(Some(renamed.member))));
            }
            (Origin::SignOut { ticket, member }, _) => {
                self.close_sessions_of(member, out);
                out.push(Output::Answer(ticket, Answer::Me(None)));
            }
            _ => {}
        }
    }

    fn fold(&mut self, origin: &Origin, event: &Event) {
        match (origin, event) {
            (_, Event::Posted(posted)) => self.head = posted.n,
            (Origin::Join { name, device, .. }, Event::MemberJoined(joined)) => {
                self.head = joined.n;
                self.members.join(joined.member.id, name.clone(), *device);
            }
            (Origin::Rename { name, .. }, Event::Renamed(renamed)) => {
                self.head = renamed.n;
                self.members.rename(renamed.member.id, name.clone());
            }
            (_, Event::MemberLeft(left)) => {
                self.head = left.n;
                self.members.leave(left.member);
                self.rates.remove(&left.member);
            }
            _ => {}
        }
    }

    fn refused(&mut self, origin: Origin, code: ErrorCode, out: &mut Vec<Output>) {
        match origin {
            Origin::Post { session, reference } => refuse(session, Some(reference), code, out),
            Origin::Plain { session } => out.push(Output::Close(session, CloseCode::TryAgainLater)),
            Origin::Join { ticket, name, .. } | Origin::Rename { ticket, name } => {
                self.refuse_name(ticket, name.as_str(), code, out)
            }
            Origin::SignOut { ticket, .. } => out.push(Output::Answer(ticket, Answer::Refused(code, None))),
            Origin::Pass(_) => {}
        }
    }

    fn close_sessions_of(&mut self, leaver: MemberId, out: &mut Vec<Output>) {
        let mut theirs: Vec<SessionId> = Vec::new();
        for (id, session) in &self.sessions {
            match session {
                Session::Member { member, .. } | Session::Opened { member: Some(member) }
                    if *member == leaver =>
                {
                    theirs.push(*id)
                }
                _ => {}
            }
        }
        theirs.sort_unstable();
        out.extend(theirs.into_iter().map(|session| Output::Close(session, CloseCode::SignedOut)));
    }
}

fn refuse(session: SessionId, reference: Option<u64>, code: ErrorCode, out: &mut Vec<Output>) {
    out.push(Output::Send(session, Event::Error(Refusal::new(reference, code))));
}

fn address(event: &Event) -> Option<Address> {
    match event {
        Event::Posted(posted) => Some(posted.to),
        Event::MemberJoined(joined) => Some(joined.to),
        Event::MemberLeft(left) => Some(left.to),
        Event::Renamed(renamed) => Some(renamed.to),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
