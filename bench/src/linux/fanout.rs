//! Fan-out: CPU time per delivery, the server's beside the floor's.
//!
//! Server and load have a core each. Floor and server are measured in turn, so
//! that what else the machine does falls on both, and each pair gives a ratio.
//! CPU time is that of the server's process over the measured window; deliveries
//! are what the receivers counted in it.

use std::time::{Duration, Instant};

use super::cpu::CpuTime;
use super::failure::Failure;
use super::load::{Load, Pace};
use super::machine::{self, Cores, Pinned};
use super::server::{Kind, Server};
use super::stats::Spread;
use super::table::Table;
use super::tally::Faults;
use crate::arguments::FanOut;

/// The ratio of CPU per delivery, server over floor, that the median of the pairs must not pass.
const RATIO_MAX: f64 = 1.30;
/// How long the load runs before the window begins.
const WARMING: Duration = Duration::from_secs(1);
/// Above this share of one core, what others did in the window is worth a warning.
const OTHERS_SHARE_MAX: f64 = 0.05;
/// Below this share of the deliveries that the rate asks for, the rate was not kept.
const KEPT_SHARE_MIN: f64 = 0.98;
/// A side is the narrow one when it keeps its core this busy.
const BUSY_SHARE_MIN: f64 = 0.95;

/// Measures, prints each sample, and adds the outcome to `table`.
///
/// # Errors
/// When a server cannot be started or a connection is refused.
pub(crate) fn measure(settings: &FanOut, table: &mut Table) -> Result<(), Failure> {
    let cores = Cores::pick()?;
    headline(settings, cores);
    let _pinned = Pinned::to(cores.load)?;
    let tested = match settings.against_floor {
        true => Kind::Floor,
        false => Kind::Teahouse,
    };
    let mut pairs = Vec::new();
    for number in 1..=settings.pairs {
        let floor = Sample::take(Kind::Floor, settings, cores)?;
        floor.print(number, Kind::Floor.name());
        let server = Sample::take(tested, settings, cores)?;
        server.print(number, tested.name());
        pairs.push((floor, server));
    }
    println!();
    judge(settings, &pairs, table);
    Ok(())
}

fn headline(settings: &FanOut, cores: Cores) {
    let pace = match settings.saturate {
        true => format!("saturated, {} messages under way", settings.window),
        false => format!("{} messages/s", settings.rate),
    };
    println!(
        "\nfan-out: {} clients, {pace}, {} bytes, windows of {} s; server on core {}, load on core {}{}",
        settings.clients,
        settings.bytes,
        settings.seconds,
        cores.server,
        cores.load,
        if settings.spin { " (spinning)" } else { "" },
    );
    println!(
        "{:<4} {:<7} {:>9} {:>12} {:>7} {:>7} {:>7} {:>9} {:>9} {:>8} {:>5} {:>5} {:>6} {:>7} {:>6}",
        "pair",
        "",
        "µs CPU/d",
        "deliveries/s",
        "server",
        "load",
        "others",
        "p50 ms",
        "p99 ms",
        "late ms",
        "lost",
        "reord",
        "double",
        "altered",
        "closed",
    );
}

fn judge(settings: &FanOut, pairs: &[(Sample, Sample)], table: &mut Table) {
    let name = if settings.saturate { "fan-out, saturated" } else { "fan-out" };
    let each = |figure: fn(&Sample) -> f64| {
        let floor: Vec<f64> = pairs.iter().map(|(floor, _)| figure(floor)).collect();
        let server: Vec<f64> = pairs.iter().map(|(_, server)| figure(server)).collect();
        let ratios: Vec<f64> = floor.iter().zip(&server).map(|(floor, server)| server / floor).collect();
        (Spread::of(&floor), Spread::of(&server), Spread::of(&ratios))
    };
    let (floor, server, ratio) = each(|sample| sample.cpu_microseconds);
    table.note(
        format!("{name}, µs CPU per delivery, floor / server"),
        format!("{:.2} / {:.2}", floor.median, server.median),
    );
    let figure = format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max);
    if settings.saturate {
        table.note(format!("{name}, CPU per delivery × floor"), figure);
        let (floor, server, ratio) = each(|sample| sample.deliveries_per_second);
        table.note(
            format!("{name}, deliveries/s, floor / server"),
            format!("{:.0} / {:.0} ({:.2})", floor.median, server.median, ratio.median),
        );
    } else {
        let what = format!("{name}, CPU per delivery × floor, median of {} pairs", pairs.len());
        table.judge(what, figure, format!("{RATIO_MAX:.2}"), ratio.median <= RATIO_MAX);
    }
    let (floor, server, _) = each(|sample| sample.p99_milliseconds);
    table.note(
        format!("{name}, p99 ms, floor / server"),
        format!("{:.2} / {:.2}", floor.median, server.median),
    );
    let mut faults = Faults::default();
    pairs.iter().for_each(|(_, server)| faults += server.faults);
    table.judge(
        format!("{name}, lost + reordered + doubled + altered + closed"),
        format!(
            "{} + {} + {} + {} + {}",
            faults.lost, faults.reordered, faults.doubled, faults.altered, faults.closed
        ),
        "0",
        faults.none(),
    );
    if settings.saturate {
        let narrow = |(_, server): &(Sample, Sample)| {
            server.server_share >= BUSY_SHARE_MIN && server.load_share < server.server_share
        };
        let said = match pairs.iter().all(narrow) {
            true => "the server's",
            false => "not always the server's: its deliveries/s are a lower bound",
        };
        table.note(format!("{name}, the core that was the narrow one"), said);
    }
}

