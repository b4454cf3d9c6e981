//! `cargo xtask measure` measures the page in Chromium against the release program: the time until a person can type,
//! the delay from Enter to another window, from a key to the screen, long tasks under load, memory and bytes.
//!
//! Each row has its budget and the spread of its values. A busy machine makes them worse, so look at the spread before
//! you believe a miss. Exit code 1 if a budget does not hold.

mod member;
mod table;

use e2e::{
    browser::{Browser, BrowserOptions},
    fixture::{Fixture, run_within},
    keyboard::Enter,
    page::Page,
    server::Server,
    wait::until,
};
use member::Member;
use serde_json::{Value, json};
use std::{process::ExitCode, time::Duration};
use table::{Table, Values};
use tokio::time::{Instant, interval, sleep};

const DEADLINE: Duration = Duration::from_secs(15 * 60);
const PROBE: &str = include_str!("probe.js");
/// Deadline for one step of a page on a busy machine.
const STEP: Duration = Duration::from_secs(60);

const LOADS: usize = 7;
const MESSAGES: usize = 50;
const KEYS: usize = 50;
/// Rooms of the member, besides the lobby.
const ROOMS: u32 = 499;
/// Rooms that one maker creates: the most that a member may make in an hour.
const ROOMS_A_MAKER: u32 = 30;
const PEOPLE: u32 = 200;
const PER_SECOND: u64 = 50;
const STREAM_S: u64 = 60;
/// Messages of the row about memory.
const HEAP_MESSAGES: u64 = 10_000;
const HEAP_POSTERS: u64 = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut holds = false;
    run_within(DEADLINE, async |fixture| {
        let mut table = Table::default();
        measure(fixture, &mut table).await;
        holds = table.print();
    })
    .await;
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(fixture: &Fixture, table: &mut Table) {
    // The members of the workload name addresses of their own.
    let server = fixture.server(&["--limit-posts", "0", "--trust-proxy", "on"]).await;
    let reader = open(fixture, "reader").await;
    ready_for_a_visitor(&reader, &server, table).await;
    let reader = Page::join(reader, &server.url(), "Reader").await;
    ready_for_a_member(&reader, table).await;
    let writer = Page::join(open(fixture, "writer").await, &server.url(), "Writer").await;
    enter_to_frame(&writer, &reader, table).await;
    // A document that draws nothing, so that only the reader takes time.
    writer.goto(&format!("{}/favicon.svg", server.url())).await;
    messages_a_second(&reader, &server, table).await;
    heap(&reader, &server, table).await;
    key_to_paint(&reader, &server, table).await;
}

/// Opens a browser that records times in each document.
async fn open(fixture: &Fixture, name: &str) -> Browser {
    let browser = fixture.browser(name, BrowserOptions::default()).await;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PROBE })).await;
    browser
}

async fn ready_for_a_visitor(browser: &Browser, server: &Server, table: &mut Table) {
    let values = ready(browser, &server.url()).await;
    table.add("ready to type a name, ms, median", values.median(), 300.0, &values.spread());
    let script = "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
        return all.reduce((sum, entry) => sum + entry.encodedBodySize, 0) / 1000";
    let bytes: f64 = browser.execute(script, vec![]).await;
    table.note("first load with gzip, KB (brotli: `cargo xtask size`)", bytes, "");
}

async fn ready_for_a_member(page: &Page, table: &mut Table) {
    let url: String = page.execute("return location.href", vec![]).await;
    let values = ready(page, &url).await;
    table.add("ready to type a message, ms, median", values.median(), 300.0, &values.spread());
    let tasks: Vec<f64> = page.execute("return probe.longTasks", vec![]).await;
    let longest = tasks.iter().copied().fold(0.0, f64::max);
    table.note("longest task at the first open, ms", longest, &format!("{} long tasks", tasks.len()));
    let shift: f64 = page.execute("return probe.shift", vec![]).await;
    table.add("layout shift of the first open, thousandths", shift * 1000.0, 100.0, "");
    page.expect_connected().await;
}

