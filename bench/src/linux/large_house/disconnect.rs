//! A mass disconnect: thousands of idle connections end at once while others talk. The talkers' p99 in the
//! seconds after the end is compared with that in the seconds before it.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::dataset::Layout;
use crate::arguments::LargeHouse;
use crate::linux::client_pool::ClientPool;
use crate::linux::cpu::OtherWork;
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
    let mut server = Server::start_in(home()?, Some(cores.server))?;
    let _pinned = Pinned::to(cores.load)?;
    let port = server.port();
    let mut load = RoomLoad::open(port, data, layout.talkers(), layout.talkers_room(), LOAD_RATE)?;
    let window = Duration::from_secs(seconds);
    let mut ratios = Vec::new();
    for number in 1..=pairs {
        let pair = thread::scope(|scope| -> Result<[(LoadWindow, f64); 2], Failure> {
            let (is_connected, connected) = mpsc::channel();
            let (end, is_ended) = mpsc::channel();
            let holding = scope.spawn(move || hold(port, data, clients, &is_connected, &is_ended));
            let before = measure_before(&server, &mut load, window, &connected);
            drop(end);
            let after = measure_window(&server, &mut load, window);
            holding.join().map_err(|_| Failure::new("the clients' thread panicked"))??;
            Ok([before?, after?])
        })?;
        let [(before, other_before), (after, other_after)] = pair;
        let ratio = after.latencies.milliseconds(99) / before.latencies.milliseconds(99);
        println!(
            "{number:<4} before {}, after {} (p50, p99, max); ratio of the p99 {ratio:.2}; the load late by {:.1}, {:.1} ms; other processes {other_before:.2}, {other_after:.2} CPU cores",
            before.latencies.format_milliseconds([50, 99, 100]),
            after.latencies.format_milliseconds([50, 99, 100]),
            before.late_max.as_secs_f64() * 1e3,
            after.late_max.as_secs_f64() * 1e3,
        );
        ratios.push(ratio);
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
) -> Result<(LoadWindow, f64), Failure> {
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

/// Figures of the load in a window, and the CPU cores that other processes used.
fn measure_window(
    server: &Server,
    load: &mut RoomLoad,
    window: Duration,
) -> Result<(LoadWindow, f64), Failure> {
    let other_work = OtherWork::begin(server.pid())?;
    load.run_for(window)?;
    Ok((load.take_window(), other_work.cores()?))
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
