//! What a client is told: server → client.
//!
//! Durable events carry `n` (position in the log), `to` (address) and `prev`
//! (the position before with the same address, 0 for the first), so they are
//! the same for every recipient. The others carry no position and are never
//! replayed.

use crate::json::{Json, Read, Unreadable};
use crate::{Address, ClientId, Cursor, ErrorCode, Member, MemberId, Message, Room, RoomId, command::At};
use serde::Serialize;

/// One frame to a v1 client. Clients pass over a `type` that they do not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The session is open.
    Welcome(Box<Welcome>),
    /// A command was carried out.
    Reply(Reply),
    /// A command was refused; the connection lives on.
    Error(Refusal),
    /// Durable: somebody said something.
    Posted(Posted),
    /// Durable: somebody is a member of a room now.
    MemberJoined(MemberJoined),
    /// Durable: somebody is no longer a member of a room.
    MemberLeft(MemberLeft),
    /// Durable: somebody has another name.
    Renamed(Renamed),
    /// Durable: a room is there. The first event of its address.
    RoomCreated(RoomCreated),
    /// Durable: a room has another name or description.
    RoomChanged(RoomChanged),
    /// What the client holds of this room is to be replaced by this.
    Reset(Box<Reset>),
    /// All that a returning client had missed has left before this frame.
    CaughtUp(Through),
    /// Answers `rooms`.
    Rooms(Rooms),
    /// Answers `history`.
    History(Box<History>),
    /// Answers `events`.
    Events(Events),
    /// These members are at their pages.
    Here(Here),
    /// These members left their pages open and went.
    Away(Away),
    /// These members have no page open.
    Gone(Gone),
    /// Answer with `pong`. Sent every [`crate::limits::PING_MS`].
    Ping(Through),
    /// Answers the client's `ping`.
    Pong(Through),
    /// Durable, and from a newer server: only its place is known.
    #[serde(skip)]
    Later(Position),
    /// From a newer server.
    Unknown,
}

impl Event {
    /// Reads one text frame.
    ///
    /// # Errors
    /// It is no event.
    pub fn parse(frame: &str) -> Result<Self, Unreadable> {
        Event::read(Json::parse(frame)?)
    }

    /// Where a durable event stands; `None` for the others.
    pub fn position(&self) -> Option<Position> {
        let (n, to, prev) = match self {
            Event::Posted(event) => (event.n, event.to, event.prev),
            Event::MemberJoined(event) => (event.n, event.to, event.prev),
            Event::MemberLeft(event) => (event.n, event.to, event.prev),
            Event::Renamed(event) => (event.n, event.to, event.prev),
            Event::RoomCreated(event) => (event.n, event.to, event.prev),
            Event::RoomChanged(event) => (event.n, event.to, event.prev),
            Event::Later(position) => return Some(*position),
            _ => return None,
        };
        Some(Position { n, to, prev })
    }
}

impl Read for Event {
    /// Reads the event that its `type` names.
    fn read(json: Json) -> Result<Self, Unreadable> {
        let mut object = json.into_object()?;
        let kind: String = object.field("type")?;
        let json = Json::Object(object);
        Ok(match &*kind {
            "welcome" => Event::Welcome(Read::read(json)?),
            "reply" => Event::Reply(Read::read(json)?),
            "error" => Event::Error(Read::read(json)?),
            "posted" => Event::Posted(Read::read(json)?),
            "member_joined" => Event::MemberJoined(Read::read(json)?),
            "member_left" => Event::MemberLeft(Read::read(json)?),
            "renamed" => Event::Renamed(Read::read(json)?),
            "room_created" => Event::RoomCreated(Read::read(json)?),
            "room_changed" => Event::RoomChanged(Read::read(json)?),
            "reset" => Event::Reset(Read::read(json)?),
            "caught_up" => Event::CaughtUp(Read::read(json)?),
            "rooms" => Event::Rooms(Read::read(json)?),
            "history" => Event::History(Read::read(json)?),
            "events" => Event::Events(Read::read(json)?),
            "here" => Event::Here(Read::read(json)?),
            "away" => Event::Away(Read::read(json)?),
            "gone" => Event::Gone(Read::read(json)?),
            "ping" => Event::Ping(Read::read(json)?),
            "pong" => Event::Pong(Read::read(json)?),
            // Of a newer server: a durable one keeps its place, in a frame of its own and among others.
            _ => Position::read(json).map_or(Event::Unknown, Event::Later),
        })
    }
}

