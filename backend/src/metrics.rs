//! What the server counts and measures for its operator, and its text form for Prometheus.
//!
//! Labels have few values, all of them fixed in the code: no name, text or address is ever one. Workers count on
//! their own threads ([`worker_counts`]) and add to the totals once a second, so that counting costs no shared
//! memory on the path of a message.
//!
//! The text is written here, not by a crate. `prometheus-client` writes another format (OpenMetrics), and the
//! others bring a registry with look-ups by label, for families that are all known when this is compiled.

pub mod exposition;
mod histogram;
pub mod measured_store;
pub mod refusal_log;
pub mod refusal_reason;
pub mod worker_counts;

pub use histogram::Histogram;

use exposition::{Exposition, Kind};
use hub::{Dialect, session::SessionKind};
use refusal_reason::RefusalReason;
use shared::close::ENDINGS;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use worker_counts::{CLOSES, REASONS, WorkerCounts};

/// Upper bounds of the buckets for turns of the registry, in seconds.
const TURN_BUCKETS: &[f64] = &[0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

/// Upper bounds of the buckets for commits and reads of the store, in seconds.
const STORE_BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// Everything that the server counts, shared by all threads.
#[derive(Debug)]
pub struct Metrics {
    /// Durations of the registry's turns.
    pub turns: Arc<Histogram>,
    /// Durations of commits, from the order to the durable outcome.
    commits: Histogram,
    committed_changes: AtomicU64,
    reads: Histogram,
    read_failures: AtomicU64,
    deliveries: AtomicU64,
    writes: AtomicU64,
    refusals: [AtomicU64; REASONS],
    closes: [AtomicU64; CLOSES],
    /// What each worker has open, by its number.
    workers: Mutex<BTreeMap<u16, WorkerGauges>>,
    /// Seconds since 1970.
    started_at: f64,
}

/// What one worker has open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerGauges {
    /// Connections of each kind, in the order of [`TRANSPORTS`].
    pub connections: [usize; TRANSPORTS.len()],
    /// Bytes that wait for these connections.
    pub queued_bytes: usize,
}

/// Transport and dialect of each kind of connection, as labels.
pub const TRANSPORTS: [[&str; 2]; 5] =
    [["websocket", "v1"], ["websocket", "text"], ["event_stream", "v1"], ["poll", "v1"], ["command", "v1"]];

/// Place of a kind of connection in [`TRANSPORTS`].
pub fn transport_place(kind: SessionKind, dialect: Dialect) -> usize {
    match (kind, dialect) {
        (SessionKind::WebSocket, Dialect::V1) => 0,
        (SessionKind::WebSocket, Dialect::Text) => 1,
        (SessionKind::EventStream, _) => 2,
        (SessionKind::Poll, _) => 3,
        (SessionKind::Command, _) => 4,
    }
}

/// What is read at the time of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Build of the page.
    pub build: String,
    /// Envelopes that wait for the registry.
    pub inbox_length: usize,
    /// Whether the store takes changes.
    pub is_store_healthy: bool,
}

impl Default for Metrics {
    fn default() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Metrics {
            turns: Arc::new(Histogram::new(TURN_BUCKETS)),
            commits: Histogram::new(STORE_BUCKETS),
            committed_changes: AtomicU64::default(),
            reads: Histogram::new(STORE_BUCKETS),
            read_failures: AtomicU64::default(),
            deliveries: AtomicU64::default(),
            writes: AtomicU64::default(),
            refusals: std::array::from_fn(|_| AtomicU64::default()),
            closes: std::array::from_fn(|_| AtomicU64::default()),
            workers: Mutex::default(),
            started_at: started.as_secs_f64(),
        }
    }
}

impl Metrics {
    /// Adds what a worker has counted.
    pub fn add(&self, counts: &WorkerCounts) {
        add(&self.deliveries, counts.deliveries);
        add(&self.writes, counts.writes);
        self.refusals.iter().zip(counts.refusals).for_each(|(total, count)| add(total, count));
        self.closes.iter().zip(counts.closes).for_each(|(total, count)| add(total, count));
    }

