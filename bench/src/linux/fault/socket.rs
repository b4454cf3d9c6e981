//! A non-blocking socket of a page: a WebSocket or a request, and its events. A connection over plain HTTP is
//! made of several requests.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use client::identity::IdentityRequest;
use client::input::ConnectionId;
use rustix::net::sockopt;

use super::connection_record::ConnectionRecord;
use super::http_connection::HttpRequest;
use super::oracle::PageId;
use crate::linux::api::ApiResponse;
use crate::linux::frame::{FrameReader, Opcode, Writer, encode};
use crate::linux::handshake;
use crate::linux::session::MASK;

/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Close code of a connection that ended without one.
const ABNORMAL: u16 = 1006;

/// A TCP socket of a page.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// Page that opened the socket.
    pub(super) page: PageId,
    /// Time at which the socket was opened.
    pub(super) opened: Instant,
    out: Vec<u8>,
    received: Vec<u8>,
    pub(super) purpose: Purpose,
}

/// Purpose of a socket.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A WebSocket connection.
    WebSocket(WebSocket),
    /// A request about the page's identity, with its time limit.
    Identity(IdentityRequest, u64),
    /// A request of a connection over plain HTTP.
    Http(HttpRequest),
}

/// State of a WebSocket.
#[derive(Debug)]
pub(super) struct WebSocket {
    pub(super) id: ConnectionId,
    /// Present from the handshake on.
    reader: Option<FrameReader>,
    pub(super) record: ConnectionRecord,
}

/// Event of a socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SocketEvent {
    Opened,
    Frame(String),
    /// The connection is over: close code and reason.
    Closed(u16, String),
    /// Response to a request about the identity, as much of it as arrived; `None` if its head is incomplete.
    Answered(Option<ApiResponse>),
    /// Next bytes of a stream.
    Chunk(Vec<u8>),
    /// Status and body of the response to a connection's request; `None` if it is incomplete, or a stream ended.
    Responded(Option<(u16, Vec<u8>)>),
}

impl Socket {
    /// A socket that sends `out` first.
    pub(super) fn new(
        stream: TcpStream,
        page: PageId,
        purpose: Purpose,
        out: String,
    ) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        let out = out.into_bytes();
        Ok(Self { stream, page, opened: Instant::now(), out, received: Vec::new(), purpose })
    }

    /// TCP stream of the socket.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether bytes wait for the socket to accept them.
    pub(super) fn has_pending_bytes(&self) -> bool {
        !self.out.is_empty()
    }

    /// Queues a text frame.
    pub(super) fn queue_frame(&mut self, text: &str) {
        encode(&mut self.out, Opcode::Text, text.as_bytes(), Some(MASK));
    }

    /// Sends a close frame and closes the socket.
    pub(super) fn close(mut self, code: u16) {
        encode(&mut self.out, Opcode::Close, &code.to_be_bytes(), Some(MASK));
        self.flush();
    }

    /// Ends the socket with a reset, as the system does for a crashed program.
    pub(super) fn reset(self) {
        // If this fails, the socket ends with an end, which is a loss too.
        let _ = sockopt::set_socket_linger(&self.stream, Some(std::time::Duration::ZERO));
    }

    /// Writes as many bytes as the socket accepts. An error appears at the next read.
    pub(super) fn flush(&mut self) {
        if let Ok(count) = self.stream.write(&self.out) {
            self.out.drain(..count);
        }
    }

    /// Reads the socket once.
    pub(super) fn read(&mut self, events: &mut Vec<SocketEvent>) {
        let mut buffer = vec![0; READ_BYTES];
        match self.stream.read(&mut buffer) {
            Ok(count @ 1..) => self.read_bytes(&mut buffer[..count], events),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Ok(0) | Err(_) => events.push(match self.purpose {
                Purpose::WebSocket(_) => SocketEvent::Closed(ABNORMAL, String::new()),
                Purpose::Http(_) => SocketEvent::Responded(None),
                Purpose::Identity(..) => SocketEvent::Answered(ApiResponse::parse(&self.received)),
            }),
        }
    }

    fn read_bytes(&mut self, bytes: &mut [u8], events: &mut Vec<SocketEvent>) {
        match &mut self.purpose {
            Purpose::Identity(..) => {
                self.received.extend_from_slice(bytes);
                let answer = ApiResponse::parse(&self.received);
                if answer.as_ref().is_some_and(|answer| answer.body.is_some()) {
                    events.push(SocketEvent::Answered(answer));
                }
            }
            Purpose::Http(request) => read_response(request, bytes, events),
            Purpose::WebSocket(socket) => match &mut socket.reader {
                Some(reader) => read_frames(reader, bytes, &mut self.out, events),
                None => {
                    self.received.extend_from_slice(bytes);
                    let Some(end) = handshake::head_bytes(&self.received) else { return };
                    let mut rest = self.received.split_off(end);
                    if !handshake::accepts_upgrade(&self.received) {
                        return events.push(SocketEvent::Closed(ABNORMAL, String::new()));
                    }
                    events.push(SocketEvent::Opened);
                    let reader = socket.reader.insert(FrameReader::new(Writer::Server));
                    read_frames(reader, &mut rest, &mut self.out, events);
                }
            },
        }
    }
}

/// Parses bytes of the response to a connection's request.
fn read_response(request: &mut HttpRequest, bytes: &[u8], events: &mut Vec<SocketEvent>) {
    let response = &mut request.response;
    if response.push(bytes).is_err() {
        return events.push(SocketEvent::Responded(None));
    }
    match response.status() {
        Some(200) if request.is_stream => {
            events.push(SocketEvent::Chunk(response.take_body()));
            if response.is_over() {
                events.push(SocketEvent::Responded(None));
            }
        }
        Some(status) if response.is_over() => {
            events.push(SocketEvent::Responded(Some((status, response.take_body()))));
        }
        _ => {}
    }
}

fn read_frames(reader: &mut FrameReader, bytes: &mut [u8], out: &mut Vec<u8>, events: &mut Vec<SocketEvent>) {
    let fed = reader.feed(bytes, |opcode, payload| match opcode {
        Opcode::Text => events.push(SocketEvent::Frame(String::from_utf8_lossy(payload).into_owned())),
        Opcode::Ping => encode(out, Opcode::Pong, payload, Some(MASK)),
        Opcode::Close => {
            let code = payload.first_chunk().map_or(ABNORMAL, |code| u16::from_be_bytes(*code));
            let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
            events.push(SocketEvent::Closed(code, reason.into_owned()));
        }
        Opcode::Binary | Opcode::Pong => {}
    });
    if fed.is_err() {
        events.push(SocketEvent::Closed(ABNORMAL, String::new()));
    }
}

impl WebSocket {
    pub(super) fn new(id: ConnectionId) -> Self {
        Self { id, reader: None, record: ConnectionRecord::default() }
    }
}
