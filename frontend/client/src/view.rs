//! The view: plain data that the components draw.
//!
//! Components take a [`Slice`] of the view and emit [`crate::input::Input`]s. A slice is replaced only
//! if its content changed, so a component sees by the pointer that it need not render.

mod slice;

pub use crate::conversation::Conversation;
pub use crate::name_refusal::{COOKIES_BLOCKED, NameRefusal};
use crate::persisted::{CommandBody, Owner};
pub use crate::ready_state::ReadyState;
pub use crate::room_kind::RoomKind;
pub use crate::row_key::RowKey;
use crate::transport::Transport;
use shared::event::DirectoryRoom;
use shared::{ErrorCode, Member, MemberId, RoomId};
pub use slice::Slice;
use std::rc::Rc;

/// The data that the page shows, in slices. Scalars are compared by value and slices by pointer.
///
/// The text that the person types is in no slice, so a key press changes no view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The member of this page, or why there is none.
    pub identity: Slice<IdentityView>,
    /// State of the serving connection, or of the attempts to open one.
    pub connection: ConnectionStatus,
    /// The pinned transport.
    pub pinned: Option<Transport>,
    /// The member's rooms: the lobby first, then in the order of their names.
    pub rooms: Slice<[Slice<RoomItem>]>,
    /// The open conversations, of which the first is the open room's own. There is always at least one.
    pub panes: Slice<[Slice<Pane>]>,
    /// The draft of the open room, and what the composer needs to know besides.
    pub composer: Slice<ComposerView>,
    /// The members who are present.
    pub people: Slice<People>,
    /// Unsettled commands other than messages to the member's rooms.
    pub pending: Slice<[PendingCommand]>,
    /// The room directory, while the person browses it.
    pub directory: Option<Slice<DirectoryPage>>,
    /// Facts about the page as a whole that the person should know.
    pub notices: Slice<Notices>,
}

impl View {
    /// The view of a page on which nothing is known yet.
    pub fn empty() -> Self {
        View {
            identity: IdentityView::Unknown { failed: false }.into(),
            connection: ConnectionStatus::new(Transport::WebSocket, ReadyState::Closed),
            pinned: None,
            rooms: Slice::from([]),
            panes: Slice::from([Slice::from(Pane::empty(Conversation::LOBBY))]),
            composer: ComposerView {
                draft: DraftView { conversation: Conversation::LOBBY, text: Rc::default(), revision: 0 },
                waiting: 0,
                can_send: false,
                at_risk: AtRisk::Nothing,
            }
            .into(),
            people: People::default().into(),
            pending: Slice::from([]),
            directory: None,
            notices: Notices::default().into(),
        }
    }
}

impl View {
    /// The pane of the open room.
    pub fn pane(&self) -> &Slice<Pane> {
        &self.panes[0]
    }

    /// The open room.
    pub fn room(&self) -> RoomId {
        self.pane().conversation.room
    }
}

/// An open conversation: the window of its messages, and the state of both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pane {
    /// The open conversation.
    pub conversation: Conversation,
    /// The window of the conversation's messages, oldest first. Keys are unique.
    pub rows: Rc<[Rc<Row>]>,
    /// The state of the edge before `rows`.
    pub older: Edge,
    /// The state of the edge after `rows`.
    pub newer: Edge,
    /// Whether the messages were loaded, so that no rows mean no messages.
    pub loaded: bool,
    /// Whether `rows` ends at the end of the conversation and follows it.
    pub following: bool,
    /// The number of messages that arrived since the person left the end.
    pub new_below: u32,
    /// Whether a jump is under way.
    pub jumping: bool,
    /// Whether the last jump failed.
    pub jump_failed: bool,
    /// The target of the last jump. A new revision is a place to scroll to.
    pub jump_target: Option<JumpTarget>,
    /// The line above the new messages, if there are any.
    pub line: Option<NewLine>,
}

impl Pane {
    /// The pane of a conversation of which nothing is known yet.
    pub fn empty(conversation: Conversation) -> Self {
        Pane {
            conversation,
            rows: Rc::from([]),
            older: Edge::End,
            newer: Edge::End,
            loaded: false,
            following: true,
            new_below: 0,
            jumping: false,
            jump_failed: false,
            jump_target: None,
            line: None,
        }
    }
}

