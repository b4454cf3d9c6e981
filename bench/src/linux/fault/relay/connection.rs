//! A relayed connection: the page's socket, the server's socket, and the bytes in transit.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::net::sockopt;

use super::cut_plan::{CutKind, CutPlan, Endpoint};

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1_024;
/// Bytes in transit in one direction above which the sender is not read.
const WAITING_BYTES_MAX: usize = 256 * 1_024;

/// Two sockets, and the plan of the cut between them.
#[derive(Debug)]
pub(super) struct RelayedConnection {
    sockets: [EndpointSocket; 2],
    plan: CutPlan,
    /// Present once the connection was cut silently.
    silence: Option<Silence>,
    is_over: bool,
}

#[derive(Debug)]
struct Silence {
    until: Instant,
    lost: [bool; 2],
}

/// One socket, and the bytes in transit to it.
#[derive(Debug)]
struct EndpointSocket {
    stream: TcpStream,
    /// Bytes of this socket that were forwarded.
    passed: u64,
    /// Bytes to be sent to this socket.
    waiting: Vec<u8>,
    /// Whether the socket's peer has sent its last byte.
    has_ended: bool,
    /// Whether the end of the other side was forwarded to this socket.
    is_told: bool,
    /// Whether the socket is in the epoll set.
    is_watched: bool,
    /// Events for which epoll watches.
    interest: EventFlags,
}

impl RelayedConnection {
    pub(super) fn new(page: TcpStream, server: TcpStream, plan: CutPlan) -> std::io::Result<Self> {
        Ok(Self {
            sockets: [EndpointSocket::new(page)?, EndpointSocket::new(server)?],
            plan,
            silence: None,
            is_over: false,
        })
    }

    /// Adds both sockets to the epoll set, with `key` and the number after it.
    pub(super) fn register(&self, epoll: &rustix::fd::OwnedFd, key: u64) -> rustix::io::Result<()> {
        for (end, key) in self.sockets.iter().zip([key, key + 1]) {
            epoll::add(epoll, &end.stream, EventData::new_u64(key), end.interest)?;
        }
        Ok(())
    }

    /// Updates the events for which epoll watches.
    pub(super) fn update_interest(
        &mut self,
        epoll: &rustix::fd::OwnedFd,
        key: u64,
    ) -> rustix::io::Result<()> {
        for at in [Endpoint::Page, Endpoint::Server] {
            let mut wanted = EventFlags::empty();
            let is_full = self.sockets[at.other() as usize].waiting.len() >= WAITING_BYTES_MAX;
            let end = &mut self.sockets[at as usize];
            wanted.set(EventFlags::IN, !end.has_ended && !is_full);
            wanted.set(EventFlags::OUT, !end.waiting.is_empty());
            if wanted.is_empty() && end.has_ended && end.is_watched {
                // Otherwise epoll would report the end again and again.
                end.is_watched = false;
                epoll::delete(epoll, &end.stream)?;
            } else if wanted != end.interest && end.is_watched {
                end.interest = wanted;
                epoll::modify(epoll, &end.stream, EventData::new_u64(key + at as u64), wanted)?;
            }
        }
        Ok(())
    }

