//! The network between the pages and the server: a relay of TCP connections. When a connection opens, the
//! relay draws after how many bytes of which direction it is cut. A second listener, the [`blackhole`], lets
//! nothing through: pages connect there with a transport that their network blocks.
//!
//! The relay runs in a thread of its own until it is dropped. [`Relay::heal`] ends the cutting for good.

mod blackhole;
mod connection;
mod cut_plan;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use crate::linux::failure::Failure;
use crate::linux::rng::Rng;
use blackhole::Blackhole;
use connection::RelayedConnection;
use cut_plan::{CutKind, CutPlan, Endpoint};

/// Connections at a time. Past it a page's connection is dropped at once.
const CONNECTIONS_MAX: usize = 1_000;
/// Events taken at a time.
const EVENTS_MAX: usize = 256;
/// Longest wait for events, and so the delay of healing, of ending, and of the end of a silence.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Key of the listener among the events.
const LISTENER: u64 = u64::MAX;
/// Key of the blackhole's listener.
const BLACKHOLE: u64 = u64::MAX - 1;

/// Handle of the relay's thread.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    refusing_port: u16,
    control: Arc<RelayControl>,
    thread: Option<JoinHandle<()>>,
}

/// State that the relay shares with its thread: orders and counts.
#[derive(Debug, Default)]
struct RelayControl {
    is_healed: AtomicBool,
    is_over: AtomicBool,
    resets: AtomicU64,
    ends: AtomicU64,
    silences: AtomicU64,
    refusals: AtomicU64,
}

/// Connections that were cut, by kind, and connections that were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CutCounts {
    /// Cuts that reset both sockets.
    pub(crate) resets: u64,
    /// Cuts that closed both sockets.
    pub(crate) ends: u64,
    /// Cuts that silently dropped the bytes of one or both directions.
    pub(crate) silences: u64,
    /// Connections that the blackhole refused; they do not count as cut.
    pub(crate) refusals: u64,
}

impl CutCounts {
    /// All connections that were cut.
    pub(crate) fn all(self) -> u64 {
        self.resets + self.ends + self.silences
    }
}

impl Relay {
    /// Starts to relay to the server on `server_port`, and to cut.
    ///
    /// # Errors
    /// When there is no port, no epoll or no thread.
    pub(crate) fn start(server_port: u16, rng: Rng) -> Result<Self, Failure> {
        let work = || -> std::io::Result<(TcpListener, Blackhole, rustix::fd::OwnedFd)> {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
            let blackhole = Blackhole::new()?;
            epoll::add(&epoll, blackhole.listener(), EventData::new_u64(BLACKHOLE), EventFlags::IN)?;
            Ok((listener, blackhole, epoll))
        };
        let (listener, blackhole, epoll) = work().map_err(Failure::at("the relay cannot listen"))?;
        let port_of = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let port = port_of(&listener).map_err(Failure::at("cannot read the relay's port"))?;
        let refusing_port =
            port_of(blackhole.listener()).map_err(Failure::at("cannot read the relay's port"))?;
        let control = Arc::new(RelayControl::default());
        let (control_of_thread, connections) = (Arc::clone(&control), Vec::new());
        let work = RelayThread {
            epoll,
            listener,
            blackhole,
            server_port,
            rng,
            control: control_of_thread,
            connections,
        };
        let thread = thread::Builder::new().name("relay".to_owned()).spawn(move || work.run());
        let thread = Some(thread.map_err(Failure::at("cannot start the relay"))?);
        Ok(Self { port, refusing_port, control, thread })
    }

    /// Port at which pages connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Port of the blackhole.
    pub(crate) fn refusing_port(&self) -> u16 {
        self.refusing_port
    }

    /// Ends the cutting, and resets the connections that are silent.
    pub(crate) fn heal(&self) {
        self.control.is_healed.store(true, Ordering::Relaxed);
    }

    /// Counts until now.
    pub(crate) fn cuts(&self) -> CutCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let RelayControl { resets, ends, silences, refusals, .. } = &*self.control;
        let (resets, ends, silences) = (read(resets), read(ends), read(silences));
        CutCounts { resets, ends, silences, refusals: read(refusals) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.control.is_over.store(true, Ordering::Relaxed);
        // A panic of the thread has been printed already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// State of the relay's thread.
struct RelayThread {
    epoll: rustix::fd::OwnedFd,
    listener: TcpListener,
    blackhole: Blackhole,
    server_port: u16,
    rng: Rng,
    control: Arc<RelayControl>,
    connections: Vec<Option<RelayedConnection>>,
}

impl RelayThread {
    fn run(mut self) {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let wait = Timespec::try_from(POLL_INTERVAL).ok();
        while !self.control.is_over.load(Ordering::Relaxed) {
            events.clear();
            let room = rustix::buffer::spare_capacity(&mut events);
            // Only EINTR is possible, because the set and the buffer are ours.
            let _ = epoll::wait(&self.epoll, room, wait.as_ref());
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept(),
                    BLACKHOLE => {
                        let count = self.blackhole.accept(&mut self.rng);
                        self.control.refusals.fetch_add(count, Ordering::Relaxed);
                    }
                    key => self.serve(key, event.flags),
                }
            }
            self.end_what_is_due();
        }
    }

