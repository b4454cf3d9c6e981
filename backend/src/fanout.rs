//! One worker's open connections, and the task that queues frames on them.
//!
//! The registry sends one batch a turn to each worker. The worker's fan-out task takes all batches that wait,
//! and queues their shared frames on the connections of its own thread. Then it writes each connection once. It
//! waits for nothing but the next batch and the next second.

mod batch_channel;
mod burst;
mod connection_guard;
mod delivery;
mod later_writes;

pub use batch_channel::{BatchReceiver, BatchSender, batch_channel};
pub use connection_guard::ConnectionGuard;
pub use delivery::{Delivery, DeliveryBatch};

use crate::clock::mono_ms;
use crate::connection::Connection;
use crate::connection::direct_writer::DirectWriter;
use crate::connection::frame::{self, event, replayed_event};
use crate::connection::worker_inputs::WorkerInputs;
use crate::limits::{COMMENT_EVERY, LATER_PAUSE};
use crate::metrics::{WorkerGauges, transport_place, worker_counts::count_deliveries};
use burst::Burst;
use bytes::Bytes;
use hub::{Dialect, Input, SessionId, session::SessionKind};
use later_writes::LaterWrites;
use shared::close::{RETRY_MS, retry_reason};
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
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Seconds between two pings of one connection. Each second pings its share of the connections.
const PING_S: u64 = PING_MS / 1000;
/// Seconds between two comments in an event stream. A proxy sees by them that the stream is alive.
const COMMENT_S: u64 = COMMENT_EVERY.as_secs();
const SILENCE_S: u32 = (SILENCE_MS / 1000) as u32;
const DIALECTS: [Dialect; 2] = [Dialect::V1, Dialect::Text];

/// The connections of one worker.
pub struct Connections {
    worker: u16,
    last_number: Cell<u64>,
    all: RefCell<HashMap<SessionId, Entry>>,
    lists: RefCell<HashMap<ListKey, List>>,
    /// The burst of each dialect that is not queued yet. None lasts longer than a round.
    v1_burst: RefCell<Option<Burst>>,
    text_burst: RefCell<Option<Burst>>,
    /// Connections with queued frames that are flushed at the end of the round.
    dirty: RefCell<Vec<Rc<Connection>>>,
    /// Connections with queued frames that nobody waits for.
    later: LaterWrites,
    inputs: Rc<WorkerInputs>,
    through: Cell<Cursor>,
    present: Cell<u64>,
    started: Instant,
    jitter: Cell<u64>,
    gauges: Cell<WorkerGauges>,
}

/// Names a list of connections that get the same frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ListKey {
    /// v1 sessions that are subscribed to this address.
    V1(Address),
    /// Clients of the text dialect.
    Text,
}

impl ListKey {
    fn dialect(self) -> Dialect {
        match self {
            ListKey::V1(_) => Dialect::V1,
            ListKey::Text => Dialect::Text,
        }
    }
}

/// Connections that get the same frames.
#[derive(Default)]
struct List {
    connections: Vec<Rc<Connection>>,
    /// Place of this list among the lists of each connection, so that a removal searches nothing. A connection may be
    /// in 500 lists, and thousands of connections may end at once.
    places: Vec<usize>,
}

struct Entry {
    connection: Rc<Connection>,
    /// Lists that hold the connection, and its index in each.
    listed: Vec<(ListKey, usize)>,
}

impl Connections {
    /// The connections of this worker: none yet.
    pub fn new(worker: u16) -> Rc<Self> {
        Rc::new(Connections {
            worker,
            last_number: Cell::new(0),
            all: RefCell::default(),
            lists: RefCell::default(),
            v1_burst: RefCell::default(),
            text_burst: RefCell::default(),
            dirty: RefCell::default(),
            later: LaterWrites::default(),
            inputs: Rc::default(),
            through: Cell::new(Cursor::new(Epoch(0), 0)),
            present: Cell::new(0),
            started: Instant::now(),
            jitter: Cell::new(u64::from(worker)),
            gauges: Cell::default(),
        })
    }

    /// Adds a WebSocket, with the direct writer of its TCP connection.
    pub fn add_socket(&self, dialect: Dialect, direct_writer: Rc<DirectWriter>) -> Rc<Connection> {
        self.add(SessionKind::WebSocket, dialect, direct_writer)
    }

    /// Adds a connection whose frames leave in another form, in the body of an HTTP response.
    pub fn add_http(&self, kind: SessionKind) -> Rc<Connection> {
        self.add(kind, Dialect::V1, Rc::default())
    }

