//! A session of the v1 dialect that waits for each answer. It prepares measurements, and reads a log from end
//! to end.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use shared::command::{Hello, HistoryQuery, PageAnchor, Post, RoomCreate, RoomMove, RoomsQuery};
use shared::event::{Reply, RoomsPage, Welcome};
use shared::{ClientId, Command, Cursor, Event, Message, RoomId};

use super::dial::DialOptions;
use super::failure::Failure;
use super::frame::{FrameReader, Opcode, Writer, encode};
use super::handshake::{self, OpenedConnection};

/// Time limit of waiting for a frame.
const FRAME_MAX: Duration = Duration::from_secs(30);
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Masking key of frames. Any key serves against a server of ours.
pub(crate) const MASK: [u8; 4] = [0x3c, 0x91, 0xe7, 0x05];

/// A member's session over one WebSocket.
#[derive(Debug)]
pub(crate) struct Session {
    stream: TcpStream,
    reader: FrameReader,
    buffer: Vec<u8>,
    received: VecDeque<String>,
    reference: u64,
}

impl Session {
    /// Connects and sends `hello`, with a cursor or as for the first time.
    ///
    /// # Errors
    /// When the server does not answer in time, or not with `welcome`.
    pub(crate) fn open(
        port: u16,
        cookie: &str,
        cursor: Option<Cursor>,
    ) -> Result<(Self, Box<Welcome>), Failure> {
        Self::open_with(port, cookie, cursor, &DialOptions::default())
    }

