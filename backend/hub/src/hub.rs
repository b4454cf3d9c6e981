//! The hub: sessions, what each command does, and who receives the result.
//!
//! The hub holds the [`House`] and the state of its sessions; the store holds the log. Every durable change
//! leaves as [`Output::Append`] and takes effect when the tail of the log brings it. So nothing is acknowledged
//! or published before it is committed.
//!
//! * `admit`: who becomes a session of a member.
//! * `commands`: the commands, a file for each subject.
//! * `tail`: the commits of the log, and the publication of their events.
//! * `pending_append`: appends whose origins have no answer yet.
//! * `recent_marks`: tells whether a cursor is a position of this log.
//! * `pending_read`: reads that wait for the store; `read_turns`: the order in which the store gets them.
//! * `member_rates`: how much each member may do.
//! * `read_markers`: how far the members have read.
//! * `waiting_cursors`: sessions that wait for the tail.
//! * `recovery`: from the attach of a session until it has everything that it missed.

mod admit;
mod commands;
mod member_rates;
mod pending_append;
mod pending_read;
mod read_markers;
mod read_turns;
mod recent_marks;
mod recovery;
mod tail;
mod waiting_cursors;

use crate::directory::Directory;
use crate::event_clock::EventClock;
use crate::house::access;
use crate::house::members::DeviceKey;
use crate::house::{House, mark};
use crate::input::Input;
use crate::limits::{HELLO_MS, POST_BURST_S, POSTS_PER_S};
use crate::output::{Audience, Output};
use crate::polling::Pollers;
use crate::presence::Presence;
use crate::rate::Rate;
use crate::session::{Dialect, ReadId, Session, SessionId, SessionKind};
use member_rates::MemberRates;
use pending_append::PendingAppends;
use pending_read::PendingRead;
use read_markers::MarkerMoves;
use read_turns::ReadTurns;
use recent_marks::RecentMarks;
use recovery::Recovery;
use shared::{CloseCode, Cursor, Epoch, ErrorCode, Event, MemberId, Now, RoomId, event::Refusal};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use waiting_cursors::WaitingCursors;

/// Settings that stay the same while the hub runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Build of the page that this server serves.
    pub build: String,
    /// Rate at which one member may post.
    pub posts: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        let posts = Rate { per_s: POSTS_PER_S, burst: POSTS_PER_S * POST_BURST_S };
        Settings { build: shared::version::DEVELOPMENT_BUILD.to_owned(), posts }
    }
}

/// The server's core.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    epoch: Epoch,
    /// Shared with the store until the first commit.
    house: Arc<House>,
    recent_marks: RecentMarks,
    /// Names of the rooms of `house`.
    directory: Directory,
    sessions: HashMap<SessionId, Session>,
    /// Admitted sessions of each member, in the order of their admission.
    sessions_by_member: HashMap<MemberId, Vec<SessionId>>,
    /// Sessions whose new events are buffered until they have what they missed.
    recoveries: HashMap<SessionId, Recovery>,
    waiting_cursors: WaitingCursors,
    /// Reads that wait for the store. The sessions and the limit of reads for each bound their number.
    pending_reads: HashMap<ReadId, PendingRead>,
    last_read_id: u64,
    read_turns: ReadTurns,
    event_clock: EventClock,
    presence: Presence,
    pollers: Pollers,
    rates: MemberRates,
    marker_moves: MarkerMoves,
    /// Appends whose origins have no answer yet.
    pending_appends: PendingAppends,
    /// Deadlines of the first `hello` by the monotonic clock, in milliseconds, earliest first.
    hello_deadlines: VecDeque<(u64, SessionId)>,
    /// Tag of the newest connection of the text dialect. It begins with the greatest tag in the log; a
    /// greater one of an earlier run was never shown to anybody.
    last_tag: u32,
}

impl Hub {
    /// Makes a hub over a log that adds up to `house`.
    pub fn new(settings: Settings, epoch: Epoch, house: impl Into<Arc<House>>) -> Self {
        let house = house.into();
        let last_tag = house.last_tag();
        let recent_marks = RecentMarks::new(house.head(), house.mark());
        let pending_appends = PendingAppends::new(house.head());
        Hub {
            settings,
            epoch,
            directory: Directory::of(&house.rooms),
            house,
            recent_marks,
            sessions: HashMap::new(),
            sessions_by_member: HashMap::new(),
            recoveries: HashMap::new(),
            waiting_cursors: WaitingCursors::default(),
            pending_reads: HashMap::new(),
            last_read_id: 0,
            read_turns: ReadTurns::default(),
            event_clock: EventClock::default(),
            presence: Presence::default(),
            pollers: Pollers::default(),
            rates: MemberRates::default(),
            marker_moves: MarkerMoves::default(),
            pending_appends,
            hello_deadlines: VecDeque::new(),
            last_tag,
        }
    }

