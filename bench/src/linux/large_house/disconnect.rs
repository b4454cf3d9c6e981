//! A mass disconnect: thousands of idle connections end at once while others talk. The talkers' p99 in the
//! seconds after the end is compared with that in the seconds before it.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::dataset::Layout;
use crate::arguments::LargeHouse;
use crate::linux::client_pool::ClientPool;
use crate::linux::cpu::{CpuTime, OtherWork};
use crate::linux::failure::Failure;
use crate::linux::machine::{CpuCores, Pinned, run_in_background};
use crate::linux::room_load::{LoadWindow, RoomLoad};
use crate::linux::server::{Home, Server};
use crate::linux::stats::Spread;
use crate::linux::table::Table;

/// Messages of the talkers a second.
const LOAD_RATE: u32 = 100;
/// Ratio of the talkers' p99, after the mass disconnect over before it, that the median must not exceed.
const RATIO_MAX: f64 = 1.2;
/// Time limit for all clients to connect.
const CONNECT_MAX: Duration = Duration::from_secs(120);
/// Time for which nothing happens once all clients are connected.
const REST: Duration = Duration::from_secs(3);
/// Longest time for which the clients do not look for the signal to end.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Measures and adds the outcome to `table`.
pub(super) fn measure(
    home: &dyn Fn() -> Result<Home, Failure>,
    data: &Path,
    layout: &Layout,
    settings: &LargeHouse,
    table: &mut Table,
) -> Result<(), Failure> {
    let LargeHouse { clients, pairs, seconds, .. } = *settings;
    let cores = CpuCores::pick()?;
    println!(
        "mass disconnect: {clients} clients, windows of {seconds} s; server on CPU core {}, load on CPU core {}",
        cores.server, cores.load
    );
    let mut server = Server::start_in(home()?.with_metrics()?, Some(cores.server))?;
    let _pinned = Pinned::to(cores.load)?;
    let port = server.port();
    let mut load = RoomLoad::open(port, data, layout.talkers(), layout.talkers_room(), LOAD_RATE)?;
    let window = Duration::from_secs(seconds);
    load.run_for(REST)?;
    load.take_window();
    let quiet = measure_window(&server, &mut load, window)?;
    println!("     without the clients: {quiet}");
    let (mut ratios, mut cpu_seconds, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=pairs {
        let pair = thread::scope(|scope| -> Result<[Window; 2], Failure> {
            let (is_connected, connected) = mpsc::channel();
            let (end, is_ended) = mpsc::channel();
            let holding = scope.spawn(move || hold(port, data, clients, &is_connected, &is_ended));
            let before = measure_before(&server, &mut load, window, &connected);
            drop(end);
            let after = measure_window(&server, &mut load, window);
            holding.join().map_err(|_| Failure::new("the clients' thread panicked"))??;
            Ok([before?, after?])
        })?;
        let [before, after] = pair;
        println!("{number:<4} before: {before}\n     after: {after}");
        ratios.push(after.load.latencies.milliseconds(99) / before.load.latencies.milliseconds(99));
        cpu_seconds.push(after.cpu_seconds - quiet.cpu_seconds);
        turns.push(after.longest_turn);
    }
    load.drain()?;
    server.expect_alive()?;
    let ratio = Spread::of(&ratios);
    table.judge(
        format!("mass disconnect of {clients}: others' p99 in {seconds} s after / before, median of {pairs}"),
        format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max),
        format!("{RATIO_MAX:.1}"),
        ratio.median <= RATIO_MAX,
    );
    let (cpu, turn) = (Spread::of(&cpu_seconds), Spread::of(&turns));
    table.note(
        format!("mass disconnect of {clients}: the server's CPU time for it, median of {pairs}"),
        format!("{:.2} s ({:.2}–{:.2})", cpu.median, cpu.min, cpu.max),
    );
    table.note(
        "mass disconnect: the longest turn of the registry took at most, median",
        format!("{} ms ({}–{})", turn.median * 1e3, turn.min * 1e3, turn.max * 1e3),
    );
    let faults = load.faults();
    table.judge("mass disconnect: faults of the others", faults.to_string(), "none", faults.is_none());
    Ok(())
}

