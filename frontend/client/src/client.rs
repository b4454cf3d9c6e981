//! The entry of the core: routes each input to the part that it concerns.

mod actions;
mod connection_events;
mod durable_events;
mod events;
mod reading;
mod requests;
mod storage;
mod view;
mod view_cache;
mod welcome;

use crate::backoff::Backoff;
use crate::connection::{Connection, DeadlineAction};
use crate::conversations::paging::PageRequest;
use crate::conversations::room_directory::RoomDirectory;
use crate::conversations::room_lookup::RoomLookup;
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
use crate::sync::requests::{RequestOwner, Requests};
use crate::timer::Timer;
use reading::MarkReports;
use shared::command::{Command, PageAnchor};
use shared::event::{EventFrame, Through};
use shared::{ClientId, CloseCode, Cursor, Epoch, Event, MemberId, Now};
use view_cache::ViewCache;

/// The state of one page.
#[derive(Debug)]
pub struct Client {
    jitter: Jitter,
    /// The build of this page.
    build: String,
    /// The last `ref` that was given to a command.
    last_reference: u64,
    identity: Identity,
    connection: Connection,
    outbox: Outbox,
    foreign_rows: ForeignRows,
    drafts: Drafts,
    /// The owner of the drafts, and the owner's name.
    drafts_of: Option<(Owner, String)>,
    rooms: Rooms,
    /// Events addressed to this member alone.
    own_events: ReorderBuffer,
    members: Members,
    directory: Option<RoomDirectory>,
    /// The lookup of the room that the person opened without being in it.
    lookup: Option<RoomLookup>,
    /// The log that the held messages come from, and the member that they were sent to.
    epoch: Option<Epoch>,
    held_by: Option<MemberId>,
    /// The position up to which everything is held; `None` if the client cannot tell.
    cursor: Option<Cursor>,
    /// Positions past the cursor with the marks that the server told: what is held belongs to logs that had them.
    held: Vec<Cursor>,
    /// The greatest position that any frame named.
    last_position: u64,
    /// The value of `last_position` when the last rename was requested; the answer names no
    /// position.
    rename_position: u64,
    is_catching_up: bool,
    requests: Requests,
    /// The waits after refused requests, and whether [`Timer::Request`] is scheduled.
    request_backoff: Backoff,
    has_request_timer: bool,
    /// The time of [`Timer::Lease`], if it is scheduled.
    lease_timer_at: Option<u64>,
    /// Whether the shell is reading the stored rows now.
    is_loading: bool,
    /// Whether the member's stored drafts were adopted.
    has_loaded: bool,
    /// The owner of rows and drafts that the person adopts or discards, once the stored ones are read, and the
    /// messages that were shown, which may be adopted; `None` to discard.
    left_behind_choice: Option<(Owner, Option<Vec<ClientId>>)>,
    /// Reads of the stored rows that failed in succession, and the time of the next attempt, if there is one.
    load_failures: u32,
    load_retry_at: Option<u64>,
    /// Whether the shell reports that nothing can be stored.
    is_storage_unusable: bool,
    /// Whether the page is visible.
    is_visible: bool,
    /// Whether the page was left and not shown again since.
    is_leaving: bool,
    /// Whether the page was shown again and the stored rows are being read for that reason.
    was_shown: bool,
    has_new_version: bool,
    has_new_epoch: bool,
    /// Whether the window has the focus.
    has_focus: bool,
    marks: MarkReports,
    view_cache: ViewCache,
}

