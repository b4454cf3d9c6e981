//! The one entry: takes each input to the part that it concerns.

mod actions;
mod connection_events;
mod event;
mod frame;
mod requests;
mod show;
mod store;
mod welcome;

use crate::backoff::Backoff;
use crate::connection::{Connection, DeadlineAction};
use crate::conversations::paging::PageRequest;
use crate::conversations::room_directory::RoomDirectory;
use crate::conversations::rooms::Rooms;
use crate::effect::Effect;
use crate::identity::{Identity, IdentityOutcome};
use crate::input::Input;
use crate::jitter::Jitter;
use crate::members::Members;
use crate::outbox::Outbox;
use crate::outbox::drafts::Drafts;
use crate::outbox::foreign_rows::ForeignRows;
use crate::persisted::{CommandBody, Owner};
use crate::sync::gap_detector::GapDetector;
use crate::sync::reorder_buffer::ReorderBuffer;
use crate::timer::Timer;
use crate::view::view_cache::ViewCache;
use shared::command::PageAnchor;
use shared::event::Through;
use shared::{CloseCode, Cursor, Epoch, Event, MemberId};

/// The client's mind.
#[derive(Debug)]
pub struct Client {
    jitter: Jitter,
    /// The build of this page.
    build: String,
    /// The last `ref` that was given out.
    reference: u64,
    identity: Identity,
    connection: Connection,
    outbox: Outbox,
    shelf: ForeignRows,
    drafts: Drafts,
    /// Whose the drafts are, and under which name.
    drafts_of: Option<(Owner, String)>,
    rooms: Rooms,
    /// The events that are addressed to this member alone.
    own: ReorderBuffer,
    members: Members,
    browse: Option<RoomDirectory>,
    /// The log of what is held, and whose eyes it is for.
    epoch: Option<Epoch>,
    held_by: Option<MemberId>,
    /// How far the log is held; none where it is not known to be whole.
    cursor: Option<Cursor>,
    /// The last position that was heard of.
    seen: u64,
    /// The same when another name was asked for: the answer has no position.
    rename_seen: u64,
    catching_up: bool,
    /// The waits of questions that were refused for now, and whether one is on.
    asks: Backoff,
    asks_rest: bool,
    /// When the timer of the leases comes.
    lease_at: Option<u64>,
    /// The store is being read; and it was, once.
    loading: bool,
    loaded: bool,
    memory_only: bool,
    /// The page is in view.
    visible: bool,
    /// The page was left, and not shown again since.
    left: bool,
    /// The page was shown again, and the store is being looked into for that.
    shown: bool,
    new_version: bool,
    new_epoch: bool,
    screen: ViewCache,
}

impl Client {
    /// A client that knows nothing yet. `seed` spreads its waits, and nothing
    /// else depends on it.
    pub fn new(seed: u64) -> Self {
        Client {
            jitter: Jitter::new(seed),
            build: String::new(),
            reference: 0,
            identity: Identity::new(),
            connection: Connection::new(),
            outbox: Outbox::default(),
            shelf: ForeignRows::default(),
            drafts: Drafts::default(),
            drafts_of: None,
            rooms: Rooms::default(),
            own: ReorderBuffer::new(GapDetector::from(0)),
            members: Members::default(),
            browse: None,
            epoch: None,
            held_by: None,
            cursor: None,
            seen: 0,
            rename_seen: 0,
            catching_up: false,
            asks: Backoff::default(),
            asks_rest: false,
            lease_at: None,
            loading: false,
            loaded: false,
            memory_only: false,
            visible: true,
            left: false,
            shown: false,
            new_version: false,
            new_epoch: false,
            screen: ViewCache::new(),
        }
    }

    /// Takes one input at `now` (milliseconds since 1970 by the shell's clock,
    /// which may be wrong and may jump) and appends what is to be done to `out`.
    pub fn handle(&mut self, input: Input, now: u64, out: &mut Vec<Effect>) {
        self.dispatch(input, now, out);
        self.pump(now, out);
        let overdue_at = self.overdue_at();
        self.connection.note(now, out);
        self.connection.watch(overdue_at, out);
        self.watch_leases(out);
        let unsettled = self.outbox.posts_of(self.rooms.open_id());
        if let Some(room) = self.rooms.open_mut() {
            room.timeline.stands_before(unsettled);
        }
        self.screen.touch();
    }