/// The line above messages that were new when the room was opened, or that came while nobody looked. It stays where
/// it is while the room is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The row below the line, which the window may lack; `None` while it is not loaded.
    pub before: Option<RowKey>,
    /// The number of messages of others below the line.
    pub count: u32,
    /// The time of the first of them, if it is loaded.
    pub since: Option<u64>,
    /// Whether some of the room's messages are unread.
    pub is_unread: bool,
}

/// The composer's part of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposerView {
    /// The draft of the conversation.
    pub draft: DraftView,
    /// The number of messages to all rooms that wait for the network.
    pub waiting: u32,
    /// Whether a new message is accepted: a member is signed in, and fewer than
    /// [`crate::limits::OUTBOX_ROWS_MAX`] commands are unsettled.
    ///
    /// While it is false, `Input::Send` is ignored and the composer keeps the text.
    pub can_send: bool,
    /// Text that is lost with the page.
    pub at_risk: AtRisk,
}

/// The members who are present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Present members in the order of their names, up to [`crate::limits::PEOPLE_MAX`].
    pub list: Vec<Person>,
    /// The number of present members, which may be greater than that of `list`.
    pub count: u32,
}

/// Facts about the page as a whole that the person should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Rows and drafts that previous members of this page left behind.
    pub left_behind: Slice<[LeftBehind]>,
    /// The room that the person opened without being in it, and what the directory says of it.
    pub unjoined_room: Option<UnjoinedRoom>,
    /// The room that was created or joined after the person had gone on elsewhere. It may not be in the list of
    /// rooms yet.
    pub ready_room: Option<RoomId>,
    /// Whether events are missing and on their way, so that the view may be incomplete.
    pub catching_up: bool,
    /// Whether the server serves another build of the page.
    pub new_version: bool,
    /// Whether the server began a new log, so that earlier messages are gone.
    pub new_epoch: bool,
}

/// Text that a reload of the page would lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtRisk {
    /// The browser stores everything that is written.
    #[default]
    Nothing,
    /// The browser stores nothing, and commands are not settled.
    Commands,
    /// The browser stores nothing, and there are drafts.
    Drafts,
}

/// The identity of this page's member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityView {
    /// The server has not answered yet.
    Unknown {
        /// Whether the request failed; it will be tried again.
        failed: bool,
    },
    /// Nobody is signed in; a name is wanted.
    Nobody {
        /// The initial text of the name field: the name of the last visit, if any.
        name: Rc<str>,
        /// Whether a join is under way.
        busy: bool,
        /// The reason why the last name was refused.
        refusal: Option<NameRefusal>,
        /// The time at which the page joins by itself because too many people join now, in milliseconds of the
        /// clock that inputs carry. Until then `busy` is true.
        retry_at: Option<u64>,
    },
    /// A member is signed in.
    Somebody {
        /// Member of this page, under the newest name that the page knows.
        me: Member,
        /// Whether a rename or a sign-out is under way.
        busy: bool,
        /// The reason why the last new name was refused.
        refusal: Option<NameRefusal>,
    },
}

/// The actual state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionStatus {
    /// The transport that serves or was tried last.
    pub transport: Transport,
    /// The connection's `readyState`.
    pub ready_state: ReadyState,
    /// Whether the server sent `welcome` on this connection.
    pub welcomed: bool,
    /// The time of the next attempt while there is no connection, in milliseconds of the monotonic
    /// clock.
    pub retry_at: Option<u64>,
    /// Whether the browser reports that there is no network.
    pub offline: bool,
    /// Whether the server has not answered for some seconds, although the connection is open.
    pub silent: bool,
}

impl ConnectionStatus {
    /// A connection without a `welcome`.
    pub fn new(transport: Transport, ready_state: ReadyState) -> Self {
        let (welcomed, retry_at, offline, silent) = (false, None, false, false);
        ConnectionStatus { transport, ready_state, welcomed, retry_at, offline, silent }
    }
}

/// A message as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key, which stays the same from local echo to history.
    pub key: RowKey,
    /// The author's present name.
    pub name: Rc<str>,
    /// The number that distinguishes passers-by, for [`MemberId::PASSER_BY`].
    pub tag: Option<u32>,
    /// Whether the member of this page wrote the message.
    pub mine: bool,
    /// Text of the message, as its author wrote it; not HTML.
    pub text: Rc<str>,
    /// The time in milliseconds since 1970: by the page's clock until the message is settled, then
    /// by the server's.
    pub at: u64,
    /// The progress of the message.
    pub state: RowState,
}

