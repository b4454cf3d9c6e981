//! What a client asks: client → server.

use crate::{ClientId, Cursor, ErrorCode, RoomId};
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
    /// Whether the person is at the page.
    Presence(Presence),
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

/// The person came back to the page, or left it open and went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
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

    /// Why it could not be read. The slow way, taken for bad frames only.
    fn explain(frame: &str) -> ParseCommandError {
        let value: serde_json::Value = serde_json::from_str(frame).unwrap_or_default();
        let reference = value.get("ref").and_then(serde_json::Value::as_u64);
        let code = match value.get("type").and_then(serde_json::Value::as_str) {
            None => ErrorCode::Unparsable,
            Some("hello" | "post" | "presence" | "ping" | "pong") => ErrorCode::BadField,
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
        assert_eq!(Command::parse(frame), Ok(Command::Presence(Presence { away: true })));
    }
}