    /// Whether `Input::Send` would be taken, as [`View::can_send`] says.
    pub fn can_send(&self) -> bool {
        self.identity.me().is_some() && !self.outbox.is_full()
    }

    fn dispatch(&mut self, input: Input, now: u64, out: &mut Vec<Effect>) {
        match input {
            Input::Started { build, name } => {
                self.build = build;
                self.load(out);
                self.identity.started(name, out);
            }
            Input::TransportHints { last_good: worked, pinned } => {
                self.connection.remember(worked);
                // Nothing is connected yet, so nothing is held back.
                drop(self.connection.pin(pinned, now, out));
            }
            Input::PinTransport(pinned) => {
                self.pin(pinned, now, out);
                out.push(Effect::RememberPin(pinned));
            }
            // It is remembered: what is kept may be newer by now.
            Input::TransportPinnedElsewhere(pinned) if pinned == self.connection.pinned() => {}
            Input::TransportPinnedElsewhere(pinned) => self.pin(pinned, now, out),
            Input::NetworkChanged => self.connection.forget(now, out),
            Input::IdentityFetched(answer) => {
                let turn = self.identity.told(answer, now, &mut self.jitter, out);
                self.turn(turn, now, out);
            }
            Input::Named(answer) => {
                let turn = self.identity.named(answer, now, &mut self.jitter, out);
                self.turn(turn, now, out);
            }
            Input::SignedOut(answer) => {
                let turn = self.identity.signed_out(answer, out);
                self.turn(turn, now, out);
            }
            Input::Join { name } => self.identity.join(name, out),
            Input::Rename { name } => {
                self.rename_seen = self.seen;
                self.identity.rename(name, out);
            }
            Input::SignOut => self.identity.sign_out(out),
            Input::ConnectionOpened(socket) => self.opened(socket, now, out),
            Input::FollowsLeader(socket) => self.connection.follows(socket),
            Input::FrameReceived(socket, text) => {
                // One that cannot be read is a sign of life. If it was an event of the log, the next one names it.
                let event = Event::parse(&text).unwrap_or(Event::Unknown);
                let whose = self.connection.heard(socket, now);
                self.take(whose, event, now, out);
            }
            Input::EventReceived(socket, event) => {
                let whose = self.connection.heard(socket, now);
                self.take(whose, event, now, out);
            }
            Input::ThroughReceived(socket, through) => {
                // What a `pong` says, which no request asks for.
                let whose = self.connection.heard(socket, now);
                self.take(whose, Event::Pong(Through { through }), now, out);
            }
            Input::AnswerReceived(socket, event) => self.take(self.connection.whose(socket), event, now, out),
            Input::ConnectionClosed { socket, code, reason } => self.closed(socket, code, &reason, now, out),
            Input::TimerFired(timer) => self.timer(timer, now, out),
            Input::NetworkReported { online } => {
                if online {
                    self.identity.ask_now(out);
                }
                let probe = self.connection.network(online, now, out);
                self.after_wake(probe, out);
            }
            Input::VisibilityChanged(visible) => self.seen(visible, now, out),
            Input::ReconnectNow => {
                if !self.identity.ask_now(out) {
                    self.connection.reconnect(now, out);
                    self.after_loss(out);
                }
            }
            Input::RowsLoaded(stored) => self.stored(stored, now, out),
            Input::RowSaved { key, ok } => self.kept(key, ok, out),
            Input::Leaving => {
                self.left = true;
                self.flush_drafts(out);
                self.outbox.release(out);
            }
            Input::OpenRoom(room) => self.rooms.enter(room),
            Input::LoadOlder => self.page(PageRequest::Older),
            Input::LoadNewer => self.page(PageRequest::Newer),
            Input::JumpToLatest => self.jump(PageAnchor::Newest),
            Input::Jump(at) => self.jump(at),
            Input::FollowEnd(at_end) => {
                if let Some(room) = self.rooms.open_mut() {
                    room.timeline.follow(at_end);
                }
            }
            Input::DraftChanged { room, text } => self.drafts.typed(room, &text, now, out),
            Input::Send { client_id, room, text } => self.say(client_id, room, &text, now, out),
            Input::CreateRoom { client_id, name, description } => {
                self.ask_for(client_id, CommandBody::Create { name, description }, now, out);
            }
            Input::ChangeRoom { client_id, room, name, description } => {
                self.ask_for(client_id, CommandBody::Change { room, name, description }, now, out);
            }
            Input::JoinRoom { client_id, room } => {
                self.ask_for(client_id, CommandBody::Join { room }, now, out)
            }
            Input::LeaveRoom { client_id, room } => {
                self.ask_for(client_id, CommandBody::Leave { room }, now, out)
            }
            Input::SearchDirectory { find } => self.browse = Some(RoomDirectory::new(find)),
            Input::LoadMoreDirectory => {
                if let Some(browse) = &mut self.browse {
                    browse.want_more();
                }
            }
            Input::CloseDirectory => self.browse = None,
            Input::TakeOver(owner) => self.take_over(owner, now, out),
            Input::DiscardLeftBehind(owner) => self.drop_left(owner, out),
            Input::Retry(key) => {
                if self.identity.me().is_some() {
                    self.outbox.retry(key, now, out);
                    self.settle_outbox(out);
                }
            }
            Input::Discard(key) => self.outbox.discard(key, out),
            Input::DismissEpoch => self.new_epoch = false,
        }
    }

