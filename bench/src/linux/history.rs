//! A long log: a million messages in a thousand rooms, most of them in one. Measured are the server's start,
//! pages of history at any place, and the store's time when a member of quiet rooms reconnects.

use std::time::{Duration, Instant};

use shared::command::PageAnchor;
use shared::{Address, Cursor, Event, MemberId, RoomId};

use hub::query::{Query, QueryResult};
use shared::limits::SNAPSHOT_MESSAGES;

use super::datasets::{self, DatasetBuilder, DatasetLog};
use super::failure::Failure;
use super::rng::Rng;
use super::server::{Home, Kind, Server};
use super::session::Session;
use super::stats::{Histogram, Spread};
use super::table::Table;

/// Rooms in addition to the lobby.
const ROOMS: u64 = 1_000;
/// Messages in the large room, of each hundred.
const LARGE_PERCENT: u64 = 60;
/// Members who write.
const AUTHORS: u64 = 20;
/// Rooms of the member who reconnects.
const QUIET_ROOMS: u64 = 3;
/// Starts that are measured.
const STARTS: usize = 5;
/// Seconds from start to ready.
const READY_MAX: Duration = Duration::from_secs(1);
/// Pages that are measured at each place.
const PAGES: usize = 1_000;
/// Milliseconds for a page that the 99th percentile must not exceed.
const PAGE_MILLISECONDS_MAX: f64 = 10.0;
/// Attachments that are measured.
const ATTACHMENTS: usize = 1_000;
/// Milliseconds of the store for one attachment that the 99th percentile must not exceed.
const ATTACH_MILLISECONDS_MAX: f64 = 1.0;

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the log cannot be made or the server cannot be started.
pub(crate) fn measure(messages: u64, table: &mut Table) -> Result<(), Failure> {
    println!("\nhistory: {messages} messages in {ROOMS} rooms");
    let folder =
        datasets::ensure_dataset(&format!("history-{messages}"), |builder| fill_dataset(builder, messages))?;
    let mut ready = Vec::new();
    for _ in 0..STARTS {
        let home = Home::fresh(Kind::Teahouse)?.with_data(folder.clone());
        ready.push(Server::start_in(home, None)?.ready_after.as_secs_f64());
    }
    let ready = Spread::of(&ready);
    table.judge(
        format!("a log of {messages} messages: start to ready, median (max)"),
        format!("{:.0} ms ({:.0})", ready.median * 1e3, ready.max * 1e3),
        format!("{} s", READY_MAX.as_secs()),
        ready.max < READY_MAX.as_secs_f64(),
    );
    let server = Server::start_in(Home::fresh(Kind::Teahouse)?.with_data(folder.clone()), None)?;
    let (mut session, welcome) = Session::open(server.port(), &datasets::cookie(&folder, WRITER.0)?, None)?;
    measure_pages(&mut session, table)?;
    let beginning = Cursor { n: QUIET_HEAD, ..welcome.through };
    measure_connections(
        server.port(),
        &datasets::cookie(&folder, QUIET.0)?,
        [beginning, welcome.through],
        table,
    )?;
    drop(server);
    measure_attachments(&mut DatasetLog::open(&folder)?, table)
}

/// Member of the large room.
const WRITER: MemberId = MemberId(1);
/// Member of the three quiet rooms.
const QUIET: MemberId = MemberId(AUTHORS + 1);
/// Room with most of the messages.
const LARGE: RoomId = RoomId(RoomId::LOBBY.0 + 1);
/// First of the quiet rooms.
const FIRST_QUIET: RoomId = RoomId(RoomId::LOBBY.0 + ROOMS - QUIET_ROOMS + 1);
/// Messages of each quiet room.
const QUIET_MESSAGES: u64 = 20;
/// Events before the other messages: members who joined the house (one event each), rooms created (three),
/// rooms joined (two), and the messages of the quiet rooms.
const QUIET_HEAD: u64 =
    AUTHORS + 1 + 3 * ROOMS + 2 * (AUTHORS - 1 + QUIET_ROOMS) + QUIET_ROOMS * QUIET_MESSAGES;

fn fill_dataset(builder: &mut DatasetBuilder, messages: u64) -> Result<(), Failure> {
    let authors = (0..AUTHORS).map(|number| builder.add_member(&format!("Member {number}")));
    let authors = authors.collect::<Result<Vec<_>, _>>()?;
    let author = |room: u64| authors[usize::try_from(room % AUTHORS).unwrap_or(0)];
    let quiet = builder.add_member("Quiet")?;
    for room in 0..ROOMS {
        builder.add_room(author(room), &format!("Room {room}"))?;
    }
    for &other in &authors[1..] {
        builder.join_room(other, LARGE)?;
    }
    for number in 0..QUIET_ROOMS {
        let room = RoomId(FIRST_QUIET.0 + number);
        builder.join_room(quiet, room)?;
        for message in 0..QUIET_MESSAGES {
            builder.add_post(quiet, room, message_text(message))?;
        }
    }
    let mut rng = Rng::new(5);
    let loud = ROOMS - QUIET_ROOMS;
    for message in QUIET_ROOMS * QUIET_MESSAGES..messages {
        if message % 100 < LARGE_PERCENT {
            builder.add_post(author(rng.next()), LARGE, message_text(message))?;
        } else {
            let room = rng.between(1, loud - 1);
            builder.add_post(author(room), RoomId(LARGE.0 + room), message_text(message))?;
        }
    }
    Ok(())
}

