//! A hostile address: 2,000 sockets from 127.0.0.2 misuse the server, while the members of a room
//! talk from 127.0.0.1 and newcomers arrive there. The server has its default limits.
//!
//! The talkers' p99 is compared with that of the same load before the attack, on the same server. Nobody but
//! the hostile address may be refused, and the server's memory must come back.
//!
//! - [`attack`] drives the sockets of all kinds of attack; [`attacker`] is one of them, and [`request`] makes
//!   its HTTP requests. [`attack_counts`] counts both.
//! - [`newcomers`] are the others who connect, join and create rooms.

mod attack;
mod attack_counts;
mod attacker;
mod newcomers;
mod request;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shared::{MemberId, RoomId};

use super::cpu::OtherWork;
use super::datasets::{self, DatasetBuilder};
use super::failure::Failure;
use super::folder::{self, Folder};
use super::machine::{CpuCores, Pinned};
use super::memory::{Resident, watch_peak};
use super::room_load::{LoadWindow, RoomLoad};
use super::server::{Home, Kind, Server};
use super::table::Table;
use crate::arguments::{AttackKind, Hostile};
use attack::Attack;
use attack_counts::AttackCounts;
use newcomers::{Arrivals, Newcomers};

/// Members of the hostile address. A member may have 64 sessions.
const HOSTILE_MEMBERS: u64 = 40;
/// Members who talk.
const TALKERS: u64 = 50;
/// Members who connect again and again.
const VISITORS: u64 = 20;
/// Messages of the talkers a second.
const LOAD_RATE: u32 = 100;
/// Room in which the talkers talk.
const TALKERS_ROOM: RoomId = RoomId(RoomId::LOBBY.0 + 1);
/// Room of the hostile members, with long messages.
const LONG_ROOM: RoomId = RoomId(RoomId::LOBBY.0 + 2);
/// Messages in the room of the hostile members. So many fill some pages of history.
const LONG_MESSAGES: u64 = 200;
/// Bytes of each: a page of 50 then has as many bytes as a page may have.
const LONG_BYTES: usize = 2_600;
/// Time for which the load runs before the first window.
const WARMING: Duration = Duration::from_secs(2);
/// Time for which the talkers are measured without the attack.
const QUIET: Duration = Duration::from_secs(15);
/// Time limit for the server to release memory after the attack.
const COOLING_MAX: Duration = Duration::from_secs(60);
/// Interval between two readings of the memory after the attack.
const COOLING_INTERVAL: Duration = Duration::from_secs(1);
/// Ratio of the talkers' p99, with the attack over without.
const RATIO_MAX: f64 = 1.2;
/// Bytes by which the server's memory may grow during the attack.
const GROWTH_BYTES_MAX: f64 = 100e6;
/// Bytes that may stay of the growth.
const LEFT_BYTES_MAX: f64 = 20e6;

/// Measures the kinds of attack, each on a server of its own, and adds the outcome to `table`.
///
/// # Errors
/// When a server cannot be started or ends.
pub(crate) fn measure(settings: &Hostile, table: &mut Table) -> Result<(), Failure> {
    let cores = CpuCores::pick()?;
    let kept = datasets::ensure_dataset("hostile", fill_dataset)?;
    for &kind in &settings.kinds {
        println!(
            "\nhostile: {}, {} sockets of one address for {} s; server on CPU core {}, load on CPU core {}",
            kind.name(),
            settings.sockets,
            settings.seconds,
            cores.server,
            cores.load
        );
        measure_kind(kind, settings, cores, &kept, table)?;
    }
    Ok(())
}

fn fill_dataset(builder: &mut DatasetBuilder) -> Result<(), Failure> {
    for number in 1..=HOSTILE_MEMBERS + TALKERS + VISITORS {
        builder.add_member(&format!("Member {number}"))?;
    }
    builder.add_room(MemberId(HOSTILE_MEMBERS + 1), "Talkers")?;
    for number in talkers() {
        builder.join_room(MemberId(number), TALKERS_ROOM)?;
    }
    builder.add_room(MemberId(1), "Long messages")?;
    for number in 1..=HOSTILE_MEMBERS {
        builder.join_room(MemberId(number), LONG_ROOM)?;
    }
    for number in 0..LONG_MESSAGES {
        builder.add_post(MemberId(1), LONG_ROOM, format!("{number}: {}", "tea ".repeat(LONG_BYTES / 4)))?;
    }
    Ok(())
}

fn talkers() -> impl Iterator<Item = u64> {
    HOSTILE_MEMBERS + 1..HOSTILE_MEMBERS + 1 + TALKERS
}

/// Figures of the others in one window.
struct Window {
    load: LoadWindow,
    arrivals: Arrivals,
    /// CPU cores that other processes kept busy.
    other_work: f64,
}

/// Figures of one kind of attack.
struct AttackFigures {
    quiet: Window,
    hostile: Window,
    counts: AttackCounts,
    /// Resident bytes of the server: before, at the peak, and after the cooling.
    memory: [u64; 3],
    /// Time until the growth was released, or until it was no longer awaited.
    cooling: Duration,
}