    fn add(&self, kind: SessionKind, dialect: Dialect, direct_writer: Rc<DirectWriter>) -> Rc<Connection> {
        self.last_number.set(self.last_number.get() + 1);
        let session = SessionId(u64::from(self.worker) << 48 | self.last_number.get());
        let inputs = Rc::clone(&self.inputs);
        let connection = Connection::new(session, dialect, kind, self.now_s(), inputs, direct_writer);
        self.count_open(&connection, |count| count + 1);
        let entry = Entry { connection: Rc::clone(&connection), listed: Vec::new() };
        self.all.borrow_mut().insert(session, entry);
        connection
    }

    /// Removes a connection, and sends the hub `Closed` if it was there.
    pub fn remove(&self, session: SessionId) {
        let removed = self.all.borrow_mut().remove(&session);
        if let Some(entry) = removed {
            self.count_open(&entry.connection, |count| count.saturating_sub(1));
            entry.listed.into_iter().for_each(|place| self.remove_from_list(place));
            self.inputs.push(Input::Closed(session));
        }
    }

    /// Inputs that these connections have for the hub.
    pub fn inputs(&self) -> Rc<WorkerInputs> {
        Rc::clone(&self.inputs)
    }

    /// What is open, and what waited for it at the last tick.
    pub fn gauges(&self) -> WorkerGauges {
        self.gauges.get()
    }

    /// Counts a connection that was added or removed.
    fn count_open(&self, connection: &Connection, change: impl FnOnce(usize) -> usize) {
        let mut gauges = self.gauges.get();
        if let Some(count) = gauges.connections.get_mut(transport_place(connection.kind, connection.dialect))
        {
            *count = change(*count);
        }
        self.gauges.set(gauges);
    }

