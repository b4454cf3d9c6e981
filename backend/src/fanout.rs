//! One worker's live connections, and the task that queues frames on them.
//!
//! The registry sends one batch to each worker; the worker's fan-out task
//! queues the shared frames on the connections of its own thread. It waits for
//! nothing but the next batch and the next second.

use crate::{connection::Connection, frame, limits::RETRY_MS};
use bytes::Bytes;
use hub::{Dialect, SessionId};
use shared::{
    CloseCode, Cursor, Epoch, Event,
    event::Through,
    limits::{PING_MS, SILENCE_MS},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval},
};

/// Seconds between two pings of one connection; each second has its share of the connections.
const PING_S: u64 = PING_MS / 1000;
const SILENCE_S: u32 = (SILENCE_MS / 1000) as u32;

/// What the registry sends to each worker at the end of a turn.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How far the log goes once this batch is queued.
    pub through: Cursor,
    /// In order.
    pub deliveries: Vec<Delivery>,
}

/// One thing for a worker to do.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// To everyone who is attached: this frame to v1 sessions, that one to plain ones.
    Room {
        /// For v1.
        v1: Bytes,
        /// For plain clients, if it is for them.
        plain: Option<Bytes>,
    },
    /// To plain clients only.
    Pass(Bytes),
    /// Hear what is published, but hold it back.
    Attach(SessionId),
    /// Send this, then what was held back.
    Welcome(SessionId, Bytes),
    /// To one session.
    One(SessionId, Bytes),
    /// Close one.
    Close(SessionId, CloseCode),
    /// Read nothing from one until then (milliseconds since 1970).
    Pause(SessionId, u64),
    /// The server ends: close them all.
    Restart,
}

/// The connections of one worker.
pub struct Table {
    worker: u16,
    next: Cell<u64>,
    all: RefCell<HashMap<SessionId, Entry>>,
    /// Attached sessions, in the order of their attaching.
    v1: RefCell<Vec<Rc<Connection>>>,
    plain: RefCell<Vec<Rc<Connection>>>,
    left: RefCell<Vec<SessionId>>,
    has_left: Notify,
    through: Cell<Cursor>,
    started: Instant,
    jitter: Cell<u64>,
}

struct Entry {
    connection: Rc<Connection>,
    /// Where it is in the list of its dialect.
    index: Option<usize>,
}

impl Table {
    /// The empty table of one worker.
    pub fn new(worker: u16) -> Rc<Self> {
        Rc::new(Table {
            worker,
            next: Cell::new(0),
            all: RefCell::default(),
            v1: RefCell::default(),
            plain: RefCell::default(),
            left: RefCell::default(),
            has_left: Notify::new(),
            through: Cell::new(Cursor { epoch: Epoch(0), n: 0 }),
            started: Instant::now(),
            jitter: Cell::new(u64::from(worker)),
        })
    }

    /// Enters a new connection.
    pub fn enter(&self, dialect: Dialect) -> Rc<Connection> {
        self.next.set(self.next.get() + 1);
        let session = SessionId(u64::from(self.worker) << 48 | self.next.get());
        let connection = Connection::new(session, dialect, self.now_s());
        self.all.borrow_mut().insert(session, Entry { connection: Rc::clone(&connection), index: None });
        connection
    }

    /// Takes a connection out and has the registry told.
    pub fn leave(&self, session: SessionId) {
        let removed = self.all.borrow_mut().remove(&session);
        if let Some(entry) = removed {
            if let Some(index) = entry.index {
                self.detach(entry.connection.dialect, index);
            }
            self.left.borrow_mut().push(session);
            self.has_left.notify_one();
        }
    }

    /// The next sessions that left, for the registry to be told. Ends never.
    pub async fn farewells(&self) -> Vec<SessionId> {
        loop {
            let left = self.left.take();
            if !left.is_empty() {
                return left;
            }
            self.has_left.notified().await;
        }
    }

