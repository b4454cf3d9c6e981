//! The requests of a session: their paths, bodies and timeouts.

use crate::limits::{COMMAND_MS, POLL_ANSWER_MS};
use crate::tabs::SessionIdentity;
use shared::command::Hello;
use shared::{Command, Cursor};
use std::fmt::Write;

/// Id of a request, unique within a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A request that the shell is to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Id that the shell repeats in the inputs about this request.
    pub id: RequestId,
    /// Endpoint and arguments.
    pub call: Call,
    /// Whether the server is to count the bytes of the request and its response.
    pub is_traced: bool,
}

/// Endpoint of a request, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Opens an event stream (`GET /api/events`). The shell reports its body chunk by chunk.
    Stream(Hello),
    /// Sends the first poll of a session (`GET /api/poll` with `begin=1`). The server answers it at once.
    FirstPoll {
        /// The client's `hello`, sent as parameters of the query.
        hello: Hello,
        /// Whether the page is hidden.
        is_away: bool,
    },
    /// Sends a further poll of a session (`GET /api/poll`).
    Poll {
        /// Cursor of the answer before.
        cursor: Cursor,
        /// Later positions, whose marks other answers told.
        held: Vec<Cursor>,
        /// Revision of presence in the answer before.
        present: u64,
        /// Greatest version of a read marker that the session has read.
        markers: u64,
        /// Whether the person is at none of the tabs.
        is_away: bool,
        /// Seconds that the poll may wait at the server for events; 0 for an answer at once.
        wait_s: u64,
        /// Member and epoch of the session. The server answers 401 if they do not match.
        identity: Option<SessionIdentity>,
    },
    /// Sends one command (`POST /api/command`). The response is a reply or a problem.
    Command {
        /// Member and epoch of the session; `None` before its `welcome`.
        identity: Option<SessionIdentity>,
        /// Command to send, as the JSON body of the request.
        command: Command,
    },
}

impl Request {
    /// Path and query of the request's URL.
    pub fn path(&self) -> String {
        let mut path = match &self.call {
            Call::Stream(hello) => format!("/api/events?{}", query_of(hello)),
            Call::FirstPoll { hello, is_away } => {
                format!("/api/poll?wait=0&{}&begin=1&away={}", query_of(hello), u8::from(*is_away))
            }
            Call::Poll { cursor, held, present, markers, is_away, wait_s, identity } => {
                let (away, identity) = (u8::from(*is_away), text_of(*identity));
                let cursor = format!("cursor={cursor}{}", listed(held));
                format!(
                    "/api/poll?wait={wait_s}&{cursor}&present={present}&markers={markers}&away={away}&{identity}"
                )
            }
            Call::Command { identity, .. } => format!("/api/command?{}", text_of(*identity)),
        };
        if self.is_traced {
            path.push_str("&trace=1");
        }
        path
    }

    /// Body of a `POST` (`application/json`); `None` if the request is a `GET`.
    pub fn body(&self) -> Option<String> {
        match &self.call {
            Call::Command { command, .. } => Some(command.to_text()),
            _ => None,
        }
    }

    /// Whether the shell is to report the body of a successful response chunk by chunk.
    pub fn is_stream(&self) -> bool {
        matches!(self.call, Call::Stream(_))
    }

    /// Milliseconds within which the whole response must arrive; `None` for a stream, which has no such
    /// limit.
    pub fn timeout_ms(&self) -> Option<u64> {
        match &self.call {
            Call::Stream(_) => None,
            Call::FirstPoll { .. } => Some(POLL_ANSWER_MS),
            Call::Poll { wait_s, .. } => Some(wait_s * 1_000 + POLL_ANSWER_MS),
            Call::Command { .. } => Some(COMMAND_MS),
        }
    }
}

fn text_of(identity: Option<SessionIdentity>) -> String {
    identity.map(|identity| identity.to_string()).unwrap_or_default()
}

