//! The sessions of all readers in one thread. Each session asks for another page as soon as it gets one.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use shared::command::{HistoryQuery, PageAnchor};
use shared::{Command, RoomId};

use crate::arguments::Readers;
use crate::linux::datasets;
use crate::linux::dial::DialOptions;
use crate::linux::failure::Failure;
use crate::linux::frame::{FrameReader, Opcode, encode};
use crate::linux::rng::Rng;
use crate::linux::session::{MASK, Session};

/// Events taken at a time.
const EVENTS_MAX: usize = 256;
/// Bytes read at a time.
const READ_BYTES: usize = 256 * 1_024;
/// Longest wait for an event.
const WAIT_MAX: Duration = Duration::from_millis(10);
/// Beginning of a page.
const HISTORY: &[u8] = b"{\"type\":\"history\"";
/// Beginning of a refusal.
const REFUSAL: &[u8] = b"{\"type\":\"error\"";
/// Beginning of the server's ping.
const PING: &[u8] = b"{\"type\":\"ping\"";

/// All sessions of the readers.
pub(super) struct ReaderPool {
    epoll: rustix::fd::OwnedFd,
    readers: Vec<Reader>,
    room: RoomId,
    /// Last position at which a page may be requested.
    last: u64,
    rng: Rng,
    buffer: Vec<u8>,
}

struct Reader {
    stream: TcpStream,
    reader: FrameReader,
    out: Vec<u8>,
}

impl ReaderPool {
    /// Opens all sessions. Each member connects from an address of its own.
    ///
    /// # Errors
    /// When the server refuses a session.
    pub(super) fn open(
        port: u16,
        data: &Path,
        settings: &Readers,
        room: RoomId,
        last: u64,
    ) -> Result<Self, Failure> {
        let mut pool = Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?,
            readers: Vec::new(),
            room,
            last,
            rng: Rng::new(11),
            buffer: vec![0; READ_BYTES],
        };
        for number in 1..=settings.members {
            let cookie = datasets::cookie(data, u64::from(number))?;
            let options = DialOptions::with_source(Ipv4Addr::new(127, 0, 1, number));
            for _ in 0..settings.sessions {
                let (session, _) = Session::open_with(port, &cookie, None, &options)
                    .map_err(Failure::at(format!("a session of reader {number}")))?;
                pool.add(session).map_err(Failure::at("cannot watch a connection"))?;
            }
        }
        for place in 0..pool.readers.len() {
            for _ in 0..settings.flight {
                pool.ask(place);
            }
        }
        Ok(pool)
    }

    fn add(&mut self, session: Session) -> std::io::Result<()> {
        let (stream, reader) = session.into_parts();
        stream.set_nonblocking(true)?;
        let mark = EventData::new_u64(self.readers.len() as u64);
        epoll::add(&self.epoll, &stream, mark, EventFlags::IN)?;
        self.readers.push(Reader { stream, reader, out: Vec::new() });
        Ok(())
    }

    /// Writes a question for a page anywhere in the room.
    fn ask(&mut self, place: usize) {
        let at = PageAnchor::Around(self.rng.between(1, self.last));
        let question = Command::History(HistoryQuery { reference: 1, room: self.room, at });
        if let Some(reader) = self.readers.get_mut(place) {
            encode(&mut reader.out, Opcode::Text, question.to_text().as_bytes(), Some(MASK));
        }
    }

    /// Reads pages until `is_over`. Returns how many.
    ///
    /// # Errors
    /// When the server refuses a question or ends a session.
    pub(super) fn read_until(&mut self, is_over: impl Fn() -> bool) -> Result<u64, Failure> {
        let mut pages = 0;
        for place in 0..self.readers.len() {
            self.flush(place)?;
        }
        let time = Timespec::try_from(WAIT_MAX).map_err(Failure::at("a time to wait"))?;
        while !is_over() {
            let mut events = Vec::with_capacity(EVENTS_MAX);
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&time)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Failure::at("epoll")(error)),
            }
            for event in events {
                pages += self.receive(usize::try_from(event.data.u64()).unwrap_or(usize::MAX))?;
            }
        }
        Ok(pages)
    }

    /// Reads one socket once and asks again for each page. Returns the count of pages.
    fn receive(&mut self, place: usize) -> Result<u64, Failure> {
        let Some(reader) = self.readers.get_mut(place) else { return Ok(0) };
        let count = match reader.stream.read(&mut self.buffer) {
            Ok(0) => return Err(Failure::new("the server ended a reader's session")),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(Failure::at("cannot read a page")(error)),
        };
        let (mut pages, mut refusal, out) = (0, None, &mut reader.out);
        let fed = reader.reader.feed(&mut self.buffer[..count], |_, payload| {
            if payload.starts_with(HISTORY) {
                pages += 1;
            } else if payload.starts_with(REFUSAL) {
                refusal = Some(String::from_utf8_lossy(payload).into_owned());
            } else if payload.starts_with(PING) {
                encode(out, Opcode::Text, Command::Pong.to_text().as_bytes(), Some(MASK));
            }
        });
        fed.map_err(|violation| Failure::new(format!("a malformed frame: {violation:?}")))?;
        if let Some(refusal) = refusal {
            return Err(Failure::new(format!("a question was refused: {refusal}")));
        }
        for _ in 0..pages {
            self.ask(place);
        }
        self.flush(place)?;
        Ok(pages)
    }

    fn flush(&mut self, place: usize) -> Result<(), Failure> {
        let Some(reader) = self.readers.get_mut(place).filter(|reader| !reader.out.is_empty()) else {
            return Ok(());
        };
        match reader.stream.write(&reader.out) {
            Ok(count) => drop(reader.out.drain(..count)),
            // A few hundred bytes wait until the next page.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(Failure::at("cannot ask for a page")(error)),
        }
        Ok(())
    }
}
