//! What the client is told: by the browser, by the server, by the person.

pub use crate::connection_id::ConnectionId;
use crate::name_refusal::NameRefusal;
use crate::persisted::{Owner, StoredRows};
use crate::row_key::RowKey;
pub use crate::timer::Timer;
use crate::transport::{LastGood, Transport};
use shared::command::PageAnchor;
use shared::{ClientId, Cursor, Event, Member, RoomId};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The page is there. `build` is its own (`dev` for a development build);
    /// `name` the one that was used the last time.
    Started {
        /// The page's own build.
        build: String,
        /// The name of the last visit, if it is remembered.
        name: Option<String>,
    },
    /// What an earlier visit learnt and the user wants, before [`Input::Started`].
    TransportHints {
        /// What worked.
        last_good: Option<LastGood>,
        /// What the user wants.
        pinned: Option<Transport>,
    },
    /// The user wants this transport and no other, or whichever is best.
    PinTransport(Option<Transport>),
    /// The user has said so on another page of the browser.
    TransportPinnedElsewhere(Option<Transport>),
    /// The browser says that the connection to the network is another.
    NetworkChanged,
    /// The server said who we are (`GET /api/me`), or could not be asked.
    IdentityFetched(Result<Option<Member>, Unreachable>),
    /// The answer to [`crate::effect::Effect::Join`] or `Rename`.
    Named(Result<Member, NameRefusal>),
    /// The answer to [`crate::effect::Effect::SignOut`].
    SignedOut(Result<(), Unreachable>),
    /// `open` of this connection.
    ConnectionOpened(ConnectionId),
    /// This connection is told by another page of the browser what it reads: how that does says nothing
    /// of the transport.
    FollowsLeader(ConnectionId),
    /// A text frame of this connection.
    FrameReceived(ConnectionId, String),
    /// An event that this connection read: as a frame that was read already.
    EventReceived(ConnectionId, Event),
    /// Everything addressed to us up to here came on this connection before.
    ThroughReceived(ConnectionId, Cursor),
    /// The answer to a command that went by a request of its own: an event as above, but no sign that what this
    /// connection reads still lives.
    AnswerReceived(ConnectionId, Event),
    /// `close` of this connection.
    ConnectionClosed {
        /// Which.
        socket: ConnectionId,
        /// The close code; 1006 where there was none.
        code: u16,
        /// The close reason, often empty.
        reason: String,
    },
    /// A timer that was set has come.
    TimerFired(Timer),
    /// The browser's `online` or `offline`.
    NetworkReported {
        /// What the browser says now; it can be wrong.
        online: bool,
    },
    /// The page came into view or went out of it.
    VisibilityChanged(bool),
    /// The person asks for this name.
    Join {
        /// As typed.
        name: String,
    },
    /// The person asks for another name.
    Rename {
        /// As typed.
        name: String,
    },
    /// The person leaves.
    SignOut,
    /// The answer to [`crate::effect::Effect::Load`]; none where nothing can be read.
    RowsLoaded(Option<StoredRows>),
    /// The answer to [`crate::effect::Effect::Keep`]. Every `Keep` is answered.
    RowSaved {
        /// Which row.
        key: RowKey,
        /// It is stored. False where nothing can be: the page goes on without.
        ok: bool,
    },
    /// The page is being closed or left (`pagehide`).
    Leaving,
    /// The person opens a room. One that we are not in is opened when we are.
    OpenRoom(RoomId),
    /// The reader comes to the first row that is shown.
    LoadOlder,
    /// The reader comes to the last row that is shown, and there are newer ones.
    LoadNewer,
    /// The reader wants to see the newest.
    JumpToLatest,
    /// The reader wants to see another place of the open room: `Around` a position, or a `Date`.
    Jump(PageAnchor),
    /// Whether the list is scrolled to its end; told when that changes.
    FollowEnd(bool),
    /// This is in the composer now.
    DraftChanged {
        /// Of which room.
        room: RoomId,
        /// All of it.
        text: String,
    },
    /// The person sends this; `client_id` is 16 random bytes from the system.
    /// The composer has checked the text with [`crate::compose::check`].
    ///
    /// If it is the room's draft, its text leaves the draft once its row is stored; of a draft
    /// that is being stored already, only what was typed since is sent.
    ///
    /// Passed over while [`crate::view::View::can_send`] is false. So are the next four.
    Send {
        /// New for each message.
        client_id: ClientId,
        /// Where it is said.
        room: RoomId,
        /// What is said.
        text: String,
    },
    /// The person makes a room; it is opened once it is there.
    CreateRoom {
        /// New for each command.
        client_id: ClientId,
        /// Its name.
        name: String,
        /// What it is for.
        description: String,
    },
    /// The person names and describes a room anew: both as they shall be.
    ChangeRoom {
        /// New for each command.
        client_id: ClientId,
        /// Which.
        room: RoomId,
        /// Its name.
        name: String,
        /// What it is for.
        description: String,
    },
    /// The person joins a room; it is opened once we are in it.
    JoinRoom {
        /// New for each command.
        client_id: ClientId,
        /// Which.
        room: RoomId,
    },
    /// The person leaves a room.
    LeaveRoom {
        /// New for each command.
        client_id: ClientId,
        /// Which.
        room: RoomId,
    },
    /// The person looks for rooms of the house, with this in their names.
    SearchDirectory {
        /// Empty: all.
        find: String,
    },
    /// The person wants to see more of them.
    LoadMoreDirectory,
    /// The person has found one, or not.
    CloseDirectory,
    /// What somebody else left behind is sent, and written on, by who is here now. What they may
    /// have sent themselves fails with [`crate::persisted::MAY_HAVE_ARRIVED`].
    TakeOver(Owner),
    /// What somebody else left behind is dropped.
    DiscardLeftBehind(Owner),
    /// The person wants a failed row sent again.
    Retry(RowKey),
    /// The person drops a failed row.
    Discard(RowKey),
    /// The person presses *reconnect now*.
    ReconnectNow,
    /// The person has read the notice of a new epoch.
    DismissEpoch,
}

/// The server could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;