    /// Whole seconds of this worker's clock.
    pub fn now_s(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    /// Head of the log once the queued frames have left.
    pub fn through(&self) -> Cursor {
        self.through.get()
    }

    /// Revision of presence once the queued frames have left ([`hub::Hub::presence_revision`]).
    pub fn present(&self) -> u64 {
        self.present.get()
    }

    /// Number of the worker that holds a session.
    pub fn worker_of(session: SessionId) -> usize {
        usize::from((session.0 >> 48) as u16)
    }

    fn attach(&self, session: SessionId, addresses: &[Address]) {
        let listed = match self.all.borrow_mut().get_mut(&session) {
            Some(entry) => std::mem::take(&mut entry.listed),
            None => return,
        };
        listed.into_iter().for_each(|place| self.remove_from_list(place));
        let mut dialect = Dialect::Text;
        self.with_connection(session, |connection| {
            dialect = connection.dialect;
            if dialect == Dialect::V1 {
                connection.buffer();
            }
        });
        match dialect {
            // The addresses are distinct, and the session has no other.
            Dialect::V1 => addresses.iter().for_each(|to| self.add_to_list(session, ListKey::V1(*to))),
            Dialect::Text => self.subscribe(session, ListKey::Text),
        }
    }

    fn subscribe(&self, session: SessionId, key: ListKey) {
        let is_listed = |entry: &Entry| entry.listed.iter().any(|(other, _)| *other == key);
        if !self.all.borrow().get(&session).is_some_and(is_listed) {
            self.add_to_list(session, key);
        }
    }

    /// Adds a connection to a list that does not have it.
    fn add_to_list(&self, session: SessionId, key: ListKey) {
        if let Some(entry) = self.all.borrow_mut().get_mut(&session) {
            let mut lists = self.lists.borrow_mut();
            let List { connections, places } = lists.entry(key).or_default();
            places.push(entry.listed.len());
            entry.listed.push((key, connections.len()));
            connections.push(Rc::clone(&entry.connection));
        }
    }

    fn unsubscribe(&self, session: SessionId, key: ListKey) {
        let place = self.all.borrow_mut().get_mut(&session).and_then(|entry| {
            let at = entry.listed.iter().position(|(other, _)| *other == key)?;
            let place = entry.listed.swap_remove(at);
            if let Some((moved, index)) = entry.listed.get(at)
                && let Some(place) =
                    self.lists.borrow_mut().get_mut(moved).and_then(|list| list.places.get_mut(*index))
            {
                *place = at;
            }
            Some(place)
        });
        place.into_iter().for_each(|place| self.remove_from_list(place));
    }

    /// Removes the connection at this index of a list. Its entry no longer names the list.
    fn remove_from_list(&self, (key, index): (ListKey, usize)) {
        let mut lists = self.lists.borrow_mut();
        let Some(List { connections, places }) = lists.get_mut(&key) else { return };
        connections.swap_remove(index);
        places.swap_remove(index);
        match connections.get(index).zip(places.get(index)) {
            Some((moved, place)) => {
                if let Some(entry) = self.all.borrow_mut().get_mut(&moved.session)
                    && let Some(listed) = entry.listed.get_mut(*place)
                {
                    listed.1 = index;
                }
            }
            None if connections.is_empty() => drop(lists.remove(&key)),
            None => {}
        }
    }

    fn with_connection(&self, session: SessionId, act: impl FnOnce(&Connection)) {
        if let Some(entry) = self.all.borrow().get(&session) {
            self.queue_burst_for(entry);
            act(&entry.connection);
            self.mark_dirty(&entry.connection);
        }
    }

    /// Queues for one connection what its dialect's burst holds for it until now, because something else
    /// follows on this connection.
    fn queue_burst_for(&self, Entry { connection, listed }: &Entry) {
        if let Some(burst) = &*self.burst_of(connection.dialect).borrow()
            && listed.iter().any(|(key, _)| *key == burst.key)
        {
            let queued = connection.burst_queued.replace(burst.frames.len());
            burst.frames[queued..].iter().for_each(|frame| connection.enqueue(frame.clone()));
        }
    }

    /// Queues the burst of a dialect.
    fn queue_burst(&self, dialect: Dialect) {
        self.end_burst(dialect, |connection, pieces| {
            pieces.iter().for_each(|piece| connection.enqueue(piece.clone()));
            self.mark_dirty(connection);
        });
    }

    /// Ends the burst of a dialect, and gives each connection of its list what it has not queued yet.
    fn end_burst(&self, dialect: Dialect, give: impl Fn(&Rc<Connection>, &[Bytes])) {
        let Some(burst) = self.burst_of(dialect).take() else { return };
        let lists = self.lists.borrow();
        let Some(List { connections, .. }) = lists.get(&burst.key) else { return };
        count_deliveries(burst.frames.len(), connections.len());
        let joined = burst.joined();
        for connection in connections {
            let queued = connection.burst_queued.take();
            let pieces = match queued == 0 && connection.takes_joined_frames() {
                true => &joined[..],
                false => &burst.frames[queued..],
            };
            give(connection, pieces);
        }
    }

    fn queue_bursts(&self) {
        DIALECTS.into_iter().for_each(|dialect| self.queue_burst(dialect));
    }

    fn burst_of(&self, dialect: Dialect) -> &RefCell<Option<Burst>> {
        match dialect {
            Dialect::V1 => &self.v1_burst,
            Dialect::Text => &self.text_burst,
        }
    }

    fn mark_dirty(&self, connection: &Rc<Connection>) {
        if connection.mark_dirty() {
            self.dirty.borrow_mut().push(Rc::clone(connection));
        }
    }

    /// Starts to write the frames of all dirty connections.
    fn flush(&self) {
        // A round mostly ends with a burst. Its connections are visited once.
        for dialect in DIALECTS {
            self.end_burst(dialect, |connection, pieces| connection.enqueue_and_flush(pieces));
        }
        let mut dirty = self.dirty.take();
        dirty.drain(..).filter(|connection| connection.is_dirty()).for_each(|connection| connection.flush());
        // Keep the vector's capacity for the next batch.
        self.dirty.replace(dirty);
    }

    /// Executes a batch. Its frames leave with the next [`Connections::flush`].
    fn deliver(&self, batch: DeliveryBatch) {
        for delivery in batch.deliveries {
            match delivery {
                Delivery::Publish { address, v1, text } => {
                    self.publish(ListKey::V1(address), v1);
                    if let Some(text) = text {
                        self.publish(ListKey::Text, text);
                    }
                }
                Delivery::PublishEphemeral { address, v1 } => self.publish_ephemeral(address, &v1),
                Delivery::PublishUnstored(frame) => self.publish(ListKey::Text, frame),
                Delivery::SendEphemeral(session, frame) => {
                    self.with_connection(session, |connection| connection.send_ephemeral(frame));
                }
                // A list must not change under its burst.
                Delivery::Attach(session, addresses) => {
                    self.queue_bursts();
                    self.attach(session, &addresses);
                }
                Delivery::Subscribe(session, address) => {
                    self.queue_bursts();
                    self.subscribe(session, ListKey::V1(address));
                }
                Delivery::Unsubscribe(session, address) => {
                    self.queue_bursts();
                    self.unsubscribe(session, ListKey::V1(address));
                }
                Delivery::SendReplay(session, what, told) => {
                    let frame = replayed_event(&what, told);
                    self.with_connection(session, |connection| connection.send_replay(frame));
                }
                Delivery::NotifyDrained(session) => {
                    self.with_connection(session, Connection::notify_drained);
                }
                Delivery::Release(session) => self.with_connection(session, Connection::release),
                Delivery::Send(session, event) => {
                    self.with_connection(session, |connection| connection.send(event));
                }
                Delivery::Close(session, code) => {
                    self.with_connection(session, |connection| connection.close(Some(code.number()), ""));
                }
                Delivery::Pause(session, until) => {
                    self.with_connection(session, |connection| connection.pause_until(until));
                }
                Delivery::CloseAll => self.close_all(),
            }
        }
        self.through.set(batch.through);
        self.present.set(batch.present);
    }

    /// Adds a frame to the burst of its list.
    fn publish(&self, key: ListKey, frame: Bytes) {
        if !self.lists.borrow().contains_key(&key) {
            return;
        }
        let dialect = key.dialect();
        if self.burst_of(dialect).borrow().as_ref().is_some_and(|burst| burst.key != key) {
            // A connection may be in both lists, and gets the frames in the order of the registry.
            self.queue_burst(dialect);
        }
        let mut burst = self.burst_of(dialect).borrow_mut();
        burst.get_or_insert_with(|| Burst { key, frames: Vec::new() }).frames.push(frame);
    }

    fn publish_ephemeral(&self, address: Address, frame: &Bytes) {
        self.queue_burst(Dialect::V1);
        if let Some(List { connections, .. }) = self.lists.borrow().get(&ListKey::V1(address)) {
            count_deliveries(1, connections.len());
            connections.iter().for_each(|connection| {
                connection.send_ephemeral(frame.clone());
                self.later.add(connection);
            });
        }
    }

    fn close_all(&self) {
        self.queue_bursts();
        for entry in self.all.borrow().values() {
            let reason = retry_reason(self.draw(RETRY_MS));
            entry.connection.close(Some(CloseCode::Restart.number()), &reason);
            self.mark_dirty(&entry.connection);
        }
    }

    /// Draws a number for jitter (splitmix64). It must not be used for anything that has to be secret.
    fn draw(&self, range: std::ops::Range<u64>) -> u64 {
        self.jitter.set(self.jitter.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.jitter.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        range.start + (z ^ (z >> 31)) % (range.end - range.start)
    }

    /// Pings this second's share of the connections, closes silent ones, and sums up what waits for all.
    fn tick(&self) {
        let now_s = self.now_s();
        let ping = frame::ping();
        let mut through = None;
        let mut queued_bytes = 0;
        let share = u64::from(now_s) % PING_S;
        let comments = u64::from(now_s) % COMMENT_S;
        for (session, Entry { connection, listed }) in &*self.all.borrow() {
            queued_bytes += connection.queued_bytes();
            match connection.kind {
                SessionKind::WebSocket => {}
                SessionKind::EventStream if session.0 % COMMENT_S == comments && !connection.is_closing() => {
                    connection.send_replay(ping.clone());
                    self.later.add(connection);
                    continue;
                }
                _ => continue,
            }
            if connection.silent_s(now_s) >= SILENCE_S && connection.pause_ms(mono_ms()) == 0 {
                connection.close(Some(CloseCode::Silent.number()), "silent");
                self.later.add(connection);
            }
            if session.0 % PING_S != share || connection.is_closing() {
                continue;
            }
            // Browsers answer the protocol's own ping even while the page sleeps.
            if connection.is_buffering() {
                // A client that takes long to catch up shows by its pong that it is alive.
                connection.send_replay(ping.clone());
            } else {
                connection.enqueue(ping.clone());
            }
            self.later.add(connection);
            // Only a welcomed client can use the head of the log.
            if connection.dialect == Dialect::V1 && !listed.is_empty() && !connection.is_buffering() {
                let frame = through
                    .get_or_insert_with(|| event(&Event::Ping(Through { through: self.through.get() })));
                connection.enqueue(frame.clone());
            }
        }
        self.gauges.set(WorkerGauges { queued_bytes, ..self.gauges.get() });
    }

    /// Delivers batches until the registry has ended, in rounds: all batches that wait, up to a bound, are
    /// queued, and then each connection is written once. Writes that nobody waits for go between, a few at a time.
    pub async fn run(self: Rc<Self>, mut batches: BatchReceiver) {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                is_open = batches.next_round(|batch| self.deliver(batch)) => {
                    if !is_open {
                        return;
                    }
                    self.flush();
                    self.later.write_some();
                    // Let the dispatchers read, and write the rest, before the next round adds to the queues.
                    tokio::task::yield_now().await;
                }
                _ = second.tick() => self.tick(),
                () = tokio::time::sleep(LATER_PAUSE), if !self.later.is_empty() => self.later.write_some(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
