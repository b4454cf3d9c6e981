//! The fault run: real clients write while their connections are cut at random bytes and the server is killed
//! and restarted again and again. No message may be lost, doubled or out of order.
//!
//! - [`world`] runs the pages: each is a `client::Client` in a native shell. [`page`] and [`browser`] hold
//!   their state; the browser's database outlives a crash of the page.
//! - [`workload`] acts for the users, and [`transport_switches`] lets the pages use each transport in turn.
//! - [`socket`] and [`http_connection`] carry a page's traffic, of which [`connection_record`] keeps a record.
//! - [`relay`] stands between the pages and the server and cuts connections; [`crash_loop`] kills the server.
//! - [`oracle`] keeps its own account of all posts, and [`history_walk`] pages each page to the start of its
//!   rooms.
//!
//! In the end the network heals, and every page must come to rest and is paged to the start of every room.
//! Then the server is killed a last time, and a separate reader compares the log with the oracle.

mod browser;
mod connection_record;
mod crash_loop;
mod history_walk;
mod http_connection;
mod oracle;
mod page;
mod relay;
mod socket;
mod transport_switches;
mod workload;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use shared::{ClientId, Message, RoomId};

use super::api;
use super::failure::Failure;
use super::folder;
use super::rng::Rng;
use super::server::{self, Home, Kind, Server};
use super::session::Session;
use super::stats::Histogram;
use super::table::Table;
use crate::arguments::Fault;
use crash_loop::{CrashLoop, CrashLoopEnd, Kill};
use history_walk::HistoryWalk;
use oracle::Verdict;
use relay::{CutCounts, Relay};
use world::World;

/// Seconds of a run that must reach the counts below. A shorter run must reach proportionally less.
const LONG_SECONDS: u64 = 600;
/// Acknowledged posts that a long run must reach.
const ACKNOWLEDGED_MIN: u64 = 10_000;
/// Kills that a long run must reach.
const KILLS_MIN: u64 = 20;
/// Switches of transports that a long run must reach.
const SWITCHES_MIN: u64 = 1_000;
/// Longest life of a page in milliseconds, until it crashes or is reloaded.
const LIFE_MS_MAX: u64 = 40_000;
/// One page in this many that end is closed in order instead of crashing.
const IN_ORDER_ONE_IN: u64 = 4;
/// Time limit for all pages to come to rest once the network is healed. A dead connection is noticed after 60
/// s of silence, and a lease ends after 15 s.
const REST_MAX: Duration = Duration::from_secs(150);
/// Time limit for all pages to page all rooms to the start.
const READING_MAX: Duration = Duration::from_secs(120);
/// Interval between two lines of progress.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// Runs and adds the outcome to `table`.
///
/// # Errors
/// When the server cannot be started, a check of its folder fails, or the pages are not paged to the start in
/// time.
pub(crate) fn measure(settings: &Fault, table: &mut Table) -> Result<(), Failure> {
    let Fault { seconds, clients, rooms, seed, switches } = *settings;
    let transports = if switches { "all transports" } else { "WebSockets" };
    println!("\nfault: {clients} clients, {rooms} rooms, {transports}, {seconds} s, --seed {seed}");
    let mut rng = Rng::new(seed);
    let server = Server::start_in(Home::fresh(Kind::Teahouse)?, None)?;
    let relay = Relay::start(server.port(), rng.split())?;
    let crash_loop = CrashLoop::start(server, rng.split())?;
    let mut world = World::new(&relay, clients, switches, crash_loop.kills.clone(), rng.split())?;
    let injected = inject_faults(&mut world, &relay, &crash_loop, settings);
    let kills = crash_loop.kills.clone();
    relay.heal();
    let cuts = relay.cuts();
    let CrashLoopEnd { mut server, checks } = crash_loop.stop()?;
    let mut result =
        RunResult { kills: Vec::new(), cuts, checks, verdict: Verdict::default(), rows: 0, rest: None };
    let outcome = injected.and_then(|()| heal_and_check(&mut world, &mut server, rooms, &mut result));
    result.kills = kills.snapshot();
    report_result(&result, &world, seconds, table);
    if outcome.is_err() || !table.all_hold() {
        println!("{}the folder is kept: {}", result.verdict, server.home().keep_files().display());
    }
    outcome
}

/// Result of a run.
struct RunResult {
    kills: Vec<Kill>,
    cuts: CutCounts,
    checks: u64,
    verdict: Verdict,
    /// Rows that the pages showed when they were paged to the start.
    rows: u64,
    /// Time from healing the network to rest; `None` if the pages did not come to rest.
    rest: Option<Duration>,
}