/// Loads the page with an empty cache, again and again.
async fn ready(browser: &Browser, url: &str) -> Values {
    let mut values = Vec::new();
    for _ in 0..LOADS {
        browser.devtools("Network.clearBrowserCache", json!({})).await;
        browser.goto(url).await;
        values.push(
            until("the page to be ready", STEP, async || {
                let ready: Option<f64> = browser.execute("return probe.ready", vec![]).await;
                ready.filter(|ready| *ready > 0.0).ok_or("not ready")
            })
            .await,
        );
    }
    Values::new(values)
}

async fn enter_to_frame(writer: &Page, reader: &Page, table: &mut Table) {
    let mut delays = Vec::new();
    for number in 0..MESSAGES {
        let text = format!("measured {number}");
        let _: Value = reader.execute("probe.watched = arguments[0]", vec![json!(text)]).await;
        writer.write(&text).await;
        writer.enter(Enter::Typed).await;
        let frames: Vec<f64> = until("the message to be shown", STEP, async || {
            let frames: Vec<f64> = reader.execute("return probe.frames", vec![]).await;
            if frames.len() > number { Ok(frames) } else { Err("not shown") }
        })
        .await;
        let pressed: f64 = writer.execute("return probe.keys.at(-1)", vec![]).await;
        delays.push(frames[number] - pressed);
    }
    let values = Values::new(delays);
    table.add("Enter to another window's frame, ms, median", values.median(), 10.0, &values.spread());
    table.add("Enter to another window's frame, ms, p95", values.quantile(0.95), 18.0, "");
}

async fn messages_a_second(reader: &Page, server: &Server, table: &mut Table) {
    reader.track_max_rows().await;
    let reset = "probe.longTasks.length = 0; probe.shift = 0";
    let _: Value = reader.execute(reset, vec![]).await;
    let mut poster = Member::join(server.address(), 1, "Poster").await;
    let mut ticks = interval(Duration::from_millis(1000 / PER_SECOND));
    let begun = Instant::now();
    for number in 0..PER_SECOND * STREAM_S {
        ticks.tick().await;
        poster.command(post(&format!("message {number} of a busy minute"))).await;
    }
    let rate = (PER_SECOND * STREAM_S) as f64 / begun.elapsed().as_secs_f64();
    reader.expect_newest(&format!("message {} of a busy minute", PER_SECOND * STREAM_S - 1)).await;
    table.note("messages a second into the open room, reached", rate, "");
    let tasks: Vec<f64> = reader.execute("return probe.longTasks", vec![]).await;
    let longest = tasks.iter().copied().fold(0.0, f64::max);
    table.add(
        "long tasks over 50 ms in that minute",
        tasks.len() as f64,
        0.0,
        &format!("longest {longest:.0} ms"),
    );
    table.add("largest number of rows in the list", reader.max_rows().await as f64, 300.0, "");
}

async fn heap(reader: &Page, server: &Server, table: &mut Table) {
    let before = heap_bytes(reader).await;
    let mut posters = Vec::new();
    for number in 0..HEAP_POSTERS {
        posters.push(Member::join(server.address(), 2 + number as u32, &format!("Poster {number}")).await);
    }
    let each = HEAP_MESSAGES / HEAP_POSTERS;
    let posting = posters.iter_mut().map(async |poster| {
        for number in 0..each {
            poster.command(post(&format!("line {number}"))).await;
        }
    });
    futures_util::future::join_all(posting).await;
    let mut last = Member::join(server.address(), 10, "Last").await;
    last.command(post("the last line")).await;
    reader.expect_newest("the last line").await;
    let growth = heap_bytes(reader).await - before;
    table.add(
        "heap growth by 10,000 messages, MB",
        growth / 1e6,
        2.0,
        &format!("from {:.1} MB", before / 1e6),
    );
}

