//! The facts that the client takes: from the browser, the server and the person.

pub use crate::connection_id::ConnectionId;
pub use crate::conversation::Conversation;
use crate::name_refusal::NameRefusal;
use crate::persisted::{Owner, StoredRows};
use crate::row_key::RowKey;
pub use crate::timer::Timer;
use crate::transport::{LastGood, Transport};
use shared::command::PageAnchor;
use shared::event::EventFrame;
use shared::{ClientId, Cursor, Member, RoomId};

/// A fact that the shell reports to the client. The core decides what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The page has loaded.
    Started {
        /// The build of the page; `dev` for a development build.
        build: String,
        /// The name of the last visit, if it is remembered.
        name: Option<String>,
        /// 16 random bytes from the system: the id of this page's first join.
        join_id: ClientId,
    },
    /// The stored transport choices, given before [`Input::Started`].
    TransportHints {
        /// The transport that last worked.
        last_good: Option<LastGood>,
        /// The transport that the person pinned.
        pinned: Option<Transport>,
    },
    /// The person pinned this transport, or unpinned it with `None`.
    PinTransport(Option<Transport>),
    /// The person pinned or unpinned a transport in another tab.
    TransportPinnedElsewhere(Option<Transport>),
    /// The browser reports that the network is another one.
    NetworkChanged,
    /// The name that the browser remembers now, reported before each answer to
    /// [`crate::effect::Effect::FetchIdentity`] if the storage can be read. There is none after signing out in
    /// another tab.
    NameRemembered(Option<String>),
    /// The answer to [`crate::effect::Effect::FetchIdentity`]: the member, or `None` if nobody is
    /// signed in.
    IdentityFetched(Result<Option<Member>, Unreachable>),
    /// The answer to [`crate::effect::Effect::Join`] or [`crate::effect::Effect::Rename`].
    Named(Result<Member, NameRefusal>),
    /// The answer to [`crate::effect::Effect::SignOut`].
    SignedOut(Result<(), Unreachable>),
    /// This connection opened.
    ConnectionOpened(ConnectionId),
    /// The leader tab reads for this connection. How long it lasts says nothing about the
    /// transport.
    FollowsLeader(ConnectionId),
    /// A text frame arrived on this connection.
    FrameReceived(ConnectionId, String),
    /// An event arrived on this connection, already decoded.
    EventReceived(ConnectionId, EventFrame),
    /// Cursor up to which all events for this member arrived on this connection.
    ThroughReceived(ConnectionId, Cursor),
    /// The answer to a command that had a request of its own.
    ///
    /// The event is applied as if this connection had read it, but does not show that its reading
    /// side still lives.
    AnswerReceived(ConnectionId, EventFrame),
    /// This connection closed.
    ConnectionClosed {
        /// Connection that closed, perhaps one that the client has already replaced.
        connection: ConnectionId,
        /// The close code; 1006 if there was none.
        code: u16,
        /// The close reason, often empty.
        reason: String,
    },
    /// A scheduled timer fired.
    TimerFired(Timer),
    /// The browser reported `online` or `offline`.
    NetworkReported {
        /// The report, which can be wrong.
        online: bool,
    },
    /// The page became visible (true) or hidden (false).
    VisibilityChanged(bool),
    /// The text that [`crate::effect::Effect::RememberMarks`] stored on an earlier visit, given before
    /// [`Input::Started`], or in another tab.
    MarksRemembered(String),
    /// Whether the browser's window has the focus; it has until the shell reports otherwise.
    FocusChanged(bool),
    /// The person has seen this row of the open room and everything above it: at least half of the row was in sight
    /// for [`crate::limits::SEEN_MS`], while the page was visible, had the focus and showed no dialog.
    RowSeen(RowKey),
    /// The person marks the open room as read.
    MarkRead,
    /// The person goes to the line above the new messages of the open room.
    JumpToLine,
    /// The person joins under this name.
    Join {
        /// The name as typed.
        name: String,
    },
    /// The person takes this name.
    Rename {
        /// The name as typed.
        name: String,
    },
    /// The person signs out.
    SignOut,
    /// The answer to [`crate::effect::Effect::LoadRows`]; `None` if the storage cannot be read.
    RowsLoaded(Option<StoredRows>),
    /// The answer to [`crate::effect::Effect::SaveRow`]. Every `SaveRow` has one.
    RowSaved {
        /// The key of the row.
        key: RowKey,
        /// Whether the row is stored. If not, the page continues without storage.
        ok: bool,
    },
    /// The answer to [`crate::effect::Effect::SaveDraft`] of a text that is not empty.
    DraftSaved {
        /// Conversation of the draft.
        conversation: Conversation,
        /// Whether the draft is stored. If not, the page warns that it would be lost.
        ok: bool,
    },
    /// Whether the browser's storage can be used. Reported when that changes; at first it is taken to be
    /// usable.
    StorageReported {
        /// Whether a write may succeed.
        usable: bool,
    },
    /// The page is being closed or left (`pagehide`).
    Leaving,
    /// The person opens a room. A room that the member is not in opens once the member is.
    OpenRoom(RoomId),
    /// The person reached the first shown row of an open conversation. This input and the next four are ignored
    /// for a conversation that is not open.
    LoadOlder(Conversation),
    /// The person reached the last shown row, and newer ones exist.
    LoadNewer(Conversation),
    /// The person jumps to the newest message.
    JumpToLatest(Conversation),
    /// The person jumps to another place: `Around` a position, or a `Date`.
    Jump(Conversation, PageAnchor),
    /// Whether the list is scrolled to its end; reported when that changes.
    FollowEnd(Conversation, bool),
    /// The text in the composer changed.
    DraftChanged {
        /// The conversation of the draft.
        conversation: Conversation,
        /// The draft's whole text.
        text: String,
    },
    /// The person sends a message.
    ///
    /// `client_id` is 16 random bytes from the system. The composer has checked the text with
    /// [`crate::composer_rules::check`].
    ///
    /// If the text is the conversation's draft, it leaves the draft once its row is stored, or once it is in the log. If a part of
    /// the draft is being stored already, only the rest is sent.
    ///
    /// This input and the next four are ignored while [`crate::view::View::can_send`] is false.
    Send {
        /// A new id for each message.
        client_id: ClientId,
        /// The conversation that the message is posted to.
        conversation: Conversation,
        /// The text of the message.
        text: String,
    },
    /// The person creates a room, which opens once it exists. If the person has gone on elsewhere by then, the
    /// page only offers the room, see [`crate::view::Notices::ready_room`].
    CreateRoom {
        /// A new id for each command.
        client_id: ClientId,
        /// The room's name.
        name: String,
        /// The room's purpose.
        description: String,
    },
    /// The person changes a room's name and description.
    ChangeRoom {
        /// A new id for each command.
        client_id: ClientId,
        /// The room to change.
        room: RoomId,
        /// The room's new name.
        name: String,
        /// The room's new purpose.
        description: String,
    },
    /// The person joins a room, which opens once the member is in it, or is offered as a created one is.
    JoinRoom {
        /// A new id for each command.
        client_id: ClientId,
        /// The room to join.
        room: RoomId,
    },
    /// The form that creates or joins a room was closed, by the person or because the room opened.
    RoomFormClosed,
    /// The person dismisses the offer to open the room that is ready.
    DismissReadyRoom,
    /// The person leaves a room.
    LeaveRoom {
        /// A new id for each command.
        client_id: ClientId,
        /// The room to leave.
        room: RoomId,
    },
    /// The person searches the room directory.
    SearchDirectory {
        /// A part of the name; empty for all rooms.
        find: String,
    },
    /// The person asks for the next page of the directory.
    LoadMoreDirectory,
    /// The person closes the directory.
    CloseDirectory,
    /// The person adopts rows and drafts that another person left behind.
    ///
    /// Messages that the other person's tab may have sent fail with
    /// [`crate::persisted::MAY_HAVE_ARRIVED`].
    AdoptLeftBehind(Owner),
    /// The person does not decide now about rows and drafts that another person left behind. The page shows them
    /// again when it is loaded the next time.
    DeferLeftBehind(Owner),
    /// The person discards rows and drafts that another person left behind.
    DiscardLeftBehind(Owner),
    /// The person sends a failed row again.
    Retry(RowKey),
    /// The person discards a failed row.
    Discard(RowKey),
    /// The person presses *reconnect now*.
    ReconnectNow,
    /// The person dismisses the notice of a new epoch.
    DismissEpoch,
}

/// The server could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;
