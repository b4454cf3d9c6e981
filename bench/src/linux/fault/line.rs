//! One socket of a page that never blocks: a WebSocket or a request, and what
//! came over it. A connection over plain HTTP is made of several.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use client::input::ConnectionId;
use rustix::net::sockopt;

use super::chain::{Noted, Part, Streamed, What};
use super::ledger::PageId;
use crate::linux::api::Answer;
use crate::linux::frame::{Opcode, Reader, Writer, encode};
use crate::linux::handshake;
use crate::linux::session::MASK;

/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// The code of a connection that ended without one.
const ABNORMAL: u16 = 1006;

/// The socket.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// Whose it is.
    pub(super) page: PageId,
    /// When it was opened.
    pub(super) opened: Instant,
    out: Vec<u8>,
    came: Vec<u8>,
    pub(super) purpose: Purpose,
}

/// What it is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A WebSocket.
    Socket(Socket),
    /// A request about who one is, which is given up at this time.
    Request(Ask, u64),
    /// A request of a connection that is made of them.
    Part(Part),
}

/// A WebSocket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: ConnectionId,
    /// There from the handshake on.
    reader: Option<Reader>,
    pub(super) noted: Noted,
}

/// A request about who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Me,
    Join(String),
    Rename(String),
    SignOut,
}

/// What a line tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Opened,
    Frame(String),
    /// It is over: the close code and its reason.
    Closed(u16, String),
    /// The answer, as much of it as came before the end.
    Answered(Option<Answer>),
    /// The answer to a request of a connection, status and body; none if it did not come whole.
    Responded(Option<(u16, Vec<u8>)>),
}

impl Line {
    /// Begins with this to be sent.
    pub(super) fn new(
        stream: TcpStream,
        page: PageId,
        purpose: Purpose,
        out: String,
    ) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        let out = out.into_bytes();
        Ok(Self { stream, page, opened: Instant::now(), out, came: Vec::new(), purpose })
    }

    /// The socket itself.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether bytes wait for the socket to take them.
    pub(super) fn is_full(&self) -> bool {
        !self.out.is_empty()
    }

    /// Queues a text frame.
    pub(super) fn transmit(&mut self, text: &str) {
        encode(&mut self.out, Opcode::Text, text.as_bytes(), Some(MASK));
    }

    /// Says that it is over, to whoever still listens.
    pub(super) fn close(mut self, code: u16) {
        encode(&mut self.out, Opcode::Close, &code.to_be_bytes(), Some(MASK));
        self.flush();
    }

    /// Ends it as a crashed program's sockets end.
    pub(super) fn crash(self) {
        // Then it ends with an end: that is a loss too.
        let _ = sockopt::set_socket_linger(&self.stream, Some(std::time::Duration::ZERO));
    }

    /// Writes what the socket takes. An error is seen when it is read.
    pub(super) fn flush(&mut self) {
        if let Ok(count) = self.stream.write(&self.out) {
            self.out.drain(..count);
        }
    }

    /// Reads what has come.
    pub(super) fn read(&mut self, told: &mut Vec<Told>) {
        let mut buffer = vec![0; READ_BYTES];
        match self.stream.read(&mut buffer) {
            Ok(count @ 1..) => self.take(&mut buffer[..count], told),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Ok(0) | Err(_) => told.push(match self.purpose {
                Purpose::Part(Part { what: What::Stream(_), .. }) | Purpose::Socket(_) => {
                    Told::Closed(ABNORMAL, String::new())
                }
                Purpose::Part(_) => Told::Responded(None),
                Purpose::Request(..) => Told::Answered(Answer::read(&self.came)),
            }),
        }
    }

    fn take(&mut self, bytes: &mut [u8], told: &mut Vec<Told>) {
        match &mut self.purpose {
            Purpose::Request(..) => {
                self.came.extend_from_slice(bytes);
                let answer = Answer::read(&self.came);
                if answer.as_ref().is_some_and(|answer| answer.body.is_some()) {
                    told.push(Told::Answered(answer));
                }
            }
            Purpose::Part(part) => hear(part, bytes, told),
            Purpose::Socket(socket) => match &mut socket.reader {
                Some(reader) => feed(reader, bytes, &mut self.out, told),
                None => {
                    self.came.extend_from_slice(bytes);
                    let Some(end) = handshake::head_bytes(&self.came) else { return };
                    let mut rest = self.came.split_off(end);
                    if !handshake::accepts(&self.came) {
                        return told.push(Told::Closed(ABNORMAL, String::new()));
                    }
                    told.push(Told::Opened);
                    let reader = socket.reader.insert(Reader::new(Writer::Server));
                    feed(reader, &mut rest, &mut self.out, told);
                }
            },
        }
    }
}

/// Reads what has come of the answer to a request.
fn hear(part: &mut Part, bytes: &[u8], told: &mut Vec<Told>) {
    let is_fine = part.response.push(bytes).is_ok();
    let Some(status) = part.response.status().filter(|_| is_fine) else {
        if !is_fine {
            told.push(Told::Responded(None));
        }
        return;
    };
    let is_over = part.response.is_over();
    match &mut part.what {
        What::Stream(reader) if status == 200 => {
            let body = part.response.take_body();
            match reader.push(&body) {
                Some(streamed) => told.extend(streamed.into_iter().map(|streamed| match streamed {
                    Streamed::Frame(text) => Told::Frame(text),
                    Streamed::Closed(code, reason) => Told::Closed(code, reason),
                })),
                None => told.push(Told::Closed(ABNORMAL, String::new())),
            }
            if is_over {
                told.push(Told::Closed(ABNORMAL, String::new()));
            }
        }
        What::Stream(_) => told.push(Told::Responded(Some((status, Vec::new())))),
        _ if is_over => told.push(Told::Responded(Some((status, part.response.take_body())))),
        _ => {}
    }
}

fn feed(reader: &mut Reader, bytes: &mut [u8], out: &mut Vec<u8>, told: &mut Vec<Told>) {
    let fed = reader.feed(bytes, |opcode, payload| match opcode {
        Opcode::Text => told.push(Told::Frame(String::from_utf8_lossy(payload).into_owned())),
        Opcode::Ping => encode(out, Opcode::Pong, payload, Some(MASK)),
        Opcode::Close => {
            let code = payload.first_chunk().map_or(ABNORMAL, |code| u16::from_be_bytes(*code));
            let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
            told.push(Told::Closed(code, reason.into_owned()));
        }
        Opcode::Binary | Opcode::Pong => {}
    });
    if fed.is_err() {
        told.push(Told::Closed(ABNORMAL, String::new()));
    }
}

impl Socket {
    pub(super) fn new(id: ConnectionId) -> Self {
        Self { id, reader: None, noted: Noted::default() }
    }
}
