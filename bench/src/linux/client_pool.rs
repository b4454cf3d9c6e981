//! All returning clients in one thread.

mod returning_client;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use self::returning_client::{Progress, ReturningClient};
use super::datasets;
use super::failure::Failure;
use super::rng::Rng;

/// Events taken at a time.
const EVENTS_MAX: usize = 512;
/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1_024;
/// Clients that connect at the same time in the beginning, which is not measured.
const CONNECTING_MAX: usize = 200;

/// Addresses that the clients connect from in turn, because a server gives no address more than half of its
/// connections.
const SOURCES: [Ipv4Addr; 4] = [
    Ipv4Addr::new(127, 0, 0, 10),
    Ipv4Addr::new(127, 0, 0, 11),
    Ipv4Addr::new(127, 0, 0, 12),
    Ipv4Addr::new(127, 0, 0, 13),
];

/// All clients and their epoll set.
pub(crate) struct ClientPool {
    port: u16,
    epoll: rustix::fd::OwnedFd,
    clients: Vec<ReturningClient>,
    /// Clients that wait for their next attempt, by its time.
    retries: BinaryHeap<Reverse<(Instant, usize)>>,
    buffer: Vec<u8>,
    begun: Instant,
    caught_up: usize,
    attempts: u64,
}

impl ClientPool {
    /// Clients of the first `clients` members of the house in this folder.
    pub(crate) fn new(port: u16, folder: &Path, clients: usize) -> Result<Self, Failure> {
        let mut rng = Rng::new(4);
        let clients = (1..=clients as u64).zip(SOURCES.iter().cycle()).map(|(number, &source)| {
            datasets::cookie(folder, number).map(|cookie| ReturningClient::new(cookie, source, rng.split()))
        });
        Ok(Self {
            port,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?,
            clients: clients.collect::<Result<_, _>>()?,
            retries: BinaryHeap::new(),
            buffer: vec![0; READ_BYTES],
            begun: Instant::now(),
            caught_up: 0,
            attempts: 0,
        })
    }

    /// Time at which the pool was made.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// Attempts to connect, refused ones included.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Times at which the clients caught up, of those that did.
    pub(crate) fn caught_up_times(&self) -> Vec<Instant> {
        self.clients.iter().filter_map(|client| client.caught_up_at).collect()
    }

    /// Connects all clients for the first time, a few at a time.
    pub(crate) fn connect_all(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        let (mut next, all) = (0, self.clients.len());
        while self.caught_up < all {
            while next < all && next < self.caught_up + CONNECTING_MAX {
                self.dial(next)?;
                next += 1;
            }
            if Instant::now() > end {
                let caught_up = self.caught_up;
                return Err(Failure::new(format!("only {caught_up} of {all} clients could connect")));
            }
            self.poll_once()?;
        }
        Ok(())
    }

    /// Handles events for `time`.
    pub(crate) fn idle(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.poll_once()?;
        }
        Ok(())
    }

    /// Lets all clients reconnect by themselves after the server is gone, for at most `time`.
    pub(crate) fn reconnect_all(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        (self.caught_up, self.attempts) = (0, 0);
        self.clients.iter_mut().for_each(|client| client.caught_up_at = None);
        while self.caught_up < self.clients.len() && Instant::now() < end {
            self.poll_once()?;
        }
        Ok(())
    }

    fn poll_once(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        while let Some(&Reverse((at, place))) = self.retries.peek()
            && at <= now
        {
            self.retries.pop();
            self.dial(place)?;
        }
        let next = self.retries.peek().map_or(Duration::from_millis(20), |Reverse((at, _))| {
            at.saturating_duration_since(Instant::now()).min(Duration::from_millis(20))
        });
        let wait = Timespec::try_from(next).map_err(Failure::at("a time to wait"))?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        for event in events {
            let place = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            let Some(client) = self.clients.get_mut(place) else { continue };
            let progress = client.serve(&mut self.buffer);
            self.record_progress(place, progress);
        }
        Ok(())
    }

    fn dial(&mut self, place: usize) -> Result<(), Failure> {
        self.attempts += 1;
        let client = &mut self.clients[place];
        let progress = client.dial(self.port);
        if let Some(stream) = client.stream() {
            // Edge-triggered: the first event says that the socket is connected, or refused.
            let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
            let mark = EventData::new_u64(place as u64);
            epoll::add(&self.epoll, stream, mark, flags).map_err(Failure::at("epoll"))?;
        }
        self.record_progress(place, progress);
        Ok(())
    }

    fn record_progress(&mut self, place: usize, progress: Progress) {
        match progress {
            Progress::Pending => {}
            Progress::CaughtUp => self.caught_up += 1,
            Progress::Lost => {
                if let Some(at) = self.clients[place].retry_at() {
                    self.retries.push(Reverse((at, place)));
                }
            }
        }
    }
}
