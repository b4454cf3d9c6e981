//! Commands: the frames from client to server.

use crate::json::{DecodeError, FromJson, Json};
use crate::{Address, ClientId, Cursor, ErrorCode, RoomId};
use serde::{Deserialize, Serialize};

/// Frame of a v1 client. `ref` is the client's own number of the command; `reply` and `error` repeat it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Opens a session; the first frame of every connection.
    Hello(Hello),
    /// Posts a message to a room.
    Post(Post),
    /// Creates a room. The author becomes its first member.
    RoomCreate(RoomCreate),
    /// Changes name and description of a room.
    RoomChange(RoomChange),
    /// Joins a room.
    RoomJoin(RoomMove),
    /// Leaves a room.
    RoomLeave(RoomMove),
    /// Archives a room: nobody can write to it any more.
    RoomArchive(RoomMove),
    /// Restores an archived room.
    RoomRestore(RoomMove),
    /// Asks for a page of the room directory.
    Rooms(RoomsQuery),
    /// Asks for a page of a room's messages.
    History(HistoryQuery),
    /// Asks for the events of one address after a position.
    Events(EventsQuery),
    /// Moves the member's read marker of a room forward, or asks for it.
    MarkRead(MarkRead),
    /// Reports whether the person is at the page.
    Presence(PresenceReport),
    /// Asks for [`crate::Event::Pong`], to check that the connection is alive.
    Ping,
    /// Answers [`crate::Event::Ping`], so that the server does not close the connection as silent.
    Pong,
}

/// Opens a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Build of the page; any text from other clients.
    pub build: String,
    /// Cursor of the client; absent on its first visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Positions past `cursor` whose marks the client knows ([`crate::event::EventFrame::held`]), at most
    /// [`crate::limits::HELD_MAX`]: the log must have had them when it sent what the client holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Cursor>,
    /// Room whose messages come with `welcome`; the lobby if this is absent or the member is not in
    /// the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// Posts a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Id of the message; a retry carries the same.
    pub client_id: ClientId,
    /// Room the message is posted to.
    pub room: RoomId,
    /// Plain text of 1 to [`crate::limits::TEXT_BYTES_MAX`] bytes, not only white space.
    pub text: String,
}

/// Creates a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomCreate {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Id of the command; a retry carries the same.
    pub client_id: ClientId,
    /// Name of the room. The rules are those of members' names; it is unique among rooms.
    pub name: String,
    /// Description of at most [`crate::limits::DESCRIPTION_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Replaces name and description of a room, both at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChange {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Id of the command; a retry carries the same.
    pub client_id: ClientId,
    /// Room that is changed.
    pub room: RoomId,
    /// New name, under the rules of [`RoomCreate::name`].
    pub name: String,
    /// New description, under the rules of [`RoomCreate::description`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Joins, leaves, archives or restores a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMove {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Id of the command; a retry carries the same.
    pub client_id: ClientId,
    /// Room that the author joins, leaves, archives or restores.
    pub room: RoomId,
}

/// Asks for a page of the room directory, in the order of the ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomsQuery {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Text that a room's name must contain, in any case; empty for all rooms.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub find: String,
    /// Last room of the previous page; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<RoomId>,
}

/// Asks for a page of a room's messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Room whose messages are read.
    pub room: RoomId,
    /// Place in the room from which the page is read.
    pub at: PageAnchor,
}

/// Place in a room from which a page of history is read.
///
/// On the wire `"newest"`, `{"before":7}`, `{"after":7}`, `{"around":7}` or `{"date":1767225500000}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageAnchor {
    /// Newest messages of the room.
    Newest,
    /// Messages directly before this position.
    Before(u64),
    /// Messages directly after this position.
    After(u64),
    /// Half of the page before this position, the rest at and after it.
    Around(u64),
    /// Around the first message that was committed at this time (milliseconds since 1970) or later;
    /// around the newest if there is none.
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

/// Asks for the events of one address after a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsQuery {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Address whose events are read: a room that the member is in, or the member.
    pub to: Address,
    /// Last position that the client holds of this address.
    pub after: u64,
}

/// Moves the member's read marker of a room forward. [`crate::Event::ReadMarker`] answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// The client's number of this command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Room that the member has read.
    pub room: RoomId,
    /// Position up to which the member has read the room. One that is not past the marker, such as 0, moves
    /// nothing, and so only asks for the marker.
    pub n: u64,
}

/// Reports whether the person is at the open page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceReport {
    /// True if the person is away. The page sends it while no tab is visible.
    pub away: bool,
}

/// Error of a frame that is not a valid command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCommandError {
    /// The frame's `ref`, if it had one.
    pub reference: Option<u64>,
    /// Fault of the frame.
    pub code: ErrorCode,
}

impl Command {
    /// Parses a text frame.
    ///
    /// # Errors
    /// [`ErrorCode::Unparsable`], [`ErrorCode::UnknownCommand`] or [`ErrorCode::BadField`].
    pub fn parse(frame: &str) -> Result<Self, ParseCommandError> {
        serde_json::from_str(frame).map_err(|_| Self::find_fault(frame))
    }

    /// Writes the command as a text frame or the body of a request.
    pub fn to_text(&self) -> String {
        // The fields are strings and numbers, so writing cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the client's number of this command; 0 if nothing answers it.
    pub fn reference(&self) -> u64 {
        match self {
            Command::Hello(hello) => hello.reference,
            Command::Post(post) => post.reference,
            Command::RoomCreate(create) => create.reference,
            Command::RoomChange(change) => change.reference,
            Command::RoomJoin(room)
            | Command::RoomLeave(room)
            | Command::RoomArchive(room)
            | Command::RoomRestore(room) => room.reference,
            Command::Rooms(rooms) => rooms.reference,
            Command::History(history) => history.reference,
            Command::Events(events) => events.reference,
            Command::MarkRead(mark) => mark.reference,
            Command::Presence(_) | Command::Ping | Command::Pong => 0,
        }
    }

    /// Finds the reason why a frame does not parse. Slow, so it runs for bad frames only.
    fn find_fault(frame: &str) -> ParseCommandError {
        let value: serde_json::Value = serde_json::from_str(frame).unwrap_or_default();
        let reference = value.get("ref").and_then(serde_json::Value::as_u64);
        let code = match value.get("type").and_then(serde_json::Value::as_str) {
            None => ErrorCode::Unparsable,
            Some(
                "hello" | "post" | "room_create" | "room_change" | "room_join" | "room_leave"
                | "room_archive" | "room_restore" | "rooms" | "history" | "events" | "mark_read" | "presence"
                | "ping" | "pong",
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
    fn a_bad_frame_is_refused_with_its_code_and_ref() {
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
    fn a_deeply_nested_frame_is_refused() {
        let deep = "[".repeat(100_000);
        assert_eq!(Command::parse(&deep).unwrap_err().code, ErrorCode::Unparsable);
    }

    #[test]
    fn unknown_fields_of_a_command_are_ignored() {
        let frame = "{\"type\":\"presence\",\"away\":true,\"mood\":\"calm\"}";
        assert_eq!(Command::parse(frame), Ok(Command::Presence(PresenceReport { away: true })));
    }
}
