//! One worker's live connections, and the task that queues frames on them.
//!
//! The registry sends one batch to each worker; the worker's fan-out task
//! queues the shared frames on the connections of its own thread. It waits for
//! nothing but the next batch and the next second.

mod connection_guard;
mod delivery;

pub use connection_guard::Entered;
pub use delivery::{Batch, Delivery};

use crate::clock::now_ms;
use crate::connection::Connection;
use crate::connection::direct_writer::WayOut;
use crate::connection::frame::{self, event};
use crate::connection::worker_inputs::News;
use crate::limits::{COMMENT_EVERY, RETRY_MS};
use bytes::Bytes;
use hub::{Dialect, Input, SessionId, session::TransportKind};
use shared::{
    Address, CloseCode, Cursor, Epoch, Event,
    event::Through,
    limits::{PING_MS, SILENCE_MS},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval},
};

/// Seconds between two pings of one connection; each second has its share of the connections.
const PING_S: u64 = PING_MS / 1000;
/// Seconds between two comments in a stream of events, by which proxies see that it lives.
const COMMENT_S: u64 = COMMENT_EVERY.as_secs();
const SILENCE_S: u32 = (SILENCE_MS / 1000) as u32;

/// The connections of one worker.
pub struct Table {
    worker: u16,
    next: Cell<u64>,
    all: RefCell<HashMap<SessionId, Entry>>,
    lists: RefCell<HashMap<List, Vec<Rc<Connection>>>>,
    /// Those on which something was queued.
    unflushed: RefCell<Vec<Rc<Connection>>>,
    news: Rc<News>,
    through: Cell<Cursor>,
    present: Cell<u64>,
    started: Instant,
    jitter: Cell<u64>,
}

/// Who hears the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum List {
    /// v1 sessions that hear of this address.
    V1(Address),
    /// Plain clients.
    Plain,
}

struct Entry {
    connection: Rc<Connection>,
    /// The lists that it is in, and where.
    places: Vec<(List, usize)>,
}

impl Table {
    /// The empty table of one worker.
    pub fn new(worker: u16) -> Rc<Self> {
        Rc::new(Table {
            worker,
            next: Cell::new(0),
            all: RefCell::default(),
            lists: RefCell::default(),
            unflushed: RefCell::default(),
            news: Rc::default(),
            through: Cell::new(Cursor { epoch: Epoch(0), n: 0 }),
            present: Cell::new(0),
            started: Instant::now(),
            jitter: Cell::new(u64::from(worker)),
        })
    }

    /// Enters a new WebSocket, with its way out.
    pub fn enter(&self, dialect: Dialect, way_out: Rc<WayOut>) -> Rc<Connection> {
        self.enter_by(TransportKind::Socket, dialect, way_out)
    }

    /// Enters a new connection whose frames leave in the body of a response, in another form.
    pub fn enter_http(&self, carrier: TransportKind) -> Rc<Connection> {
        self.enter_by(carrier, Dialect::V1, Rc::default())
    }

    fn enter_by(&self, carrier: TransportKind, dialect: Dialect, way_out: Rc<WayOut>) -> Rc<Connection> {
        self.next.set(self.next.get() + 1);
        let session = SessionId(u64::from(self.worker) << 48 | self.next.get());
        let news = Rc::clone(&self.news);
        let connection = Connection::new(session, dialect, carrier, self.now_s(), news, way_out);
        let entry = Entry { connection: Rc::clone(&connection), places: Vec::new() };
        self.all.borrow_mut().insert(session, entry);
        connection
    }

    /// Takes a connection out and has the registry told.
    pub fn leave(&self, session: SessionId) {
        let removed = self.all.borrow_mut().remove(&session);
        if let Some(entry) = removed {
            entry.places.into_iter().for_each(|place| self.take_out(place));
            self.news.tell(Input::Closed(session));
        }
    }

    /// What the registry is to be told.
    pub fn news(&self) -> Rc<News> {
        Rc::clone(&self.news)
    }

