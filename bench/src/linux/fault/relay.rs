//! The network between the pages and the server: a relay of TCP connections
//! that cuts them, each after a number of bytes in one direction that was drawn
//! when it was opened. Beside it is an end that lets nothing through ([`refusal`]):
//! what the network of a page does not let pass just now goes there.
//!
//! It runs in a thread of its own until it is dropped. [`Relay::heal`] ends the
//! cutting for good.

mod fate;
mod pair;
mod refusal;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use crate::linux::chance::Chance;
use crate::linux::failure::Failure;
use fate::Fate;
use pair::{Pair, Side};
use refusal::Refusal;

/// Pairs of sockets at a time. Past it a page's connection is dropped at once.
const PAIRS_MAX: usize = 1_000;
/// Events taken at a time.
const EVENTS_MAX: usize = 256;
/// How long it waits for events at most: how late it sees that it is to heal or to end, and that a
/// silence is over.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The listener's mark among the events.
const LISTENER: u64 = u64::MAX;
/// The refusing listener's.
const REFUSAL: u64 = u64::MAX - 1;

/// The relay.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    refusing_port: u16,
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

/// What it is told, and what it tells.
#[derive(Debug, Default)]
struct Orders {
    is_healed: AtomicBool,
    is_over: AtomicBool,
    resets: AtomicU64,
    ends: AtomicU64,
    silences: AtomicU64,
    refusals: AtomicU64,
}

/// How many connections it has cut, in each manner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cuts {
    /// Both sides were told by a reset.
    pub(crate) resets: u64,
    /// Both sides were told by an end.
    pub(crate) ends: u64,
    /// Nobody was told: what was sent in one direction or both went nowhere.
    pub(crate) silences: u64,
    /// Beside them: those that were refused.
    pub(crate) refusals: u64,
}

impl Cuts {
    /// All that were cut.
    pub(crate) fn all(self) -> u64 {
        self.resets + self.ends + self.silences
    }
}

impl Relay {
    /// Begins to relay to the server on `server_port`, and to cut.
    ///
    /// # Errors
    /// When there is no port or no epoll.
    pub(crate) fn start(server_port: u16, chance: Chance) -> Result<Self, Failure> {
        let work = || -> std::io::Result<(TcpListener, Refusal, rustix::fd::OwnedFd)> {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
            let refusal = Refusal::new()?;
            epoll::add(&epoll, refusal.listener(), EventData::new_u64(REFUSAL), EventFlags::IN)?;
            Ok((listener, refusal, epoll))
        };
        let (listener, refusal, epoll) = work().map_err(Failure::at("the relay cannot listen"))?;
        let port_of = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let port = port_of(&listener).map_err(Failure::at("the relay's port"))?;
        let refusing_port = port_of(refusal.listener()).map_err(Failure::at("the relay's port"))?;
        let orders = Arc::new(Orders::default());
        let (orders_of_work, pairs) = (Arc::clone(&orders), Vec::new());
        let work = Work { epoll, listener, refusal, server_port, chance, orders: orders_of_work, pairs };
        let thread = thread::Builder::new().name("relay".to_owned()).spawn(move || work.run());
        let thread = Some(thread.map_err(Failure::at("no thread for the relay"))?);
        Ok(Self { port, refusing_port, orders, thread })
    }

    /// Where pages connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where they connect that are not let through.
    pub(crate) fn refusing_port(&self) -> u16 {
        self.refusing_port
    }

    /// From now on nothing is cut, and what is silent is reset.
    pub(crate) fn heal(&self) {
        self.orders.is_healed.store(true, Ordering::Relaxed);
    }

