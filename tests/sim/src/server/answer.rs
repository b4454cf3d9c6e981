//! What the server tells a client, as bytes of an answer over HTTP or as a frame of a WebSocket: as the real server's
//! `http` modules write it (PROTOCOL.md §14).

use crate::network::{Down, Kind, Wire};
use crate::world::World;
use shared::api::Problem;
use shared::close::refusal_of;
use shared::{Cursor, ErrorCode, Event};

/// Milliseconds until the next poll, where none waits.
const AGAIN_MS: u64 = 2_000;

/// One thing to tell.
#[derive(Debug)]
pub(super) enum Told {
    Frame(String),
    /// The answer to a poll.
    Polled {
        frames: Vec<String>,
        through: Cursor,
        present: u64,
    },
    /// On a stream: all up to here has left.
    Through(Cursor),
    Closed(u16, String),
}

impl World {
    pub(super) fn tell(&mut self, wire: Wire, told: Told) {
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        let kind = connection.kind;
        let has_begun = std::mem::replace(&mut connection.has_begun, true);
        match (kind, told) {
            (Kind::Socket, Told::Frame(text)) => self.down(wire, Down::Frame(text)),
            (Kind::Socket, Told::Closed(code, reason)) => self.down(wire, Down::Closed(code, reason)),
            (Kind::Stream, Told::Frame(text)) => self.chunk(wire, format!("data: {text}\n\n")),
            (Kind::Stream, Told::Through(cursor)) => self.chunk(wire, format!("id: {cursor}\n\n")),
            (Kind::Stream, Told::Closed(code, reason)) if has_begun => {
                let close = format!(r#"{{"code":{code},"reason":"{reason}"}}"#);
                self.chunk(wire, format!("event: close\ndata: {close}\n\n"));
                self.down(wire, Down::End);
            }
            (Kind::Poll { waits }, Told::Polled { frames, through, present }) => {
                let (events, again_ms) = (frames.join(","), if waits { 0 } else { AGAIN_MS });
                let body = format!(
                    r#"{{"events":[{events}],"through":"{through}","present":{present},"again_ms":{again_ms}}}"#
                );
                self.down(wire, Down::Response(200, body));
            }
            (Kind::Request, Told::Frame(text)) => match Event::parse(&text) {
                Ok(Event::Error(refusal)) => {
                    let status = if refusal.temporary { 503 } else { 422 };
                    self.refuse(wire, status, refusal.code);
                }
                _ => self.down(wire, Down::Response(200, text)),
            },
            // Before there was anything to read it is a status.
            (_, Told::Closed(code, _)) => {
                let (status, problem) = refusal_of(code);
                self.refuse(wire, status, problem);
            }
            _ => {}
        }
    }

    fn refuse(&mut self, wire: Wire, status: u16, code: ErrorCode) {
        let body = serde_json::to_string(&Problem::new(status, code)).unwrap_or_default();
        self.down(wire, Down::Response(status, body));
    }

    /// Bytes of a stream: they may come in two pieces, cut anywhere.
    fn chunk(&mut self, wire: Wire, text: String) {
        let mut bytes = text.into_bytes();
        if self.chance.one_in(4) {
            let at = usize::try_from(self.chance.below(bytes.len() as u64)).unwrap_or(0);
            let rest = bytes.split_off(at);
            self.down(wire, Down::Chunk(bytes));
            bytes = rest;
        }
        self.down(wire, Down::Chunk(bytes));
    }
}