impl Client {
    /// Creates a client without any knowledge; the first input is [`Input::Started`]. `seed` only determines
    /// the random part of waits.
    pub fn new(seed: u64) -> Self {
        Client {
            jitter: Jitter::new(seed),
            build: String::new(),
            last_reference: 0,
            identity: Identity::new(),
            connection: Connection::new(),
            outbox: Outbox::default(),
            foreign_rows: ForeignRows::default(),
            drafts: Drafts::default(),
            drafts_of: None,
            rooms: Rooms::default(),
            own_events: ReorderBuffer::new(GapDetector::from(0)),
            members: Members::default(),
            directory: None,
            lookup: None,
            epoch: None,
            held_by: None,
            cursor: None,
            held: Vec::new(),
            last_position: 0,
            rename_position: 0,
            is_catching_up: false,
            requests: Requests::default(),
            request_backoff: Backoff::default(),
            has_request_timer: false,
            lease_timer_at: None,
            is_loading: false,
            has_loaded: false,
            left_behind_choice: None,
            load_failures: 0,
            load_retry_at: None,
            is_storage_unusable: false,
            is_visible: true,
            is_leaving: false,
            was_shown: false,
            has_new_version: false,
            has_new_epoch: false,
            has_focus: true,
            marks: MarkReports::default(),
            view_cache: ViewCache::new(),
        }
    }

    /// Takes one input and appends the resulting effects to `out`.
    ///
    /// The times of [`Effect::ScheduleTimer`] and of [`crate::view::Connection::retry_at`] are those of the
    /// monotonic clock.
    pub fn handle(&mut self, input: Input, now: Now, out: &mut Vec<Effect>) {
        self.dispatch(input, now, out);
        self.drop_lookup();
        self.send_ready(now, out);
        self.remember_marks(out);
        let awaited_since = self.awaited_since();
        self.connection.remember_last_good(now, out);
        self.connection.schedule_deadline(awaited_since, out);
        self.schedule_lease_timer(out);
        self.count_unsettled();
        self.view_cache.mark_stale();
    }

    /// Counts the unsettled rows of the open room, which share the window's limit with its messages.
    fn count_unsettled(&mut self) {
        let unsettled = self.outbox.count_rows(self.rooms.open_id().into());
        if self.rooms.open().is_some_and(|room| room.timeline.unsettled() != unsettled)
            && let Some(room) = self.rooms.open_mut()
        {
            room.timeline.set_unsettled(unsettled);
        }
    }

    /// Whether `Input::Send` is accepted now, see [`crate::view::View::can_send`].
    pub fn can_send(&self) -> bool {
        self.identity.me().is_some() && !self.outbox.is_full()
    }

