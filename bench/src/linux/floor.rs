//! The floor: a program that does only the unavoidable work of a fan-out.
//!
//! One thread runs an epoll loop. It accepts, answers the handshake, reads messages and writes each message
//! to every socket with one `write` each. It has no queue, no log and no timer. It drops a socket that does
//! not accept a whole frame.
//!
//! The floor ends when its standard input does, so that it never outlives the program that started it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use rustix::event::epoll::{self, EventData, EventFlags};

use super::failure::Failure;
use super::frame::{FrameReader, Opcode, Writer, encode};
use super::handshake::{self, FloorAnswer};

/// Connections at most. Further ones are dropped at once.
const CONNECTIONS_MAX: usize = 20_000;
/// Events taken at a time.
const EVENTS_MAX: usize = 256;
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Key of the listener among the events. The key of a connection is its index.
const LISTENER: u64 = u64::MAX;
/// Key of standard input, whose end ends the floor.
const STDIN: u64 = u64::MAX - 1;

/// Serves on 127.0.0.1, `port`, until standard input ends.
///
/// # Errors
/// When the port is taken or epoll fails.
pub(crate) fn serve(port: u16) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(Failure::at("the floor cannot listen"))?;
    Floor::new(listener).and_then(Floor::run).map_err(Failure::at("the floor failed"))
}

struct Floor {
    epoll: rustix::fd::OwnedFd,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    /// Bytes of the last read.
    buffer: Vec<u8>,
    /// Frames to be fanned out.
    frames: Vec<Vec<u8>>,
}

struct Connection {
    stream: TcpStream,
    /// Bytes of the request's head received so far; empty once the connection is open.
    head: Vec<u8>,
    /// Present from the handshake on.
    reader: Option<FrameReader>,
}

impl Floor {
    fn new(listener: TcpListener) -> std::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
        // epoll cannot watch a file or /dev/null; then the starting program ends the floor.
        let _ = epoll::add(&epoll, std::io::stdin(), EventData::new_u64(STDIN), EventFlags::IN);
        Ok(Self { epoll, listener, connections: Vec::new(), buffer: vec![0; READ_BYTES], frames: Vec::new() })
    }

    fn run(mut self) -> std::io::Result<()> {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        loop {
            events.clear();
            let waited = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&self.epoll, waited, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    STDIN => return Ok(()),
                    place => self.receive(usize::try_from(place).unwrap_or(usize::MAX)),
                }
            }
        }
    }

    fn accept(&mut self) -> std::io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            if self.connections.len() == CONNECTIONS_MAX {
                continue;
            }
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let place = EventData::new_u64(self.connections.len() as u64);
            epoll::add(&self.epoll, &stream, place, EventFlags::IN)?;
            self.connections.push(Some(Connection { stream, head: Vec::new(), reader: None }));
        }
    }

    /// Reads one connection once and fans out what it sent.
    fn receive(&mut self, place: usize) {
        let Some(connection) = self.connections.get_mut(place) else {
            return;
        };
        let is_open = match connection {
            Some(open) => open.receive(&mut self.buffer, &mut self.frames),
            None => return,
        };
        if !is_open {
            *connection = None; // closing the socket removes it from the epoll set
        }
        for frame in self.frames.drain(..) {
            for connection in &mut self.connections {
                if let Some(open) = connection
                    && open.reader.is_some()
                    && !open.write(&frame)
                {
                    *connection = None;
                }
            }
        }
    }
}

impl Connection {
    /// Reads once and appends the frames to be fanned out. Returns `false` when the connection must end.
    fn receive(&mut self, buffer: &mut [u8], frames: &mut Vec<Vec<u8>>) -> bool {
        let count = match self.stream.read(buffer) {
            Ok(0) => return false,
            Ok(count) => count,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        match &mut self.reader {
            Some(_) => self.take(&mut buffer[..count], frames),
            None => self.shake(&buffer[..count], frames),
        }
    }

    fn shake(&mut self, bytes: &[u8], frames: &mut Vec<Vec<u8>>) -> bool {
        self.head.extend_from_slice(bytes);
        let Some(end) = handshake::head_bytes(&self.head) else {
            return self.head.len() < handshake::HEAD_BYTES_MAX;
        };
        let (text, then) = handshake::answer_as_floor(&self.head[..end]);
        if !self.write(text.as_bytes()) || then == FloorAnswer::Closed {
            return false;
        }
        self.reader = Some(FrameReader::new(Writer::Client));
        let mut rest = std::mem::take(&mut self.head).split_off(end);
        self.take(&mut rest, frames)
    }

    fn take(&mut self, bytes: &mut [u8], frames: &mut Vec<Vec<u8>>) -> bool {
        let Some(reader) = &mut self.reader else {
            return false;
        };
        let mut is_open = true;
        let read = reader.feed(bytes, |opcode, payload| match opcode {
            Opcode::Text | Opcode::Binary => {
                let mut frame = Vec::new();
                encode(&mut frame, opcode, payload, None);
                frames.push(frame);
            }
            Opcode::Close => is_open = false,
            Opcode::Ping | Opcode::Pong => {}
        });
        is_open && read.is_ok()
    }

    /// Writes `bytes` in one call. Returns `false` when the socket did not accept all of them.
    fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write(bytes).is_ok_and(|count| count == bytes.len())
    }
}
