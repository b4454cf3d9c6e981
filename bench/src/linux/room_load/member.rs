//! A member of the load: one connection, its posts and what it receives.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use shared::Command;

use crate::linux::failure::Failure;
use crate::linux::frame::{FrameReader, Opcode, encode};
use crate::linux::session::{MASK, Session};
use crate::linux::stamp::{Stamp, Text};

/// Beginning of a post's event.
const POSTED: &[u8] = b"{\"type\":\"posted\"";
/// Beginning of the text in a post's event.
const TEXT: &[u8] = b"\"text\":\"";
/// Beginning of a refusal.
const REFUSAL: &[u8] = b"{\"type\":\"error\"";
/// Beginning of the server's ping.
const PING: &[u8] = b"{\"type\":\"ping\"";

/// Connection of a member.
pub(super) struct RoomMember {
    stream: TcpStream,
    reader: FrameReader,
    out: Vec<u8>,
    is_open: bool,
}

/// Counts of what one reading brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Receipts {
    /// Messages of the load.
    pub(super) messages: u64,
    /// Refusals by the server.
    pub(super) refusals: u64,
}

impl RoomMember {
    pub(super) fn new(session: Session) -> std::io::Result<Self> {
        let (stream, reader) = session.into_parts();
        stream.set_nonblocking(true)?;
        Ok(Self { stream, reader, out: Vec::new(), is_open: true })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether the connection has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Sends a command, as far as the socket accepts it. The rest follows later.
    pub(super) fn send(&mut self, command: &Command) {
        encode(&mut self.out, Opcode::Text, command.to_text().as_bytes(), Some(MASK));
        self.flush();
    }

    /// Reads the socket once, and passes the stamp of each message of the load to `each`.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        text: &Text,
        mut each: impl FnMut(Stamp),
    ) -> Result<Receipts, Failure> {
        let mut receipts = Receipts::default();
        let count = match self.stream.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(receipts),
            Ok(count) if count > 0 => count,
            Ok(_) | Err(_) => {
                self.is_open = false;
                return Ok(receipts);
            }
        };
        let out = &mut self.out;
        let fed = self.reader.feed(&mut buffer[..count], |_, payload| {
            if payload.starts_with(POSTED) {
                if let Some(stamp) = find_stamp(payload, text) {
                    receipts.messages += 1;
                    each(stamp);
                }
            } else if payload.starts_with(REFUSAL) {
                receipts.refusals += 1;
            } else if payload.starts_with(PING) {
                encode(out, Opcode::Text, Command::Pong.to_text().as_bytes(), Some(MASK));
            }
        });
        self.flush();
        fed.map_err(|violation| Failure::new(format!("a malformed frame: {violation:?}")))?;
        Ok(receipts)
    }

    fn flush(&mut self) {
        if !self.out.is_empty()
            && let Ok(count) = self.stream.write(&self.out)
        {
            self.out.drain(..count);
        }
    }
}

/// Stamp in the text of a post's event.
fn find_stamp(payload: &[u8], text: &Text) -> Option<Stamp> {
    let at = payload.windows(TEXT.len()).rposition(|window| window == TEXT)?;
    let begin = at + TEXT.len();
    text.read(payload.get(begin..begin + text.bytes())?)
}

#[cfg(test)]
mod tests {
    use shared::Event;

    use super::*;

    #[test]
    fn a_stamp_is_found_in_the_event_of_a_post() {
        let mut text = Text::of(64);
        let stamp = Stamp { number: 3, sent_at: 9 };
        let written = String::from_utf8(text.write(stamp).to_vec()).unwrap();
        let posted = |text: &str| {
            let event = Event::parse(&format!(
                r#"{{"type":"posted","n":8,"to":{{"room":2}},"prev":7,"seq":1,"at":1,"author":5,
                "name":"\"text\":\"","client_id":"77d0e1f2a3b4c5d6e7f8091a2b3c4d5e","text":"{text}"}}"#
            ));
            serde_json::to_vec(&event.unwrap()).unwrap()
        };
        let payload = posted(&written);
        assert!(payload.starts_with(POSTED));
        assert_eq!(find_stamp(&payload, &text), Some(stamp));
        assert_eq!(find_stamp(&posted("hello"), &text), None);
    }
}