/// The progress of a message or command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// The server has committed the message or command.
    Settled,
    /// The client is connected and is sending it, or waits for the reply.
    Sending,
    /// The client sends it when it is connected again, or after a temporary refusal.
    Waiting,
    /// The server refused it permanently. The person can retry, copy or discard it.
    Failed(ErrorCode),
}

/// A present member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The member's id.
    pub id: MemberId,
    /// The present name.
    pub name: Rc<str>,
    /// Whether the member is away.
    pub away: bool,
    /// Whether this is the member of this page.
    pub me: bool,
}

/// A room that the member is in, as the list of rooms shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomItem {
    /// The room's id.
    pub id: RoomId,
    /// The room's name; empty for the lobby, whose name depends on the language.
    pub name: Rc<str>,
    /// The room's purpose.
    pub description: Rc<str>,
    /// The number of members, if it is known.
    pub members: Option<u32>,
    /// The number of unread messages.
    pub unread: u32,
    /// Whether the room has a draft.
    pub draft: bool,
    /// Whether a message to this room was refused and waits for the person's decision.
    pub failed: bool,
}

/// The state of an edge of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// There are no more messages.
    End,
    /// There are more messages.
    More,
    /// There are more messages, which are being fetched.
    Loading,
    /// There are more messages, which could not be fetched; a new request may help.
    Failed,
}

/// The target of a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JumpTarget {
    /// The row to scroll to.
    pub key: RowKey,
    /// A new number for each jump.
    pub revision: u32,
}

/// The draft of an open conversation. Two drafts of one conversation are equal if they have the same revision: the
/// composer knows the text that was typed since.
#[derive(Clone, Debug)]
pub struct DraftView {
    /// Conversation that the draft is written for.
    pub conversation: Conversation,
    /// The draft's whole text when this slice was made.
    pub text: Rc<str>,
    /// A new number whenever the text changes other than by typing. The composer takes the text
    /// only when this or `conversation` changes.
    pub revision: u64,
}

impl PartialEq for DraftView {
    fn eq(&self, other: &Self) -> bool {
        (self.conversation, self.revision) == (other.conversation, other.revision)
    }
}

impl Eq for DraftView {}

/// A command that is not a message to one of the member's rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingCommand {
    /// The key, for `Input::Retry` and `Input::Discard`.
    pub key: RowKey,
    /// Content of the command, for the notice about it.
    pub body: CommandBody,
    /// The progress of the command.
    pub state: RowState,
}

/// Rows and drafts that a previous member of this page left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The owner, for `Input::AdoptLeftBehind` and `Input::DiscardLeftBehind`.
    pub owner: Owner,
    /// The owner's name at that time.
    pub name: Rc<str>,
    /// The number of unsent commands.
    pub rows: u32,
    /// The number of drafts.
    pub drafts: u32,
    /// The messages in the order of sending, then the drafts. Empty while nobody is signed in: only a member of
    /// the house may read them.
    pub texts: Rc<[LeftText]>,
}

/// A message or draft that a previous member of this page left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftText {
    /// Room that the text is written for.
    pub room: RoomId,
    /// The whole text.
    pub text: Rc<str>,
    /// Whether the text is a draft, which stays in the composer.
    pub is_draft: bool,
}

/// The pages of the room directory that are loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The part of the name that was searched for.
    pub find: String,
    /// The rooms, in the order of their ids.
    pub rooms: Vec<DirectoryRoom>,
    /// Whether there are more rooms.
    pub edge: Edge,
}

/// A room that the person opened without being in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnjoinedRoom {
    /// Room that opens once the member has joined it.
    pub id: RoomId,
    /// Progress of the room's lookup, which finds its name.
    pub lookup: RoomLookupState,
}

/// The progress of the lookup of a room in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomLookupState {
    /// The directory is being searched.
    Searching,
    /// The room has this name.
    Found(Rc<str>),
    /// The house has no such room.
    NoSuchRoom,
    /// The house has more rooms than the client reads, or the directory was refused.
    Unlisted,
}
