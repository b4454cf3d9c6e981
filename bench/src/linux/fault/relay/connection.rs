//! Two sockets, a page's and the server's, and the bytes on their way.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::net::sockopt;

use super::cut_plan::{CutKind, CutPlan, Endpoint};

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1_024;
/// Bytes on their way in one direction. At it the sender is not read.
const WAITING_BYTES_MAX: usize = 256 * 1_024;

/// The pair.
#[derive(Debug)]
pub(super) struct RelayedConnection {
    sockets: [EndpointSocket; 2],
    plan: CutPlan,
    /// There once it was cut silently: until when, and whose bytes are lost.
    silence: Option<Silence>,
    is_over: bool,
}

#[derive(Debug)]
struct Silence {
    until: Instant,
    lost: [bool; 2],
}

/// One socket, what it has sent, and what it is to be sent.
#[derive(Debug)]
struct EndpointSocket {
    stream: TcpStream,
    /// Bytes that were passed on of what it sent.
    passed: u64,
    /// Bytes that it is to be sent.
    waiting: Vec<u8>,
    /// It has sent its last byte.
    has_ended: bool,
    /// It was told that the other has.
    is_told: bool,
    /// epoll tells of it.
    is_watched: bool,
    /// What epoll was asked for.
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

    /// Has epoll tell of sockets, as `key` and the number after it.
    pub(super) fn register(&self, epoll: &rustix::fd::OwnedFd, key: u64) -> rustix::io::Result<()> {
        for (end, key) in self.sockets.iter().zip([key, key + 1]) {
            epoll::add(epoll, &end.stream, EventData::new_u64(key), end.interest)?;
        }
        Ok(())
    }

    /// Asks epoll for what is wanted now.
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
                // epoll would tell of its end again and again.
                end.is_watched = false;
                epoll::delete(epoll, &end.stream)?;
            } else if wanted != end.interest && end.is_watched {
                end.interest = wanted;
                epoll::modify(epoll, &end.stream, EventData::new_u64(key + at as u64), wanted)?;
            }
        }
        Ok(())
    }

    /// Nothing is left to be relayed.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes what a socket has, and gives it what it takes; how the pair was cut, if it was now.
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

    /// Who has all that the other sent is told that the other has ended, but for a silence.
    fn forward_ends(&mut self) {
        for endpoint in [Endpoint::Page, Endpoint::Server] {
            let is_lost = self.is_lost(endpoint);
            let [from, to] = self.sockets(endpoint);
            if from.has_ended && to.waiting.is_empty() && !to.is_told && !is_lost {
                to.is_told = true;
                // It may be gone already.
                let _ = to.stream.shutdown(Shutdown::Write);
            }
        }
        self.is_over |= self.sockets.iter().all(|end| end.has_ended && end.waiting.is_empty());
    }

    /// It will not be cut, and a silence ends now.
    pub(super) fn heal(&mut self) {
        self.plan = CutPlan::none();
        if let Some(silence) = &mut self.silence {
            silence.until = silence.until.min(Instant::now());
        }
    }

    /// A silence whose time is over ends with a reset.
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
                // A reset is passed on as one.
                if self.silence.is_none() {
                    self.end(true);
                }
            }
        }
        None
    }

    /// Puts what a side has sent on its way, or cuts the pair in the middle of it.
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

    /// How many more bytes of a side pass before the cut.
    fn bytes_left(&self, endpoint: Endpoint) -> usize {
        match self.plan.after {
            Some((counted, bytes)) if counted == endpoint => {
                usize::try_from(bytes.saturating_sub(self.sockets[endpoint as usize].passed))
                    .unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        }
    }

    /// What a side sends goes nowhere.
    fn is_lost(&self, endpoint: Endpoint) -> bool {
        self.silence.as_ref().is_some_and(|silence| silence.lost[endpoint as usize])
    }

    /// Gives a socket what it takes.
    fn flush(&mut self, endpoint: Endpoint) {
        let end = &mut self.sockets[endpoint as usize];
        if end.waiting.is_empty() {
            return;
        }
        match end.stream.write(&end.waiting) {
            Ok(count) => drop(end.waiting.drain(..count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // It is gone, and what it was to be sent with it.
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
                // It may be gone already.
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

/// Has the socket end with a reset once it is dropped.
pub(super) fn reset(stream: &TcpStream) {
    // Then it ends with an end: that is a cut too.
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}