    /// Handles one input at time `now` and adds the outputs to `out`.
    pub fn handle(&mut self, input: Input, now: Now, out: &mut Vec<Output>) {
        self.event_clock.observe(now);
        match input {
            Input::Opened { session, dialect, device } => {
                self.open_session(session, dialect, device, now.mono, out)
            }
            Input::Closed(session) => self.close_session(session, now.mono, out),
            Input::CommandReceived(session, command) => self.handle_command(session, command, now.mono, out),
            Input::Streamed { session, device, hello } => {
                self.open_stream(session, device, &hello, now.mono, out)
            }
            Input::Polled { session, device, poll } => {
                self.handle_poll(session, device, &poll, now.mono, out)
            }
            Input::CommandRequested { session, device, identity, command } => {
                let member = self.find_expected_member(device, identity);
                self.handle_request(session, member, device, command, now.mono, out);
            }
            Input::TextReceived { session, client_id, text } => self.post_text(session, client_id, text, out),
            Input::UnstoredReceived(session, unstored) => self.pass_on_unstored(session, unstored, out),
            Input::WhoAmI(request, device) => self.answer_who_am_i(request, device, out),
            Input::Join { request, name, device } => self.join(request, &name, device, out),
            Input::Rename { request, name, device } => self.rename(request, &name, device, out),
            Input::SignOut(request, device) => self.sign_out(request, device, out),
            Input::AppendsFinished(outcomes) => self.record_outcomes(outcomes, out),
            Input::CommitRead(commit) => self.apply_commit(commit, out),
            Input::ReadFinished(id, result) => self.finish_read(id, result, out),
            Input::MarkersMoved(result) => self.continue_markers(result, out),
            Input::Drained(session) => self.resume_recovery(session, out),
            Input::BufferOverflowed(session) => self.restart_recovery(session, out),
            Input::Tick => {}
        }
        self.close_sessions_without_hello(now.mono, out);
        self.give_up_waiting_cursors(now.mono, out);
        self.start_markers(now.mono, out);
        self.pollers.expire(now.mono, &mut self.presence);
        let (members, as_of) = (&self.house.members, self.house.head());
        let changes = self.presence.take_changes(now, as_of, |id| members.get(id));
        let told = Some(self.through());
        let lobby = Audience::Room(RoomId::LOBBY);
        out.extend(changes.into_iter().map(|event| Output::Publish(lobby, event, told)));
    }

    /// Returns the time of the next [`Input::Tick`] by the monotonic clock, unless another input comes before.
    pub fn next_wake(&self) -> Option<u64> {
        let hello = self.hello_deadlines.front().map(|(deadline, _)| *deadline);
        let clock = self.event_clock.next_wake();
        let cursor = self.waiting_cursors.next_deadline();
        let marks = self.marker_moves.next_wake();
        let wakes = [hello, cursor, marks, self.presence.next_wake(), self.pollers.next_wake(), clock];
        wakes.into_iter().flatten().min()
    }

    /// Returns the time for the events of an append that begins `now`, in milliseconds since 1970. It is never
    /// smaller than the last event's time, and follows no step of the wall clock that does not last.
    pub fn event_time(&mut self, now: Now) -> u64 {
        self.event_clock.event_time(now, self.house.last_at())
    }

    /// Whether the hub accepts more input now. False while too many appends wait for the store.
    pub fn is_ready(&self) -> bool {
        self.pending_appends.has_space()
    }

    /// Returns the state of the house, as far as the hub has applied the tail.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Returns the cursor at the head of the log.
    pub fn through(&self) -> Cursor {
        self.marked_cursor(self.house.head(), self.house.mark())
    }

    /// Returns the cursor at the head of the log, if its mark is known.
    fn held(&self) -> Option<Cursor> {
        Some(self.through()).filter(|cursor| cursor.mark.is_some())
    }

    /// Returns the cursor at a position whose mark is known.
    fn marked_cursor(&self, n: u64, mark: u32) -> Cursor {
        let mark = (mark != mark::UNKNOWN).then_some(mark);
        Cursor { epoch: self.epoch, n, mark }
    }

    /// Returns a number that changes with each publication of presence. A polling client returns it.
    pub fn presence_revision(&self) -> u64 {
        self.presence.revision()
    }

    fn open_session(
        &mut self,
        session: SessionId,
        dialect: Dialect,
        device: Option<DeviceKey>,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let state = match dialect {
            Dialect::V1 => {
                self.hello_deadlines.push_back((now.saturating_add(HELLO_MS), session));
                Session::Opened { member: self.find_member(device) }
            }
            Dialect::Text if !access::may_receive_nameless(&self.house) => {
                return out.push(Output::Close(session, CloseCode::SignedOut));
            }
            Dialect::Text => {
                self.last_tag = self.last_tag.saturating_add(1);
                out.push(Output::Attach(session, Vec::new()));
                Session::Text { tag: self.last_tag }
            }
        };
        self.sessions.insert(session, state);
    }

    fn close_session(&mut self, session: SessionId, now: u64, out: &mut Vec<Output>) {
        self.waiting_cursors.remove(session);
        let recovery = self.recoveries.remove(&session);
        let state = self.sessions.remove(&session);
        if let Some(read) = recovery.and_then(|recovery| recovery.read()) {
            self.cancel_recovery_read(read, out);
        }
        if let Some(Session::Member { member, reads, .. }) = &state {
            reads.iter().for_each(|read| self.cancel_read(*member, *read, out));
            self.start_waiting_reads(out);
        }
        if let Some(Session::Member { member, away, kind, device, .. }) = state {
            match (kind, device) {
                (SessionKind::WebSocket | SessionKind::EventStream, _) => self.presence.close(member, away),
                (SessionKind::Poll, Some(device)) => self.pollers.end_poll(device, member, now),
                _ => {}
            }
            if let Some(sessions) = self.sessions_by_member.get_mut(&member) {
                sessions.retain(|other| *other != session);
                if sessions.is_empty() {
                    self.sessions_by_member.remove(&member);
                }
            }
        }
    }

    fn close_sessions_without_hello(&mut self, now: u64, out: &mut Vec<Output>) {
        while let Some((_, session)) = self.hello_deadlines.pop_front_if(|(deadline, _)| *deadline <= now) {
            if let Some(Session::Opened { .. }) = self.sessions.get(&session) {
                out.push(Output::Close(session, CloseCode::Hello));
            }
        }
    }
}

/// Refuses a command.
fn refuse(session: SessionId, reference: Option<u64>, code: ErrorCode, out: &mut Vec<Output>) {
    out.push(Output::Send(session, Event::Error(Refusal::new(reference, code))));
}

#[cfg(test)]
mod tests;
