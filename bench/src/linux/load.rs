//! The sockets of the load: many plain clients in one thread, the first of
//! which sends.
//!
//! Each message carries its number and the time it left, so that every receiver
//! can tell what was lost, reordered, doubled or altered, and how long it took.
//! The sender keeps its times whatever the server does (an open loop): a server
//! that stalls sees its backlog in the times of all that waited.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use super::failure::Failure;
use super::frame::{FrameReader, Opcode, Writer, encode};
use super::handshake::{self, OpenedConnection};
use super::stamp::{Stamp, Text};
use super::stats::Histogram;
use super::tally::{Faults, Tally};

/// Events taken at a time: few enough that the sender is not kept waiting long.
const EVENTS_MAX: usize = 128;
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Bytes that the sender may have waiting for its socket. Past it the
/// measurement ends: the server does not take what it is sent.
const PENDING_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// How long to go on when nothing arrives of what is still under way.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// How long what is under way may take in all to arrive once nothing more is sent.
const DRAIN_MAX: Duration = Duration::from_secs(60);
/// How long to listen on for what should not come: copies.
const AFTERMATH: Duration = Duration::from_millis(100);
/// The key that the sender masks with; against a server of ours any serves.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x1e, 0x87];

/// When the sender sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pacing {
    /// So many messages a second, evenly.
    Rate(u64),
    /// Whenever fewer than so many messages are under way.
    Window(u64),
    /// Never.
    Paused,
}

/// What the load does while there is nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdleStrategy {
    /// Waits in `epoll_wait`: the write that brings the next message wakes it,
    /// on the account of whoever writes.
    Block,
    /// Sleeps so long and looks again: no write has anyone to wake.
    Nap(Duration),
    /// Looks again at once: no write has anyone to wake.
    Spin,
}

/// A load: its clients and what they have seen.
pub(crate) struct Load {
    epoll: rustix::fd::OwnedFd,
    clients: Vec<Client>,
    text: Text,
    begin: Instant,
    buffer: Vec<u8>,
    events: Vec<epoll::Event>,
    sent: u64,
    received: u64,
    /// When the next message is due at a rate.
    due: Option<Instant>,
    /// Frames that the sender's socket has not taken yet.
    pending: Vec<u8>,
    /// epoll is asked to tell when it takes more.
    is_full: bool,
    idle: IdleStrategy,
    /// From sending to each receipt, since it was last cleared.
    pub(crate) latencies: Histogram,
    /// Nanoseconds between two messages where the sender waits for each to
    /// arrive: [`Histogram::record_with_omitted`]. 0 where it does not wait.
    pub(crate) interval: u64,
    /// The most that the sender itself was late, since it was last reset.
    pub(crate) late_max: Duration,
}

struct Client {
    stream: TcpStream,
    reader: FrameReader,
    tally: Tally,
    open: bool,
}