    /// As [`Session::open`], over a socket with these settings.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) fn open_with(
        port: u16,
        cookie: &str,
        cursor: Option<Cursor>,
        options: &DialOptions,
    ) -> Result<(Self, Box<Welcome>), Failure> {
        let OpenedConnection { stream, mut rest } = handshake::open_v1(port, cookie, options)?;
        stream.set_read_timeout(Some(FRAME_MAX)).map_err(Failure::at("a time limit"))?;
        let reader = FrameReader::new(Writer::Server);
        let mut session =
            Self { stream, reader, buffer: vec![0; READ_BYTES], received: VecDeque::new(), reference: 1 };
        session.read_frames(rest.len(), &mut rest)?;
        session.send(&Command::Hello(Hello {
            reference: 1,
            build: "bench".to_owned(),
            cursor,
            held: vec![],
            room: None,
        }))?;
        match session.next_event()? {
            Event::Welcome(welcome) => Ok((session, welcome)),
            other => Err(unexpected("welcome", &other)),
        }
    }

    /// Creates a room of this name, whose first member is the session's member.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn create_room(&mut self, client_id: ClientId, name: &str) -> Result<RoomId, Failure> {
        let reference = self.next_reference();
        let (name, description) = (name.to_owned(), String::new());
        let reply =
            self.request(&Command::RoomCreate(RoomCreate { reference, client_id, name, description }))?;
        reply.room.ok_or_else(|| Failure::new("the reply to a new room lacks its id"))
    }

    /// Joins a room.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn join_room(&mut self, client_id: ClientId, room: RoomId) -> Result<(), Failure> {
        let reference = self.next_reference();
        self.request(&Command::RoomJoin(RoomMove { reference, client_id, room })).map(drop)
    }

    /// Reads events until one satisfies `is_it`.
    ///
    /// # Errors
    /// When no such event arrives in time.
    pub(crate) fn wait_for(&mut self, is_it: impl Fn(&Event) -> bool) -> Result<(), Failure> {
        while !is_it(&self.next_event()?) {}
        Ok(())
    }

    /// Sends a post with this `ref` and waits for the reply.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn post(
        &mut self,
        reference: u64,
        client_id: ClientId,
        room: RoomId,
        text: String,
    ) -> Result<(), Failure> {
        self.reference = reference;
        self.request(&Command::Post(Post { reference, client_id, room, text })).map(drop)
    }

    /// Reads a page of a room's messages.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn read_page(
        &mut self,
        room: RoomId,
        at: PageAnchor,
    ) -> Result<Box<shared::event::HistoryPage>, Failure> {
        let reference = self.next_reference();
        self.send(&Command::History(HistoryQuery { reference, room, at }))?;
        loop {
            match self.next_event()? {
                Event::History(page) if page.reference == reference => return Ok(page),
                refused @ Event::Error(_) => return Err(unexpected("history", &refused)),
                _ => {}
            }
        }
    }

    /// Reads a page of the room directory: rooms after `after` whose name contains `find`.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) fn search_rooms(&mut self, find: &str, after: Option<RoomId>) -> Result<RoomsPage, Failure> {
        let reference = self.next_reference();
        self.send(&Command::Rooms(RoomsQuery { reference, find: find.to_owned(), after }))?;
        loop {
            match self.next_event()? {
                Event::Rooms(page) if page.reference == reference => return Ok(page),
                refused @ Event::Error(_) => return Err(unexpected("rooms", &refused)),
                _ => {}
            }
        }
    }

    /// Reads all messages of a room, oldest first.
    ///
    /// # Errors
    /// When the server refuses a page, or a page does not meet the one before.
    pub(crate) fn read_room(&mut self, room: RoomId) -> Result<Vec<Message>, Failure> {
        let mut pages = Vec::new();
        let mut at = PageAnchor::Newest;
        loop {
            let page = self.read_page(room, at)?;
            let first = page.messages.first().map(|message| message.n);
            pages.push(page.messages);
            match first {
                Some(n) if page.older => at = PageAnchor::Before(n),
                _ => break,
            }
        }
        pages.reverse();
        Ok(pages.concat())
    }

    /// The socket and the reader of its frames, for a load of its own.
    pub(crate) fn into_parts(self) -> (TcpStream, FrameReader) {
        (self.stream, self.reader)
    }

    fn next_reference(&mut self) -> u64 {
        self.reference += 1;
        self.reference
    }

    /// Sends a command and waits for its reply.
    fn request(&mut self, command: &Command) -> Result<Reply, Failure> {
        self.send(command)?;
        loop {
            match self.next_event()? {
                Event::Reply(reply) if reply.reference == self.reference => return Ok(reply),
                refused @ Event::Error(_) => return Err(unexpected("reply", &refused)),
                _ => {}
            }
        }
    }

    fn send(&mut self, command: &Command) -> Result<(), Failure> {
        let mut frame = Vec::new();
        encode(&mut frame, Opcode::Text, command.to_text().as_bytes(), Some(MASK));
        self.stream.write_all(&frame).map_err(Failure::at("cannot send a command"))
    }

    /// The next event other than a ping.
    fn next_event(&mut self) -> Result<Event, Failure> {
        loop {
            while let Some(text) = self.received.pop_front() {
                match Event::parse(&text).map_err(Failure::at(&text))? {
                    Event::Ping(_) => self.send(&Command::Pong)?,
                    event => return Ok(event),
                }
            }
            let mut buffer = std::mem::take(&mut self.buffer);
            let count = self.stream.read(&mut buffer).map_err(Failure::at("cannot read a frame"))?;
            self.read_frames(count, &mut buffer)?;
            self.buffer = buffer;
            if count == 0 {
                return Err(Failure::new("the connection ended"));
            }
        }
    }

    fn read_frames(&mut self, count: usize, bytes: &mut [u8]) -> Result<(), Failure> {
        let received = &mut self.received;
        let fed = self.reader.feed(&mut bytes[..count], |opcode, payload| {
            if opcode == Opcode::Text {
                received.push_back(String::from_utf8_lossy(payload).into_owned());
            }
        });
        fed.map_err(|violation| Failure::new(format!("a malformed frame: {violation:?}")))
    }
}

fn unexpected(wanted: &str, received: &Event) -> Failure {
    Failure::new(format!("expected {wanted}, received {received:?}"))
}
