//! Requests to a large house, one after the other, while the members of one room talk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shared::{ClientId, Cursor, Event, RoomId};

use super::dataset::{Layout, REQUESTS};
use crate::linux::api;
use crate::linux::datasets;
use crate::linux::failure::Failure;
use crate::linux::rng::Rng;
use crate::linux::room_load::RoomLoad;
use crate::linux::server::Server;
use crate::linux::session::Session;
use crate::linux::stats::Histogram;
use crate::linux::table::Table;

/// Messages of the load a second.
const LOAD_RATE: u32 = 50;
/// Time for which the load runs before the first request.
const WARMING: Duration = Duration::from_secs(2);
/// Pause between two requests, so that the load stays light.
const PAUSE: Duration = Duration::from_millis(10);
/// Milliseconds that the 95th percentile must not exceed.
const MILLISECONDS_MAX: f64 = 20.0;
/// Searches of the directory: the text, and whether the page starts in the middle of the rooms.
const SEARCHES: [(&str, bool); 6] = [
    ("", true),
    ("tasting", false),
    ("乌龙", true),
    ("OOLONG 乌龙 99", false),
    ("no such room", false),
    ("9", true),
];

/// Measures each kind of request and adds the outcome to `table`.
pub(super) fn measure(
    server: &Server,
    data: &Path,
    layout: &Layout,
    table: &mut Table,
) -> Result<(), Failure> {
    let is_over = AtomicBool::new(false);
    let mut load = RoomLoad::open(server.port(), data, layout.talkers(), layout.talkers_room(), LOAD_RATE)?;
    thread::scope(|scope| {
        let loading = scope.spawn(|| {
            load.run_until(|| is_over.load(Ordering::Relaxed))?;
            load.drain()
        });
        thread::sleep(WARMING);
        let requests = Requests { port: server.port(), data, layout };
        let measured = requests.measure(table);
        is_over.store(true, Ordering::Relaxed);
        let loaded = loading.join().map_err(|_| Failure::new("the load panicked"))?;
        measured.and(loaded)
    })?;
    let window = load.take_window();
    table.note(
        "large house: the load's latency during the requests, p50, p99, max",
        window.latencies.format_milliseconds([50, 99, 100]),
    );
    let faults = load.faults();
    table.judge("large house: faults of the load", faults.to_string(), "none", faults.is_none());
    Ok(())
}

struct Requests<'a> {
    port: u16,
    data: &'a Path,
    layout: &'a Layout,
}

impl Requests<'_> {
    fn measure(&self, table: &mut Table) -> Result<(), Failure> {
        let (first, again) = self.attach(self.layout.leavers())?;
        judge(table, "attach with a fresh welcome", &first);
        judge(table, "attach and resume", &again);
        let many = std::iter::repeat_n(self.layout.many_rooms_member(), REQUESTS as usize);
        let (first, again) = self.attach(many)?;
        judge(table, "attach with a fresh welcome, a member of 490 rooms", &first);
        judge(table, "attach and resume, a member of 490 rooms", &again);
        judge(table, "directory search", &self.search()?);
        judge(table, "room creation", &self.create_rooms()?);
        // The members who leave make room for those who join.
        judge(table, "sign-out", &self.sign_out()?);
        judge(table, "join", &self.join()?);
        Ok(())
    }

    /// Times from connecting to `welcome`, and from connecting with that cursor to `caught_up`.
    fn attach(&self, members: impl Iterator<Item = u64>) -> Result<(Histogram, Histogram), Failure> {
        let (mut first, mut again) = (Histogram::new(), Histogram::new());
        for number in members {
            let cookie = datasets::cookie(self.data, number)?;
            let cursor = time(&mut first, || {
                Session::open(self.port, &cookie, None).map(|(_, welcome)| welcome.through)
            })?;
            time(&mut again, || self.resume(&cookie, cursor))?;
        }
        Ok((first, again))
    }

    fn resume(&self, cookie: &str, cursor: Cursor) -> Result<(), Failure> {
        let (mut session, welcome) = Session::open(self.port, cookie, Some(cursor))?;
        if !welcome.resumed {
            return Err(Failure::new("the session was not resumed"));
        }
        session.wait_for(|event| matches!(event, Event::CaughtUp(_)))
    }

    fn search(&self) -> Result<Histogram, Failure> {
        let mut times = Histogram::new();
        let cookie = datasets::cookie(self.data, self.layout.many_rooms_member())?;
        let (mut session, _) = Session::open(self.port, &cookie, None)?;
        for (find, is_middle) in SEARCHES.into_iter().cycle().take(REQUESTS as usize) {
            let after = is_middle.then_some(RoomId(REQUESTS));
            time(&mut times, || session.search_rooms(find, after))?;
        }
        Ok(times)
    }

    fn create_rooms(&self) -> Result<Histogram, Failure> {
        let (mut times, mut rng) = (Histogram::new(), Rng::new(9));
        for number in self.layout.makers() {
            let (mut session, _) = Session::open(self.port, &datasets::cookie(self.data, number)?, None)?;
            let client_id = ClientId(rng.bytes());
            time(&mut times, || session.create_room(client_id, &format!("New room {number}")))?;
        }
        Ok(times)
    }

    /// Each member who signs out has a connection.
    fn sign_out(&self) -> Result<Histogram, Failure> {
        let mut times = Histogram::new();
        for number in self.layout.leavers() {
            let cookie = datasets::cookie(self.data, number)?;
            let (_session, _) = Session::open(self.port, &cookie, None)?;
            time(&mut times, || api::sign_out(self.port, &cookie))?;
        }
        Ok(times)
    }

    fn join(&self) -> Result<Histogram, Failure> {
        let mut times = Histogram::new();
        for number in 0..REQUESTS {
            time(&mut times, || api::join(self.port, &format!("Newcomer {number}")))?;
        }
        Ok(times)
    }
}

/// Runs a request after a pause and records its time.
fn time<T>(times: &mut Histogram, mut request: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    thread::sleep(PAUSE);
    let begin = Instant::now();
    let answer = request()?;
    times.record_duration(begin.elapsed());
    Ok(answer)
}

fn judge(table: &mut Table, what: &str, times: &Histogram) {
    table.judge(
        format!("large house: {what}, p50, p95, max of {}", times.count()),
        times.format_milliseconds([50, 95, 100]),
        format!("p95 {MILLISECONDS_MAX:.0} ms"),
        times.milliseconds(95) < MILLISECONDS_MAX,
    );
}