    fn dispatch(&mut self, input: Input, now: Now, out: &mut Vec<Effect>) {
        match input {
            Input::Started { build, name, join_id } => {
                self.build = build;
                self.load_rows(out);
                self.identity.start(name, join_id, out);
            }
            Input::TransportHints { last_good, pinned } => {
                self.connection.set_last_good(last_good, now);
                // Nothing is connected yet, so no event is buffered.
                drop(self.connection.pin_transport(pinned, now.mono, out));
            }
            Input::PinTransport(pinned) => {
                self.pin_transport(pinned, now, out);
                out.push(Effect::RememberPin(pinned));
            }
            // The pin is already in effect, and the stored choice may be newer: do not store it
            // again.
            Input::TransportPinnedElsewhere(pinned) if pinned == self.connection.pinned() => {}
            Input::TransportPinnedElsewhere(pinned) => self.pin_transport(pinned, now, out),
            Input::NetworkChanged => self.connection.forget_network(now.mono, out),
            Input::NameRemembered(name) => self.identity.set_remembered_name(name),
            Input::IdentityFetched(answer) => {
                let outcome = self.identity.apply_fetched(answer, now.mono, &mut self.jitter, out);
                self.follow_identity(outcome, now, out);
            }
            Input::Named(answer) => {
                let outcome = self.identity.apply_named(answer, now.mono, &mut self.jitter, out);
                self.follow_identity(outcome, now, out);
            }
            Input::SignedOut(answer) => {
                let outcome = self.identity.apply_signed_out(answer, out);
                self.follow_identity(outcome, now, out);
            }
            Input::Join { name } => self.identity.join(name, out),
            Input::Rename { name } => {
                self.rename_position = self.last_position;
                self.identity.rename(name, out);
            }
            Input::SignOut => self.identity.sign_out(out),
            Input::ConnectionOpened(connection) => self.handle_opened(connection, now, out),
            Input::FollowsLeader(connection) => self.connection.mark_follower(connection),
            Input::FrameReceived(connection, text) => {
                // An unreadable frame still shows that the connection lives.
                let frame = EventFrame::parse_or_unknown(&text);
                let outcome = self.connection.note_event(connection, now);
                self.note_answer(connection, &frame, now);
                self.route_event(outcome, frame, now, out);
            }
            Input::EventReceived(connection, frame) => {
                let outcome = self.connection.note_event(connection, now);
                self.note_answer(connection, &frame, now);
                self.route_event(outcome, frame, now, out);
            }
            Input::ThroughReceived(connection, through) => {
                // The position counts as a `pong`, which settles no request.
                let outcome = self.connection.note_event(connection, now);
                self.route_event(outcome, Event::Pong(Through { through }).into(), now, out);
            }
            Input::AnswerReceived(connection, frame) => {
                self.note_answer(connection, &frame, now);
                self.route_event(self.connection.route(connection), frame, now, out)
            }
            Input::ConnectionClosed { connection, code, reason } => {
                self.handle_closed(connection, code, &reason, now, out)
            }
            Input::TimerFired(timer) => self.fire_timer(timer, now, out),
            Input::NetworkReported { online } => {
                if online {
                    self.identity.fetch_now(out);
                }
                let liveness = self.connection.set_online(online, now, out);
                self.act_on_liveness(liveness, out);
            }
            Input::VisibilityChanged(visible) => self.set_visible(visible, now, out),
            Input::ReconnectNow => {
                if !self.identity.fetch_now(out) {
                    self.connection.reconnect(now.mono, out);
                    self.requeue_in_flight(out);
                }
            }
            Input::RowsLoaded(stored) => self.apply_loaded_rows(stored, now, out),
            Input::RowSaved { key, ok } => self.mark_row_saved(key, ok, out),
            Input::DraftSaved { conversation, ok } => self.drafts.note_saved(conversation, ok),
            Input::StorageReported { usable } => self.is_storage_unusable = !usable,
            Input::Leaving => {
                self.is_leaving = true;
                self.hurry_markers();
                self.flush_drafts(out);
                self.outbox.release(out);
            }
            Input::MarksRemembered(text) => self.take_remembered(text),
            Input::FocusChanged(has_focus) => self.has_focus = has_focus,
            Input::RowSeen(key) => self.mark_seen(key),
            Input::MarkRead => self.mark_open_read(now, out),
            Input::JumpToLine => self.jump_to_line(),
            Input::OpenRoom(room) => self.open_room(room),
            Input::LoadOlder(of) => self.load_page(of, PageRequest::Older),
            Input::LoadNewer(of) => self.load_page(of, PageRequest::Newer),
            Input::JumpToLatest(of) => self.jump_to(of, PageAnchor::Newest),
            Input::Jump(of, at) => self.jump_to(of, at),
            Input::FollowEnd(of, at_end) => {
                if let Some(room) = self.rooms.open_conversation_mut(of) {
                    room.timeline.set_at_end(at_end);
                }
            }
            Input::DraftChanged { conversation, text } => {
                self.rooms.go_on_in(conversation.room);
                self.drafts.set_text(conversation, &text, now.mono, out);
            }
            Input::Send { client_id, conversation, text } => {
                self.send_message(client_id, conversation, &text, now, out);
            }
            Input::CreateRoom { client_id, name, description } => {
                self.rooms.await_command(client_id, None);
                self.queue_command(client_id, CommandBody::create(name, description), now, out);
            }
            Input::ChangeRoom { client_id, room, name, description } => {
                self.queue_command(client_id, CommandBody::change(room, name, description), now, out);
            }
            Input::JoinRoom { client_id, room } => {
                self.rooms.await_command(client_id, Some(room));
                self.queue_command(client_id, CommandBody::join(room), now, out);
            }
            Input::RoomFormClosed => self.rooms.close_form(),
            Input::DismissReadyRoom => self.rooms.dismiss_ready_room(),
            Input::LeaveRoom { client_id, room } => {
                self.queue_command(client_id, CommandBody::leave(room), now, out)
            }
            Input::SearchDirectory { find } => {
                self.directory = Some(RoomDirectory::new(find));
                self.requests.forget(RequestOwner::Directory);
            }
            Input::LoadMoreDirectory => {
                if let Some(directory) = &mut self.directory {
                    directory.request_more();
                }
            }
            Input::CloseDirectory => self.directory = None,
            Input::AdoptLeftBehind(owner) => self.choose_left_behind(owner, true, out),
            Input::DeferLeftBehind(owner) => self.foreign_rows.defer(owner),
            Input::DiscardLeftBehind(owner) => self.choose_left_behind(owner, false, out),
            Input::Retry(key) => {
                if self.identity.me().is_some() {
                    if let Some(body) = self.outbox.retry(key, now, out)
                        && body.kind().opens_room()
                    {
                        self.rooms.await_command(key.client_id, body.room());
                    }
                    self.settle_outbox(out);
                }
            }
            Input::Discard(key) => self.outbox.discard(key, out),
            Input::DismissEpoch => self.has_new_epoch = false,
        }
    }

