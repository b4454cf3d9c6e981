//! The encoding of the server's messages as WebSocket frames or as bytes of an HTTP response, like the real server's
//! `http` modules (PROTOCOL.md §14).

use crate::network::{ConnectionKind, ToPage, Wire};
use crate::world::World;
use shared::api::{PollResponse, Problem};
use shared::close::{refusal_of, status_of};
use shared::{Cursor, ErrorCode, Event};

/// Milliseconds until the next poll, for polls that do not wait.
const AGAIN_MS: u64 = 2_000;

/// A message of the server to a client.
#[derive(Debug)]
pub(super) enum ServerMessage {
    Frame(String),
    /// The response to a poll.
    Polled {
        frames: Vec<String>,
        through: Cursor,
        present: u64,
    },
    /// On a stream: everything up to this cursor has been sent.
    Through(Cursor),
    Closed(u16, String),
}

impl World {
    /// Sends a message in the form of its connection.
    pub(super) fn send_server_message(&mut self, wire: Wire, message: ServerMessage) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        let kind = connection.kind;
        let has_begun = std::mem::replace(&mut connection.has_begun, true);
        match (kind, message) {
            (ConnectionKind::WebSocket, ServerMessage::Frame(text)) => {
                self.send_to_page(wire, ToPage::Frame(text))
            }
            (ConnectionKind::WebSocket, ServerMessage::Closed(code, reason)) => {
                self.send_to_page(wire, ToPage::Closed(code, reason))
            }
            (ConnectionKind::Stream, ServerMessage::Frame(text)) => {
                self.send_chunks(wire, format!("data: {text}\n\n"))
            }
            (ConnectionKind::Stream, ServerMessage::Through(cursor)) => {
                self.send_chunks(wire, format!("id: {cursor}\n\n"))
            }
            (ConnectionKind::Stream, ServerMessage::Closed(code, reason)) if has_begun => {
                let close = format!(r#"{{"code":{code},"reason":"{reason}"}}"#);
                self.send_chunks(wire, format!("event: close\ndata: {close}\n\n"));
                self.send_to_page(wire, ToPage::End);
            }
            (ConnectionKind::Poll { waits }, ServerMessage::Polled { frames, through, present }) => {
                let again_ms = if waits { 0 } else { AGAIN_MS };
                let response = PollResponse { through, present, again_ms };
                let body = [PollResponse::HEAD, &frames.join(","), &response.tail(), "}"].concat();
                self.send_to_page(wire, ToPage::Response(200, body));
            }
            (ConnectionKind::Request, ServerMessage::Frame(text)) => match Event::parse(&text) {
                Ok(Event::Error(refusal)) => self.send_problem(wire, status_of(refusal.code), refusal.code),
                _ => self.send_to_page(wire, ToPage::Response(200, text)),
            },
            // Before the first byte of a response the close becomes a status.
            (_, ServerMessage::Closed(code, _)) => {
                let (status, problem) = refusal_of(code);
                self.send_problem(wire, status, problem);
            }
            _ => {}
        }
    }

    fn send_problem(&mut self, wire: Wire, status: u16, code: ErrorCode) {
        let body = serde_json::to_string(&Problem::new(status, code)).unwrap_or_default();
        self.send_to_page(wire, ToPage::Response(status, body));
    }

    /// Sends bytes of a stream, in a quarter of all cases in two chunks cut anywhere.
    fn send_chunks(&mut self, wire: Wire, text: String) {
        let mut bytes = text.into_bytes();
        if self.rng.one_in(4) {
            let at = usize::try_from(self.rng.below(bytes.len() as u64)).unwrap_or(0);
            let rest = bytes.split_off(at);
            self.send_to_page(wire, ToPage::Chunk(bytes));
            bytes = rest;
        }
        self.send_to_page(wire, ToPage::Chunk(bytes));
    }
}
