//! A room in which people talk: its members are connected over v1 and post in turn at an even rate.
//!
//! Each message carries its number and the time at which it was due, so the latencies count from then, even
//! if the load itself or the server was late (an open loop). All members receive every message. The load
//! counts what is missing, what the server refuses, and the connections that it closes.

mod member;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use shared::command::Post;
use shared::{ClientId, Command, RoomId};

use super::datasets;
use super::failure::Failure;
use super::rng::Rng;
use super::session::Session;
use super::stamp::{Stamp, Text};
use super::stats::Histogram;
use member::RoomMember;

/// Bytes of one message's text.
const TEXT_BYTES: usize = 64;
/// Events taken at a time, few enough that no message is sent late.
const EVENTS_MAX: usize = 128;
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Time limit for the messages in flight to arrive in the end.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Longest wait for an event.
const WAIT_MAX: Duration = Duration::from_millis(5);

/// Members of a room, who post in turn.
pub(crate) struct RoomLoad {
    epoll: rustix::fd::OwnedFd,
    members: Vec<RoomMember>,
    room: RoomId,
    text: Text,
    rng: Rng,
    begin: Instant,
    period: Duration,
    /// Time at which the next message is due.
    due: Option<Instant>,
    buffer: Vec<u8>,
    sent: u64,
    received: u64,
    refused: u64,
    latencies: Histogram,
    /// Longest delay of a message by the load itself.
    late_max: Duration,
}

/// Figures of the load between two calls of [`RoomLoad::take_window`].
#[derive(Debug, Clone)]
pub(crate) struct LoadWindow {
    /// Times from due to receipt.
    pub(crate) latencies: Histogram,
    /// Longest delay of a message by the load itself, which the latencies include.
    pub(crate) late_max: Duration,
}

/// Faults of the load from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoadFaults {
    /// Receipts that are missing.
    pub(crate) missing: u64,
    /// Messages that the server refused.
    pub(crate) refused: u64,
    /// Connections that ended.
    pub(crate) closed: usize,
}

