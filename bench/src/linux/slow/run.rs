//! A pair of runs at the same time: a server with the slow client, and one without.

use std::thread;
use std::time::{Duration, Instant};

use super::super::delivery_record::Faults;
use super::super::failure::Failure;
use super::super::handshake;
use super::super::interleave;
use super::super::load::{IdleStrategy, Load};
use super::super::machine::CpuCores;
use super::super::memory::Resident;
use super::super::server::{Kind, Server};
use super::super::table::print_line;
use super::watch::{POLL_INTERVAL, ServerWatch};
use crate::arguments::Slow;

/// Widths of the columns of a run's line.
const WIDTHS: [usize; 8] = [4, 7, 8, 8, 9, 7, 24, 6];
/// Time limit of waiting until the slow client's socket is gone.
const GONE_TIMEOUT: Duration = Duration::from_secs(40);
/// Time for which the load runs before the window begins.
const WARMING: Duration = Duration::from_secs(1);
/// Time for which the load goes on after the socket is gone.
const COOLING: Duration = Duration::from_secs(1);
/// Receive buffer that the slow client asks for, in bytes.
const RECEIVE_BYTES: usize = 4_096;

/// Latencies of one server's reading clients, and the server's memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerRun {
    /// Median time from sending to receipt in the window.
    pub(super) p50_milliseconds: f64,
    /// 99th percentile of the time from sending to receipt in the window.
    pub(super) p99_milliseconds: f64,
    /// Memory of the server from the window's begin until the socket was gone.
    pub(super) memory: MemoryUse,
    /// Messages that were not delivered as sent.
    pub(super) faults: Faults,
}

/// Resident memory of the server, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemoryUse {
    /// Memory when the window began.
    pub(super) before: u64,
    /// Highest memory of the run.
    pub(super) peak: u64,
    /// Memory at the run's end.
    pub(super) after: u64,
}

/// A server with the slow client and one without, at the same time.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunPair {
    /// Run with the slow client.
    pub(super) with: ServerRun,
    /// Run without a slow client.
    pub(super) without: ServerRun,
    /// Time from the slow client's joining until its socket was gone.
    pub(super) gone_after: Option<Duration>,
    /// Bytes of messages that the slow client was owed by then.
    pub(super) owed: u64,
}

impl RunPair {
    /// Starts both servers, loads them until the slow client's socket is gone, and ends them.
    ///
    /// # Errors
    /// When one cannot be started, refuses a connection or loses a message.
    pub(super) fn measure(settings: &Slow, cores: CpuCores) -> Result<Self, Failure> {
        let mut with = ObservedServer::start(settings, cores)?;
        let mut without = ObservedServer::start(settings, cores)?;
        interleave::interleave_loads(&mut with.load, &mut without.load, settings.rate, WARMING)?;
        with.begin()?;
        without.begin()?;

        let begin = Instant::now();
        let sent_before = with.load.sent();
        let slow = handshake::open(with.server.port(), Some(RECEIVE_BYTES))?;
        let watch = ServerWatch::new(&with.server, &without.server, &slow)?;
        let mut owed = 0;
        let seen = thread::scope(|scope| {
            let watching = scope.spawn(|| watch.observe());
            let mut load_on = || {
                let mut on = |time| {
                    interleave::interleave_loads(&mut with.load, &mut without.load, settings.rate, time)
                };
                on(Duration::from_secs(settings.seconds))?;
                while !watch.is_gone() && begin.elapsed() < GONE_TIMEOUT {
                    on(POLL_INTERVAL)?;
                }
                owed = (with.load.sent() - sent_before) * settings.bytes as u64;
                interleave::interleave_loads(&mut with.load, &mut without.load, settings.rate, COOLING)
            };
            let loaded = load_on();
            watch.stop();
            let seen = watching.join().map_err(|_| Failure::new("the watch over the servers panicked"))?;
            loaded.and(seen)
        })?;
        Ok(Self {
            with: with.finish(seen.peak_with)?,
            without: without.finish(seen.peak_without)?,
            gone_after: seen.gone_at.map(|at| at - begin),
            owed,
        })
    }

    /// Prints the column names of [`Self::print`].
    pub(super) fn print_names() {
        let names =
            ["pair", "", "p50 ms", "p99 ms", "gone in s", "owed MB", "MB before / peak / after", "faults"];
        print_line(WIDTHS, names.map(str::to_owned));
    }

    /// Prints the pair as two lines.
    pub(super) fn print(&self, number: usize) {
        let gone = self.gone_after.map_or("never".to_owned(), |time| format!("{:.1}", time.as_secs_f64()));
        self.with.print(number, "with", [gone, format!("{:.1}", self.owed as f64 / 1e6)]);
        self.without.print(number, "without", ["–", "–"].map(str::to_owned));
    }
}

impl ServerRun {
    fn print(&self, number: usize, name: &str, [gone, owed]: [String; 2]) {
        let MemoryUse { before, peak, after } = self.memory;
        let [before, peak, after] = [before, peak, after].map(|bytes| bytes as f64 / 1e6);
        let cells = [
            number.to_string(),
            name.to_owned(),
            format!("{:.3}", self.p50_milliseconds),
            format!("{:.3}", self.p99_milliseconds),
            gone,
            owed,
            format!("{before:.1} / {peak:.1} / {after:.1}"),
            self.faults.to_string(),
        ];
        print_line(WIDTHS, cells);
    }
}

/// A server and its reading clients.
struct ObservedServer {
    server: Server,
    load: Load,
    memory_before: u64,
}

impl ObservedServer {
    fn start(settings: &Slow, cores: CpuCores) -> Result<Self, Failure> {
        let server = Server::start(Kind::Teahouse, Some(cores.server))?;
        let load = Load::open(server.port(), settings.clients, settings.bytes, IdleStrategy::Block)?;
        Ok(Self { server, load, memory_before: 0 })
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.load.latencies.clear();
        self.memory_before = Resident::of(self.server.pid())?.bytes;
        Ok(())
    }

    fn finish(mut self, peak: u64) -> Result<ServerRun, Failure> {
        let after = Resident::of(self.server.pid())?.bytes;
        self.load.drain()?;
        self.server.expect_alive()?;
        let [p50, p99] = [50, 99]
            .map(|percent| Duration::from_nanos(self.load.latencies.percentile(percent)).as_secs_f64() * 1e3);
        let before = self.memory_before;
        Ok(ServerRun {
            p50_milliseconds: p50,
            p99_milliseconds: p99,
            memory: MemoryUse { before, peak: peak.max(before).max(after), after },
            faults: self.load.faults(),
        })
    }
}