    /// Whole seconds of this worker's clock.
    pub fn now_s(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    /// The worker that a session is on.
    pub fn worker_of(session: SessionId) -> usize {
        usize::from((session.0 >> 48) as u16)
    }

    fn list(&self, dialect: Dialect) -> &RefCell<Vec<Rc<Connection>>> {
        match dialect {
            Dialect::V1 => &self.v1,
            Dialect::Plain => &self.plain,
        }
    }

    fn attach(&self, session: SessionId) {
        let mut all = self.all.borrow_mut();
        if let Some(entry) = all.get_mut(&session)
            && entry.index.is_none()
        {
            let mut list = self.list(entry.connection.dialect).borrow_mut();
            entry.index = Some(list.len());
            list.push(Rc::clone(&entry.connection));
            if entry.connection.dialect == Dialect::V1 {
                entry.connection.hold();
            }
        }
    }

    fn detach(&self, dialect: Dialect, index: usize) {
        let mut list = self.list(dialect).borrow_mut();
        list.swap_remove(index);
        if let Some(moved) = list.get(index).map(|connection| connection.session)
            && let Some(entry) = self.all.borrow_mut().get_mut(&moved)
        {
            entry.index = Some(index);
        }
    }

    fn with(&self, session: SessionId, act: impl FnOnce(&Connection)) {
        if let Some(entry) = self.all.borrow().get(&session) {
            act(&entry.connection);
        }
    }

    /// Carries out a batch.
    pub fn deliver(&self, batch: Batch) {
        for delivery in batch.deliveries {
            match delivery {
                Delivery::Room { v1, plain } => {
                    self.v1.borrow().iter().for_each(|connection| connection.send(v1.clone()));
                    if let Some(plain) = plain {
                        self.pass(&plain);
                    }
                }
                Delivery::Pass(frame) => self.pass(&frame),
                Delivery::Attach(session) => self.attach(session),
                Delivery::Welcome(session, frame) => {
                    self.with(session, |connection| connection.release(frame))
                }
                Delivery::One(session, frame) => self.with(session, |connection| connection.send(frame)),
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
    }

    fn pass(&self, frame: &Bytes) {
        self.plain.borrow().iter().for_each(|connection| connection.send(frame.clone()));
    }

    fn restart(&self) {
        for entry in self.all.borrow().values() {
            let reason = format!("retry-ms={}", self.draw(RETRY_MS));
            entry.connection.close(Some(CloseCode::Restart.number()), &reason);
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
        for (session, Entry { connection, index }) in &*self.all.borrow() {
            if connection.silent_s(now_s) >= SILENCE_S && connection.pause(now_ms()) == 0 {
                connection.close(Some(CloseCode::Silent.number()), "silent");
            }
            if session.0 % PING_S != share || connection.is_closing() {
                continue;
            }
            // The protocol's own ping is answered by browsers even while the page sleeps.
            connection.send(ping.clone());
            // How far the log goes is for those who were welcomed.
            if connection.dialect == Dialect::V1 && index.is_some() && !connection.is_held() {
                let frame = through
                    .get_or_insert_with(|| event(&Event::Ping(Through { through: self.through.get() })));
                connection.send(frame.clone());
            }
        }
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
                        // What is queued goes out before more comes on top of it.
                        tokio::task::yield_now().await;
                    }
                    None => return,
                },
                _ = second.tick() => self.tick(),
            }
        }
    }
}

/// An event as a frame for v1 clients.
pub fn event(event: &Event) -> Bytes {
    // Maps with string keys and plain values cannot fail to serialise.
    frame::text(&serde_json::to_vec(event).unwrap_or_default())
}

/// Milliseconds since 1970: the clock of the hub.
pub fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Outbound;
    use actix_web::body::MessageBody;
    use std::{
        pin::Pin,
        task::{Context, Poll, Waker},
    };

    #[test]
    fn a_table_keeps_its_lists_whole() {
        let table = Table::new(3);
        let all: Vec<_> = (0..5).map(|_| table.enter(Dialect::Plain)).collect();
        all.iter().for_each(|connection| table.attach(connection.session));
        table.attach(all[0].session);
        for gone in [1, 4, 0] {
            table.leave(all[gone].session);
            table.leave(all[gone].session);
        }
        let mut left: Vec<_> = table.plain.borrow().iter().map(|connection| connection.session).collect();
        left.sort();
        assert_eq!(left, [all[2].session, all[3].session]);
        for (session, entry) in &*table.all.borrow() {
            assert_eq!(table.plain.borrow()[entry.index.unwrap()].session, *session);
        }
        assert_eq!(table.left.borrow().len(), 3);
        assert_eq!(Table::worker_of(all[0].session), 3);
    }

    #[test]
    fn hints_for_a_restart_differ_and_keep_their_range() {
        let table = Table::new(0);
        let hints: Vec<_> = (0..100).map(|_| table.draw(RETRY_MS)).collect();
        assert!(hints.iter().all(|hint| RETRY_MS.contains(hint)));
        assert!(hints.windows(2).all(|pair| pair[0] != pair[1]));
    }

    /// The frames that wait for a connection, one after another.
    fn drain(body: &mut Outbound<()>) -> Vec<Bytes> {
        let mut frames = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_next(&mut context) {
            frames.push(frame);
        }
        frames
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_there_is_pinged_and_who_is_silent_is_closed() {
        let table = Table::new(0);
        let (batches, inbox) = mpsc::channel(1);
        let local = tokio::task::LocalSet::new();
        local.spawn_local(Rc::clone(&table).run(inbox));
        let run = async {
            let [talker, mute] = [Dialect::V1, Dialect::Plain].map(|dialect| table.enter(dialect));
            let mut bodies = [&talker, &mute].map(|one| Outbound::new(Rc::clone(one), ()));
            table.attach(talker.session);
            table.attach(mute.session);
            talker.release(Bytes::from_static(b"welcome"));
            let (mut talkers, mut mutes) = (Vec::new(), Vec::new());
            for _ in 0..SILENCE_S + 2 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                talker.heard(table.now_s());
                talkers.extend(drain(&mut bodies[0]));
                mutes.extend(drain(&mut bodies[1]));
            }
            let pings = |frames: &[Bytes]| frames.iter().filter(|frame| **frame == frame::ping()).count();
            assert!((2..=3).contains(&pings(&talkers)), "one in 25 seconds: {talkers:?}");
            assert!((2..=3).contains(&pings(&mutes)));
            assert!(talkers.iter().any(|frame| frame.ends_with(b"\"through\":\"0000000000000000.0\"}")));
            assert!(!talker.is_closing());
            assert_eq!(mutes.last(), Some(&frame::close(Some(CloseCode::Silent.number()), "silent")));
        };
        local.run_until(run).await;
        drop(batches);
    }
}
