//! Events: the frames from server to client.
//!
//! A durable event carries `n` (its position in the log), `to` (its address) and `prev` (the position
//! of the event before it with the same address, 0 for the first). So it is the same for every
//! recipient. Ephemeral events carry no position and are never replayed.

mod answer;
mod durable;
mod frame;
mod presence;
mod read_marker;
mod snapshot;
pub mod trace;

pub use answer::{DirectoryRoom, EventsPage, HistoryPage, Refusal, Reply, RoomsPage};
pub use durable::{MemberJoined, MemberLeft, Posted, Renamed, RoomArchived, RoomChanged, RoomCreated};
pub use frame::EventFrame;
pub use presence::{Away, Gone, Here, Presence, Present};
pub use read_marker::{ReadMarker, RoomMarker};
pub use snapshot::{Reset, RoomEntry, RoomSnapshot, Welcome};
pub use trace::Trace;

use crate::json::{DecodeError, FromJson, Json};
use crate::{Address, Cursor};
use serde::{Deserialize, Deserializer, Serialize, de};

/// Frame to a v1 client. Clients ignore a `type` that they do not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Opens the session, in answer to `hello`.
    Welcome(Box<Welcome>),
    /// Confirms a durable command after its commit.
    Reply(Reply),
    /// Refuses a command; the connection stays open.
    Error(Refusal),
    /// Durable: a message was posted.
    Posted(Posted),
    /// Durable: a member joined a room.
    MemberJoined(MemberJoined),
    /// Durable: a member left a room.
    MemberLeft(MemberLeft),
    /// Durable: a member has a new name.
    Renamed(Renamed),
    /// Durable: a room was created. The first event of its address.
    RoomCreated(RoomCreated),
    /// Durable: a room has a new name or description.
    RoomChanged(RoomChanged),
    /// Durable: a room was archived.
    RoomArchived(RoomArchived),
    /// Durable: an archived room was restored.
    RoomRestored(RoomArchived),
    /// Replaces what the client holds of a room.
    Reset(Box<Reset>),
    /// Ends a replay: everything that the client missed was sent before this frame.
    CaughtUp(Through),
    /// Answers the command `rooms` with a page of the room directory.
    Rooms(RoomsPage),
    /// Answers the command `history` with a page of a room's messages.
    History(Box<HistoryPage>),
    /// Answers the command `events` with the missing events of one address.
    Events(EventsPage),
    /// Tells the member's read marker of a room. Answers the command `mark_read`, and comes to all sessions of the
    /// member when the marker has moved.
    ReadMarker(RoomMarker),
    /// Members are at their pages.
    Here(Here),
    /// Members are away from their open pages.
    Away(Away),
    /// Members have no page open.
    Gone(Gone),
    /// Lists the members present, in place of all that was sent before.
    Present(Present),
    /// Asks for `pong`. Sent every [`crate::limits::PING_MS`].
    Ping(Through),
    /// Answers the client's `ping`.
    Pong(Through),
    /// Reports what the server saw on this traced connection.
    Trace(Trace),
    /// Durable event of which only the position is known: its content in the log is damaged, or it is of a
    /// newer server. A server sends it as `unreadable`, and a client reads every unknown type as this.
    #[serde(rename = "unreadable")]
    UnknownDurable(Position),
    /// Ephemeral event of a newer server.
    Unknown,
}

impl Event {
    /// Parses a text frame.
    ///
    /// # Errors
    /// The text is not JSON, or not an event.
    pub fn parse(frame: &str) -> Result<Self, DecodeError> {
        Event::read_traced(Json::parse(frame)?)
    }

    /// Parses a text frame of a connection that is not traced: a `trace` is [`Event::Unknown`], and
    /// `room_archived` and `room_restored` are [`Event::UnknownDurable`]. The chat uses this function, and so
    /// does not contain the readers of these events, of which it shows nothing.
    ///
    /// # Errors
    /// The text is not JSON, or not an event.
    pub fn parse_untraced(frame: &str) -> Result<Self, DecodeError> {
        Event::read(Json::parse(frame)?)
    }