/// Bytes of the JavaScript heap after a collection, and of WebAssembly's memory, which never shrinks.
async fn heap_bytes(page: &Page) -> f64 {
    page.devtools("HeapProfiler.collectGarbage", json!({})).await;
    let usage = page.devtools("Runtime.getHeapUsage", json!({})).await;
    let memory: f64 = page.execute("return probe.memory.buffer.byteLength", vec![]).await;
    usage["usedSize"].as_f64().unwrap_or_else(|| panic!("{usage}")) + memory
}

async fn key_to_paint(reader: &Page, server: &Server, table: &mut Table) {
    let mut makers = Vec::new();
    let mut rooms = Vec::new();
    for number in 0..ROOMS.div_ceil(ROOMS_A_MAKER) {
        let mut maker = Member::join(server.address(), 20 + number, &format!("Maker {number}")).await;
        for room in 0..ROOMS_A_MAKER.min(ROOMS - number * ROOMS_A_MAKER) {
            let name = format!("room {}", number * ROOMS_A_MAKER + room);
            let answer = maker.command(json!({ "type": "room_create", "name": name })).await;
            rooms.push(answer["room"].clone());
        }
        makers.push(maker);
    }
    let joined: Value = reader.execute_async(JOIN_ROOMS, vec![json!(rooms)]).await;
    assert_eq!(joined, json!(rooms.len()));
    let mut people = Vec::new();
    // The reader is present too.
    for number in 1..PEOPLE {
        let mut member = Member::join(server.address(), 100 + number, &format!("Person {number}")).await;
        member.appear().await;
        people.push(member);
    }
    until("the rooms and the people to be shown", STEP, async || {
        let (rooms, people) = (reader.count(".room_list li").await, reader.count(".people_list li").await);
        if rooms > ROOMS as usize && people >= PEOPLE as usize {
            Ok(())
        } else {
            Err(format!("{rooms} rooms, {people} people"))
        }
    })
    .await;
    reader.write("").await;
    // What the change of the house still asks for must not be measured.
    sleep(Duration::from_secs(4)).await;
    let _: Value = reader.execute("probe.painted.length = 0; probe.longTasks.length = 0", vec![]).await;
    for _ in 0..KEYS {
        reader
            .devtools("Input.dispatchKeyEvent", json!({ "type": "keyDown", "text": "a", "key": "a" }))
            .await;
        reader.devtools("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": "a" })).await;
        sleep(Duration::from_millis(40)).await;
    }
    let painted: Vec<f64> = until("the keys to be painted", STEP, async || {
        let painted: Vec<f64> = reader.execute("return probe.painted", vec![]).await;
        if painted.len() >= KEYS { Ok(painted) } else { Err(painted.len()) }
    })
    .await;
    let values = Values::new(painted);
    let rows = reader.rows().await.len();
    let figure = format!("a key to its frame with {rows} rows, {PEOPLE} people, {} rooms, ms", ROOMS + 1);
    // One frame at 60 Hz, and the frame in which the key arrives.
    table.add(&figure, values.median(), 2.0 * 1000.0 / 60.0, &values.spread());
}

fn post(text: &str) -> Value {
    json!({ "type": "post", "room": 1, "text": text })
}

/// Joins rooms as the page's member, over a WebSocket of its own.
const JOIN_ROOMS: &str = "
    const [rooms, done] = arguments;
    const socket = new WebSocket(`ws://${location.host}/conn_ws?v=1`);
    const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
    let asked = 0, joined = 0;
    const join = () => { if (asked < rooms.length) {
        socket.send(JSON.stringify({ type: 'room_join', ref: 2 + asked, client_id: id(), room: rooms[asked] })); asked += 1; } };
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ref: 1, build: 'test' }));
    socket.onclose = () => done(joined);
    socket.onmessage = ({ data }) => { const event = JSON.parse(data);
        if (event.type === 'welcome') for (let n = 0; n < 8; n += 1) join();
        if (event.type === 'error') done(JSON.stringify(event));
        if (event.type === 'reply') { joined += 1; join(); if (joined === rooms.length) socket.close(1000); } };";
