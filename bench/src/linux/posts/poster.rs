//! A poster: a member's connection, and the posts that wait for their replies.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use shared::command::Post;
use shared::{ClientId, Command, RoomId};

use crate::linux::failure::Failure;
use crate::linux::frame::{FrameReader, Opcode, encode};
use crate::linux::rng::Rng;
use crate::linux::session::{MASK, Session};

/// Text of each post.
const TEXT: &str = "The kettle is on, and a cup of Longjing waits for you by the window.";
/// Beginning of a reply.
const REPLY: &[u8] = b"{\"type\":\"reply\",\"ref\":";
/// Beginning of a refusal.
const REFUSAL: &[u8] = b"{\"type\":\"error\"";
/// Beginning of the server's ping.
const PING: &[u8] = b"{\"type\":\"ping\"";
/// First `ref` of a post, after those of the session's preparation.
const FIRST: u64 = 1_000;
/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1_024;

/// Connection of a member that posts.
pub(super) struct Poster {
    stream: TcpStream,
    reader: FrameReader,
    room: RoomId,
    rng: Rng,
    out: Vec<u8>,
    next: u64,
    /// Times at which the queued posts were due. They wait until a post in flight is answered.
    due: VecDeque<Instant>,
    /// Posts in flight: `ref`, and the time at which the post was due.
    in_flight: Vec<(u64, Instant)>,
    in_flight_max: usize,
}

impl Poster {
    pub(super) fn new(
        session: Session,
        room: RoomId,
        in_flight_max: usize,
        rng: Rng,
    ) -> std::io::Result<Self> {
        let (stream, reader) = session.into_parts();
        stream.set_nonblocking(true)?;
        let (out, due, in_flight) = (Vec::new(), VecDeque::new(), Vec::new());
        Ok(Self { stream, reader, room, rng, out, next: FIRST, due, in_flight, in_flight_max })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Posts that were due and are not answered yet.
    pub(super) fn unanswered(&self) -> usize {
        self.in_flight.len() + self.due.len()
    }

    /// Queues a post that is due since `since`.
    pub(super) fn queue_post(&mut self, since: Instant) {
        self.due.push_back(since);
    }

    /// Queues as many posts as may be in flight.
    pub(super) fn fill_queue(&mut self) {
        let now = Instant::now();
        for _ in self.unanswered()..self.in_flight_max {
            self.queue_post(now);
        }
    }

    /// Sends queued posts, as many as may be in flight, in one write.
    pub(super) fn send_due(&mut self) -> Result<(), Failure> {
        while self.in_flight.len() < self.in_flight_max
            && let Some(since) = self.due.pop_front()
        {
            let (reference, client_id) = (self.next, ClientId(self.rng.bytes()));
            self.next += 1;
            let post = Post { reference, client_id, room: self.room, text: TEXT.to_owned() };
            encode(&mut self.out, Opcode::Text, Command::Post(post).to_text().as_bytes(), Some(MASK));
            self.in_flight.push((reference, since));
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if self.out.is_empty() {
            return Ok(());
        }
        match self.stream.write(&self.out) {
            Ok(count) => drop(self.out.drain(..count)),
            // A few hundred bytes wait until the next reply.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(Failure::at("cannot send a post")(error)),
        }
        Ok(())
    }

    /// Reads the socket. Returns how many posts were answered and calls `each` with each latency.
    pub(super) fn read(&mut self, mut each: impl FnMut(Duration)) -> Result<u64, Failure> {
        let mut buffer = [0; READ_BYTES];
        let count = match self.stream.read(&mut buffer) {
            Ok(0) => return Err(Failure::new("a poster's connection ended")),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(Failure::at("cannot read a poster's connection")(error)),
        };
        let now = Instant::now();
        let (in_flight, out) = (&mut self.in_flight, &mut self.out);
        let (mut answered, mut refusal) = (0, None);
        let fed = self.reader.feed(&mut buffer[..count], |_, payload| {
            if let Some(rest) = payload.strip_prefix(REPLY) {
                let reference = leading_number(rest);
                if let Some(at) = in_flight.iter().position(|(in_flight, _)| *in_flight == reference) {
                    each(now.duration_since(in_flight.swap_remove(at).1));
                    answered += 1;
                }
            } else if payload.starts_with(REFUSAL) {
                refusal = Some(String::from_utf8_lossy(payload).into_owned());
            } else if payload.starts_with(PING) {
                encode(out, Opcode::Text, Command::Pong.to_text().as_bytes(), Some(MASK));
            }
        });
        fed.map_err(|violation| Failure::new(format!("a malformed frame: {violation:?}")))?;
        match refusal {
            Some(refusal) => Err(Failure::new(format!("a post was refused: {refusal}"))),
            None => Ok(answered),
        }
    }
}

/// Number at the beginning of the text.
fn leading_number(digits: &[u8]) -> u64 {
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use shared::{Event, event::Reply};

    use super::*;

    #[test]
    fn a_reply_begins_with_the_expected_bytes() {
        let reply = Event::Reply(Reply { reference: 1_234, n: 5, seq: 6, at: 7, room: None });
        let text = serde_json::to_string(&reply).unwrap();
        let rest = text.as_bytes().strip_prefix(REPLY).unwrap();
        assert_eq!(leading_number(rest), 1_234);
        assert_eq!(leading_number(b""), 0);
    }
}