    /// Returns the position of a durable event; `None` for an ephemeral one.
    pub fn position(&self) -> Option<Position> {
        let (n, to, prev) = match self {
            Event::Posted(event) => (event.n, event.to, event.prev),
            Event::MemberJoined(event) => (event.n, event.to, event.prev),
            Event::MemberLeft(event) => (event.n, event.to, event.prev),
            Event::Renamed(event) => (event.n, event.to, event.prev),
            Event::RoomCreated(event) => (event.n, event.to, event.prev),
            Event::RoomChanged(event) => (event.n, event.to, event.prev),
            Event::RoomArchived(event) | Event::RoomRestored(event) => (event.n, event.to, event.prev),
            Event::UnknownDurable(position) => return Some(*position),
            _ => return None,
        };
        Some(Position { n, to, prev })
    }
}

impl FromJson for Event {
    /// Reads the event that the field `type` names, except those of [`Event::parse_untraced`]. No other frame
    /// contains a `trace`.
    fn read(json: Json) -> Result<Self, DecodeError> {
        let (kind, fields) = split_type(json)?;
        Event::of_type(&kind, fields)
    }
}

/// Takes the field `type` out of an object, and returns its value and the object.
fn split_type(json: Json) -> Result<(String, Json), DecodeError> {
    let mut object = json.into_object()?;
    let kind = object.field("type")?;
    Ok((kind, Json::Object(object)))
}

impl Event {
    /// Reads an event of any type, also those that the chat passes over.
    fn read_traced(json: Json) -> Result<Self, DecodeError> {
        let (kind, fields) = split_type(json)?;
        match &*kind {
            "trace" => Trace::read(fields).map(Event::Trace),
            "room_archived" => RoomArchived::read(fields).map(Event::RoomArchived),
            "room_restored" => RoomArchived::read(fields).map(Event::RoomRestored),
            _ => Event::of_type(&kind, fields),
        }
    }

    /// Reads an event from its fields, as [`Event::parse_untraced`] does.
    fn of_type(kind: &str, json: Json) -> Result<Self, DecodeError> {
        Ok(match kind {
            "welcome" => Event::Welcome(FromJson::read(json)?),
            "reply" => Event::Reply(FromJson::read(json)?),
            "error" => Event::Error(FromJson::read(json)?),
            "posted" => Event::Posted(FromJson::read(json)?),
            "member_joined" => Event::MemberJoined(FromJson::read(json)?),
            "member_left" => Event::MemberLeft(FromJson::read(json)?),
            "renamed" => Event::Renamed(FromJson::read(json)?),
            "room_created" => Event::RoomCreated(FromJson::read(json)?),
            "room_changed" => Event::RoomChanged(FromJson::read(json)?),
            "reset" => Event::Reset(FromJson::read(json)?),
            "caught_up" => Event::CaughtUp(FromJson::read(json)?),
            "rooms" => Event::Rooms(FromJson::read(json)?),
            "history" => Event::History(FromJson::read(json)?),
            "events" => Event::Events(FromJson::read(json)?),
            "read_marker" => Event::ReadMarker(FromJson::read(json)?),
            "here" => Event::Here(FromJson::read(json)?),
            "away" => Event::Away(FromJson::read(json)?),
            "gone" => Event::Gone(FromJson::read(json)?),
            "present" => Event::Present(FromJson::read(json)?),
            "ping" => Event::Ping(FromJson::read(json)?),
            "pong" => Event::Pong(FromJson::read(json)?),
            // A durable event of a newer server keeps its position, so that the client sees no gap.
            _ => Position::read(json).map_or(Event::Unknown, Event::UnknownDurable),
        })
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Event::read_traced(Json::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Position of a durable event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Position in the log.
    pub n: u64,
    /// Room or member that the event belongs to.
    pub to: Address,
    /// Position of the event before it with the same address; 0 for the first.
    pub prev: u64,
}

/// Position up to which the server has sent everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Through {
    /// Cursor up to which all events for this client were sent before this frame.
    #[serde(flatten, serialize_with = "crate::cursor::serialize_fields")]
    pub through: Cursor,
}

crate::read! {
    Position { n, to, prev }
    Through { through as "cursor" or "through" }
}