impl RoomLoad {
    /// Connects the `numbers` of the members of the house in `folder`, who are in `room` and post `rate`
    /// messages a second together.
    ///
    /// # Errors
    /// When a member is refused.
    pub(crate) fn open(
        port: u16,
        folder: &Path,
        numbers: impl Iterator<Item = u64>,
        room: RoomId,
        rate: u32,
    ) -> Result<Self, Failure> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let mut load = Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?,
            members: Vec::new(),
            room,
            text: Text::of(TEXT_BYTES),
            // A second load on the same log must not repeat the ids of the first.
            rng: Rng::new(seed),
            begin: Instant::now(),
            period: Duration::from_secs(1) / rate.max(1),
            due: None,
            buffer: vec![0; READ_BYTES],
            sent: 0,
            received: 0,
            refused: 0,
            latencies: Histogram::new(),
            late_max: Duration::ZERO,
        };
        for number in numbers {
            let cookie = datasets::cookie(folder, number)?;
            let (session, _) = Session::open(port, &cookie, None)
                .map_err(Failure::at(format!("member {number} of the load")))?;
            load.add_member(session).map_err(Failure::at("cannot watch a connection"))?;
        }
        Ok(load)
    }

    fn add_member(&mut self, session: Session) -> std::io::Result<()> {
        let member = RoomMember::new(session)?;
        let mark = EventData::new_u64(self.members.len() as u64);
        epoll::add(&self.epoll, member.stream(), mark, EventFlags::IN)?;
        self.members.push(member);
        Ok(())
    }

    /// Posts and receives for `time`.
    ///
    /// # Errors
    /// When epoll fails, or the server sends a malformed frame.
    pub(crate) fn run_for(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        self.run_until(|| Instant::now() >= end)
    }

    /// Posts and receives until `is_over`, then stops posting.
    ///
    /// # Errors
    /// As [`RoomLoad::run_for`].
    pub(crate) fn run_until(&mut self, is_over: impl Fn() -> bool) -> Result<(), Failure> {
        self.due = Some(Instant::now());
        while !is_over() {
            let next = self.post_due()?;
            self.wait(next.saturating_duration_since(Instant::now()).min(WAIT_MAX))?;
        }
        Ok(())
    }

    /// Receives and answers pings for `time`, without posting.
    ///
    /// # Errors
    /// As [`RoomLoad::run_for`].
    pub(crate) fn idle_for(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.wait(WAIT_MAX)?;
        }
        Ok(())
    }

    /// Waits until every message has arrived, or for at most ten seconds.
    ///
    /// # Errors
    /// As [`RoomLoad::run_for`].
    pub(crate) fn drain(&mut self) -> Result<(), Failure> {
        let end = Instant::now() + DRAIN_MAX;
        while self.received < self.owed() && Instant::now() < end {
            self.wait(WAIT_MAX)?;
        }
        Ok(())
    }

    /// Takes the figures since the last call.
    pub(crate) fn take_window(&mut self) -> LoadWindow {
        LoadWindow {
            latencies: std::mem::replace(&mut self.latencies, Histogram::new()),
            late_max: std::mem::take(&mut self.late_max),
        }
    }

    /// Faults from the beginning. Messages in flight count as missing, so call [`RoomLoad::drain`] before.
    pub(crate) fn faults(&self) -> LoadFaults {
        LoadFaults {
            missing: self.owed().saturating_sub(self.received),
            refused: self.refused,
            closed: self.members.iter().filter(|member| !member.is_open()).count(),
        }
    }

    /// Receipts of all messages by all members.
    fn owed(&self) -> u64 {
        self.sent * self.members.len() as u64
    }

    /// Posts the messages that are due. Returns the time of the next.
    fn post_due(&mut self) -> Result<Instant, Failure> {
        let now = Instant::now();
        let mut due = self.due.unwrap_or(now);
        while due <= now {
            self.late_max = self.late_max.max(now - due);
            self.post(due);
            due += self.period;
        }
        self.due = Some(due);
        Ok(due)
    }

    fn post(&mut self, due: Instant) {
        let sent_at = u64::try_from(due.saturating_duration_since(self.begin).as_nanos()).unwrap_or(u64::MAX);
        let text =
            String::from_utf8_lossy(self.text.write(Stamp { number: self.sent, sent_at })).into_owned();
        let place = usize::try_from(self.sent).unwrap_or(0) % self.members.len().max(1);
        self.sent += 1;
        let client_id = ClientId(self.rng.bytes());
        let post = Post { reference: self.sent, client_id, room: self.room, text };
        if let Some(member) = self.members.get_mut(place) {
            member.send(&Command::Post(post));
        }
    }

    fn wait(&mut self, time: Duration) -> Result<(), Failure> {
        let time = Timespec::try_from(time).map_err(Failure::at("a time to wait"))?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        for event in events {
            self.receive(usize::try_from(event.data.u64()).unwrap_or(usize::MAX))?;
        }
        Ok(())
    }

    /// Reads one member's socket once.
    fn receive(&mut self, place: usize) -> Result<(), Failure> {
        let Some(member) = self.members.get_mut(place) else { return Ok(()) };
        let was_open = member.is_open();
        let Self { begin, latencies, text, .. } = self;
        let now = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let receipts = member.receive(&mut self.buffer, text, |stamp| {
            latencies.record(now.saturating_sub(stamp.sent_at));
        })?;
        self.received += receipts.messages;
        self.refused += receipts.refusals;
        if was_open && !member.is_open() {
            // The socket is watched; if the kernel refuses, it reports the end again and again.
            epoll::delete(&self.epoll, member.stream()).map_err(Failure::at("epoll"))?;
        }
        Ok(())
    }
}

impl LoadFaults {
    /// Whether every message was accepted and arrived, and every connection stayed open.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self { missing: 0, refused: 0, closed: 0 }
    }
}

impl std::fmt::Display for LoadFaults {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { missing, refused, closed } = self;
        write!(out, "{missing} receipts missing, {refused} posts refused, {closed} connections closed")
    }
}