/// Text of about the length that people write.
fn message_text(number: u64) -> String {
    let words = usize::try_from(number % 12).unwrap_or(0);
    format!("{number}: the kettle is on{}", ", and a cup of 龙井 waits".repeat(words / 3))
}

/// Measures pages read over a connection, one after the other.
fn measure_pages(session: &mut Session, table: &mut Table) -> Result<(), Failure> {
    let newest = session.read_page(LARGE, PageAnchor::Newest)?;
    let (Some(last), true) = (newest.messages.last().map(|message| message.n), newest.older) else {
        return Err(Failure::new("the large room is not large"));
    };
    let first = session.read_page(LARGE, PageAnchor::After(0))?;
    let date = (
        first.messages.first().map_or(0, |message| message.at),
        newest.messages.last().map_or(0, |message| message.at),
    );
    let mut rng = Rng::new(6);
    let mut anywhere = |what: fn(u64) -> PageAnchor, from: u64, to: u64| -> Vec<PageAnchor> {
        (0..PAGES).map(|_| what(rng.between(from, to))).collect()
    };
    for (name, places) in [
        ("the first", vec![PageAnchor::After(0); PAGES]),
        ("anywhere in the middle", anywhere(PageAnchor::Around, 1, last)),
        ("the last", vec![PageAnchor::Newest; PAGES]),
        ("at any date", anywhere(PageAnchor::Date, date.0, date.1)),
    ] {
        let mut times = Histogram::new();
        for at in places {
            let begin = Instant::now();
            let page = session.read_page(LARGE, at)?;
            record(&mut times, begin.elapsed());
            if page.messages.is_empty() {
                return Err(Failure::new(format!("an empty page at {at:?}")));
            }
        }
        judge_p99(
            table,
            format!("a page of history over a connection, {name}"),
            &times,
            PAGE_MILLISECONDS_MAX,
        );
    }
    Ok(())
}

/// Measures the connections of a client with few rooms, from a cursor and for the first time.
fn measure_connections(
    port: u16,
    cookie: &str,
    cursors: [Cursor; 2],
    table: &mut Table,
) -> Result<(), Failure> {
    let [beginning, newest] = cursors;
    for (name, cursor) in [
        ("from before the other messages", Some(beginning)),
        ("from the newest cursor", Some(newest)),
        ("for the first time", None),
    ] {
        let mut times = Histogram::new();
        for _ in 0..PAGES / 5 {
            let begin = Instant::now();
            let (mut session, welcome) = Session::open(port, cookie, cursor)?;
            if cursor.is_some() {
                if !welcome.resumed {
                    return Err(Failure::new("the session was not resumed"));
                }
                session.wait_for(|event| matches!(event, Event::CaughtUp(_)))?;
            }
            record(&mut times, begin.elapsed());
        }
        table
            .note(format!("from connecting to caught up, {name}, p50, p99, max"), format_percentiles(&times));
    }
    Ok(())
}

/// Measures the same as reads of the store.
fn measure_attachments(log: &mut DatasetLog, table: &mut Table) -> Result<(), Failure> {
    let through = log.head()?;
    let rooms = (0..QUIET_ROOMS).map(|number| Address::Room(RoomId(FIRST_QUIET.0 + number)));
    let lobby = Address::Room(RoomId::LOBBY);
    let addresses: Vec<Address> = [lobby, Address::Member(QUIET)].into_iter().chain(rooms).collect();
    let replay = |after| Query::Replay { addresses: addresses.clone(), after, through, is_first: true };
    let first = |room| Query::History { room, at: PageAnchor::Newest, limit: SNAPSHOT_MESSAGES, through };
    for (name, queries) in [
        ("from before the other messages", vec![replay(QUIET_HEAD)]),
        ("from the newest cursor", vec![replay(through)]),
        ("for the first time", vec![first(FIRST_QUIET)]),
    ] {
        let mut times = Histogram::new();
        for _ in 0..ATTACHMENTS {
            let begin = Instant::now();
            for query in &queries {
                if let QueryResult::Replayed(replayed) = log.read(query.clone())?
                    && !replayed.events.is_empty()
                {
                    return Err(Failure::new("the quiet rooms are not quiet"));
                }
            }
            record(&mut times, begin.elapsed());
        }
        let what = format!("attaching to {QUIET_ROOMS} quiet rooms of {ROOMS}: the store's time, {name}");
        judge_p99(table, what, &times, ATTACH_MILLISECONDS_MAX);
    }
    Ok(())
}

fn record(times: &mut Histogram, time: Duration) {
    times.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
}

fn judge_p99(table: &mut Table, what: String, times: &Histogram, most: f64) {
    let late = times.percentile(99) as f64 / 1e6;
    table.judge(
        format!("{what}, p50, p99, max"),
        format_percentiles(times),
        format!("p99 {most:.0} ms"),
        late < most,
    );
}

fn format_percentiles(times: &Histogram) -> String {
    let [middle, late, most] = [50, 99, 100].map(|percent| times.percentile(percent) as f64 / 1e6);
    format!("{middle:.2}, {late:.2}, {most:.2} ms")
}