    /// Acts on a change of identity.
    fn follow_identity(&mut self, outcome: IdentityOutcome, now: Now, out: &mut Vec<Effect>) {
        match outcome {
            IdentityOutcome::Nothing => {}
            IdentityOutcome::Connect => {
                self.set_aside_predecessor(true, out);
                self.connection.open(now.mono, out);
                self.requeue_in_flight(out);
            }
            IdentityOutcome::Resume => {
                self.set_aside_predecessor(false, out);
                self.connection.resume(now.mono, &mut self.jitter, out);
            }
            IdentityOutcome::Renamed => self.refresh_own_name(out),
            IdentityOutcome::Left => {
                // The next person at this page must see nothing of this member.
                self.connection.close(now.mono, out);
                self.requeue_in_flight(out);
                self.set_aside_unsent(out);
                self.rooms = Rooms::default();
                self.members = Members::default();
                self.directory = None;
                (self.epoch, self.held_by, self.cursor) = (None, None, None);
                self.held.clear();
                self.is_catching_up = false;
                self.has_new_epoch = false;
            }
        }
        if !self.identity.is_known() {
            self.suspend_connection(now, out);
        }
    }

    fn fire_timer(&mut self, timer: Timer, now: Now, out: &mut Vec<Effect>) {
        match timer {
            Timer::Retry => {
                if !self.identity.fetch_now(out) && !self.identity.retry_join(out) {
                    self.connection.retry(now.mono, out);
                }
            }
            Timer::Silence => {
                let awaited_since = self.awaited_since();
                match self.connection.take_deadline(awaited_since, now.mono) {
                    DeadlineAction::Nothing => {}
                    DeadlineAction::Probe => self.transmit(Command::Ping, out),
                    DeadlineAction::GiveUp => self.give_up_connection(CloseCode::Silent, now, out),
                    DeadlineAction::FallBack => {
                        self.connection.fall_back_now(now.mono, &mut self.jitter, out);
                        self.requeue_in_flight(out);
                    }
                    DeadlineAction::BeginUpgrade => self.connection.begin_upgrade(now.mono, out),
                    DeadlineAction::FailUpgrade => self.fail_upgrade(now, out),
                }
            }
            Timer::Resend => self.outbox.retry_refused(),
            Timer::Request => self.retry_requests(),
            Timer::Draft => {
                self.drafts.note_timer_fired();
                self.flush_drafts(out);
            }
            Timer::Lease => self.renew_leases(now, out),
            Timer::Mark => self.note_mark_timer_fired(),
            Timer::Line => self.end_line(),
        }
    }

    /// Sends the commands and requests that may be sent now.
    fn send_ready(&mut self, now: Now, out: &mut Vec<Effect>) {
        if !self.connection.is_live() {
            return;
        }
        let reference = &mut self.last_reference;
        let number = || {
            *reference = reference.wrapping_add(1);
            *reference
        };
        // A row from an earlier visit goes before what was written since, so the first read must end.
        if self.has_loaded || !self.is_loading {
            for command in self.outbox.take_ready(now, number, out) {
                self.transmit(command, out);
            }
        }
        self.send_requests(now, out);
    }

    fn next_reference(&mut self) -> u64 {
        self.last_reference = self.last_reference.wrapping_add(1);
        self.last_reference
    }
}
