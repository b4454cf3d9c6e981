//! A large house: as many members and rooms as the limits allow, and a million messages. Measured are the
//! start, the memory, single requests under a light load, and the effect of a mass disconnect on the others.
//!
//! - [`dataset`] makes the log and knows who is who in it.
//! - [`requests`] measures requests one by one while [`RoomLoad`] posts.
//! - [`disconnect`] drops thousands of connections at once.
//!
//! The measurements change the log, so they work on a copy of it.

mod dataset;
mod disconnect;
mod requests;

use std::thread;
use std::time::{Duration, Instant};

use super::datasets;
use super::failure::Failure;
use super::folder;
use super::memory::Resident;
use super::server::{Home, Kind, Server};
use super::stats::Spread;
use super::table::Table;
use crate::arguments::LargeHouse;
use dataset::Layout;

/// Starts that are measured, after one that is not.
const STARTS: usize = 5;
/// Time limit from start to ready.
const READY_MAX: Duration = Duration::from_secs(1);
/// Time for which the server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the log cannot be made, the server cannot be started, or it refuses a request.
pub(crate) fn measure(settings: &LargeHouse, table: &mut Table) -> Result<(), Failure> {
    let LargeHouse { members, rooms, messages, .. } = *settings;
    println!("\nlarge-house: {members} members, {rooms} rooms, {messages} messages");
    let layout = Layout::of(settings)?;
    let name = format!("large-house-{members}-{rooms}-{messages}-{}", settings.clients);
    let kept = datasets::ensure_dataset(&name, |builder| layout.fill(builder))?;
    let copied = folder::Folder::fresh().map_err(Failure::at("cannot make a folder for the copy"))?;
    let data = copied.path().join("data");
    let begin = Instant::now();
    folder::copy(&kept, &data).map_err(Failure::at("cannot copy the log"))?;
    println!("the log is copied in {:.1} s", begin.elapsed().as_secs_f64());
    let home = || Home::fresh(Kind::Teahouse).map(|home| home.with_data(data.clone()));

    if settings.only_disconnect {
        return disconnect::measure(&home, &data, &layout, settings, table);
    }
    measure_starts(&home, table)?;
    let mut server = Server::start_in(home()?, None)?;
    thread::sleep(REST);
    let resident = Resident::of(server.pid())?;
    table.note(
        "large house: memory without clients",
        format!("{:.1} MB ({:.1} MB its own)", resident.bytes as f64 / 1e6, resident.own_bytes as f64 / 1e6),
    );
    requests::measure(&server, &data, &layout, table)?;
    server.expect_alive()?;
    let resident = Resident::of(server.pid())?;
    table.note("large house: memory after the requests", format!("{:.1} MB", resident.bytes as f64 / 1e6));
    drop(server);
    disconnect::measure(&home, &data, &layout, settings, table)
}

fn measure_starts(home: &dyn Fn() -> Result<Home, Failure>, table: &mut Table) -> Result<(), Failure> {
    // The first start may move an older log to the newest form.
    let first = Server::start_in(home()?, None)?.ready_after.as_secs_f64();
    let mut ready = Vec::new();
    for number in 1..=STARTS {
        let seconds = Server::start_in(home()?, None)?.ready_after.as_secs_f64();
        println!("{number:<4} ready after {:.0} ms", seconds * 1e3);
        ready.push(seconds);
    }
    let ready = Spread::of(&ready);
    table.judge(
        "large house: start to ready, median (max); the first start",
        format!("{:.0} ms ({:.0}); {:.0} ms", ready.median * 1e3, ready.max * 1e3, first * 1e3),
        format!("{} s", READY_MAX.as_secs()),
        ready.max < READY_MAX.as_secs_f64(),
    );
    Ok(())
}