    /// Notes what a worker has open.
    pub fn note_worker(&self, worker: u16, gauges: WorkerGauges) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).insert(worker, gauges);
    }

    /// Refusals until now, in the order of [`RefusalReason::ALL`].
    pub fn refusals(&self) -> [u64; REASONS] {
        std::array::from_fn(|at| self.refusals.get(at).map_or(0, read))
    }

    /// Writes everything in Prometheus' text format, version 0.0.4.
    pub fn write(&self, observed: &Observed) -> String {
        let mut text = Exposition::default();
        text.family(
            "teahouse_build_info",
            Kind::Gauge,
            "Build of the server and of its page; the value is 1.",
        );
        let version = env!("CARGO_PKG_VERSION");
        text.sample("teahouse_build_info", &[("version", version), ("build", &observed.build)], 1);
        text.single(
            "process_start_time_seconds",
            Kind::Gauge,
            "Start of the process, in seconds since 1970.",
            self.started_at,
        );
        self.write_connections(&mut text);
        text.single(
            "teahouse_fanout_deliveries_total",
            Kind::Counter,
            "Published frames that were queued, once for each connection.",
            read(&self.deliveries),
        );
        text.single(
            "teahouse_fanout_writes_total",
            Kind::Counter,
            "Writes of WebSocket frames straight to the kernel.",
            read(&self.writes),
        );
        let name = "teahouse_refusals_total";
        text.family(name, Kind::Counter, "Requests, connections and commands that were refused, by reason.");
        for (reason, count) in RefusalReason::ALL.iter().zip(self.refusals()) {
            text.sample(name, &[("reason", reason.label())], count);
        }
        text.histogram(
            "teahouse_registry_turn_duration_seconds",
            "Time of one turn of the registry.",
            &self.turns,
        );
        text.single(
            "teahouse_registry_inbox_length",
            Kind::Gauge,
            "Envelopes that wait for the registry.",
            observed.inbox_length,
        );
        self.write_store(&mut text, observed);
        text.into_text()
    }

    fn write_connections(&self, text: &mut Exposition) {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let name = "teahouse_connections";
        text.family(name, Kind::Gauge, "Open WebSockets, and requests that are sessions.");
        for (at, [transport, dialect]) in TRANSPORTS.iter().enumerate() {
            let open: usize = workers.values().filter_map(|gauges| gauges.connections.get(at)).sum();
            text.sample(name, &[("transport", transport), ("dialect", dialect)], open);
        }
        let queued: usize = workers.values().map(|gauges| gauges.queued_bytes).sum();
        text.single("teahouse_queued_bytes", Kind::Gauge, "Bytes that wait for all connections.", queued);
        let name = "teahouse_connection_closes_total";
        text.family(
            name,
            Kind::Counter,
            "Connections that the server closed, by close code; 4008 is too slow.",
        );
        let codes = ENDINGS.iter().map(|ending| ending.code.number().to_string()).chain(["other".to_owned()]);
        for (code, count) in codes.zip(&self.closes) {
            text.sample(name, &[("code", &code)], read(count));
        }
    }

    fn write_store(&self, text: &mut Exposition, observed: &Observed) {
        text.single(
            "teahouse_store_healthy",
            Kind::Gauge,
            "Whether the store takes changes: 1 or 0.",
            u8::from(observed.is_store_healthy),
        );
        text.histogram(
            "teahouse_store_commit_duration_seconds",
            "Time from an order to commit changes to their durable outcome, the sync included.",
            &self.commits,
        );
        text.single(
            "teahouse_store_committed_changes_total",
            Kind::Counter,
            "Changes in these commits, refused ones included.",
            read(&self.committed_changes),
        );
        text.histogram(
            "teahouse_store_read_duration_seconds",
            "Time of one read from the store, the waits for a reader and for the registry included.",
            &self.reads,
        );
        text.single(
            "teahouse_store_read_failures_total",
            Kind::Counter,
            "Reads that the store could not answer.",
            read(&self.read_failures),
        );
    }
}

fn add(total: &AtomicU64, count: u64) {
    if count > 0 {
        total.fetch_add(count, Ordering::Relaxed);
    }
}

fn read(total: &AtomicU64) -> u64 {
    total.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests;