fn measure_kind(
    kind: AttackKind,
    settings: &Hostile,
    cores: CpuCores,
    kept: &Path,
    table: &mut Table,
) -> Result<(), Failure> {
    let copied = Folder::fresh().map_err(Failure::at("cannot make a folder for the copy"))?;
    let data = copied.path().join("data");
    folder::copy(kept, &data).map_err(Failure::at("cannot copy the log"))?;
    let home = Home::fresh(Kind::Teahouse)?.with_data(data.clone()).limited();
    let mut server = Server::start_in(home, Some(cores.server))?;
    let _pinned = Pinned::to(cores.load)?;
    let port = server.port();
    let mut load = RoomLoad::open(port, &data, talkers(), TALKERS_ROOM, LOAD_RATE)?;
    let visitors = HOSTILE_MEMBERS + TALKERS + 1..=HOSTILE_MEMBERS + TALKERS + VISITORS;
    let mut newcomers = Newcomers::new(port, &data, visitors)?;
    load.run_for(WARMING)?;
    load.take_window();

    let quiet = run_window(&server, &mut load, &mut newcomers, QUIET)?;
    let before = Resident::of(server.pid())?.bytes;
    let mut attack = Attack::new(kind, settings.sockets, port, &data)?;
    let (is_over, pid) = (&AtomicBool::new(false), server.pid());
    let (hostile, counts, peak) = thread::scope(|scope| -> Result<_, Failure> {
        let watching = scope.spawn(move || watch_peak(pid, || is_over.load(Ordering::Relaxed)));
        let attacking = scope.spawn(move || attack.run_until(|| is_over.load(Ordering::Relaxed)));
        let window = Duration::from_secs(settings.seconds);
        let hostile = run_window(&server, &mut load, &mut newcomers, window);
        is_over.store(true, Ordering::Relaxed);
        let counts = attacking.join().map_err(|_| Failure::new("the attack panicked"))?;
        let peak = watching.join().map_err(|_| Failure::new("the watch over the memory panicked"))?;
        Ok((hostile?, counts?, peak?))
    })?;
    load.drain()?;
    let (after, cooling) = wait_for_memory(&server, &mut load, before)?;
    server.expect_alive()?;
    let figures = AttackFigures { quiet, hostile, counts, memory: [before, peak.max(after), after], cooling };
    figures.judge(kind, settings, table);
    let faults = load.faults();
    table.judge(
        format!("hostile {}: faults of the talkers", kind.name()),
        faults.to_string(),
        "none",
        faults.is_none(),
    );
    Ok(())
}

/// Waits until the server's memory is close to what it was `before`. Returns the memory and the time.
fn wait_for_memory(server: &Server, load: &mut RoomLoad, before: u64) -> Result<(u64, Duration), Failure> {
    let begin = Instant::now();
    loop {
        load.idle_for(COOLING_INTERVAL)?;
        let bytes = Resident::of(server.pid())?.bytes;
        if bytes as f64 - before as f64 <= LEFT_BYTES_MAX || begin.elapsed() >= COOLING_MAX {
            return Ok((bytes, begin.elapsed()));
        }
    }
}

/// Lets the load and the newcomers run for `time`.
fn run_window(
    server: &Server,
    load: &mut RoomLoad,
    newcomers: &mut Newcomers,
    time: Duration,
) -> Result<Window, Failure> {
    thread::scope(|scope| {
        let other_work = OtherWork::begin(server.pid())?;
        let arriving = scope.spawn(|| newcomers.run_for(time));
        let loaded = load.run_for(time);
        let other_work = other_work.cores();
        let arrivals = arriving.join().map_err(|_| Failure::new("the newcomers panicked"))?;
        loaded?;
        Ok(Window { load: load.take_window(), arrivals, other_work: other_work? })
    })
}

impl AttackFigures {
    fn judge(&self, kind: AttackKind, settings: &Hostile, table: &mut Table) {
        let name = kind.name();
        let (quiet, hostile) = (&self.quiet.load.latencies, &self.hostile.load.latencies);
        println!("{name}: {}", self.counts);
        for (window, with) in [(&self.quiet, "without"), (&self.hostile, "with")] {
            println!(
                "{with} the attack the load was late by {:.1} ms at most, and other processes used {:.2} CPU cores",
                window.load.late_max.as_secs_f64() * 1e3,
                window.other_work
            );
        }
        let ratio = hostile.milliseconds(99) / quiet.milliseconds(99);
        table.judge(
            format!("hostile {name}: others' p99 with / without, {} sockets", settings.sockets),
            format!(
                "{ratio:.2}; p50, p99, max {} / {}",
                hostile.format_milliseconds([50, 99, 100]),
                quiet.format_milliseconds([50, 99, 100])
            ),
            format!("{RATIO_MAX:.1}"),
            ratio <= RATIO_MAX,
        );
        let (before, during) = (&self.quiet.arrivals, &self.hostile.arrivals);
        table.judge(
            format!("hostile {name}: newcomers refused or not answered in time"),
            during.refusals.to_string(),
            "none",
            during.refusals.is_none(),
        );
        table.note(
            format!("hostile {name}: newcomers' time with / without: welcome, join, room creation, p50, p99"),
            format!("{during} / {before}"),
        );
        let [before, peak, after] = self.memory.map(|bytes| bytes as f64);
        let (growth, left) = (peak - before, after - before);
        table.judge(
            format!(
                "hostile {name}: server's memory grows by, at its peak / {:.0} s after",
                self.cooling.as_secs_f64()
            ),
            format!("{:.1} / {:.1} MB", growth / 1e6, left / 1e6),
            format!("{:.0} / {:.0} MB", GROWTH_BYTES_MAX / 1e6, LEFT_BYTES_MAX / 1e6),
            growth <= GROWTH_BYTES_MAX && left <= LEFT_BYTES_MAX,
        );
    }
}
