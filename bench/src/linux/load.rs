//! The load: many clients of the text dialect in one thread. The first of them sends.
//!
//! Each message carries its number and the time of sending. So every receiver finds the messages that were
//! lost, reordered, doubled or altered, and the latency. The sender keeps its times whatever the server does
//! (an open loop), so a server that stalls sees its backlog in the latencies.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use super::delivery_record::{DeliveryRecord, Faults};
use super::failure::Failure;
use super::frame::{FrameReader, Opcode, Writer, encode};
use super::handshake::{self, OpenedConnection};
use super::stamp::{Stamp, Text};
use super::stats::Histogram;

/// Events taken at a time, few enough that the sender is not delayed.
const EVENTS_MAX: usize = 128;
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Bytes that may wait for the sender's socket. Past it the measurement ends: the server does not accept
/// messages.
const PENDING_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Time without any receipt after which messages in flight count as lost.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Time limit for all messages in flight to arrive once nothing more is sent.
const DRAIN_MAX: Duration = Duration::from_secs(60);
/// Time for which duplicates are awaited in the end.
const AFTERMATH: Duration = Duration::from_millis(100);
/// Masking key of the sender. Any key serves against a server of ours.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x1e, 0x87];

/// Pacing of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pacing {
    /// This many messages a second, evenly.
    Rate(u64),
    /// A message whenever fewer than this many are in flight.
    Window(u64),
    /// Pause: no message is sent.
    Paused,
}

/// Behaviour of the load while there is nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdleStrategy {
    /// Blocks in `epoll_wait`. The write that brings the next message wakes the load, at the writer's cost.
    Block,
    /// Sleeps for this time and polls, so that no write has to wake the load.
    Nap(Duration),
    /// Polls at once, so that no write has to wake the load.
    Spin,
}

/// Clients of one server, and their receipts.
pub(crate) struct Load {
    epoll: rustix::fd::OwnedFd,
    clients: Vec<Client>,
    text: Text,
    begin: Instant,
    buffer: Vec<u8>,
    events: Vec<epoll::Event>,
    sent: u64,
    received: u64,
    /// Time at which the next message is due, at a fixed rate.
    due: Option<Instant>,
    /// Frames that the sender's socket has not accepted yet.
    pending: Vec<u8>,
    /// Whether epoll watches for the sender's socket to accept more.
    is_full: bool,
    idle: IdleStrategy,
    /// Times from sending to receipt since the last clearing.
    pub(crate) latencies: Histogram,
    /// Nanoseconds between two messages if the sender waits for each to arrive, for
    /// [`Histogram::record_with_omitted`]. 0 if it does not wait.
    pub(crate) interval: u64,
    /// Longest delay of the sender itself since the last reset.
    pub(crate) late_max: Duration,
}

struct Client {
    stream: TcpStream,
    reader: FrameReader,
    record: DeliveryRecord,
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
            record: DeliveryRecord::default(),
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
    /// When the server accepts no more messages, or epoll fails.
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
    /// When the message does not arrive, or epoll fails.
    pub(crate) fn send_and_receive_all(&mut self) -> Result<(), Failure> {
        self.send()?;
        self.receive_all()?;
        match self.in_flight() {
            0 => Ok(()),
            missing => Err(Failure::new(format!("{missing} receipts of a message are missing"))),
        }
    }

    /// Receives the messages in flight, and duplicates for a moment longer.
    ///
    /// # Errors
    /// When epoll fails.
    pub(crate) fn drain(&mut self) -> Result<(), Failure> {
        self.receive_all()?;
        self.run(Pacing::Paused, AFTERMATH)
    }

    /// Receives until nothing is in flight, or until no message has arrived for too long.
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

    /// Faults of all clients together. Call it when all messages have arrived.
    pub(crate) fn faults(&self) -> Faults {
        let mut sum = Faults::default();
        for client in &self.clients {
            sum += client.record.faults(self.sent);
            sum.closed += u64::from(!client.open);
        }
        sum
    }

    /// Receipts that are still missing.
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

    /// Writes the pending frames, as far as the sender's socket accepts them.
    fn flush(&mut self) -> Result<(), Failure> {
        let Some(sender) = self.clients.first_mut() else {
            return Err(Failure::new("there is no client to send"));
        };
        let written = match sender.stream.write(&self.pending) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(Failure::at("cannot send a message")(error)),
        };
        self.pending.drain(..written);
        if self.pending.len() > PENDING_BYTES_MAX {
            return Err(Failure::new("the server accepts no more messages"));
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

    /// Waits for events until `wake`, and handles them.
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
        // Flush frames that the socket did not accept before, and answers to pings.
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

    /// Handles bytes that client `place` received.
    fn read_bytes(&mut self, place: usize, bytes: &mut [u8]) {
        let now = nanoseconds(self.begin.elapsed());
        let client = &mut self.clients[place];
        let record = &mut client.record;
        let mut answers = Vec::new();
        let mut ended = false;
        let read = client.reader.feed(bytes, |opcode, payload| match opcode {
            Opcode::Text | Opcode::Binary => match self.text.read(payload) {
                Some(stamp) if opcode == Opcode::Text => {
                    record.receive(stamp.number);
                    self.received += 1;
                    self.latencies.record_with_omitted(now.saturating_sub(stamp.sent_at), self.interval);
                }
                _ => record.receive_altered(),
            },
            Opcode::Ping => encode(&mut answers, Opcode::Pong, payload, Some(MASK)),
            Opcode::Pong => {}
            Opcode::Close => ended = true,
        });
        if !answers.is_empty() {
            if place == 0 {
                // Append after the pending frames, never into the middle of one.
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
        // A socket that epoll does not know needs no removal.
        let _ = epoll::delete(&self.epoll, &client.stream);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
