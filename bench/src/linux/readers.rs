//! Members who read history without a pause, with all sessions that they may have and as many questions at
//! the same time as a session may have. Measured is the time in which somebody else connects, from connecting
//! to `welcome`, without and with these readers. The server has its default limits.

mod reader_pool;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shared::{MemberId, RoomId};

use super::cpu::{CpuTime, OtherWork};
use super::datasets::{self, DatasetBuilder};
use super::failure::Failure;
use super::folder::{self, Folder};
use super::machine::{CpuCores, Pinned};
use super::server::{Home, Kind, Server};
use super::session::Session;
use super::stats::Histogram;
use super::table::Table;
use crate::arguments::Readers;
use reader_pool::ReaderPool;

/// Members of the house, of whom some read. The last one connects.
const MEMBERS: u64 = 101;
/// Room whose history is read.
const ROOM: RoomId = RoomId(RoomId::LOBBY.0 + 1);
/// Messages in that room and in the lobby, each.
const MESSAGES: u64 = 20_000;
/// Pause between two connections.
const PAUSE: Duration = Duration::from_millis(50);
/// Time for which the connections are measured without readers.
const QUIET: Duration = Duration::from_secs(5);
/// Time for which the readers read before the connections are measured.
const WARMING: Duration = Duration::from_secs(2);
/// Milliseconds to `welcome` that the median must not exceed.
const MEDIAN_MILLISECONDS_MAX: f64 = 100.0;
/// Milliseconds to `welcome` that the 99th percentile must not exceed.
const P99_MILLISECONDS_MAX: f64 = 1_000.0;

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the server cannot be started, or refuses a reader.
pub(crate) fn measure(settings: &Readers, table: &mut Table) -> Result<(), Failure> {
    let Readers { members, sessions, flight, seconds } = *settings;
    let cores = CpuCores::pick()?;
    println!(
        "\nreaders: {members} members × {sessions} sessions × {flight} questions for {seconds} s; server on CPU core {}, load on CPU core {}",
        cores.server, cores.load
    );
    let kept = datasets::ensure_dataset("readers", fill_dataset)?;
    let copied = Folder::fresh().map_err(Failure::at("cannot make a folder for the copy"))?;
    let data = copied.path().join("data");
    folder::copy(&kept, &data).map_err(Failure::at("cannot copy the log"))?;
    let home = Home::fresh(Kind::Teahouse)?.with_data(data.clone()).limited();
    let mut server = Server::start_in(home, Some(cores.server))?;
    let _pinned = Pinned::to(cores.load)?;
    let port = server.port();
    let quiet = measure_welcomes(port, &data, QUIET)?;
    let mut pool = ReaderPool::open(port, &data, settings, ROOM, MESSAGES)?;
    let is_over = AtomicBool::new(false);
    let (before, other_work) = (CpuTime::of(server.pid())?, OtherWork::begin(server.pid())?);
    let (welcomes, pages) = thread::scope(|scope| -> Result<_, Failure> {
        let reading = scope.spawn(|| pool.read_until(|| is_over.load(Ordering::Relaxed)));
        thread::sleep(WARMING);
        let welcomes = measure_welcomes(port, &data, Duration::from_secs(seconds));
        let other_work = other_work.cores();
        is_over.store(true, Ordering::Relaxed);
        let pages = reading.join().map_err(|_| Failure::new("the readers panicked"))?;
        println!("other processes used {:.2} CPU cores", other_work?);
        Ok((welcomes?, pages?))
    })?;
    let used = CpuTime::of(server.pid())?.nanoseconds.saturating_sub(before.nanoseconds);
    server.expect_alive()?;
    let time = (WARMING + Duration::from_secs(seconds)).as_secs_f64();
    println!(
        "the readers got {:.0} pages a second; {:.0} µs of the server each",
        pages as f64 / time,
        used as f64 / 1e3 / pages.max(1) as f64
    );
    table.judge(
        format!(
            "readers: {members} × {sessions} × {flight}: another's welcome, p50, p99, max of {}",
            welcomes.count()
        ),
        welcomes.format_milliseconds([50, 99, 100]),
        format!("p50 {MEDIAN_MILLISECONDS_MAX:.0}, p99 {P99_MILLISECONDS_MAX:.0} ms"),
        welcomes.milliseconds(50) <= MEDIAN_MILLISECONDS_MAX
            && welcomes.milliseconds(99) <= P99_MILLISECONDS_MAX,
    );
    table.note("readers: the same without readers", quiet.format_milliseconds([50, 99, 100]));
    table.note("readers: pages a second", format!("{:.0}", pages as f64 / time));
    Ok(())
}

fn fill_dataset(builder: &mut DatasetBuilder) -> Result<(), Failure> {
    let members = (1..=MEMBERS).map(|number| builder.add_member(&format!("Member {number}")));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    builder.add_room(MemberId(1), "Library")?;
    for &member in &members {
        builder.join_room(member, ROOM)?;
    }
    for number in 0..MESSAGES {
        let author = MemberId(1 + number % MEMBERS);
        for room in [RoomId::LOBBY, ROOM] {
            builder.add_post(author, room, format!("{number}: the kettle is on, and a cup of 龙井 waits"))?;
        }
    }
    Ok(())
}

/// Times from connecting to `welcome` with a snapshot of the lobby, one connection after the other.
fn measure_welcomes(port: u16, data: &Path, time: Duration) -> Result<Histogram, Failure> {
    let cookie = datasets::cookie(data, MEMBERS)?;
    let mut times = Histogram::new();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let begin = Instant::now();
        Session::open(port, &cookie, None)?;
        times.record_duration(begin.elapsed());
        thread::sleep(PAUSE);
    }
    Ok(times)
}