/// The fields of `hello` as parameters of a query.
fn query_of(hello: &Hello) -> String {
    let mut query = format!("ref={}&build={}", hello.reference, percent_encoded(&hello.build));
    if let Some(cursor) = hello.cursor {
        query += &format!("&cursor={cursor}");
    }
    query += &listed(&hello.held);
    if let Some(room) = hello.room {
        query += &format!("&room={}", room.0);
    }
    query
}

/// The positions as a parameter of a query; empty if there are none.
fn listed(held: &[Cursor]) -> String {
    let mut query = String::new();
    for (index, held) in held.iter().enumerate() {
        query += &format!("{}{held}", if index == 0 { "&held=" } else { "," });
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
        Hello { reference: 3, build: build.to_owned(), cursor, held: vec![], room: Some(RoomId(2)) }
    }

    fn request(call: Call) -> Request {
        Request { id: RequestId(1), call, is_traced: false }
    }

    #[test]
    fn a_request_has_the_cursor_and_the_expected_identity() {
        let stream = request(Call::Stream(hello("dev")));
        assert_eq!(stream.path(), "/api/events?ref=3&build=dev&cursor=000000000000000a.7&room=2");
        assert_eq!((stream.body(), stream.is_stream()), (None, true));
        let first = request(Call::FirstPoll { hello: hello("dev"), is_away: true });
        let query = "ref=3&build=dev&cursor=000000000000000a.7&room=2";
        assert_eq!(first.path(), format!("/api/poll?wait=0&{query}&begin=1&away=1"));
        let identity = Some(SessionIdentity { member: MemberId(4), epoch: Epoch(10) });
        let cursor = "000000000000000a.8".parse().unwrap();
        let identified = "member=4&epoch=000000000000000a";
        for (held, listed) in
            [(vec![], ""), (vec![cursor, cursor], "&held=000000000000000a.8,000000000000000a.8")]
        {
            let poll =
                Call::Poll { cursor, held, present: 9, markers: 4, is_away: false, wait_s: 25, identity };
            assert_eq!(
                request(poll).path(),
                format!(
                    "/api/poll?wait=25&cursor=000000000000000a.8{listed}&present=9&markers=4&away=0&{identified}"
                )
            );
        }
        let command = request(Call::Command { identity, command: Command::Ping });
        assert_eq!(command.path(), format!("/api/command?{identified}"));
        assert_eq!(command.body().as_deref(), Some(r#"{"type":"ping"}"#));
        let traced =
            Request { is_traced: true, ..request(Call::Command { identity: None, command: Command::Ping }) };
        assert_eq!(traced.path(), "/api/command?&trace=1");
    }

    #[test]
    fn positions_past_the_cursor_are_listed_with_commas() {
        let held = ["000000000000000a.8.0000beef", "000000000000000a.9.0000beef"];
        let hello = Hello { held: held.map(|held| held.parse().unwrap()).to_vec(), ..hello("dev") };
        let path = request(Call::Stream(hello)).path();
        let query = format!("cursor=000000000000000a.7&held={},{}&room=2", held[0], held[1]);
        assert_eq!(path, format!("/api/events?ref=3&build=dev&{query}"));
    }

    #[test]
    fn a_build_is_escaped_for_the_query() {
        let path = request(Call::Stream(Hello { cursor: None, room: None, ..hello("a&b=茶 ~") })).path();
        assert_eq!(path, "/api/events?ref=3&build=a%26b%3D%E8%8C%B6%20~");
    }

    #[test]
    fn a_request_times_out_after_its_wait() {
        let cursor = "000000000000000a.8".parse().unwrap();
        let poll = |wait_s| Call::Poll {
            cursor,
            held: vec![],
            present: 0,
            markers: 0,
            is_away: false,
            wait_s,
            identity: None,
        };
        for (call, timeout) in [
            (Call::Stream(hello("dev")), None),
            (Call::FirstPoll { hello: hello("dev"), is_away: false }, Some(10_000)),
            (poll(0), Some(10_000)),
            (poll(25), Some(35_000)),
            (Call::Command { identity: None, command: Command::Ping }, Some(15_000)),
        ] {
            assert_eq!(request(call.clone()).timeout_ms(), timeout, "{call:?}");
        }
    }
}