    fn accept(&mut self) {
        loop {
            let page = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            // On loopback this takes no time: the server listens, or it is down and refuses.
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server_port));
            let place = self.connections.iter().position(Option::is_none).unwrap_or(self.connections.len());
            let (Ok(server), true) = (server, place < CONNECTIONS_MAX) else {
                connection::reset(&page);
                continue;
            };
            let is_healed = self.control.is_healed.load(Ordering::Relaxed);
            let plan = if is_healed { CutPlan::none() } else { CutPlan::draw(&mut self.rng) };
            let Ok(connection) = RelayedConnection::new(page, server, plan) else { continue };
            let key = (place as u64) << 1;
            if connection.register(&self.epoll, key).is_err() {
                continue;
            }
            if place == self.connections.len() {
                self.connections.push(Some(connection));
            } else {
                self.connections[place] = Some(connection);
            }
        }
    }

    fn serve(&mut self, key: u64, flags: EventFlags) {
        let place = usize::try_from(key >> 1).unwrap_or(usize::MAX);
        let Some(slot) = self.connections.get_mut(place) else { return };
        let Some(connection) = slot else { return };
        let endpoint = if key & 1 == 0 { Endpoint::Page } else { Endpoint::Server };
        if let Some(cut) = connection.serve(endpoint, flags) {
            self.count(cut);
        }
        self.remove_if_over(place);
    }

    /// Ends the silences and refusals that are due, and heals all connections once healing is ordered.
    fn end_what_is_due(&mut self) {
        let now = Instant::now();
        self.blackhole.end_those_due(now);
        let is_healed = self.control.is_healed.load(Ordering::Relaxed);
        for place in 0..self.connections.len() {
            if let Some(connection) = &mut self.connections[place] {
                if is_healed {
                    connection.heal();
                }
                connection.end_silence(now);
                self.remove_if_over(place);
            }
        }
    }

    fn remove_if_over(&mut self, place: usize) {
        let slot = &mut self.connections[place];
        let key = (place as u64) << 1;
        // Dropping the sockets removes them from the epoll set.
        if slot.as_mut().is_some_and(|connection| {
            connection.is_over() || connection.update_interest(&self.epoll, key).is_err()
        }) {
            *slot = None;
        }
    }

    fn count(&self, cut: CutKind) {
        let count = match cut {
            CutKind::Reset => &self.control.resets,
            CutKind::End => &self.control.ends,
            CutKind::Silence { .. } => &self.control.silences,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// A server that echoes everything, on this many connections.
    fn echo(count: usize) -> (u16, JoinHandle<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let echo = |mut stream: TcpStream| {
                let mut piece = [0; 1_000];
                while let Ok(count @ 1..) = stream.read(&mut piece) {
                    if stream.write_all(&piece[..count]).is_err() {
                        break;
                    }
                }
            };
            thread::scope(|scope| {
                for _ in 0..count {
                    let Ok((stream, _)) = listener.accept() else { return };
                    scope.spawn(move || echo(stream));
                }
            });
        });
        (port, thread)
    }

    #[test]
    fn a_connection_without_a_cut_forwards_everything() {
        let (port, thread) = echo(1);
        let relay = Relay::start(port, Rng::new(1)).unwrap();
        relay.heal();
        let mut page = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        let sent: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        let mut writer = page.try_clone().unwrap();
        let copy = sent.clone();
        let writing = thread::spawn(move || {
            writer.write_all(&copy).unwrap();
            writer.shutdown(std::net::Shutdown::Write).unwrap();
        });
        let mut received = vec![0; sent.len()];
        page.read_exact(&mut received).unwrap();
        assert!(received == sent);
        writing.join().unwrap();
        drop(page);
        thread.join().unwrap();
        assert_eq!(relay.cuts().all(), 0);
    }

    #[test]
    fn every_connection_is_cut_eventually() {
        let (port, _thread) = echo(20);
        let relay = Relay::start(port, Rng::new(2)).unwrap();
        let pages: Vec<_> =
            (0..20).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap()).collect();
        let talks: Vec<_> =
            pages.into_iter().map(|page| thread::spawn(move || talk_until_cut(page))).collect();
        talks.into_iter().for_each(|talk| talk.join().unwrap());
        assert!(relay.cuts().all() >= 20, "{:?}", relay.cuts());
    }

    fn talk_until_cut(mut page: TcpStream) {
        page.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut writer = page.try_clone().unwrap();
        let writing = thread::spawn(move || while writer.write_all(&[7; 4_000]).is_ok() {});
        let mut received = Vec::new();
        // Expect a reset or an end; a timeout is neither.
        if let Err(error) = page.read_to_end(&mut received) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        assert!(received.iter().all(|byte| *byte == 7));
        page.shutdown(std::net::Shutdown::Both).ok();
        writing.join().unwrap();
    }
}
