//! One socket of an attack. It ignores every advice of the server, such as `Retry-After`.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use shared::Command;
use shared::command::{Hello, HistoryQuery, PageAnchor};
use shared::limits::PLAIN_BYTES_MAX;

use super::LONG_ROOM;
use super::attack_counts::AttackCounts;
use super::request::RequestWriter;
use crate::arguments::AttackKind;
use crate::linux::dial::{DialOptions, dial};
use crate::linux::frame::{Opcode, encode};
use crate::linux::handshake;
use crate::linux::response::Response;
use crate::linux::session::MASK;

/// The hostile address.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Interval at which a socket sends a little, so that it does not count as silent.
const DRIP_INTERVAL: Duration = Duration::from_secs(5);
/// Pause after a refused request.
const REFUSED_PAUSE: Duration = Duration::from_millis(200);
/// Bytes that are sent at once of a message that is never finished. The longest has 65,536.
const UNFINISHED_BYTES: usize = 60_000;
/// Pages that a stalled reader requests; more would be refused.
const PAGES: u64 = 4;
/// Receive buffer of a stalled reader in bytes, the smallest that the kernel gives.
const STALLED_RECEIVE_BYTES: usize = 4_096;
/// Longest TCP segment of a stalled reader, as on Ethernet.
const SEGMENT_BYTES: u32 = 1_460;

/// A socket that misuses the server.
pub(super) struct Attacker {
    kind: AttackKind,
    port: u16,
    cookie: String,
    requests: RequestWriter,
    stream: Option<TcpStream>,
    state: State,
    out: Vec<u8>,
    /// Head of the answer to the handshake, as far as it has arrived.
    head: Vec<u8>,
    response: Response,
    /// Time at which the attacker acts by itself.
    wake_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The answer to the handshake is awaited.
    Handshaking,
    /// The socket is held open, and everything that arrives is dropped.
    Holding,
    /// The socket is held open and never read.
    Stalling,
    /// The response to a request is awaited, or a pause after it.
    Requesting,
}

/// Result of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The attacker waits for its socket.
    Pending,
    /// The attacker acts at this time.
    WakeAt(Instant),
    /// The socket is gone.
    Ended,
}

impl Attacker {
    pub(super) fn new(kind: AttackKind, number: u64, port: u16, cookie: String) -> Self {
        Self {
            kind,
            port,
            cookie,
            requests: RequestWriter::new(number),
            stream: None,
            state: State::Holding,
            out: Vec::new(),
            head: Vec::new(),
            response: Response::default(),
            wake_at: None,
        }
    }

    /// Socket of the attacker, if it has one.
    pub(super) fn stream(&self) -> Option<&TcpStream> {
        self.stream.as_ref()
    }

