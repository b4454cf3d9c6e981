//! A measured window: counters of a server and its load at both ends, and the latencies and faults between
//! them.

use std::time::{Duration, Instant};

use super::super::cpu::CpuTime;
use super::super::delivery_record::Faults;
use super::super::failure::Failure;
use super::super::load::{IdleStrategy, Load};
use super::super::machine::{self, CpuCores};
use super::super::server::{Kind, Server};
use super::super::table::print_line;
use crate::arguments::FanOut;

/// Widths of the columns of a sample's line.
const WIDTHS: [usize; 11] = [4, 6, 8, 8, 6, 6, 6, 8, 8, 7, 6];

/// Figures of one window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// CPU time of the server for each delivery.
    pub(super) cpu_microseconds: f64,
    /// Messages a second that all clients together received.
    pub(super) deliveries_per_second: f64,
    /// Share of a CPU core that the server used.
    pub(super) server_share: f64,
    /// Share of a CPU core that the load used.
    pub(super) load_share: f64,
    /// Sum of the shares of all CPU cores that were busy.
    pub(super) machine_share: f64,
    /// Median time from sending to receipt.
    pub(super) p50_milliseconds: f64,
    /// 99th percentile of the time from sending to receipt.
    pub(super) p99_milliseconds: f64,
    /// Longest delay of the sender itself.
    pub(super) late_milliseconds: f64,
    /// Whether the asked rate was kept.
    pub(super) kept: bool,
    /// Whether CPU time was counted in ticks.
    pub(super) coarse: bool,
    /// Messages that were not delivered as sent.
    pub(super) faults: Faults,
}

impl Sample {
    /// Sample of `tested` between two readings.
    pub(super) fn between(before: &CounterReading, after: &CounterReading, tested: &LoadedServer) -> Self {
        let seconds = (after.at - before.at).as_secs_f64();
        let server = seconds_between(before.server.nanoseconds, after.server.nanoseconds);
        let deliveries = (after.deliveries - before.deliveries) as f64;
        Self {
            cpu_microseconds: server * 1e6 / deliveries,
            deliveries_per_second: deliveries / seconds,
            server_share: server / seconds,
            load_share: seconds_between(before.load.nanoseconds, after.load.nanoseconds) / seconds,
            machine_share: seconds_between(before.machine, after.machine) / seconds,
            p50_milliseconds: milliseconds(tested.load.latencies.percentile(50)),
            p99_milliseconds: milliseconds(tested.load.latencies.percentile(99)),
            late_milliseconds: tested.load.late_max.as_secs_f64() * 1e3,
            kept: true,
            coarse: before.server.coarse || after.server.coarse,
            faults: Faults::default(),
        }
    }

    /// Prints the column names of [`Self::print`].
    pub(super) fn print_names() {
        let names = [
            "pair",
            "",
            "µs CPU/d",
            "deliv./s",
            "server",
            "load",
            "all",
            "p50 ms",
            "p99 ms",
            "late ms",
            "faults",
        ];
        print_line(WIDTHS, names.map(str::to_owned));
    }

    /// Prints the sample as one line, and below it the reasons to doubt it.
    pub(super) fn print(&self, pair: usize, name: &str) {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let cells = [
            pair.to_string(),
            name.to_owned(),
            format!("{:.3}", self.cpu_microseconds),
            format!("{:.0}", self.deliveries_per_second),
            percent(self.server_share),
            percent(self.load_share),
            percent(self.machine_share),
            format!("{:.3}", self.p50_milliseconds),
            format!("{:.3}", self.p99_milliseconds),
            format!("{:.2}", self.late_milliseconds),
            self.faults.to_string(),
        ];
        print_line(WIDTHS, cells);
        if self.coarse {
            println!("     (counted in ticks: this kernel keeps no schedstat)");
        }
        if !self.kept {
            println!("     (the rate was not kept: both CPU cores were too busy for it)");
        }
    }
}

/// Counters at one end of a window.
pub(super) struct CounterReading {
    at: Instant,
    server: CpuTime,
    load: CpuTime,
    machine: u64,
    deliveries: u64,
}

fn seconds_between(before: u64, after: u64) -> f64 {
    Duration::from_nanos(after.saturating_sub(before)).as_secs_f64()
}

fn milliseconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3
}

/// A server and its load.
pub(super) struct LoadedServer {
    server: Server,
    /// Clients of the server.
    pub(super) load: Load,
}

impl LoadedServer {
    /// Starts a server and connects its clients.
    ///
    /// # Errors
    /// When the server cannot be started or refuses a connection.
    pub(super) fn start(kind: Kind, settings: &FanOut, cores: CpuCores) -> Result<Self, Failure> {
        let server = Server::start(kind, Some(cores.server))?;
        let rest = match (settings.spin, settings.nap) {
            (true, _) => IdleStrategy::Spin,
            (false, 0) => IdleStrategy::Block,
            (false, nap) => IdleStrategy::Nap(Duration::from_micros(nap)),
        };
        let load = Load::open(server.port(), settings.clients, settings.bytes, rest)?;
        Ok(Self { server, load })
    }

    /// Begins a window: clears the latencies and reads the counters.
    ///
    /// # Errors
    /// When the server is gone.
    pub(super) fn begin_window(&mut self) -> Result<CounterReading, Failure> {
        self.load.latencies.clear();
        self.load.late_max = Duration::ZERO;
        self.read_counters()
    }

    /// Reads the counters.
    ///
    /// # Errors
    /// When the server is gone.
    pub(super) fn read_counters(&self) -> Result<CounterReading, Failure> {
        Ok(CounterReading {
            machine: machine::busy_nanoseconds()?,
            load: CpuTime::of(std::process::id())?,
            server: CpuTime::of(self.server.pid())?,
            at: Instant::now(),
            deliveries: self.load.received(),
        })
    }

    /// Waits for the messages in flight and returns the faults.
    ///
    /// # Errors
    /// When the server has ended by itself.
    pub(super) fn finish(mut self) -> Result<Faults, Failure> {
        self.load.drain()?;
        self.server.expect_alive()?;
        Ok(self.load.faults())
    }
}