/// One window with one server.
struct Sample {
    cpu_microseconds: f64,
    deliveries_per_second: f64,
    server_share: f64,
    load_share: f64,
    others_share: f64,
    p50_milliseconds: f64,
    p99_milliseconds: f64,
    late_milliseconds: f64,
    kept: bool,
    coarse: bool,
    faults: Faults,
}

impl Sample {
    fn take(kind: Kind, settings: &FanOut, cores: Cores) -> Result<Self, Failure> {
        let pace = match settings.saturate {
            true => Pace::Window(settings.window),
            false => Pace::Rate(settings.rate),
        };
        let mut server = Server::start(kind, Some(cores.server))?;
        let mut load = Load::open(server.port(), settings.clients, settings.bytes, settings.spin)?;
        load.run(pace, WARMING)?;
        load.latencies.clear();
        load.late_max = Duration::ZERO;

        let before = Reading::take(&server, &load)?;
        load.run(pace, Duration::from_secs(settings.seconds))?;
        let after = Reading::take(&server, &load)?;
        let p50_milliseconds = milliseconds(load.latencies.percentile(50));
        let p99_milliseconds = milliseconds(load.latencies.percentile(99));
        let late_milliseconds = load.late_max.as_secs_f64() * 1e3;
        load.drain()?;
        server.expect_alive()?;

        let seconds = (after.at - before.at).as_secs_f64();
        let server_cpu = seconds_between(before.server.nanoseconds, after.server.nanoseconds);
        let load_cpu = seconds_between(before.load.nanoseconds, after.load.nanoseconds);
        let busy = seconds_between(before.machine, after.machine);
        let deliveries = (after.deliveries - before.deliveries) as f64;
        let asked = (settings.rate * settings.clients as u64) as f64;
        Ok(Self {
            cpu_microseconds: server_cpu * 1e6 / deliveries,
            deliveries_per_second: deliveries / seconds,
            server_share: server_cpu / seconds,
            load_share: load_cpu / seconds,
            others_share: ((busy - server_cpu - load_cpu) / seconds).max(0.0),
            p50_milliseconds,
            p99_milliseconds,
            late_milliseconds,
            kept: settings.saturate || deliveries / seconds >= KEPT_SHARE_MIN * asked,
            coarse: before.server.coarse || after.server.coarse,
            faults: load.faults(),
        })
    }

    fn print(&self, pair: usize, name: &str) {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        println!(
            "{pair:<4} {name:<7} {:>9.3} {:>12.0} {:>7} {:>7} {:>7} {:>9.3} {:>9.3} {:>8.2} {:>5} {:>5} {:>6} {:>7} {:>6}",
            self.cpu_microseconds,
            self.deliveries_per_second,
            percent(self.server_share),
            percent(self.load_share),
            percent(self.others_share),
            self.p50_milliseconds,
            self.p99_milliseconds,
            self.late_milliseconds,
            self.faults.lost,
            self.faults.reordered,
            self.faults.doubled,
            self.faults.altered,
            self.faults.closed,
        );
        if self.coarse {
            println!("     (counted in ticks: this kernel keeps no schedstat)");
        }
        if !self.kept {
            println!("     (the rate was not kept: both cores were too busy for it)");
        }
        if self.others_share > OTHERS_SHARE_MAX {
            println!("     (others worked on this machine meanwhile: measure again when it is quiet)");
        }
    }
}

/// The counters at one end of a window.
struct Reading {
    at: Instant,
    server: CpuTime,
    load: CpuTime,
    machine: u64,
    deliveries: u64,
}

impl Reading {
    fn take(server: &Server, load: &Load) -> Result<Self, Failure> {
        Ok(Self {
            machine: machine::busy_nanoseconds()?,
            load: CpuTime::of(std::process::id())?,
            server: CpuTime::of(server.pid())?,
            at: Instant::now(),
            deliveries: load.received(),
        })
    }
}

fn seconds_between(before: u64, after: u64) -> f64 {
    Duration::from_nanos(after.saturating_sub(before)).as_secs_f64()
}

fn milliseconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3
}