crate::read!(@serde Event);

/// Where a durable event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Its position in the log.
    pub n: u64,
    /// Whom it is addressed to.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
}

/// What a session starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Welcome {
    /// The `ref` of the `hello`.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The build of the page that this server serves.
    pub build: String,
    /// All that is addressed to this member up to here is in this frame or was sent before it.
    pub through: Cursor,
    /// Who the client is.
    pub you: Member,
    /// The session goes on from the client's cursor: what it missed follows, then
    /// `caught_up`. Otherwise what the client holds is of no use any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// The position that `rooms` describes.
    pub as_of: u64,
    /// The rooms that the member is in, the lobby first.
    pub rooms: Vec<RoomEntry>,
    /// The open room with its newest messages; absent where the session is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomSnapshot>,
    /// Members present, at most [`crate::limits::WELCOME_PRESENT_MAX`].
    pub present: Vec<Presence>,
    /// How many are present in all.
    pub present_count: u32,
}

/// A room that the member is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomEntry {
    /// Its id.
    pub id: RoomId,
    /// Its name; empty for the lobby, which has one in each language.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How many members are in it.
    pub members: u32,
    /// The position at which this member joined it. Another one than the client holds: it is
    /// another stay, and what is held of the room is of no use any more.
    pub joined: u64,
    /// The last event of its address.
    pub last: u64,
    /// How many messages it has.
    pub seq: u64,
}

/// A room at one position. A client applies an event to the room if and only
/// if the event's `n` is greater than `as_of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomSnapshot {
    /// Which room.
    pub room: RoomId,
    /// The position that this describes.
    pub as_of: u64,
    /// The last event of this address up to `as_of`, 0 if none: the `prev` of the next.
    pub last: u64,
    /// The newest messages, oldest first, at most [`crate::limits::SNAPSHOT_MESSAGES`].
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
    /// Today's names of the authors of `messages`.
    pub authors: Vec<Member>,
}

/// A present member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// Who.
    pub member: Member,
    /// The page is open, the person is not at it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
}

/// A command was carried out and, if it was durable, committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The position of what it made.
    pub n: u64,
    /// Its number in the room; 0 for what is no message.
    pub seq: u64,
    /// When it was committed: milliseconds since 1970.
    pub at: u64,
    /// The room that was made, or that it was about; absent for posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// A command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The `ref` of the command, where it had one.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// The number.
    pub code: ErrorCode,
    /// The number's name, for people who read frames.
    pub name: String,
    /// Whether the same command may succeed later.
    pub temporary: bool,
}

impl Refusal {
    /// The refusal of the command `reference` with this code.
    pub fn new(reference: Option<u64>, code: ErrorCode) -> Self {
        Refusal { reference, code, name: code.name().to_owned(), temporary: code.is_temporary() }
    }
}

/// A message was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// Its position in the log.
    pub n: u64,
    /// The room.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Its number in the room.
    pub seq: u64,
    /// When it was committed: milliseconds since 1970.
    pub at: u64,
    /// Who wrote it.
    pub author: MemberId,
    /// The author's name when it was written.
    pub name: String,
    /// Tells the connections of [`MemberId::PASSER_BY`] apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// The client's id for it.
    pub client_id: ClientId,
    /// Plain text.
    pub text: String,
}

impl Posted {
    /// The message as it stands in a snapshot.
    pub fn into_message(self) -> Message {
        let Posted { n, to: _, prev: _, seq, at, author, name, tag, client_id, text } = self;
        Message { n, seq, at, author, name, tag, client_id, text }
    }
}

/// A member joined a room. Told to the member with the room, and then to the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberJoined {
    /// Position in the log.
    pub n: u64,
    /// The room, or the member.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub member: Member,
    /// Which room, where it is told to the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
}

