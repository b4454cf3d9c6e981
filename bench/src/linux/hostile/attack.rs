//! All sockets of one attack in one thread. A socket that the server ends is opened again, at a bounded rate.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use super::HOSTILE_MEMBERS;
use super::attack_counts::AttackCounts;
use super::attacker::{Attacker, Outcome};
use crate::arguments::AttackKind;
use crate::linux::datasets;
use crate::linux::failure::Failure;
use crate::linux::machine::run_in_background;

/// Interval between two sockets that are opened: 300 a second. So the ports of one address last for a minute,
/// although the kernel keeps a closed one for as long.
const OPEN_INTERVAL: Duration = Duration::from_micros(3_333);
/// Events taken at a time.
const EVENTS_MAX: usize = 512;
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Longest wait for an event.
const WAIT_MAX: Duration = Duration::from_millis(3);

/// The attackers and their epoll set.
pub(super) struct Attack {
    port: u16,
    epoll: rustix::fd::OwnedFd,
    attackers: Vec<Attacker>,
    /// Attackers without a socket.
    closed: VecDeque<usize>,
    /// Time at which the next socket may be opened.
    next_open: Instant,
    /// Attackers that act at a time.
    wakes: BinaryHeap<Reverse<(Instant, usize)>>,
    buffer: Vec<u8>,
    counts: AttackCounts,
}

impl Attack {
    /// An attack by `sockets` sockets, none of which is open.
    ///
    /// # Errors
    /// When the folder has no house id, or epoll fails.
    pub(super) fn new(kind: AttackKind, sockets: usize, port: u16, data: &Path) -> Result<Self, Failure> {
        let attackers = (0..sockets as u64).map(|number| {
            let cookie = datasets::cookie(data, 1 + number % HOSTILE_MEMBERS)?;
            Ok(Attacker::new(kind, number, port, cookie))
        });
        Ok(Self {
            port,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?,
            attackers: attackers.collect::<Result<_, Failure>>()?,
            closed: (0..sockets).collect(),
            next_open: Instant::now(),
            wakes: BinaryHeap::new(),
            buffer: vec![0; READ_BYTES],
            counts: AttackCounts::default(),
        })
    }

    /// Attacks until `is_over`, at a low priority, so that the attack delays the load as little as
    /// possible. Then closes all sockets.
    ///
    /// # Errors
    /// When epoll fails.
    pub(super) fn run_until(&mut self, is_over: impl Fn() -> bool) -> Result<AttackCounts, Failure> {
        run_in_background()?;
        self.next_open = Instant::now();
        while !is_over() {
            self.open_due();
            self.wake_due();
            self.wait()?;
        }
        self.attackers.clear();
        Ok(self.counts)
    }

    fn open_due(&mut self) {
        let now = Instant::now();
        while self.next_open <= now
            && let Some(place) = self.closed.pop_front()
        {
            self.next_open += OPEN_INTERVAL;
            let attacker = &mut self.attackers[place];
            // A failure, for example for lack of ports, counts as an end; the socket is opened again.
            let outcome = attacker.open(self.port);
            if let Some(stream) = attacker.stream() {
                let mark = EventData::new_u64(place as u64);
                let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
                if epoll::add(&self.epoll, stream, mark, flags).is_ok() {
                    self.counts.opened += 1;
                }
            }
            self.follow(place, outcome);
        }
        // Time in which no socket was closed gives no burst later.
        self.next_open = self.next_open.max(now);
        let open = self.attackers.len() - self.closed.len();
        self.counts.open_max = self.counts.open_max.max(open);
    }

    fn wake_due(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((at, place))) = self.wakes.peek()
            && at <= now
        {
            self.wakes.pop();
            let outcome = self.attackers[place].wake(at);
            self.follow(place, outcome);
        }
    }

    fn wait(&mut self) -> Result<(), Failure> {
        let time = Timespec::try_from(WAIT_MAX).map_err(Failure::at("a time to wait"))?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        for event in events {
            let (flags, place) = (event.flags, usize::try_from(event.data.u64()).unwrap_or(usize::MAX));
            let Some(attacker) = self.attackers.get_mut(place) else { continue };
            let is_gone = flags.intersects(EventFlags::HUP | EventFlags::ERR);
            let outcome = attacker.serve(&mut self.buffer, is_gone, &mut self.counts);
            self.follow(place, outcome);
        }
        Ok(())
    }

    fn follow(&mut self, place: usize, outcome: Outcome) {
        match outcome {
            Outcome::Pending => {}
            Outcome::WakeAt(at) => self.wakes.push(Reverse((at, place))),
            Outcome::Ended => {
                self.counts.ended += 1;
                self.closed.push_back(place);
            }
        }
    }
}