    /// Follows a change of identity.
    fn turn(&mut self, turn: IdentityOutcome, now: u64, out: &mut Vec<Effect>) {
        match turn {
            IdentityOutcome::Nothing => {}
            IdentityOutcome::Connect => {
                self.make_way(true, out);
                self.connection.open(now, out);
                self.after_loss(out);
            }
            IdentityOutcome::Resume => {
                self.make_way(false, out);
                self.connection.resume(now, &mut self.jitter, out);
            }
            IdentityOutcome::Renamed => self.call_me_by_name(out),
            IdentityOutcome::Left => {
                // The next person at this page sees nothing of this one's.
                self.connection.rest(now, out);
                self.after_loss(out);
                self.put_away(out);
                self.rooms = Rooms::default();
                self.members = Members::default();
                self.browse = None;
                (self.epoch, self.held_by, self.cursor) = (None, None, None);
                self.catching_up = false;
                self.new_epoch = false;
            }
        }
        if !self.identity.is_clear() {
            self.stand_down(now, out);
        }
    }

    fn timer(&mut self, timer: Timer, now: u64, out: &mut Vec<Effect>) {
        match timer {
            Timer::Retry => {
                if !self.identity.ask_now(out) {
                    self.connection.retry(now, out);
                }
            }
            Timer::Silence => {
                let overdue_at = self.overdue_at();
                match self.connection.due(overdue_at, now) {
                    DeadlineAction::Nothing => {}
                    DeadlineAction::End => self.give_up(CloseCode::Silent, now, out),
                    DeadlineAction::Next => {
                        self.connection.turn_to_next(now, &mut self.jitter, out);
                        self.after_loss(out);
                    }
                    DeadlineAction::BesideBegins => self.connection.begin_beside(now, out),
                    DeadlineAction::BesideEnds => self.beside_failed(now, out),
                }
            }
            Timer::Resend => self.outbox.rested(),
            Timer::Request => self.asks_rested(),
            Timer::Draft => {
                self.drafts.timer_came();
                self.flush_drafts(out);
            }
            Timer::Lease => self.lease_came(now, out),
        }
    }

    /// Sends what may leave.
    fn pump(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.connection.is_live() {
            return;
        }
        let reference = &mut self.reference;
        let number = || {
            *reference = reference.wrapping_add(1);
            *reference
        };
        let commands = self.outbox.take_ready(now, number, out);
        for command in commands {
            self.transmit(command, out);
        }
        self.ask(now, out);
    }

    fn next_reference(&mut self) -> u64 {
        self.reference = self.reference.wrapping_add(1);
        self.reference
    }
}
