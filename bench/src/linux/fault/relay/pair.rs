//! Two sockets, a page's and the server's, and the bytes on their way.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::net::sockopt;

use super::fate::{Fate, Manner};

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1_024;
/// Bytes on their way in one direction. At it the sender is not read.
const WAITING_BYTES_MAX: usize = 256 * 1_024;

/// One end of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The page's.
    Page,
    /// The server's.
    Server,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Page => Self::Server,
            Self::Server => Self::Page,
        }
    }
}

/// The pair.
#[derive(Debug)]
pub(super) struct Pair {
    ends: [End; 2],
    fate: Fate,
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
struct End {
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
    asked: EventFlags,
}

impl Pair {
    pub(super) fn new(page: TcpStream, server: TcpStream, fate: Fate) -> std::io::Result<Self> {
        Ok(Self { ends: [End::new(page)?, End::new(server)?], fate, silence: None, is_over: false })
    }

    /// Has epoll tell of both, as `mark` and the number after it.
    pub(super) fn watch(&self, epoll: &rustix::fd::OwnedFd, mark: u64) -> rustix::io::Result<()> {
        for (end, mark) in self.ends.iter().zip([mark, mark + 1]) {
            epoll::add(epoll, &end.stream, EventData::new_u64(mark), end.asked)?;
        }
        Ok(())
    }

    /// Asks epoll for what is wanted now.
    pub(super) fn watch_again(&mut self, epoll: &rustix::fd::OwnedFd, mark: u64) -> rustix::io::Result<()> {
        for at in [Side::Page, Side::Server] {
            let mut wanted = EventFlags::empty();
            let is_full = self.ends[at.other() as usize].waiting.len() >= WAITING_BYTES_MAX;
            let end = &mut self.ends[at as usize];
            wanted.set(EventFlags::IN, !end.has_ended && !is_full);
            wanted.set(EventFlags::OUT, !end.waiting.is_empty());
            if wanted.is_empty() && end.has_ended && end.is_watched {
                // epoll would tell of its end again and again.
                end.is_watched = false;
                epoll::delete(epoll, &end.stream)?;
            } else if wanted != end.asked && end.is_watched {
                end.asked = wanted;
                epoll::modify(epoll, &end.stream, EventData::new_u64(mark + at as u64), wanted)?;
            }
        }
        Ok(())
    }

    /// Nothing is left to be relayed.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes what a socket has, and gives it what it takes; how the pair was cut, if it was now.
    pub(super) fn serve(&mut self, side: Side, flags: EventFlags) -> Option<Manner> {
        if flags.intersects(EventFlags::OUT | EventFlags::HUP | EventFlags::ERR) {
            self.flush(side);
        }
        let mut cut = None;
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            cut = self.take(side);
            self.flush(side.other());
        }
        if let Some(Manner::Reset | Manner::End) = cut {
            self.end(cut == Some(Manner::Reset));
        } else {
            self.pass_ends_on();
        }
        cut
    }

    /// Who has all that the other sent is told that the other has ended, but for a silence.
    fn pass_ends_on(&mut self) {
        for side in [Side::Page, Side::Server] {
            let is_lost = self.is_lost(side);
            let [from, to] = self.both(side);
            if from.has_ended && to.waiting.is_empty() && !to.is_told && !is_lost {
                to.is_told = true;
                // It may be gone already.
                let _ = to.stream.shutdown(Shutdown::Write);
            }
        }
        self.is_over |= self.ends.iter().all(|end| end.has_ended && end.waiting.is_empty());
    }

    /// It will not be cut, and a silence ends now.
    pub(super) fn heal(&mut self) {
        self.fate = Fate::none();
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

    fn take(&mut self, side: Side) -> Option<Manner> {
        let from = &mut self.ends[side as usize];
        if from.has_ended {
            return None;
        }
        let mut piece = [0; READ_BYTES];
        match from.stream.read(&mut piece) {
            Ok(count @ 1..) => return self.pass_on(side, &piece[..count]),
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
    fn pass_on(&mut self, side: Side, piece: &[u8]) -> Option<Manner> {
        let (before, rest) = piece.split_at(self.left(side).min(piece.len()));
        let to = side.other() as usize;
        if self.is_lost(side) {
            return None;
        }
        self.ends[side as usize].passed += before.len() as u64;
        self.ends[to].waiting.extend_from_slice(before);
        if rest.is_empty() {
            return None;
        }
        let manner = self.fate.manner;
        self.fate = Fate::none();
        if let Manner::Silence { page, server, time } = manner {
            self.silence = Some(Silence { until: Instant::now() + time, lost: [page, server] });
            if !self.is_lost(side) {
                self.ends[to].waiting.extend_from_slice(rest);
            }
        }
        Some(manner)
    }

    /// How many more bytes of a side pass before the cut.
    fn left(&self, side: Side) -> usize {
        match self.fate.after {
            Some((counted, bytes)) if counted == side => {
                usize::try_from(bytes.saturating_sub(self.ends[side as usize].passed)).unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        }
    }

    /// What a side sends goes nowhere.
    fn is_lost(&self, side: Side) -> bool {
        self.silence.as_ref().is_some_and(|silence| silence.lost[side as usize])
    }

    /// Gives a socket what it takes.
    fn flush(&mut self, side: Side) {
        let end = &mut self.ends[side as usize];
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
        for end in &self.ends {
            if by_reset {
                reset(&end.stream);
            } else {
                // It may be gone already.
                let _ = end.stream.shutdown(Shutdown::Both);
            }
        }
        self.is_over = true;
    }

    fn both(&mut self, side: Side) -> [&mut End; 2] {
        let [page, server] = &mut self.ends;
        match side {
            Side::Page => [page, server],
            Side::Server => [server, page],
        }
    }
}

impl End {
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
            asked: EventFlags::IN,
        })
    }
}

/// Has the socket end with a reset once it is dropped.
pub(super) fn reset(stream: &TcpStream) {
    // Then it ends with an end: that is a cut too.
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}