fn inject_faults(
    world: &mut World,
    relay: &Relay,
    crash_loop: &CrashLoop,
    settings: &Fault,
) -> Result<(), Failure> {
    let begin = Instant::now();
    let end = begin + Duration::from_secs(settings.seconds);
    let mut report_at = begin + REPORT_EVERY;
    while Instant::now() < end && !crash_loop.has_failed() {
        world.act_users(settings.rooms);
        world.switch_transports();
        crash_pages(world);
        world.run_once()?;
        if Instant::now() >= report_at {
            report_at += REPORT_EVERY;
            let (sent, acknowledged) = world.oracle.counts();
            let (kills, cuts, crashes) =
                (crash_loop.kills.snapshot().len(), relay.cuts().all(), world.oracle.crashes);
            println!(
                "{:>4} s: {sent} sent, {acknowledged} acknowledged, {kills} kills, {cuts} cuts, {crashes} crashes",
                begin.elapsed().as_secs()
            );
        }
    }
    Ok(())
}

/// Crashes or reloads the pages whose life is over.
fn crash_pages(world: &mut World) {
    let now = world.now();
    for index in 0..world.pages.len() {
        let life = world.rng.between(1, LIFE_MS_MAX);
        let page = &mut world.pages[index];
        if page.crashes_at == 0 {
            page.crashes_at = now + life;
        } else if page.crashes_at <= now && page.is_started {
            page.crashes_at = now + life;
            let in_order = world.rng.one_in(IN_ORDER_ONE_IN);
            world.reload(index, in_order);
        }
    }
}

/// Waits for rest, pages all histories, kills the server a last time and checks the log.
fn heal_and_check(
    world: &mut World,
    server: &mut Server,
    rooms: usize,
    result: &mut RunResult,
) -> Result<(), Failure> {
    result.rest = wait_for_rest(world, rooms, &mut result.verdict)?;
    let ids: BTreeSet<RoomId> = world
        .pages
        .iter_mut()
        .flat_map(|page| page.client.view().rooms.iter().map(|room| room.id).collect::<Vec<_>>())
        .collect();
    let (cookie, _) = api::join(server.port(), "Reader")?;
    let log = read_log(server.port(), &cookie, &ids, &mut world.rng)?;
    if result.rest.is_some() {
        result.rows = walk_histories(world, &ids, &log, &mut result.verdict)?;
    }
    server.kill()?;
    let copy = server.home().folder().join("copy");
    folder::copy(server.home().data(), &copy).map_err(Failure::at("cannot copy the data folder"))?;
    println!("{}", server::check_data(&copy)?);
    server.restart()?;
    server.await_ready()?;
    let again = read_log(server.port(), &cookie, &ids, &mut world.rng)?;
    let is_there = |(room, held): (&RoomId, &Vec<Message>)| again[room].starts_with(held);
    if !log.iter().all(is_there) {
        result.verdict.lost += 1;
        result.verdict.add_detail("the log differs after the last kill".to_owned());
    }
    let verdict = world.oracle.check_log(&again);
    result.verdict.add(verdict);
    server.end();
    println!("{}", server::check_data(server.home().data())?);
    result.checks += 2;
    Ok(())
}

/// Waits until no page has unfinished work. Returns the time taken, or `None` when it took too long.
fn wait_for_rest(
    world: &mut World,
    rooms: usize,
    verdict: &mut Verdict,
) -> Result<Option<Duration>, Failure> {
    let begin = Instant::now();
    world.unblock_all();
    world.report_network_online();
    loop {
        world.assist_users(rooms);
        world.run_once()?;
        let Some(unfinished) = world.find_unfinished(rooms) else {
            println!("all pages at rest {:.1} s after healing the network", begin.elapsed().as_secs_f64());
            return Ok(Some(begin.elapsed()));
        };
        if begin.elapsed() > REST_MAX {
            verdict.add_detail(format!("no rest in {} s: {unfinished}", REST_MAX.as_secs()));
            return Ok(None);
        }
    }
}

/// Reads all messages of these rooms as a member who writes nothing.
fn read_log(
    port: u16,
    cookie: &str,
    rooms: &BTreeSet<RoomId>,
    rng: &mut Rng,
) -> Result<BTreeMap<RoomId, Vec<Message>>, Failure> {
    let (mut session, _) = Session::open(port, cookie, None)?;
    let mut log = BTreeMap::new();
    for &room in rooms {
        session.join_room(ClientId(rng.bytes()), room)?;
        log.insert(room, session.read_room(room)?);
    }
    Ok(log)
}