    /// Opens a socket and prepares its first bytes, which follow with the first event of the socket.
    pub(super) fn open(&mut self, port: u16) -> Outcome {
        let mut options = DialOptions { is_blocking: false, ..DialOptions::with_source(ADDRESS) };
        if self.kind == AttackKind::Readers {
            (options.receive_bytes, options.segment_bytes) =
                (Some(STALLED_RECEIVE_BYTES), Some(SEGMENT_BYTES));
        }
        self.out.clear();
        self.head.clear();
        self.stream = dial(port, &options).ok();
        if self.stream.is_none() {
            return Outcome::Ended;
        }
        let (state, first) = match self.kind {
            AttackKind::Heads => {
                (State::Holding, format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Tea: a"))
            }
            AttackKind::Messages => (State::Handshaking, handshake::request_text(port)),
            AttackKind::Readers => (State::Handshaking, handshake::request_v1(port, &self.cookie)),
            AttackKind::Polls | AttackKind::Joins | AttackKind::Rooms => {
                self.response = Response::default();
                (State::Requesting, self.requests.next(self.kind, port, &self.cookie))
            }
        };
        (self.state, self.out) = (state, first.into_bytes());
        if self.state == State::Holding { self.sleep(DRIP_INTERVAL) } else { Outcome::Pending }
    }

    /// Acts, if the attacker still waits for this time.
    pub(super) fn wake(&mut self, at: Instant) -> Outcome {
        if self.wake_at != Some(at) {
            return Outcome::Pending;
        }
        self.wake_at = None;
        match (self.state, self.kind) {
            (State::Handshaking, _) => return Outcome::Pending,
            (State::Requesting, _) => self.request(),
            (State::Stalling, _) => {
                encode(&mut self.out, Opcode::Text, Command::Ping.to_text().as_bytes(), Some(MASK));
            }
            (State::Holding, _) => self.out.push(b'a'),
        }
        match (self.flush(), self.state) {
            (false, _) => self.end(),
            (true, State::Requesting) => Outcome::Pending,
            (true, _) => self.sleep(DRIP_INTERVAL),
        }
    }

    /// Handles an event of the socket.
    pub(super) fn serve(&mut self, buffer: &mut [u8], is_gone: bool, counts: &mut AttackCounts) -> Outcome {
        if is_gone || !self.flush() {
            return self.end();
        }
        let mut outcome = Outcome::Pending;
        while self.state != State::Stalling {
            let Some(stream) = &mut self.stream else { break };
            match stream.read(buffer) {
                Ok(0) => return self.end(),
                Ok(count) => {
                    outcome = match self.read_bytes(&buffer[..count], counts) {
                        Outcome::Pending => outcome,
                        Outcome::Ended => return self.end(),
                        other => other,
                    };
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return self.end(),
            }
        }
        outcome
    }

    fn read_bytes(&mut self, bytes: &[u8], counts: &mut AttackCounts) -> Outcome {
        match self.state {
            State::Holding | State::Stalling => Outcome::Pending,
            State::Handshaking => self.read_handshake(bytes, counts),
            State::Requesting => {
                if self.response.push(bytes).is_err() {
                    return Outcome::Ended;
                }
                // The body is of no interest, but it must not fill the memory.
                self.response.take_body();
                if !self.response.is_over() {
                    return Outcome::Pending;
                }
                if self.response.status().is_some_and(|status| status < 300) {
                    counts.accepted += 1;
                    self.request();
                    if self.flush() { Outcome::Pending } else { Outcome::Ended }
                } else {
                    counts.refused += 1;
                    self.sleep(REFUSED_PAUSE)
                }
            }
        }
    }

    fn read_handshake(&mut self, bytes: &[u8], counts: &mut AttackCounts) -> Outcome {
        self.head.extend_from_slice(bytes);
        let Some(end) = handshake::head_bytes(&self.head) else { return Outcome::Pending };
        if !handshake::accepts_upgrade(&self.head[..end]) {
            counts.refused += 1;
            return Outcome::Ended;
        }
        counts.accepted += 1;
        if self.kind == AttackKind::Readers {
            self.state = State::Stalling;
            self.write_stalled_reader();
        } else {
            self.state = State::Holding;
            encode(&mut self.out, Opcode::Text, &[b'a'; PLAIN_BYTES_MAX], Some(MASK));
            self.out.truncate(UNFINISHED_BYTES);
        }
        if self.flush() { self.sleep(DRIP_INTERVAL) } else { Outcome::Ended }
    }

    fn write_stalled_reader(&mut self) {
        let hello = Hello {
            reference: 1,
            build: "bench".to_owned(),
            cursor: None,
            held: vec![],
            room: Some(LONG_ROOM),
        };
        let pages = (2..2 + PAGES).map(|reference| {
            Command::History(HistoryQuery { reference, room: LONG_ROOM, at: PageAnchor::Newest })
        });
        for command in std::iter::once(Command::Hello(hello)).chain(pages) {
            encode(&mut self.out, Opcode::Text, command.to_text().as_bytes(), Some(MASK));
        }
    }

    fn request(&mut self) {
        self.response = Response::default();
        let text = self.requests.next(self.kind, self.port, &self.cookie);
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes what waits, as far as the socket accepts it. Returns `false` if the socket is broken.
    fn flush(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        while !self.out.is_empty() {
            match stream.write(&self.out) {
                Ok(count) => drop(self.out.drain(..count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return true;
                }
                Err(_) => return false,
            }
        }
        true
    }

    fn sleep(&mut self, time: Duration) -> Outcome {
        let at = Instant::now() + time;
        self.wake_at = Some(at);
        Outcome::WakeAt(at)
    }

    fn end(&mut self) -> Outcome {
        (self.stream, self.wake_at) = (None, None);
        Outcome::Ended
    }
}

#[cfg(test)]
mod tests;
