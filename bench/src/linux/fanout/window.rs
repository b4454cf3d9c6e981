//! One window with one server: the counters at both ends of it, and what the
//! clients saw meanwhile.

use std::time::{Duration, Instant};

use super::super::cpu::CpuTime;
use super::super::failure::Failure;
use super::super::load::{Load, Pace, Rest};
use super::super::machine::{self, Cores};
use super::super::server::{Kind, Server};
use super::super::table::line;
use super::super::tally::Faults;
use crate::arguments::FanOut;

/// Widths of the columns of a sample's line.
const WIDTHS: [usize; 11] = [4, 6, 8, 8, 6, 6, 6, 8, 8, 7, 6];
/// How long the load runs before the window begins.
const WARMING: Duration = Duration::from_secs(1);
/// Above this share of one core, what others did in the window is worth a warning.
const OTHERS_SHARE_MAX: f64 = 0.05;
/// Below this share of the deliveries that the rate asks for, the rate was not kept.
const KEPT_SHARE_MIN: f64 = 0.98;

/// What one window told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// The server's CPU time for each delivery.
    pub(super) cpu_microseconds: f64,
    /// Messages received, all clients together, each second.
    pub(super) deliveries_per_second: f64,
    /// The share of a core that the server used.
    pub(super) server_share: f64,
    /// The share of a core that the load used.
    pub(super) load_share: f64,
    /// The share of a core that everything else on the machine used.
    pub(super) others_share: f64,
    /// From sending to each receipt, the middle one.
    pub(super) p50_milliseconds: f64,
    /// From sending to each receipt, 99 of 100.
    pub(super) p99_milliseconds: f64,
    /// The most that the sender was late by itself.
    pub(super) late_milliseconds: f64,
    /// The rate asked for was kept.
    pub(super) kept: bool,
    /// CPU time was counted in ticks.
    pub(super) coarse: bool,
    /// What did not come as it was sent.
    pub(super) faults: Faults,
}

impl Sample {
    /// Starts a server, loads it for the time set, and ends it.
    ///
    /// # Errors
    /// When it cannot be started, refuses a connection, or ends by itself.
    pub(super) fn take(kind: Kind, settings: &FanOut, cores: Cores) -> Result<Self, Failure> {
        let pace = match settings.saturate {
            true => Pace::Window(settings.window),
            false => Pace::Rate(settings.rate),
        };
        let mut server = Server::start(kind, Some(cores.server))?;
        let rest = match (settings.spin, settings.nap) {
            (true, _) => Rest::Spin,
            (false, 0) => Rest::Woken,
            (false, nap) => Rest::Nap(Duration::from_micros(nap)),
        };
        let mut load = Load::open(server.port(), settings.clients, settings.bytes, rest)?;
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

    /// Prints the names of what [`Self::print`] prints.
    pub(super) fn print_names() {
        let names = [
            "pair",
            "",
            "µs CPU/d",
            "deliv./s",
            "server",
            "load",
            "others",
            "p50 ms",
            "p99 ms",
            "late ms",
            "faults",
        ];
        line(WIDTHS, names.map(str::to_owned));
    }

    /// Prints the sample as one line, and what makes it doubtful below.
    pub(super) fn print(&self, pair: usize, name: &str) {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let cells = [
            pair.to_string(),
            name.to_owned(),
            format!("{:.3}", self.cpu_microseconds),
            format!("{:.0}", self.deliveries_per_second),
            percent(self.server_share),
            percent(self.load_share),
            percent(self.others_share),
            format!("{:.3}", self.p50_milliseconds),
            format!("{:.3}", self.p99_milliseconds),
            format!("{:.2}", self.late_milliseconds),
            self.faults.to_string(),
        ];
        line(WIDTHS, cells);
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
