//! HTTP requests of a hostile client, which keep the connection open.

use serde_json::json;
use shared::command::RoomCreate;
use shared::{ClientId, Command};

use crate::arguments::AttackKind;
use crate::linux::rng::Rng;

/// Writes the requests of one socket. Each join and each room has a name of its own.
pub(super) struct RequestWriter {
    rng: Rng,
}

impl RequestWriter {
    /// Requests of socket `number`.
    pub(super) fn new(number: u64) -> Self {
        Self { rng: Rng::new(number) }
    }

    /// The next request of a kind of attack; a poll for the kinds that do not send requests.
    pub(super) fn next(&mut self, kind: AttackKind, port: u16, cookie: &str) -> String {
        let name = format!("Storm {:x}", self.rng.next());
        match kind {
            AttackKind::Joins => post("/api/join", port, None, &json!({ "name": name }).to_string()),
            AttackKind::Rooms => {
                let client_id = ClientId(self.rng.bytes());
                let room = RoomCreate { reference: 1, client_id, name, description: String::new() };
                post("/api/command", port, Some(cookie), &Command::RoomCreate(room).to_text())
            }
            _ => format!(
                "GET /api/poll?begin=1&wait=0 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
            ),
        }
    }
}

fn post(path: &str, port: u16, cookie: Option<&str>, body: &str) -> String {
    let cookie = cookie.map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n{cookie}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_between_requests_and_between_sockets() {
        let mut names = std::collections::BTreeSet::new();
        for number in 0..100 {
            let mut requests = RequestWriter::new(number);
            for kind in [AttackKind::Joins, AttackKind::Rooms, AttackKind::Joins] {
                let text = requests.next(kind, 7, "th_1=ab");
                let (_, name) = text.split_once("Storm ").unwrap();
                let (name, _) = name.split_once('"').unwrap();
                assert!(names.insert(name.to_owned()), "{text}");
                assert!(shared::limits::NAME_CHARS_MAX >= "Storm ".len() + name.len());
            }
        }
    }

    #[test]
    fn a_post_request_states_its_content_length() {
        let text = post("/api/join", 7, Some("th_1=ab"), "{}");
        assert!(text.contains("Content-Length: 2\r\n"), "{text}");
        assert!(text.contains("Cookie: th_1=ab\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n{}"), "{text}");
    }
}