    /// Whether nothing is left to be relayed.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Handles an event: reads the socket, forwards, and writes. Returns the kind of the cut if the
    /// connection was cut now.
    pub(super) fn serve(&mut self, endpoint: Endpoint, flags: EventFlags) -> Option<CutKind> {
        if flags.intersects(EventFlags::OUT | EventFlags::HUP | EventFlags::ERR) {
            self.flush(endpoint);
        }
        let mut cut = None;
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            cut = self.read(endpoint);
            self.flush(endpoint.other());
        }
        if let Some(CutKind::Reset | CutKind::End) = cut {
            self.end(cut == Some(CutKind::Reset));
        } else {
            self.forward_ends();
        }
        cut
    }

    /// Forwards the end of one side when all its bytes are sent, except during a silence.
    fn forward_ends(&mut self) {
        for endpoint in [Endpoint::Page, Endpoint::Server] {
            let is_lost = self.is_lost(endpoint);
            let [from, to] = self.sockets(endpoint);
            if from.has_ended && to.waiting.is_empty() && !to.is_told && !is_lost {
                to.is_told = true;
                // The socket may be gone already.
                let _ = to.stream.shutdown(Shutdown::Write);
            }
        }
        self.is_over |= self.sockets.iter().all(|end| end.has_ended && end.waiting.is_empty());
    }

    /// Cancels the cut, and ends a silence now.
    pub(super) fn heal(&mut self) {
        self.plan = CutPlan::none();
        if let Some(silence) = &mut self.silence {
            silence.until = silence.until.min(Instant::now());
        }
    }

    /// Resets the connection when its silence is over.
    pub(super) fn end_silence(&mut self, now: Instant) {
        if self.silence.as_ref().is_some_and(|silence| silence.until <= now) {
            self.end(true);
        }
    }

    fn read(&mut self, endpoint: Endpoint) -> Option<CutKind> {
        let from = &mut self.sockets[endpoint as usize];
        if from.has_ended {
            return None;
        }
        let mut piece = [0; READ_BYTES];
        match from.stream.read(&mut piece) {
            Ok(count @ 1..) => return self.forward(endpoint, &piece[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Ok(0) => from.has_ended = true,
            Err(_) => {
                from.has_ended = true;
                from.waiting.clear();
                // Forward a reset as a reset.
                if self.silence.is_none() {
                    self.end(true);
                }
            }
        }
        None
    }

    /// Forwards bytes that `endpoint` sent, or cuts the connection in the middle of them.
    fn forward(&mut self, endpoint: Endpoint, piece: &[u8]) -> Option<CutKind> {
        let (before, rest) = piece.split_at(self.bytes_left(endpoint).min(piece.len()));
        let to = endpoint.other() as usize;
        if self.is_lost(endpoint) {
            return None;
        }
        self.sockets[endpoint as usize].passed += before.len() as u64;
        self.sockets[to].waiting.extend_from_slice(before);
        if rest.is_empty() {
            return None;
        }
        let kind = self.plan.kind;
        self.plan = CutPlan::none();
        if let CutKind::Silence { page, server, time } = kind {
            self.silence = Some(Silence { until: Instant::now() + time, lost: [page, server] });
            if !self.is_lost(endpoint) {
                self.sockets[to].waiting.extend_from_slice(rest);
            }
        }
        Some(kind)
    }

    /// Bytes of `endpoint` that pass before the cut.
    fn bytes_left(&self, endpoint: Endpoint) -> usize {
        match self.plan.after {
            Some((counted, bytes)) if counted == endpoint => {
                usize::try_from(bytes.saturating_sub(self.sockets[endpoint as usize].passed))
                    .unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        }
    }

    /// Whether bytes that `endpoint` sends are lost.
    fn is_lost(&self, endpoint: Endpoint) -> bool {
        self.silence.as_ref().is_some_and(|silence| silence.lost[endpoint as usize])
    }

    /// Writes as many bytes as the socket accepts.
    fn flush(&mut self, endpoint: Endpoint) {
        let end = &mut self.sockets[endpoint as usize];
        if end.waiting.is_empty() {
            return;
        }
        match end.stream.write(&end.waiting) {
            Ok(count) => drop(end.waiting.drain(..count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // The socket is gone, and its bytes with it.
            Err(_) => {
                end.waiting.clear();
                end.has_ended = true;
            }
        }
    }

    fn end(&mut self, by_reset: bool) {
        for end in &self.sockets {
            if by_reset {
                reset(&end.stream);
            } else {
                // The socket may be gone already.
                let _ = end.stream.shutdown(Shutdown::Both);
            }
        }
        self.is_over = true;
    }

    fn sockets(&mut self, endpoint: Endpoint) -> [&mut EndpointSocket; 2] {
        let [page, server] = &mut self.sockets;
        match endpoint {
            Endpoint::Page => [page, server],
            Endpoint::Server => [server, page],
        }
    }
}

impl EndpointSocket {
    fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            passed: 0,
            waiting: Vec::new(),
            has_ended: false,
            is_told: false,
            is_watched: true,
            interest: EventFlags::IN,
        })
    }
}

/// Makes the socket end with a reset when it is dropped.
pub(super) fn reset(stream: &TcpStream) {
    // If this fails, the socket ends with an end, which is a cut too.
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}