    /// Whole seconds of this worker's clock.
    pub fn now_s(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    /// How far the log goes, once what was queued has left.
    pub fn through(&self) -> Cursor {
        self.through.get()
    }

    /// And how far presence was told ([`hub::Hub::presence_revision`]).
    pub fn present(&self) -> u64 {
        self.present.get()
    }

    /// The worker that a session is on.
    pub fn worker_of(session: SessionId) -> usize {
        usize::from((session.0 >> 48) as u16)
    }

    fn attach(&self, session: SessionId, addresses: &[Address]) {
        let places = match self.all.borrow_mut().get_mut(&session) {
            Some(entry) => std::mem::take(&mut entry.places),
            None => return,
        };
        places.into_iter().for_each(|place| self.take_out(place));
        let mut dialect = Dialect::Text;
        self.with(session, |connection| {
            dialect = connection.dialect;
            if dialect == Dialect::V1 {
                connection.hold();
            }
        });
        match dialect {
            Dialect::V1 => addresses.iter().for_each(|to| self.put_in(session, List::V1(*to))),
            Dialect::Text => self.put_in(session, List::Plain),
        }
    }

    fn put_in(&self, session: SessionId, list: List) {
        if let Some(entry) = self.all.borrow_mut().get_mut(&session)
            && entry.places.iter().all(|(other, _)| *other != list)
        {
            let mut lists = self.lists.borrow_mut();
            let connections = lists.entry(list).or_default();
            entry.places.push((list, connections.len()));
            connections.push(Rc::clone(&entry.connection));
        }
    }

    /// Out of one list, while the connection stays in others.
    fn unsubscribe(&self, session: SessionId, list: List) {
        let place = self.all.borrow_mut().get_mut(&session).and_then(|entry| {
            let at = entry.places.iter().position(|(other, _)| *other == list)?;
            Some(entry.places.swap_remove(at))
        });
        place.into_iter().for_each(|place| self.take_out(place));
    }

    /// Takes whoever is there out of the list; the entry has forgotten the place.
    fn take_out(&self, (list, index): (List, usize)) {
        let mut lists = self.lists.borrow_mut();
        let Some(connections) = lists.get_mut(&list) else { return };
        connections.swap_remove(index);
        match connections.get(index).map(|moved| moved.session) {
            Some(moved) => {
                if let Some(entry) = self.all.borrow_mut().get_mut(&moved)
                    && let Some(place) = entry.places.iter_mut().find(|(other, _)| *other == list)
                {
                    place.1 = index;
                }
            }
            None if connections.is_empty() => drop(lists.remove(&list)),
            None => {}
        }
    }

    fn with(&self, session: SessionId, act: impl FnOnce(&Connection)) {
        if let Some(entry) = self.all.borrow().get(&session) {
            act(&entry.connection);
            self.touch(&entry.connection);
        }
    }

    fn touch(&self, connection: &Rc<Connection>) {
        if connection.owe_flush() {
            self.unflushed.borrow_mut().push(Rc::clone(connection));
        }
    }

    /// Sends what was queued on its way.
    fn flush(&self) {
        let mut unflushed = self.unflushed.take();
        unflushed.drain(..).for_each(|connection| connection.flush());
        // Its room is for the next time.
        self.unflushed.replace(unflushed);
    }

    /// Carries out a batch. What it queues leaves with the next [`Table::flush`].
    fn deliver(&self, batch: Batch) {
        for delivery in batch.deliveries {
            match delivery {
                Delivery::To { address, v1, plain } => {
                    self.send_to(List::V1(address), &v1);
                    if let Some(plain) = plain {
                        self.send_to(List::Plain, &plain);
                    }
                }
                Delivery::Word { address, v1 } => {
                    if let Some(connections) = self.lists.borrow().get(&List::V1(address)) {
                        connections.iter().for_each(|connection| {
                            connection.word(v1.clone());
                            self.touch(connection);
                        });
                    }
                }
                Delivery::Pass(frame) => self.send_to(List::Plain, &frame),
                Delivery::Attach(session, addresses) => self.attach(session, &addresses),
                Delivery::Subscribe(session, address) => self.put_in(session, List::V1(address)),
                Delivery::Unsubscribe(session, address) => self.unsubscribe(session, List::V1(address)),
                Delivery::First(session, frame) => self.with(session, |connection| connection.first(frame)),
                Delivery::Drain(session) => self.with(session, Connection::tell_when_drained),
                Delivery::Release(session) => self.with(session, Connection::release),
                Delivery::One(session, frame) => self.with(session, |connection| connection.answer(frame)),
                Delivery::WordTo(session, frame) => self.with(session, |connection| connection.word(frame)),
                Delivery::Close(session, code) => {
                    self.with(session, |connection| connection.close(Some(code.number()), ""));
                }
                Delivery::Pause(session, until) => {
                    self.with(session, |connection| connection.pause_until(until))
                }
                Delivery::Restart => self.restart(),
            }
        }
        self.through.set(batch.through);
        self.present.set(batch.present);
    }

    fn send_to(&self, list: List, frame: &Bytes) {
        if let Some(connections) = self.lists.borrow().get(&list) {
            connections.iter().for_each(|connection| {
                connection.send(frame.clone());
                self.touch(connection);
            });
        }
    }

    fn restart(&self) {
        for entry in self.all.borrow().values() {
            let reason = format!("retry-ms={}", self.draw(RETRY_MS));
            entry.connection.close(Some(CloseCode::Restart.number()), &reason);
            self.touch(&entry.connection);
        }
    }

    /// A number for jitter, of no other use (splitmix64).
    fn draw(&self, range: std::ops::Range<u64>) -> u64 {
        self.jitter.set(self.jitter.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.jitter.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        range.start + (z ^ (z >> 31)) % (range.end - range.start)
    }

    /// What each second brings: pings for its share, the end of the silent ones.
    fn tick(&self) {
        let now_s = self.now_s();
        let ping = frame::ping();
        let mut through = None;
        let share = u64::from(now_s) % PING_S;
        let comments = u64::from(now_s) % COMMENT_S;
        for (session, Entry { connection, places }) in &*self.all.borrow() {
            match connection.carrier {
                TransportKind::Socket => {}
                TransportKind::Stream if session.0 % COMMENT_S == comments && !connection.is_closing() => {
                    connection.first(ping.clone());
                    self.touch(connection);
                    continue;
                }
                _ => continue,
            }
            if connection.silent_s(now_s) >= SILENCE_S && connection.pause(now_ms()) == 0 {
                connection.close(Some(CloseCode::Silent.number()), "silent");
                self.touch(connection);
            }
            if session.0 % PING_S != share || connection.is_closing() {
                continue;
            }
            // The protocol's own ping is answered by browsers even while the page sleeps.
            if connection.is_held() {
                // Who takes long to catch up says something by its pong.
                connection.first(ping.clone());
            } else {
                connection.send(ping.clone());
            }
            self.touch(connection);
            // How far the log goes is for those who were welcomed.
            if connection.dialect == Dialect::V1 && !places.is_empty() && !connection.is_held() {
                let frame = through
                    .get_or_insert_with(|| event(&Event::Ping(Through { through: self.through.get() })));
                connection.send(frame.clone());
            }
        }
        self.flush();
    }

    /// Queues batches until the registry is gone.
    pub async fn run(self: Rc<Self>, mut batches: mpsc::Receiver<Batch>) {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                batch = batches.recv() => match batch {
                    Some(batch) => {
                        self.deliver(batch);
                        self.flush();
                        // What the kernel did not take goes out before more comes on top of it.
                        tokio::task::yield_now().await;
                    }
                    None => return,
                },
                _ = second.tick() => self.tick(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
