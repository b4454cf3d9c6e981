//! A client that reconnects: its socket, its cursor and its backoff, which is the page's.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use client::limits::{BACKOFF_CEILING_MS, BACKOFF_EARLY_CEILING_MS, BACKOFF_EARLY_MS, BACKOFF_FIRST_MS};
use shared::command::Hello;
use shared::event::{Event, Welcome};
use shared::{Command, Cursor};

use crate::linux::dial::{DialOptions, dial};
use crate::linux::frame::{FrameReader, Opcode, Writer, encode};
use crate::linux::handshake;
use crate::linux::rng::Rng;
use crate::linux::session::MASK;

/// Beginning of a `welcome`.
const WELCOME: &[u8] = b"{\"type\":\"welcome\"";
/// Beginning of a `caught_up`.
const CAUGHT_UP: &[u8] = b"{\"type\":\"caught_up\"";
/// Beginning of the server's ping.
const PING: &[u8] = b"{\"type\":\"ping\"";

/// A member's client with at most one connection.
pub(super) struct ReturningClient {
    cookie: String,
    /// Address that the client connects from.
    source: Ipv4Addr,
    /// Cursor of the first `welcome`; `None` before it.
    cursor: Option<Cursor>,
    state: ConnectState,
    stream: Option<TcpStream>,
    out: Vec<u8>,
    head: Vec<u8>,
    reader: FrameReader,
    rng: Rng,
    failures: u32,
    /// Time of the first of the consecutive failures.
    failing_since: Option<Instant>,
    /// Time at which the client caught up after the last loss.
    pub(super) caught_up_at: Option<Instant>,
}

/// State of the client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectState {
    /// No connection; the next attempt starts at this time.
    Waiting(Instant),
    /// The response to the handshake is awaited.
    Handshaking,
    /// `welcome` and `caught_up` are awaited.
    CatchingUp,
    /// Everything is received.
    Live,
}

/// Outcome of an event of the client's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// No change to report.
    Pending,
    /// The client has received everything that it missed.
    CaughtUp,
    /// The connection is lost, or was refused.
    Lost,
}

impl ReturningClient {
    pub(super) fn new(cookie: String, source: Ipv4Addr, rng: Rng) -> Self {
        Self {
            cookie,
            source,
            cursor: None,
            state: ConnectState::Waiting(Instant::now()),
            stream: None,
            out: Vec::new(),
            head: Vec::new(),
            reader: FrameReader::new(Writer::Server),
            rng,
            failures: 0,
            failing_since: None,
            caught_up_at: None,
        }
    }

    /// Time of the next attempt, if the client waits for one.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        if let ConnectState::Waiting(at) = self.state { Some(at) } else { None }
    }

    /// Socket of the client, if it has one.
    pub(super) fn stream(&self) -> Option<&TcpStream> {
        self.stream.as_ref()
    }

    /// Begins an attempt to connect.
    pub(super) fn dial(&mut self, port: u16) -> Progress {
        self.out = handshake::request_v1(port, &self.cookie).into_bytes();
        self.head.clear();
        self.reader = FrameReader::new(Writer::Server);
        let options = DialOptions { is_blocking: false, ..DialOptions::with_source(self.source) };
        match dial(port, &options) {
            Ok(stream) => {
                (self.state, self.stream) = (ConnectState::Handshaking, Some(stream));
                Progress::Pending
            }
            Err(_) => self.schedule_retry(),
        }
    }

    /// Drops the connection and schedules the next attempt after the page's backoff (`client::backoff`): a
    /// random time below a ceiling that doubles.
    pub(super) fn schedule_retry(&mut self) -> Progress {
        let now = Instant::now();
        let since = *self.failing_since.get_or_insert(now);
        let is_early = now.duration_since(since) < Duration::from_millis(BACKOFF_EARLY_MS);
        let ceiling = if is_early { BACKOFF_EARLY_CEILING_MS } else { BACKOFF_CEILING_MS };
        let most = BACKOFF_FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(ceiling);
        self.failures += 1;
        self.state = ConnectState::Waiting(now + Duration::from_millis(self.rng.between(0, most)));
        self.stream = None;
        Progress::Lost
    }

    /// Handles an event of the socket: writes what waits and reads everything that has arrived.
    pub(super) fn serve(&mut self, buffer: &mut [u8]) -> Progress {
        let mut last = Progress::Pending;
        while last != Progress::Lost {
            // A refused connection fails at its first write.
            if !self.flush() {
                return self.schedule_retry();
            }
            let Some(stream) = &mut self.stream else { break };
            match stream.read(buffer) {
                Ok(0) => return self.schedule_retry(),
                Ok(count) => {
                    let progress = self.read_bytes(&mut buffer[..count]);
                    last = if progress == Progress::Pending { last } else { progress };
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return self.schedule_retry(),
            }
        }
        last
    }

    fn flush(&mut self) -> bool {
        if self.out.is_empty() {
            return true;
        }
        let out = std::mem::take(&mut self.out);
        // So few bytes fit into an empty socket buffer; if not, the socket is broken.
        self.stream.as_mut().is_some_and(|stream| stream.write(&out).is_ok_and(|count| count == out.len()))
    }

    fn read_bytes(&mut self, bytes: &mut [u8]) -> Progress {
        if self.state != ConnectState::Handshaking {
            return self.read_frames(bytes);
        }
        self.head.extend_from_slice(bytes);
        let Some(end) = handshake::head_bytes(&self.head) else { return Progress::Pending };
        let mut rest = self.head.split_off(end);
        if !handshake::accepts_upgrade(&self.head) {
            return self.schedule_retry();
        }
        self.state = ConnectState::CatchingUp;
        let hello =
            Hello { reference: 1, build: "bench".to_owned(), cursor: self.cursor, held: vec![], room: None };
        encode(&mut self.out, Opcode::Text, Command::Hello(hello).to_text().as_bytes(), Some(MASK));
        self.read_frames(&mut rest)
    }

    fn read_frames(&mut self, bytes: &mut [u8]) -> Progress {
        let (mut is_caught_up, mut is_over, mut welcome) = (false, false, None);
        let (cursor, out) = (&self.cursor, &mut self.out);
        let fed = self.reader.feed(bytes, |opcode, payload| {
            is_over |= opcode == Opcode::Close;
            is_caught_up |= payload.starts_with(CAUGHT_UP);
            if cursor.is_none() && payload.starts_with(WELCOME) {
                welcome = Some(String::from_utf8_lossy(payload).into_owned());
            }
            if payload.starts_with(PING) {
                encode(out, Opcode::Text, Command::Pong.to_text().as_bytes(), Some(MASK));
            }
        });
        if fed.is_err() || is_over || !self.flush() {
            return self.schedule_retry();
        }
        // On the first connection `welcome` brings everything.
        if let Some(text) = welcome
            && let Ok(Event::Welcome(welcome)) = Event::parse(&text)
        {
            let Welcome { through, .. } = *welcome;
            self.cursor = Some(through);
            is_caught_up = true;
        }
        if !is_caught_up || self.state != ConnectState::CatchingUp {
            return Progress::Pending;
        }
        self.state = ConnectState::Live;
        (self.failures, self.failing_since) = (0, None);
        self.caught_up_at = Some(Instant::now());
        Progress::CaughtUp
    }
}
