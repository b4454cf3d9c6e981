//! Reconnecting after a kill: many clients in many rooms are connected and caught up. The server is killed
//! and restarted at once. The clients reconnect by themselves with their cursors, as the page does. Measured
//! is the time from the first 200 of `/readyz` to the last client that has caught up.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

use super::client_pool::ClientPool;
use super::datasets;
use super::failure::Failure;
use super::server::{Home, Kind, Server};
use super::stats::Histogram;
use super::table::Table;
use crate::arguments::Reconnect;

/// Rooms of the house for each room that a client is in.
const ROOMS_PER_ROOM: usize = 100;
/// Distance between two of a client's rooms.
const STRIDE: usize = ROOMS_PER_ROOM + 1;
/// Time limit from the first 200 of `/readyz` to the last client that has caught up.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);
/// Time limit for all clients to connect for the first time.
const CONNECT_MAX: Duration = Duration::from_secs(120);
/// Time limit for waiting for the last client.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Time for which the clients are idle before the server is killed.
const REST: Duration = Duration::from_secs(2);
/// Files that client and server need in addition to the clients' sockets.
const FILES_KEPT: u64 = 200;

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the log cannot be made, the server cannot be started, or the clients do not connect.
pub(crate) fn measure(settings: &Reconnect, table: &mut Table) -> Result<(), Failure> {
    let Reconnect { clients, rooms } = *settings;
    println!("\nreconnect: {clients} clients in {rooms} rooms each");
    let wanted = clients as u64 + FILES_KEPT;
    if getrlimit(Resource::Nofile).maximum.is_some_and(|maximum| maximum < wanted) {
        println!(
            "skipped: this needs {wanted} open files, and the system's hard limit is lower (ulimit -Hn)"
        );
        return Ok(());
    }
    let folder = datasets::ensure_dataset(&format!("reconnect-{clients}-{rooms}"), |builder| {
        fill_dataset(builder, clients, rooms)
    })?;
    let mut server = Server::start_in(Home::fresh(Kind::Teahouse)?.with_data(folder.clone()), None)?;
    println!("ready after {:.0} ms", server.ready_after.as_secs_f64() * 1e3);
    let mut pool = ClientPool::new(server.port(), &folder, clients)?;
    pool.connect_all(CONNECT_MAX)?;
    println!("all connected in {:.1} s", pool.begun().elapsed().as_secs_f64());
    pool.idle(REST)?;

    server.kill()?;
    let killed = Instant::now();
    server.restart()?;
    // Ask `/readyz` from another thread, so that the clients do not wait for its answer.
    let probe = thread::spawn(move || {
        let answer = server.await_ready();
        (Instant::now(), answer, server)
    });
    pool.reconnect_all(WAIT_MAX)?;
    let (ready, answer, mut server) =
        probe.join().map_err(|_| Failure::new("the readiness probe panicked"))?;
    answer?;
    server.expect_alive()?;

    let mut times = Histogram::new();
    let caught_up = pool.caught_up_times();
    let missing = clients - caught_up.len();
    for at in &caught_up {
        times.record(u64::try_from(at.saturating_duration_since(ready).as_nanos()).unwrap_or(u64::MAX));
    }
    let [middle, late] = [50, 99].map(|percent| times.percentile(percent) as f64 / 1e9);
    let last = caught_up.iter().max().map_or(WAIT_MAX, |last| last.saturating_duration_since(ready));
    let since_kill = caught_up.iter().max().map_or(WAIT_MAX, |last| last.saturating_duration_since(killed));
    let attempts = pool.attempts();
    println!(
        "ready {:.0} ms after the kill; {attempts} attempts, {} of them refused",
        ready.saturating_duration_since(killed).as_secs_f64() * 1e3,
        attempts - caught_up.len() as u64
    );
    table.judge(
        format!("reconnect: {clients} clients, {rooms} rooms each, from ready to caught up: p50, p99, max"),
        format!("{middle:.2}, {late:.2}, {:.2} s, {missing} missing", last.as_secs_f64()),
        format!("{} s", CATCH_UP_MAX.as_secs()),
        last <= CATCH_UP_MAX && missing == 0,
    );
    // The server listens before it is ready, so many clients wait for it and are served together with
    // `/readyz`.
    table.note(
        "reconnect: from SIGKILL to the last that is caught up",
        format!("{:.2} s", since_kill.as_secs_f64()),
    );
    Ok(())
}

/// Makes a house with this many members, each in the lobby and in `rooms` of the other rooms.
fn fill_dataset(builder: &mut datasets::DatasetBuilder, clients: usize, rooms: usize) -> Result<(), Failure> {
    let all = (rooms * ROOMS_PER_ROOM).min(clients);
    let members = (0..clients).map(|number| builder.add_member(&format!("Member {number}")));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    let made_rooms = (0..all).map(|number| builder.add_room(members[number], &format!("Room {number}")));
    let made_rooms = made_rooms.collect::<Result<Vec<_>, _>>()?;
    for (number, &member) in members.iter().enumerate() {
        for step in 0..rooms {
            // The creator of a room is in it already; joining again does nothing.
            builder.join_room(member, made_rooms[(number + step * STRIDE) % all])?;
        }
    }
    Ok(())
}
