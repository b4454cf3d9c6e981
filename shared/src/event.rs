//! What a client is told: server → client.
//!
//! Durable events carry `n` (position in the log), `to` (address) and `prev`
//! (the position before with the same address, 0 for the first), so they are
//! the same for every recipient. The others carry no position and are never
//! replayed.

mod answer;
mod durable;
mod presence;
mod snapshot;
pub mod trace;

pub use answer::{DirectoryRoom, EventsPage, HistoryPage, Refusal, Reply, RoomsPage};
pub use durable::{MemberJoined, MemberLeft, Posted, Renamed, RoomChanged, RoomCreated};
pub use presence::{Away, Gone, Here, Presence, Present};
pub use snapshot::{Reset, RoomEntry, RoomSnapshot, Welcome};
pub use trace::Trace;

use crate::json::{DecodeError, FromJson, Json};
use crate::{Address, Cursor};
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
    Rooms(RoomsPage),
    /// Answers `history`.
    History(Box<HistoryPage>),
    /// Answers `events`.
    Events(EventsPage),
    /// These members are at their pages.
    Here(Here),
    /// These members left their pages open and went.
    Away(Away),
    /// These members have no page open.
    Gone(Gone),
    /// Who is here, all anew.
    Present(Present),
    /// Answer with `pong`. Sent every [`crate::limits::PING_MS`].
    Ping(Through),
    /// Answers the client's `ping`.
    Pong(Through),
    /// Something that the server saw on this connection, which is traced.
    Trace(Trace),
    /// Durable, and from a newer server: only its place is known.
    #[serde(skip)]
    UnknownDurable(Position),
    /// From a newer server.
    Unknown,
}

impl Event {
    /// Reads one text frame.
    ///
    /// # Errors
    /// It is no event.
    pub fn parse(frame: &str) -> Result<Self, DecodeError> {
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
            Event::UnknownDurable(position) => return Some(*position),
            _ => return None,
        };
        Some(Position { n, to, prev })
    }
}

impl FromJson for Event {
    /// Reads the event that its `type` names.
    fn read(json: Json) -> Result<Self, DecodeError> {
        let mut object = json.into_object()?;
        let kind: String = object.field("type")?;
        let json = Json::Object(object);
        Ok(match &*kind {
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
            "here" => Event::Here(FromJson::read(json)?),
            "away" => Event::Away(FromJson::read(json)?),
            "gone" => Event::Gone(FromJson::read(json)?),
            "present" => Event::Present(FromJson::read(json)?),
            "ping" => Event::Ping(FromJson::read(json)?),
            "pong" => Event::Pong(FromJson::read(json)?),
            "trace" => Event::Trace(FromJson::read(json)?),
            // Of a newer server: a durable one keeps its place, in a frame of its own and among others.
            _ => Position::read(json).map_or(Event::Unknown, Event::UnknownDurable),
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

/// How far the other side has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Through {
    /// All that is addressed to this client up to here has left before this frame.
    pub through: Cursor,
}

crate::read! {
    Position { n, to, prev }
    Through { through }
}