/// Waits until all clients are connected, then measures the window before they disconnect.
fn measure_before(
    server: &Server,
    load: &mut RoomLoad,
    window: Duration,
    connected: &Receiver<()>,
) -> Result<Window, Failure> {
    // Talkers who answer no ping would be closed.
    while let Err(error) = connected.try_recv() {
        if error == mpsc::TryRecvError::Disconnected {
            return Err(Failure::new("the clients did not connect"));
        }
        load.idle_for(LOOK_INTERVAL)?;
    }
    load.run_for(REST)?;
    load.take_window();
    measure_window(server, load, window)
}

/// Figures of one window.
struct Window {
    load: LoadWindow,
    /// CPU time of the server, in seconds.
    cpu_seconds: f64,
    /// Upper bound of the longest turn of the registry, in seconds, as its histogram has it.
    longest_turn: f64,
    /// CPU cores that other processes used.
    other_work: f64,
}

fn measure_window(server: &Server, load: &mut RoomLoad, window: Duration) -> Result<Window, Failure> {
    let other_work = OtherWork::begin(server.pid())?;
    let (cpu, turns) = (CpuTime::of(server.pid())?, turn_counts(&server.metrics()?));
    load.run_for(window)?;
    let used = CpuTime::of(server.pid())?.nanoseconds.saturating_sub(cpu.nanoseconds);
    Ok(Window {
        load: load.take_window(),
        cpu_seconds: used as f64 / 1e9,
        longest_turn: longest(&turns, &turn_counts(&server.metrics()?)),
        other_work: other_work.cores()?,
    })
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LoadWindow { latencies, late_max } = &self.load;
        write!(
            out,
            "{} (p50, p99, max); the load late by {:.1} ms; the server used {:.2} s, its longest turn took at most {} ms; other processes used {:.2} CPU cores",
            latencies.format_milliseconds([50, 99, 100]),
            late_max.as_secs_f64() * 1e3,
            self.cpu_seconds,
            self.longest_turn * 1e3,
            self.other_work,
        )
    }
}

/// Upper bounds of the histogram of turns in seconds, each with the count of turns up to it.
fn turn_counts(metrics: &str) -> Vec<(f64, u64)> {
    let buckets = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("teahouse_registry_turn_duration_seconds_bucket{le=\""));
    let parsed = buckets.filter_map(|rest| {
        let (bound, count) = rest.split_once("\"} ")?;
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
        Some((bound, count.trim().parse().ok()?))
    });
    parsed.collect()
}

/// Bound that no turn between two readings exceeded.
fn longest(before: &[(f64, u64)], after: &[(f64, u64)]) -> f64 {
    let counts =
        || before.iter().zip(after).map(|((bound, old), (_, new))| (*bound, new.saturating_sub(*old)));
    let all = counts().next_back().map_or(0, |(_, count)| count);
    counts().find(|(_, count)| *count == all).map_or(f64::NAN, |(bound, _)| bound)
}

/// Connects all clients, reports it, and drops the connections once `is_ended` is hung up. The thread closes
/// them at a low priority, so that this delays the load as little as possible.
fn hold(
    port: u16,
    data: &Path,
    clients: usize,
    is_connected: &Sender<()>,
    is_ended: &Receiver<()>,
) -> Result<(), Failure> {
    let begin = Instant::now();
    let mut pool = ClientPool::new(port, data, clients)?;
    pool.connect_all(CONNECT_MAX)?;
    println!("     {clients} clients connected in {:.1} s", begin.elapsed().as_secs_f64());
    run_in_background()?;
    // The receiver waits; if it is gone, the measurement has failed already.
    let _ = is_connected.send(());
    while matches!(is_ended.try_recv(), Err(mpsc::TryRecvError::Empty)) {
        pool.idle(LOOK_INTERVAL)?;
    }
    let begin = Instant::now();
    drop(pool);
    println!("     all connections closed in {:.0} ms", begin.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_turn_is_within_the_first_bucket_that_holds_all() {
        let text = |counts: [u64; 3]| {
            let lines = ["0.001", "0.5", "+Inf"].into_iter().zip(counts).map(|(bound, count)| {
                format!("teahouse_registry_turn_duration_seconds_bucket{{le=\"{bound}\"}} {count}\n")
            });
            lines.collect::<String>()
        };
        let before = turn_counts(&text([10, 12, 13]));
        for (after, bound) in [([20, 22, 23], 0.001), ([20, 23, 24], 0.5), ([20, 23, 25], f64::INFINITY)] {
            assert_eq!(longest(&before, &turn_counts(&text(after))), bound);
        }
    }
}