/// Pages every page to the start of every room. Returns how many rows the pages showed.
fn walk_histories(
    world: &mut World,
    rooms: &BTreeSet<RoomId>,
    log: &BTreeMap<RoomId, Vec<Message>>,
    verdict: &mut Verdict,
) -> Result<u64, Failure> {
    let begin = Instant::now();
    for page in &mut world.pages {
        page.history_walk = Some(HistoryWalk::new(rooms.iter().copied().collect()));
    }
    loop {
        world.run_once()?;
        let mut is_done = true;
        for index in 0..world.pages.len() {
            let page = &mut world.pages[index];
            let (id, view) = (page.id, page.client.view());
            let Some(walk) = &mut page.history_walk else { continue };
            is_done &= walk.is_done();
            for input in walk.advance(&view, log, verdict) {
                world.deliver(id, input);
            }
        }
        if is_done {
            println!("every page read to the start in {:.1} s", begin.elapsed().as_secs_f64());
            return Ok(world
                .pages
                .iter()
                .filter_map(|page| page.history_walk.as_ref())
                .map(|walk| walk.rows)
                .sum());
        }
        if begin.elapsed() > READING_MAX {
            return Err(Failure::new(format!(
                "the rooms were not read to the start: {}",
                describe_stuck(world)
            )));
        }
    }
}

/// Describes the pages that are not at the start of their rooms.
fn describe_stuck(world: &mut World) -> String {
    let pages =
        world.pages.iter_mut().filter(|page| page.history_walk.as_ref().is_some_and(|it| !it.is_done()));
    let lines = pages.map(|page| {
        let (view, walk) = (page.client.view(), &page.history_walk);
        let (room, older, newer, rows) =
            (view.room(), view.pane().older, view.pane().newer, view.pane().rows.len());
        let walk = walk.as_ref().map(HistoryWalk::progress);
        format!(
            "page {}: {room:?}, {older:?}, {newer:?}, {rows} rows, {:?}, {walk:?}",
            page.id.index, view.connection
        )
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn report_result(result: &RunResult, world: &World, seconds: u64, table: &mut Table) {
    let (oracle, switching) = (&world.oracle, &world.transport_switches);
    let (sent, acknowledged) = oracle.counts();
    let RunResult { kills, cuts, checks, verdict, .. } = result;
    let count = kills.len() as u64;
    println!();
    table.judge(
        "fault run: posts lost",
        format!("{} of {acknowledged} acknowledged, {sent} sent", verdict.lost),
        "0",
        verdict.lost == 0,
    );
    table.judge("fault run: posts doubled", verdict.doubled.to_string(), "0", verdict.doubled == 0);
    table.judge("fault run: posts out of order", verdict.reordered.to_string(), "0", verdict.reordered == 0);
    let others = verdict.unknown + oracle.refused;
    table.judge("fault run: posts altered, or refused for good", others.to_string(), "0", others == 0);
    let least = |long: u64| (long * seconds.min(LONG_SECONDS)).div_ceil(LONG_SECONDS);
    let enough = [least(ACKNOWLEDGED_MIN), least(KILLS_MIN)];
    table.judge(
        "fault run: posts acknowledged / SIGKILLs",
        format!("{acknowledged} / {count}"),
        format!("at least {} / {}", enough[0], enough[1]),
        acknowledged >= enough[0] && count >= enough[1],
    );
    table.note(
        "fault run: connections cut (reset, ended, silent), pages crashed",
        format!("{} ({}, {}, {}), {}", cuts.all(), cuts.resets, cuts.ends, cuts.silences, oracle.crashes),
    );
    if switching.is_on {
        let (requested, switches, least) = (switching.requested, switching.switches(), least(SWITCHES_MIN));
        table.judge(
            "fault run: switches of transports made / requested, connections refused",
            format!("{switches} / {requested}, {}", cuts.refusals),
            format!("at least {least}"),
            switches >= least,
        );
    }
    table.note("fault run: requests", switching.to_string());
    table.note(
        "fault run: posts abandoned by crashed pages before they were stored",
        verdict.abandoned.to_string(),
    );
    table.note("fault run: rows shown by pages that were paged to the start", result.rows.to_string());
    table.note("fault run: data folders that pass `teahouse check` after SIGKILL", checks.to_string());
    table.note(
        "fault run: from SIGKILL to ready, p50 / max",
        format_spread(kills.iter().filter_map(|kill| kill.ready)),
    );
    table.note(
        "fault run: from SIGKILL to the first reply, p50 / max",
        format_spread(kills.iter().filter_map(|kill| kill.answered)),
    );
    table.judge(
        "fault run: from healing the network to rest",
        result.rest.map_or("never".to_owned(), |rest| format!("{:.1} s", rest.as_secs_f64())),
        format!("{} s", REST_MAX.as_secs()),
        result.rest.is_some(),
    );
}

/// Median and maximum of some times, and their count.
fn format_spread(times: impl Iterator<Item = Duration>) -> String {
    let mut histogram = Histogram::new();
    let mut count = 0;
    for time in times {
        histogram.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        count += 1;
    }
    let [middle, most] = [50, 100].map(|percent| histogram.percentile(percent) as f64 / 1e6);
    format!("{middle:.0} / {most:.0} ms ({count})")
}
