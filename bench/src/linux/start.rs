//! Start-up: the time from starting the process to the first 200 of `/readyz`, and the memory without
//! clients.

use std::thread;
use std::time::Duration;

use super::failure::Failure;
use super::memory::Resident;
use super::server::{Kind, Server};
use super::stats::Spread;
use super::table::Table;

/// Milliseconds from start to ready that the median must not exceed.
const READY_MILLISECONDS_MAX: f64 = 150.0;
/// Bytes of resident memory without clients that no run may exceed.
const RESIDENT_BYTES_MAX: f64 = 20e6;
/// Time for which the server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures `runs` starts and adds the outcome to `table`.
///
/// # Errors
/// When the server cannot be started.
pub(crate) fn measure(runs: usize, table: &mut Table) -> Result<(), Failure> {
    println!("\nstart: {runs} runs, an empty data folder each");
    let mut ready = Vec::new();
    let mut resident = Vec::new();
    for number in 1..=runs {
        let mut server = Server::start(Kind::Teahouse, None)?;
        let milliseconds = server.ready_after.as_secs_f64() * 1e3;
        thread::sleep(REST);
        let memory = Resident::of(server.pid())?;
        server.expect_alive()?;
        println!(
            "{number:<4} ready after {milliseconds:.1} ms, {:.2} MB resident ({:.2} MB its own)",
            memory.bytes as f64 / 1e6,
            memory.own_bytes as f64 / 1e6,
        );
        ready.push(milliseconds);
        resident.push(memory.bytes as f64);
    }
    let (ready, resident) = (Spread::of(&ready), Spread::of(&resident));
    table.judge(
        "start to ready, median (max)",
        format!("{:.0} ms ({:.0})", ready.median, ready.max),
        format!("{READY_MILLISECONDS_MAX:.0} ms"),
        ready.median <= READY_MILLISECONDS_MAX,
    );
    table.judge(
        "idle memory, median (max)",
        format!("{:.2} MB ({:.2})", resident.median / 1e6, resident.max / 1e6),
        format!("{:.0} MB", RESIDENT_BYTES_MAX / 1e6),
        resident.max <= RESIDENT_BYTES_MAX,
    );
    Ok(())
}