/// A member left a room; the lobby: the house. Told to the room, and then to the member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberLeft {
    /// Position in the log.
    pub n: u64,
    /// The room, or the member.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub member: MemberId,
    /// Which room, where it is told to the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// A room was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomCreated {
    /// Position in the log.
    pub n: u64,
    /// The room.
    pub to: Address,
    /// Always 0: nothing of this address is before it.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who made it.
    pub author: MemberId,
    /// The author's id for it.
    pub client_id: ClientId,
    /// The room.
    pub room: Room,
}

/// A room has another name or description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomChanged {
    /// Position in the log.
    pub n: u64,
    /// The room.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who changed it.
    pub author: MemberId,
    /// The author's id for it.
    pub client_id: ClientId,
    /// The room as it is now.
    pub room: Room,
}

/// A room anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reset {
    /// The `ref` of the `events` that this answers; absent in a replay.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// The room as the list of `welcome` has it, as of the snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<RoomEntry>,
    /// The room with its newest messages. What is held of it and does not touch them stays apart.
    pub room: RoomSnapshot,
}

/// A page of the rooms of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rooms {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// At most [`crate::limits::ROOMS_PAGE`].
    pub rooms: Vec<FoundRoom>,
    /// Whether there are more after these.
    pub more: bool,
}

/// A room of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundRoom {
    /// Its id.
    pub id: RoomId,
    /// Its name; empty for the lobby.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How many members are in it.
    pub members: u32,
    /// Whether this member is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
}

/// A page of a room's messages, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct History {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Which room.
    pub room: RoomId,
    /// What was asked for.
    pub at: At,
    /// Oldest first, at most [`crate::limits::HISTORY_MESSAGES`].
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there were newer ones when it was read.
    pub newer: bool,
    /// Today's names of the authors of `messages`.
    pub authors: Vec<Member>,
}

/// Events of one address, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Events {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The address.
    pub to: Address,
    /// Those after the position that was asked for.
    pub events: Vec<Event>,
    /// Whether there are more: ask again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// A member has another name, from now on and on what is already said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// Position in the log.
    pub n: u64,
    /// Where it is told.
    pub to: Address,
    /// The position before with the same address.
    pub prev: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who, with the new name.
    pub member: Member,
}

/// Came, or came back from being away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Here {
    /// Who; empty above [`crate::limits::PRESENCE_NAMED_MAX`].
    pub members: Vec<Member>,
    /// Up to which position the names are those of today. The word itself has no position: it may
    /// come behind a renaming that is newer.
    pub as_of: u64,
    /// How many are present now.
    pub count: u32,
}

/// Left the page open and went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Away {
    /// Who, with names: one may come in away; empty above [`crate::limits::PRESENCE_NAMED_MAX`].
    pub members: Vec<Member>,
    /// Up to which position the names are those of today. The word itself has no position: it may
    /// come behind a renaming that is newer.
    pub as_of: u64,
    /// How many are present now.
    pub count: u32,
}

/// Has no page open any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Who; empty above [`crate::limits::PRESENCE_NAMED_MAX`].
    pub members: Vec<MemberId>,
    /// How many are present now.
    pub count: u32,
}

/// How far the other side has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Through {
    /// All that is addressed to this client up to here has left before this frame.
    pub through: Cursor,
}

crate::read! {
    Position { n, to, prev }
    Welcome {
        reference as "ref", build, through, you, resumed or default, as_of or default, rooms or default,
        room, present, present_count,
    }
    RoomEntry { id, name, description or default, members, joined, last, seq }
    RoomSnapshot { room, as_of, last, messages, older, authors }
    Presence { member, away or default }
    Reply { reference as "ref", n, seq, at, room }
    Refusal { reference as "ref", code, name, temporary }
    Posted { n, to, prev, seq, at, author, name, tag, client_id, text }
    MemberJoined { n, to, prev, at, member, room }
    MemberLeft { n, to, prev, at, member, room }
    RoomCreated { n, to, prev, at, author, client_id, room }
    RoomChanged { n, to, prev, at, author, client_id, room }
    Reset { reference as "ref", entry, room }
    Rooms { reference as "ref", rooms, more }
    FoundRoom { id, name, description or default, members, joined or default }
    History { reference as "ref", room, at, messages, older, newer, authors }
    Events { reference as "ref", to, events, more or default }
    Renamed { n, to, prev, at, member }
    Here { members, as_of or default, count }
    Away { members, as_of or default, count }
    Gone { members, count }
    Through { through }
}
