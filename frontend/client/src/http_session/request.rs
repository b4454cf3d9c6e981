//! The requests of a session: where they go, what they carry, and how long an answer may take.

use crate::limits::{COMMAND_MS, POLL_ANSWER_MS};
use crate::tabs::ExpectedIdentity;
use shared::command::Hello;
use shared::{Command, Cursor};
use std::fmt::Write;

/// Number of a request, new for each request of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// What it asks for.
    pub call: Call,
    /// The server is to count its bytes.
    pub is_traced: bool,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `GET /api/events`: a stream, whose answer is to be handed in chunk by chunk.
    Stream(Hello),
    /// `GET /api/poll` with `begin`: the first of a session. It does not wait.
    FirstPoll {
        /// What the session begins with.
        hello: Hello,
        /// The page is hidden.
        is_away: bool,
    },
    /// `GET /api/poll`: one that goes on.
    Poll {
        /// Cursor of the answer before.
        cursor: Cursor,
        /// Revision of presence in the answer before.
        present: u64,
        /// The person is at none of the tabs.
        is_away: bool,
        /// Seconds that it may wait at the server.
        wait_s: u64,
        /// Identity of the session.
        identity: Option<ExpectedIdentity>,
    },
    /// `POST /api/command`.
    Command {
        /// Identity of the session; none before its `welcome`.
        identity: Option<ExpectedIdentity>,
        /// The command.
        command: Command,
    },
}

impl Request {
    /// Path and query.
    pub fn path(&self) -> String {
        let mut path = match &self.call {
            Call::Stream(hello) => format!("/api/events?{}", query_of(hello)),
            Call::FirstPoll { hello, is_away } => {
                format!("/api/poll?wait=0&{}&begin=1&away={}", query_of(hello), u8::from(*is_away))
            }
            Call::Poll { cursor, present, is_away, wait_s, identity } => {
                let (away, identity) = (u8::from(*is_away), text_of(*identity));
                format!("/api/poll?wait={wait_s}&cursor={cursor}&present={present}&away={away}&{identity}")
            }
            Call::Command { identity, .. } => format!("/api/command?{}", text_of(*identity)),
        };
        if self.is_traced {
            path.push_str("&trace=1");
        }
        path
    }

    /// Body of a `POST` (`application/json`); none: it is a `GET`.
    pub fn body(&self) -> Option<String> {
        match &self.call {
            Call::Command { command, .. } => Some(command.to_text()),
            _ => None,
        }
    }

    /// Whether a successful answer is to be handed in chunk by chunk.
    pub fn is_stream(&self) -> bool {
        matches!(self.call, Call::Stream(_))
    }

    /// Milliseconds after which a request without a whole answer has failed; none: it may last.
    pub fn timeout_ms(&self) -> Option<u64> {
        match &self.call {
            Call::Stream(_) => None,
            Call::FirstPoll { .. } => Some(POLL_ANSWER_MS),
            Call::Poll { wait_s, .. } => Some(wait_s * 1_000 + POLL_ANSWER_MS),
            Call::Command { .. } => Some(COMMAND_MS),
        }
    }
}

fn text_of(identity: Option<ExpectedIdentity>) -> String {
    identity.map(|identity| identity.to_string()).unwrap_or_default()
}

/// Where the client stands, as a query.
fn query_of(hello: &Hello) -> String {
    let mut query = format!("ref={}&build={}", hello.reference, percent_encoded(&hello.build));
    if let Some(cursor) = hello.cursor {
        query += &format!("&cursor={cursor}");
    }
    if let Some(room) = hello.room {
        query += &format!("&room={}", room.0);
    }
    query
}

/// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            // Writing to a string cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{Epoch, MemberId, RoomId};

    fn hello(build: &str) -> Hello {
        let cursor = "000000000000000a.7".parse().ok();
        Hello { reference: 3, build: build.to_owned(), cursor, room: Some(RoomId(2)) }
    }

    fn request(call: Call) -> Request {
        Request { id: RequestId(1), call, is_traced: false }
    }

    #[test]
    fn a_request_says_where_the_client_stands_and_which_identity_it_expects() {
        let stream = request(Call::Stream(hello("dev")));
        assert_eq!(stream.path(), "/api/events?ref=3&build=dev&cursor=000000000000000a.7&room=2");
        assert_eq!((stream.body(), stream.is_stream()), (None, true));
        let first = request(Call::FirstPoll { hello: hello("dev"), is_away: true });
        let query = "ref=3&build=dev&cursor=000000000000000a.7&room=2";
        assert_eq!(first.path(), format!("/api/poll?wait=0&{query}&begin=1&away=1"));
        let identity = Some(ExpectedIdentity { member: MemberId(4), epoch: Epoch(10) });
        let cursor = "000000000000000a.8".parse().unwrap();
        let poll = request(Call::Poll { cursor, present: 9, is_away: false, wait_s: 25, identity });
        let identified = "member=4&epoch=000000000000000a";
        assert_eq!(
            poll.path(),
            format!("/api/poll?wait=25&cursor=000000000000000a.8&present=9&away=0&{identified}")
        );
        let command = request(Call::Command { identity, command: Command::Ping });
        assert_eq!(command.path(), format!("/api/command?{identified}"));
        assert_eq!(command.body().as_deref(), Some(r#"{"type":"ping"}"#));
        let traced =
            Request { is_traced: true, ..request(Call::Command { identity: None, command: Command::Ping }) };
        assert_eq!(traced.path(), "/api/command?&trace=1");
    }

    #[test]
    fn a_build_is_text_that_a_query_can_carry() {
        let path = request(Call::Stream(Hello { cursor: None, room: None, ..hello("a&b=茶 ~") })).path();
        assert_eq!(path, "/api/events?ref=3&build=a%26b%3D%E8%8C%B6%20~");
    }

    #[test]
    fn a_request_times_out_behind_its_wait() {
        let cursor = "000000000000000a.8".parse().unwrap();
        let poll = |wait_s| Call::Poll { cursor, present: 0, is_away: false, wait_s, identity: None };
        for (call, timeout) in [
            (Call::Stream(hello("dev")), None),
            (Call::FirstPoll { hello: hello("dev"), is_away: false }, Some(10_000)),
            (poll(0), Some(10_000)),
            (poll(25), Some(35_000)),
            (Call::Command { identity: None, command: Command::Ping }, Some(20_000)),
        ] {
            assert_eq!(request(call.clone()).timeout_ms(), timeout, "{call:?}");
        }
    }
}