    /// What was cut until now.
    pub(crate) fn cuts(&self) -> Cuts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Orders { resets, ends, silences, refusals, .. } = &*self.orders;
        let (resets, ends, silences) = (read(resets), read(ends), read(silences));
        Cuts { resets, ends, silences, refusals: read(refusals) }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.orders.is_over.store(true, Ordering::Relaxed);
        // If it panicked, the panic was told already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The thread's own.
struct Work {
    epoll: rustix::fd::OwnedFd,
    listener: TcpListener,
    refusal: Refusal,
    server_port: u16,
    chance: Chance,
    orders: Arc<Orders>,
    pairs: Vec<Option<Pair>>,
}

impl Work {
    fn run(mut self) {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        let wait = Timespec::try_from(LOOK_EVERY).ok();
        while !self.orders.is_over.load(Ordering::Relaxed) {
            events.clear();
            let room = rustix::buffer::spare_capacity(&mut events);
            // An error other than EINTR cannot come: the set and the buffer are ours.
            let _ = epoll::wait(&self.epoll, room, wait.as_ref());
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept(),
                    REFUSAL => {
                        let count = self.refusal.accept(&mut self.chance);
                        self.orders.refusals.fetch_add(count, Ordering::Relaxed);
                    }
                    mark => self.serve(mark, event.flags),
                }
            }
            self.look();
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
            let place = self.pairs.iter().position(Option::is_none).unwrap_or(self.pairs.len());
            let (Ok(server), true) = (server, place < PAIRS_MAX) else {
                pair::reset(&page);
                continue;
            };
            let is_healed = self.orders.is_healed.load(Ordering::Relaxed);
            let fate = if is_healed { Fate::none() } else { Fate::draw(&mut self.chance) };
            let Ok(pair) = Pair::new(page, server, fate) else { continue };
            let mark = (place as u64) << 1;
            if pair.watch(&self.epoll, mark).is_err() {
                continue;
            }
            if place == self.pairs.len() {
                self.pairs.push(Some(pair));
            } else {
                self.pairs[place] = Some(pair);
            }
        }
    }

    fn serve(&mut self, mark: u64, flags: EventFlags) {
        let place = usize::try_from(mark >> 1).unwrap_or(usize::MAX);
        let Some(slot) = self.pairs.get_mut(place) else { return };
        let Some(pair) = slot else { return };
        let side = if mark & 1 == 0 { Side::Page } else { Side::Server };
        if let Some(cut) = pair.serve(side, flags) {
            self.count(cut);
        }
        self.tidy(place);
    }

    /// Silences that are over, and the order to heal.
    fn look(&mut self) {
        let now = Instant::now();
        self.refusal.look(now);
        let is_healed = self.orders.is_healed.load(Ordering::Relaxed);
        for place in 0..self.pairs.len() {
            if let Some(pair) = &mut self.pairs[place] {
                if is_healed {
                    pair.heal();
                }
                pair.end_silence(now);
                self.tidy(place);
            }
        }
    }

    fn tidy(&mut self, place: usize) {
        let slot = &mut self.pairs[place];
        let mark = (place as u64) << 1;
        // Dropping the sockets takes them out of the epoll set.
        if slot.as_mut().is_some_and(|pair| pair.is_over() || pair.watch_again(&self.epoll, mark).is_err()) {
            *slot = None;
        }
    }

    fn count(&self, cut: fate::Manner) {
        let count = match cut {
            fate::Manner::Reset => &self.orders.resets,
            fate::Manner::End => &self.orders.ends,
            fate::Manner::Silence { .. } => &self.orders.silences,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// A server that sends back all that it is sent, on so many connections.
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
    fn what_is_not_cut_comes_whole() {
        let (port, thread) = echo(1);
        let relay = Relay::start(port, Chance::new(1)).unwrap();
        relay.heal();
        let mut page = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        let sent: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        let mut writer = page.try_clone().unwrap();
        let copy = sent.clone();
        let writing = thread::spawn(move || {
            writer.write_all(&copy).unwrap();
            writer.shutdown(std::net::Shutdown::Write).unwrap();
        });
        let mut came = vec![0; sent.len()];
        page.read_exact(&mut came).unwrap();
        assert!(came == sent);
        writing.join().unwrap();
        drop(page);
        thread.join().unwrap();
        assert_eq!(relay.cuts().all(), 0);
    }

    #[test]
    fn every_connection_is_cut_in_the_end() {
        let (port, _thread) = echo(20);
        let relay = Relay::start(port, Chance::new(2)).unwrap();
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
        let mut came = Vec::new();
        // A reset or an end; a time limit would be neither.
        if let Err(error) = page.read_to_end(&mut came) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        assert!(came.iter().all(|byte| *byte == 7));
        page.shutdown(std::net::Shutdown::Both).ok();
        writing.join().unwrap();
    }
}
