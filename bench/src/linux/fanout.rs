//! Fan-out: CPU time per delivery of the server, next to that of the floor.
//!
//! Server and load have a CPU core each. Floor and server alternate, message by message unless `--apart` is set,
//! so that other work on the machine slows both. Each pair of samples gives a ratio. The CPU time is that of
//! the server's process over the measured window; deliveries are what the receivers counted in the window.
//!
//! A load that blocks is woken by the write that brings an event, and the kernel charges the wake-up to the
//! writer. A slow writer pays more often, because the load has caught up and sleeps. No server pays that for
//! clients on other machines. So the load naps and polls; with `--nap 0` it blocks, and the ratio is noted
//! without a bound.

mod pair;
mod saturated;
mod window;

use super::delivery_record::Faults;
use super::failure::Failure;
use super::machine::{CpuCores, Pinned};
use super::server::Kind;
use super::stats::Spread;
use super::table::Table;
use crate::arguments::FanOut;
use pair::SamplePair;
use window::Sample;

/// Ratio of CPU time per delivery, server over floor, that the median of the pairs must not exceed.
const RATIO_MAX: f64 = 1.30;
/// Share of its CPU core above which a process counts as the bottleneck.
const BUSY_SHARE_MIN: f64 = 0.95;

/// Measures, prints each sample, and adds the outcome to `table`.
///
/// # Errors
/// When a server cannot be started or a connection is refused.
pub(crate) fn measure(settings: &FanOut, table: &mut Table) -> Result<(), Failure> {
    let cores = CpuCores::pick()?;
    let _pinned = Pinned::to(cores.load)?;
    let tested = match settings.against_floor {
        true => Kind::Floor,
        false => Kind::Teahouse,
    };
    if settings.saturate {
        return saturated::measure(tested, settings, cores, table);
    }
    let pace = match settings.apart {
        true => format!("{} messages/s", settings.rate),
        false => format!("{} messages/s in turn", settings.rate),
    };
    print_headline(settings, &pace, cores);
    let mut pairs = Vec::new();
    for number in 1..=settings.pairs {
        let (floor, server) = match settings.apart {
            false => pair::measure_by_message(tested, settings, cores)?,
            true => pair::measure_by_window(tested, settings, cores)?,
        };
        floor.print(number, Kind::Floor.name());
        server.print(number, tested.name());
        pairs.push((floor, server));
    }
    println!();
    judge(settings, &pairs, table);
    Ok(())
}

fn print_headline(settings: &FanOut, pace: &str, cores: CpuCores) {
    println!(
        "\nfan-out: {} clients, {pace}, of {} bytes, windows of {} s; server on CPU core {}, load on CPU core {}{}",
        settings.clients,
        settings.bytes,
        settings.seconds,
        cores.server,
        cores.load,
        match (settings.spin, settings.nap) {
            (true, _) => ", spinning".to_owned(),
            (false, 0) => ", blocking".to_owned(),
            (false, nap) => format!(", naps of {nap} µs"),
        },
    );
    Sample::print_names();
}

/// Adds the figures of a fixed rate.
fn judge(settings: &FanOut, pairs: &[SamplePair], table: &mut Table) {
    let name = if settings.apart { "fan-out apart" } else { "fan-out" };
    let cpu = Comparison::of(pairs, |sample| sample.cpu_microseconds);
    table.note(
        format!("{name}: µs CPU per delivery, floor / server"),
        format!("{:.2} / {:.2}", cpu.floor.median, cpu.server.median),
    );
    judge_ratio(settings, name, pairs, table);
    let p99 = Comparison::of(pairs, |sample| sample.p99_milliseconds);
    table.note(
        format!("{name}: p99, floor / server"),
        format!("{:.2} / {:.2} ms", p99.floor.median, p99.server.median),
    );
    let mut faults = Faults::default();
    for (_, server) in pairs {
        faults += server.faults;
    }
    let what = format!("{name}: messages lost, reordered, doubled or altered, clients closed");
    table.judge(what, faults.to_string(), "none", faults.is_none());
}

/// Judges the ratio of CPU time. A pair in which the floor did not keep the rate is left out: frames that
/// wait are written together and cost less. A server that does not keep a rate that the floor keeps has
/// failed.
fn judge_ratio(settings: &FanOut, name: &str, pairs: &[SamplePair], table: &mut Table) {
    let valid: Vec<SamplePair> = pairs.iter().filter(|(floor, _)| floor.kept).copied().collect();
    let ratio = Comparison::of(&valid, |sample| sample.cpu_microseconds).ratio;
    let slower = valid.iter().filter(|(_, server)| !server.kept).count();
    let what = format!("{name}: CPU per delivery × floor, median of {} pairs", valid.len());
    let mut figure = format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max);
    if valid.is_empty() {
        figure = "not measured: the floor did not keep the rate".to_owned();
    } else if slower > 0 {
        figure += &format!(", rate not kept in {slower}");
    }
    if settings.is_woken() {
        table.note(format!("{what}, the load blocking"), figure);
    } else {
        table.judge(what, figure, format!("{RATIO_MAX:.2}"), slower == 0 && ratio.median <= RATIO_MAX);
    }
}

/// Figure of all pairs.
struct Comparison {
    floor: Spread,
    server: Spread,
    /// Server over floor, pair by pair.
    ratio: Spread,
}

impl Comparison {
    fn of(pairs: &[SamplePair], figure: fn(&Sample) -> f64) -> Self {
        let all =
            |choose: &dyn Fn(&SamplePair) -> f64| Spread::of(&pairs.iter().map(choose).collect::<Vec<f64>>());
        Self {
            floor: all(&|(floor, _)| figure(floor)),
            server: all(&|(_, server)| figure(server)),
            ratio: all(&|(floor, server)| figure(server) / figure(floor)),
        }
    }
}
