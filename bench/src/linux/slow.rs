//! One client that never reads, among others that do.
//!
//! The kernel's buffers fill first, then the server's own queue for it. Measured:
//! when the server and the kernel have let go of its socket, what the server's
//! memory does meanwhile, and whether the others notice: their p99 in runs
//! without and with the slow one, in turn.

mod watch;

use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::handshake;
use super::load::{Load, Pace};
use super::machine::{Cores, Pinned};
use super::memory::Resident;
use super::server::{Kind, Server};
use super::stats::Spread;
use super::table::{Table, line};
use super::tally::Faults;
use crate::arguments::Slow;
use watch::{LOOK_EVERY, Watch};

/// Widths of the columns of a run's line.
const WIDTHS: [usize; 8] = [4, 7, 8, 8, 7, 9, 24, 6];
/// The ratio of the others' p99, with over without, that the median of the pairs must not pass.
const RATIO_MAX: f64 = 1.10;
/// From its joining until its socket is gone.
const GONE_MAX: Duration = Duration::from_secs(25);
/// When waiting for that is given up.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long the load runs before the window begins.
const WARMING: Duration = Duration::from_secs(1);
/// How long it goes on after the socket is gone.
const COOLING: Duration = Duration::from_secs(1);
/// Receiving buffer that the slow client asks for, in bytes.
const RECEIVE_BYTES: usize = 4_096;

/// Measures, prints each run, and adds the outcome to `table`.
///
/// # Errors
/// When a server cannot be started or a connection is refused.
pub(crate) fn measure(settings: &Slow, table: &mut Table) -> Result<(), Failure> {
    let cores = Cores::pick()?;
    println!(
        "\nslow: {} clients that read, {} messages/s of {} bytes, windows of {} s; server on core {}, load on core {}",
        settings.clients, settings.rate, settings.bytes, settings.seconds, cores.server, cores.load,
    );
    Sample::print_names();
    let _pinned = Pinned::to(cores.load)?;
    let mut pairs = Vec::new();
    for number in 1..=settings.pairs {
        let without = Sample::take(settings, cores, Slowness::Absent)?;
        without.print(number, Slowness::Absent);
        let with = Sample::take(settings, cores, Slowness::Present)?;
        with.print(number, Slowness::Present);
        pairs.push((without, with));
    }
    println!();
    judge(&pairs, table);
    Ok(())
}

fn judge(pairs: &[(Sample, Sample)], table: &mut Table) {
    let ratios: Vec<f64> =
        pairs.iter().map(|(without, with)| with.p99_milliseconds / without.p99_milliseconds).collect();
    let ratio = Spread::of(&ratios);
    table.judge(
        format!("slow client: others' p99 with / without, median of {} pairs", pairs.len()),
        format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max),
        format!("{RATIO_MAX:.2}"),
        ratio.median <= RATIO_MAX,
    );
    // One that was never gone counts as the longest there is.
    let gone: Vec<f64> = pairs
        .iter()
        .map(|(_, with)| with.gone_after.map_or(f64::INFINITY, |time| time.as_secs_f64()))
        .collect();
    let gone = Spread::of(&gone);
    table.judge(
        "slow client: its socket gone after, median (max)",
        format!("{:.1} s ({:.1})", gone.median, gone.max),
        format!("{} s", GONE_MAX.as_secs()),
        gone.max <= GONE_MAX.as_secs_f64(),
    );
    let grown = |figure: fn(&Memory) -> u64| {
        let growth: Vec<f64> = pairs
            .iter()
            .map(|(_, with)| figure(&with.memory) as f64 - with.memory.before as f64)
            .map(|bytes| bytes / 1e6)
            .collect();
        Spread::of(&growth)
    };
    let (peak, after) = (grown(|memory| memory.peak), grown(|memory| memory.after));
    table.note(
        "slow client: server's memory above before: peak / after, median (max)",
        format!("{:.1} ({:.1}) / {:.1} ({:.1}) MB", peak.median, peak.max, after.median, after.max),
    );
    let mut faults = Faults::default();
    for (without, with) in pairs {
        faults += without.faults;
        faults += with.faults;
    }
    table.judge(
        "slow client: others' messages lost, reordered, doubled or altered, others closed",
        faults.to_string(),
        "none",
        faults.none(),
    );
}

/// Whether the one that never reads is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slowness {
    Absent,
    Present,
}

/// One run.
struct Sample {
    p50_milliseconds: f64,
    p99_milliseconds: f64,
    late_milliseconds: f64,
    gone_after: Option<Duration>,
    memory: Memory,
    faults: Faults,
}

/// The server's resident memory, in bytes.
#[derive(Debug, Clone, Copy)]
struct Memory {
    before: u64,
    peak: u64,
    after: u64,
}

impl Sample {
    fn take(settings: &Slow, cores: Cores, slowness: Slowness) -> Result<Self, Failure> {
        let pace = Pace::Rate(settings.rate);
        let mut server = Server::start(Kind::Teahouse, Some(cores.server))?;
        let mut load = Load::open(server.port(), settings.clients, settings.bytes, false)?;
        load.run(pace, WARMING)?;
        let before = Resident::of(server.pid())?.bytes;

        let begin = Instant::now();
        let slow = match slowness {
            Slowness::Absent => None,
            Slowness::Present => Some(handshake::open(server.port(), Some(RECEIVE_BYTES))?),
        };
        let watch = Watch::new(&server, slow.as_ref())?;
        load.latencies.clear();
        load.late_max = Duration::ZERO;
        let (percentiles, late, seen) = thread::scope(|scope| {
            let looking = scope.spawn(|| watch.look());
            let mut run = || -> Result<_, Failure> {
                load.run(pace, Duration::from_secs(settings.seconds))?;
                let percentiles = [50, 99].map(|percent| load.latencies.percentile(percent));
                let late = load.late_max;
                while slow.is_some() && !watch.is_gone() && begin.elapsed() < PATIENCE {
                    load.run(pace, LOOK_EVERY)?;
                }
                load.run(pace, COOLING)?;
                Ok((percentiles, late))
            };
            let outcome = run();
            watch.stop();
            let seen = looking.join().map_err(|_| Failure::new("the watch over the server panicked"))??;
            outcome.map(|(percentiles, late)| (percentiles, late, seen))
        })?;
        let after = Resident::of(server.pid())?.bytes;
        load.drain()?;
        server.expect_alive()?;
        let [p50, p99] = percentiles.map(|time| Duration::from_nanos(time).as_secs_f64() * 1e3);
        Ok(Self {
            p50_milliseconds: p50,
            p99_milliseconds: p99,
            late_milliseconds: late.as_secs_f64() * 1e3,
            gone_after: seen.gone_at.map(|at| at - begin),
            memory: Memory { before, peak: seen.peak.max(before), after },
            faults: load.faults(),
        })
    }

    fn print_names() {
        let names =
            ["pair", "", "p50 ms", "p99 ms", "late ms", "gone in s", "MB before / peak / after", "faults"];
        line(WIDTHS, names.map(str::to_owned));
    }

    fn print(&self, pair: usize, slowness: Slowness) {
        let (name, gone) = match (slowness, self.gone_after) {
            (Slowness::Absent, _) => ("without", "–".to_owned()),
            (Slowness::Present, None) => ("with", "never".to_owned()),
            (Slowness::Present, Some(time)) => ("with", format!("{:.1}", time.as_secs_f64())),
        };
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
