//! What a client asks: client → server.

use crate::json::{DecodeError, FromJson, Json};
use crate::{Address, ClientId, Cursor, ErrorCode, RoomId};
use serde::{Deserialize, Serialize};

/// One frame of a v1 client. `ref` is the client's own number for it: the
/// `reply` or `error` carries it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// The first frame of every connection.
    Hello(Hello),
    /// A message to a room.
    Post(Post),
    /// A new room, whose first member is its maker.
    RoomCreate(RoomCreate),
    /// Another name or description for a room.
    RoomChange(RoomChange),
    /// To be in a room.
    RoomJoin(RoomMove),
    /// To be in it no more.
    RoomLeave(RoomMove),
    /// Which rooms the house has.
    Rooms(RoomsQuery),
    /// Messages of a room that are not held yet.
    History(HistoryQuery),
    /// Events of one address that are missing.
    Events(EventsQuery),
    /// Whether the person is at the page.
    Presence(PresenceReport),
    /// Asks for a [`crate::event::Pong`]: is this connection still alive?
    Ping,
    /// Answers a [`crate::event::Ping`].
    Pong,
}

/// Opens a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The build of the page; free text for other clients.
    pub build: String,
    /// How far this client has read; absent on its first visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// The room whose messages come with `welcome`; the lobby, if it is absent or
    /// the member is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// Says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Made once per message: a retry carries the same.
    pub client_id: ClientId,
    /// Where it is said.
    pub room: RoomId,
    /// 1 to [`crate::limits::TEXT_BYTES_MAX`] bytes, not only white space.
    pub text: String,
}

/// Makes a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomCreate {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Made once per command: a retry carries the same.
    pub client_id: ClientId,
    /// A name as members have them, unique among the rooms.
    pub name: String,
    /// At most [`crate::limits::DESCRIPTION_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Names and describes a room anew: both as they shall be from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChange {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Made once per command: a retry carries the same.
    pub client_id: ClientId,
    /// Which room.
    pub room: RoomId,
    /// As in [`RoomCreate`].
    pub name: String,
    /// As in [`RoomCreate`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Joins a room or leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMove {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Made once per command: a retry carries the same.
    pub client_id: ClientId,
    /// Which room.
    pub room: RoomId,
}

/// Asks for the rooms of the house, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomsQuery {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Only rooms whose name has this in it, whatever its case; absent for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub find: String,
    /// Only rooms after this one: the last of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RoomId>,
}

/// Asks for a page of a room's messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Which room.
    pub room: RoomId,
    /// Which page of it.
    pub at: PageAnchor,
}

/// A page of history: by position, or where a date begins. On the wire
/// `"newest"`, `{"before":7}`, `{"after":7}`, `{"around":7}` or `{"date":1767225500000}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageAnchor {
    /// The newest messages.
    Newest,
    /// Those next before this position.
    Before(u64),
    /// Those next after this position.
    After(u64),
    /// Half of them before this position, the rest at and after it.
    Around(u64),
    /// Around the first message that was committed at this time (milliseconds since
    /// 1970) or later; the newest, if there is none.
    Date(u64),
}

impl FromJson for PageAnchor {
    fn read(json: Json) -> Result<Self, DecodeError> {
        let (kind, json) = match json {
            Json::Text(kind) if kind == "newest" => return Ok(PageAnchor::Newest),
            json => json.into_object()?.into_only()?,
        };
        let n = u64::read(json)?;
        match &*kind {
            "before" => Ok(PageAnchor::Before(n)),
            "after" => Ok(PageAnchor::After(n)),
            "around" => Ok(PageAnchor::Around(n)),
            "date" => Ok(PageAnchor::Date(n)),
            _ => Err(DecodeError("")),
        }
    }
}

/// Asks for the events of one address after a position that the client holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsQuery {
    /// The client's number for this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// A room that the member is in, or the member.
    pub to: Address,
    /// The last position that is held of it.
    pub after: u64,
}

/// The person came back to the page, or left it open and went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceReport {
    /// True while the page is hidden or idle.
    pub away: bool,
}

/// A frame that is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCommandError {
    /// The frame's `ref`, where it had one.
    pub reference: Option<u64>,
    /// What is wrong with it.
    pub code: ErrorCode,
}

impl Command {
    /// Reads one text frame.
    ///
    /// # Errors
    /// [`ErrorCode::Unparsable`], [`ErrorCode::UnknownCommand`] or [`ErrorCode::BadField`].
    pub fn parse(frame: &str) -> Result<Self, ParseCommandError> {
        serde_json::from_str(frame).map_err(|_| Self::explain(frame))
    }

    /// The text frame, or the body of the request, that carries this command.
    pub fn to_text(&self) -> String {
        // Texts and numbers only: writing them cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The client's number for this command; 0 where nothing answers it.
    pub fn reference(&self) -> u64 {
        match self {
            Command::Hello(hello) => hello.reference,
            Command::Post(post) => post.reference,
            Command::RoomCreate(create) => create.reference,
            Command::RoomChange(change) => change.reference,
            Command::RoomJoin(room) | Command::RoomLeave(room) => room.reference,
            Command::Rooms(rooms) => rooms.reference,
            Command::History(history) => history.reference,
            Command::Events(events) => events.reference,
            Command::Presence(_) | Command::Ping | Command::Pong => 0,
        }
    }

    /// Why it could not be read. The slow way, taken for bad frames only.
    fn explain(frame: &str) -> ParseCommandError {
        let value: serde_json::Value = serde_json::from_str(frame).unwrap_or_default();
        let reference = value.get("ref").and_then(serde_json::Value::as_u64);
        let code = match value.get("type").and_then(serde_json::Value::as_str) {
            None => ErrorCode::Unparsable,
            Some(
                "hello" | "post" | "room_create" | "room_change" | "room_join" | "room_leave" | "rooms"
                | "history" | "events" | "presence" | "ping" | "pong",
            ) => ErrorCode::BadField,
            Some(_) => ErrorCode::UnknownCommand,
        };
        ParseCommandError { reference, code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_frame_is_told_what_is_wrong_with_it() {
        let cases = [
            ("", ErrorCode::Unparsable, None),
            ("[1]", ErrorCode::Unparsable, None),
            ("{\"ref\":3}", ErrorCode::Unparsable, Some(3)),
            ("{\"type\":7,\"ref\":3}", ErrorCode::Unparsable, Some(3)),
            ("{\"type\":\"sing\",\"ref\":4}", ErrorCode::UnknownCommand, Some(4)),
            ("{\"type\":\"post\",\"ref\":5}", ErrorCode::BadField, Some(5)),
            ("{\"type\":\"post\",\"ref\":-1}", ErrorCode::BadField, None),
            ("{\"type\":\"presence\",\"away\":\"no\"}", ErrorCode::BadField, None),
        ];
        for (frame, code, reference) in cases {
            assert_eq!(Command::parse(frame), Err(ParseCommandError { reference, code }), "{frame}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_does_no_harm() {
        let deep = "[".repeat(100_000);
        assert_eq!(Command::parse(&deep).unwrap_err().code, ErrorCode::Unparsable);
    }

    #[test]
    fn unknown_fields_are_passed_over() {
        let frame = "{\"type\":\"presence\",\"away\":true,\"mood\":\"calm\"}";
        assert_eq!(Command::parse(frame), Ok(Command::Presence(PresenceReport { away: true })));
    }
}
