//! One run among clients that read, with the one that does not or without it.

use std::thread;
use std::time::{Duration, Instant};

use super::super::failure::Failure;
use super::super::handshake;
use super::super::load::{Load, Pace, Rest};
use super::super::machine::Cores;
use super::super::memory::Resident;
use super::super::server::{Kind, Server};
use super::super::table::line;
use super::super::tally::Faults;
use super::watch::{LOOK_EVERY, Watch};
use crate::arguments::Slow;

/// Widths of the columns of a run's line.
const WIDTHS: [usize; 8] = [4, 7, 8, 8, 7, 9, 24, 6];
/// When waiting for the slow client's socket to go is given up.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long the load runs before the window begins.
const WARMING: Duration = Duration::from_secs(1);
/// How long it goes on after the socket is gone.
const COOLING: Duration = Duration::from_secs(1);
/// Receiving buffer that the slow client asks for, in bytes.
const RECEIVE_BYTES: usize = 4_096;

/// Whether the one that never reads is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slowness {
    /// It joins when the window begins; the run ends when its socket is gone.
    Present,
    /// It is not there; the run lasts so long.
    Absent {
        /// What [`Run::lasted`] was with it.
        lasting: Duration,
    },
}

/// What one run told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// From sending to each receipt in the window, the middle one.
    pub(super) p50_milliseconds: f64,
    /// From sending to each receipt in the window, 99 of 100.
    pub(super) p99_milliseconds: f64,
    /// The most that the sender was late by itself.
    pub(super) late_milliseconds: f64,
    /// From the slow client's joining until its socket was gone.
    pub(super) gone_after: Option<Duration>,
    /// From the window's begin to the run's end.
    pub(super) lasted: Duration,
    /// The server's memory over that time.
    pub(super) memory: Memory,
    /// What did not come as it was sent to those that read.
    pub(super) faults: Faults,
}

/// The server's resident memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    /// When the window began.
    pub(super) before: u64,
    /// At its highest.
    pub(super) peak: u64,
    /// At the run's end.
    pub(super) after: u64,
}

impl Run {
    /// Starts a server, loads it until the run is over, and ends it.
    ///
    /// # Errors
    /// When it cannot be started, refuses a connection, or ends by itself.
    pub(super) fn take(settings: &Slow, cores: Cores, slowness: Slowness) -> Result<Self, Failure> {
        let pace = Pace::Rate(settings.rate);
        let window = Duration::from_secs(settings.seconds);
        let mut server = Server::start(Kind::Teahouse, Some(cores.server))?;
        let mut load = Load::open(server.port(), settings.clients, settings.bytes, Rest::Woken)?;
        load.run(pace, WARMING)?;
        let before = Resident::of(server.pid())?.bytes;
        load.latencies.clear();
        load.late_max = Duration::ZERO;

        let begin = Instant::now();
        let slow = match slowness {
            Slowness::Absent { .. } => None,
            Slowness::Present => Some(handshake::open(server.port(), Some(RECEIVE_BYTES))?),
        };
        let watch = Watch::new(&server, slow.as_ref())?;
        let seen = thread::scope(|scope| {
            let looking = scope.spawn(|| watch.look());
            let mut load_on = || {
                load.run(pace, window)?;
                let [p50, p99] = [50, 99].map(|percent| load.latencies.percentile(percent));
                let late = load.late_max;
                match slowness {
                    Slowness::Absent { lasting } => {
                        load.run(pace, lasting.saturating_sub(begin.elapsed()))?;
                    }
                    Slowness::Present => {
                        while !watch.is_gone() && begin.elapsed() < PATIENCE {
                            load.run(pace, LOOK_EVERY)?;
                        }
                        load.run(pace, COOLING)?;
                    }
                }
                Ok((p50, p99, late))
            };
            let loaded = load_on();
            watch.stop();
            let seen = looking.join().map_err(|_| Failure::new("the watch over the server panicked"))??;
            loaded.map(|loaded| (loaded, seen))
        });
        let ((p50, p99, late), seen) = seen?;
        let lasted = begin.elapsed();
        let after = Resident::of(server.pid())?.bytes;
        load.drain()?;
        server.expect_alive()?;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        Ok(Self {
            p50_milliseconds: milliseconds(Duration::from_nanos(p50)),
            p99_milliseconds: milliseconds(Duration::from_nanos(p99)),
            late_milliseconds: milliseconds(late),
            gone_after: seen.gone_at.map(|at| at - begin),
            lasted,
            memory: Memory { before, peak: seen.peak.max(before), after },
            faults: load.faults(),
        })
    }

    /// Prints the names of what [`Self::print`] prints.
    pub(super) fn print_names() {
        let names =
            ["pair", "", "p50 ms", "p99 ms", "late ms", "gone in s", "MB before / peak / after", "faults"];
        line(WIDTHS, names.map(str::to_owned));
    }

    /// Prints the run as one line.
    pub(super) fn print(&self, pair: usize, name: &str) {
        let gone = self.gone_after.map_or("–".to_owned(), |time| format!("{:.1}", time.as_secs_f64()));
        let Memory { before, peak, after } = self.memory;
        let [before, peak, after] = [before, peak, after].map(|bytes| bytes as f64 / 1e6);
        let cells = [
            pair.to_string(),
            name.to_owned(),
            format!("{:.3}", self.p50_milliseconds),
            format!("{:.3}", self.p99_milliseconds),
            format!("{:.2}", self.late_milliseconds),
            gone,
            format!("{before:.1} / {peak:.1} / {after:.1}"),
            self.faults.to_string(),
        ];
        line(WIDTHS, cells);
    }
}