impl Load {
    /// Opens `clients` connections to `port` for messages of `bytes` bytes.
    ///
    /// # Errors
    /// When a connection is refused.
    pub(crate) fn open(port: u16, clients: usize, bytes: usize, idle: IdleStrategy) -> Result<Self, Failure> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?;
        let mut load = Self {
            epoll,
            clients: Vec::with_capacity(clients),
            text: Text::of(bytes),
            begin: Instant::now(),
            buffer: vec![0; READ_BYTES],
            events: Vec::with_capacity(EVENTS_MAX),
            sent: 0,
            received: 0,
            due: None,
            pending: Vec::new(),
            is_full: false,
            idle,
            latencies: Histogram::new(),
            interval: 0,
            late_max: Duration::ZERO,
        };
        for place in 0..clients {
            let opened = handshake::open(port, None)
                .map_err(Failure::at(format!("connection {place} of {clients}")))?;
            load.add_client(opened).map_err(Failure::at("cannot watch a connection"))?;
        }
        Ok(load)
    }

    fn add_client(&mut self, opened: OpenedConnection) -> std::io::Result<()> {
        let OpenedConnection { stream, mut rest } = opened;
        stream.set_nonblocking(true)?;
        let place = self.clients.len();
        let data = EventData::new_u64(place as u64);
        epoll::add(&self.epoll, &stream, data, EventFlags::IN)?;
        self.clients.push(Client {
            stream,
            reader: FrameReader::new(Writer::Server),
            tally: Tally::default(),
            open: true,
        });
        self.read_bytes(place, &mut rest);
        Ok(())
    }

    /// Messages that all clients together have received.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Messages that were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends and receives for `time`.
    ///
    /// # Errors
    /// When the server no longer takes what is sent, or epoll fails.
    pub(crate) fn run(&mut self, pacing: Pacing, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            self.send_what_is_due(pacing, now)?;
            let wake = match (pacing, self.due) {
                (Pacing::Rate(_), Some(due)) => due.min(end),
                _ => end,
            };
            self.wait(wake)?;
        }
    }

    /// Sends one message and receives until every client has it.
    ///
    /// # Errors
    /// When it does not arrive, or epoll fails.
    pub(crate) fn send_and_receive_all(&mut self) -> Result<(), Failure> {
        self.send()?;
        self.receive_all()?;
        match self.in_flight() {
            0 => Ok(()),
            missing => Err(Failure::new(format!("{missing} receipts of a message are missing"))),
        }
    }

    /// Receives what is still under way, and a little longer.
    ///
    /// # Errors
    /// When epoll fails.
    pub(crate) fn drain(&mut self) -> Result<(), Failure> {
        self.receive_all()?;
        self.run(Pacing::Paused, AFTERMATH)
    }

    /// Receives until nothing is under way, or for too long nothing has come.
    fn receive_all(&mut self) -> Result<(), Failure> {
        let end = Instant::now() + DRAIN_MAX;
        let mut silence_end = Instant::now() + SILENCE_MAX;
        while self.in_flight() > 0 && Instant::now() < end.min(silence_end) {
            let before = self.received;
            self.wait(silence_end)?;
            if self.received > before {
                silence_end = Instant::now() + SILENCE_MAX;
            }
        }
        Ok(())
    }

    /// What went wrong, all clients together; asked when everything has come.
    pub(crate) fn faults(&self) -> Faults {
        let mut sum = Faults::default();
        for client in &self.clients {
            sum += client.tally.faults(self.sent);
            sum.closed += u64::from(!client.open);
        }
        sum
    }

    /// Receipts that are still to come.
    fn in_flight(&self) -> u64 {
        (self.sent * self.clients.len() as u64).saturating_sub(self.received)
    }

    fn send_what_is_due(&mut self, pacing: Pacing, now: Instant) -> Result<(), Failure> {
        match pacing {
            Pacing::Paused => {}
            Pacing::Rate(rate) => {
                let mut due = self.due.unwrap_or(now);
                while due <= now {
                    self.late_max = self.late_max.max(now - due);
                    self.send()?;
                    due += Duration::from_secs(1) / u32::try_from(rate).unwrap_or(u32::MAX);
                }
                self.due = Some(due);
            }
            Pacing::Window(messages) => {
                let clients = self.clients.len() as u64;
                while self.in_flight() + clients <= messages * clients {
                    self.send()?;
                }
            }
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), Failure> {
        let stamp = Stamp { number: self.sent, sent_at: nanoseconds(self.begin.elapsed()) };
        let message = self.text.write(stamp);
        encode(&mut self.pending, Opcode::Text, message, Some(MASK));
        self.sent += 1;
        self.flush()
    }

    /// Writes what the sender has waiting, as far as its socket takes it.
    fn flush(&mut self) -> Result<(), Failure> {
        let Some(sender) = self.clients.first_mut() else {
            return Err(Failure::new("there is no client to send"));
        };
        let written = match sender.stream.write(&self.pending) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(Failure::at("the sender cannot send")(error)),
        };
        self.pending.drain(..written);
        if self.pending.len() > PENDING_BYTES_MAX {
            return Err(Failure::new("the server does not take what is sent"));
        }
        if self.is_full == self.pending.is_empty() {
            self.is_full = !self.is_full;
            let mut interest = EventFlags::IN;
            interest.set(EventFlags::OUT, self.is_full);
            epoll::modify(&self.epoll, &sender.stream, EventData::new_u64(0), interest)
                .map_err(Failure::at("epoll"))?;
        }
        Ok(())
    }

    /// Waits until something can be read, or `wake`, and reads it.
    fn wait(&mut self, wake: Instant) -> Result<(), Failure> {
        let time = match self.idle {
            IdleStrategy::Block => wake.saturating_duration_since(Instant::now()),
            IdleStrategy::Nap(_) | IdleStrategy::Spin => Duration::ZERO,
        };
        let time = Timespec::try_from(time).map_err(Failure::at("a time to wait"))?;
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        let room = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&self.epoll, room, Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        if let IdleStrategy::Nap(nap) = self.idle
            && events.is_empty()
        {
            thread::sleep(nap.min(wake.saturating_duration_since(Instant::now())));
        }
        let mut can_flush = !self.is_full;
        for event in &events {
            let (flags, place) = (event.flags, event.data.u64());
            can_flush |= flags.contains(EventFlags::OUT);
            if flags != EventFlags::OUT {
                self.receive(usize::try_from(place).unwrap_or(usize::MAX));
            }
        }
        self.events = events;
        // What the socket did not take before, and answers to pings.
        if can_flush && !self.pending.is_empty() { self.flush() } else { Ok(()) }
    }

    /// Reads one client's socket once.
    fn receive(&mut self, place: usize) {
        let Some(client) = self.clients.get_mut(place) else {
            return;
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        match client.stream.read(&mut buffer) {
            Ok(0) => self.close(place),
            Ok(count) => self.read_bytes(place, &mut buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.close(place),
        }
        self.buffer = buffer;
    }

    /// Takes in what client `place` has read.
    fn read_bytes(&mut self, place: usize, bytes: &mut [u8]) {
        let now = nanoseconds(self.begin.elapsed());
        let client = &mut self.clients[place];
        let tally = &mut client.tally;
        let mut answers = Vec::new();
        let mut ended = false;
        let read = client.reader.feed(bytes, |opcode, payload| match opcode {
            Opcode::Text | Opcode::Binary => match self.text.read(payload) {
                Some(stamp) if opcode == Opcode::Text => {
                    tally.receive(stamp.number);
                    self.received += 1;
                    self.latencies.record_with_omitted(now.saturating_sub(stamp.sent_at), self.interval);
                }
                _ => tally.receive_altered(),
            },
            Opcode::Ping => encode(&mut answers, Opcode::Pong, payload, Some(MASK)),
            Opcode::Pong => {}
            Opcode::Close => ended = true,
        });
        if !answers.is_empty() {
            if place == 0 {
                // Behind the frames that wait, never into the middle of one.
                self.pending.append(&mut answers);
            } else if client.stream.write(&answers).is_err() {
                ended = true;
            }
        }
        if ended || read.is_err() {
            self.close(place);
        }
    }

    fn close(&mut self, place: usize) {
        let client = &mut self.clients[place];
        client.open = false;
        // A socket that epoll does not know any more has nothing to be taken out of.
        let _ = epoll::delete(&self.epoll, &client.stream);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
