//! `/metrics`: the text format, and that each family moves when its cause happens.

use crate::{
    http::{self, Answer},
    socket::{PATIENCE, Socket},
    test_server::{ServerOptions, TestServer},
    v1::post,
};
use backend::limits::JOINS;
use futures_util::future::join_all;
use serde_json::json;
use shared::{ClientId, Command, RoomId, command::Post, limits::TEXT_BYTES_MAX};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// A server with a listener for metrics.
struct Measured {
    server: TestServer,
    metrics: TestServer,
}

/// Samples by name and labels, as they are written.
pub(crate) type Samples = BTreeMap<String, f64>;

impl Measured {
    fn start(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut options = ServerOptions { metrics: vec![listener], ..ServerOptions::default() };
        change(&mut options);
        let server = TestServer::with_options(options);
        Measured { server, metrics: TestServer::at_address(address) }
    }

    async fn samples(&self) -> Samples {
        let answer = http::get(&self.metrics, "/metrics", &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        parse(&answer.body)
    }

    /// Scrapes until this sample has a value that is right.
    async fn until(&self, sample: &str, is_right: impl Fn(f64) -> bool) -> f64 {
        let since = Instant::now();
        loop {
            let value = *self.samples().await.get(sample).unwrap_or_else(|| panic!("no {sample}"));
            if is_right(value) {
                return value;
            }
            assert!(since.elapsed() < PATIENCE, "{sample} stays at {value}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Reads the metrics of a server in another process.
pub(crate) async fn samples_at(address: SocketAddr) -> Samples {
    parse(&http::get(&TestServer::at_address(address), "/metrics", &[]).await.body)
}

/// Parses the text format, version 0.0.4, and fails on anything that is not as it should be.
fn parse(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line has no end");
    let (mut samples, mut families) = (Samples::new(), BTreeMap::new());
    let (mut family, mut kind) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a help");
            assert!(!help.trim().is_empty() && families.insert(name.to_owned(), ()).is_none(), "{line}");
            (family, kind) = (name.to_owned(), String::new());
        } else if let Some(found) = line.strip_prefix("# TYPE ") {
            let (name, found) = found.split_once(' ').expect("a type");
            assert!(name == family && kind.is_empty(), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&found), "{line}");
            assert_eq!(found == "counter", name.ends_with("_total"), "{line}");
            kind = found.to_owned();
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a value");
            let name = sample.split('{').next().unwrap();
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(is_name), "{line}");
            let ends: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(ends.iter().any(|end| name == format!("{family}{end}")), "{line} in {family}");
            check_labels(&sample[name.len()..]);
            let value: f64 = value.parse().expect("a number");
            assert!(value >= 0.0 && samples.insert(sample.to_owned(), value).is_none(), "{line}");
        }
    }
    for (name, total) in
        samples.iter().filter_map(|(name, value)| Some((name.strip_suffix("_count")?, *value)))
    {
        assert_eq!(samples[&format!("{name}_bucket{{le=\"+Inf\"}}")], total, "{name}");
        let buckets = samples.iter().filter(|(sample, _)| sample.starts_with(&format!("{name}_bucket{{")));
        let mut buckets: Vec<(f64, f64)> = buckets
            .map(|(sample, count)| (sample.split('"').nth(1).unwrap().parse().unwrap(), *count))
            .collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{name}: {buckets:?}");
    }
    samples
}

fn check_labels(labels: &str) {
    if labels.is_empty() {
        return;
    }
    let inner = labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).expect("braces");
    for pair in inner.split("\",") {
        let (name, value) = pair.split_once("=\"").expect("a label");
        assert!(name.chars().all(|c| c.is_ascii_lowercase()), "{labels}");
        assert!(!value.trim_end_matches('"').contains(['"', '\\']), "{labels}");
    }
}

fn refusals(reason: &str) -> String {
    format!("teahouse_refusals_total{{reason=\"{reason}\"}}")
}

#[tokio::test]
async fn connections_and_what_leaves_on_them_are_counted() {
    let measured = Measured::start(|_| ());
    let before = measured.samples().await;
    assert_eq!(before["teahouse_connections{transport=\"websocket\",dialect=\"v1\"}"], 0.0);
    assert!(before["process_start_time_seconds"] > 1.7e9);
    assert!(before.keys().any(|name| name.starts_with("teahouse_build_info{version=\"")), "{before:?}");
    assert_eq!(before["teahouse_store_healthy"], 1.0);

    let server = &measured.server;
    let mut wei = server.join_and_open("Wei").await;
    let text = server.open_text_socket().await;
    let cookie = server.join("Lin").await;
    let mut stream = http::Stream::open(server, "/api/events", &[("cookie", &cookie)]).await;
    stream.until("\"type\":\"welcome\"").await;
    for labels in [
        "transport=\"websocket\",dialect=\"v1\"",
        "transport=\"websocket\",dialect=\"text\"",
        "transport=\"event_stream\",dialect=\"v1\"",
    ] {
        measured.until(&format!("teahouse_connections{{{labels}}}"), |open| open == 1.0).await;
    }
    let deliveries = measured.until("teahouse_fanout_deliveries_total", |_| true).await;
    wei.command(&post(2, "tea")).await;
    stream.until("\"text\":\"tea\"").await;
    // Wei, the guest and the stream.
    measured.until("teahouse_fanout_deliveries_total", |count| count >= deliveries + 3.0).await;
    measured
        .until("teahouse_fanout_writes_total", |count| count > before["teahouse_fanout_writes_total"])
        .await;
    drop((text, stream));
    measured
        .until("teahouse_connections{transport=\"websocket\",dialect=\"text\"}", |open| open == 0.0)
        .await;
}

#[tokio::test]
async fn work_of_the_registry_and_of_the_store_is_measured() {
    let measured = Measured::start(|_| ());
    let before = measured.samples().await;
    let _wei = measured.server.join_and_open("Wei").await;
    for family in [
        "teahouse_registry_turn_duration_seconds",
        "teahouse_store_commit_duration_seconds",
        "teahouse_store_read_duration_seconds",
    ] {
        let count = format!("{family}_count");
        measured.until(&count, |now| now > before[&count]).await;
    }
    measured.until("teahouse_store_committed_changes_total", |count| count == 1.0).await;
    assert!(measured.samples().await["teahouse_registry_inbox_length"] < 10.0);
    assert_eq!(measured.samples().await["teahouse_store_read_failures_total"], 0.0);
}

#[tokio::test]
async fn each_refusal_is_counted_by_its_reason() {
    let measured = Measured::start(|_| ());
    let server = &measured.server;
    assert_eq!(http::get(server, "/api/me", &[("Host", "evil.example")]).await.status, 421);
    measured.until(&refusals("host"), |count| count == 1.0).await;
    let foreign = [("Origin", "http://evil.example".to_owned())];
    assert_eq!(Socket::open(server.address, "/conn_ws", &foreign).await.err(), Some(403));
    measured.until(&refusals("origin"), |count| count == 1.0).await;
    assert_eq!(http::request(server, "tea, please\r\n\r\n", b"").await.status, 400);
    measured.until(&refusals("malformed"), |count| count == 1.0).await;
    let long = "x".repeat(100_000);
    assert_eq!(http::get(server, "/", &[("cookie", &long)]).await.status, 431);
    measured.until(&refusals("head_bytes"), |count| count == 1.0).await;
    let name = json!({ "name": "x".repeat(5_000) });
    assert_eq!(http::post(server, "/api/join", &[], &name).await.status, 413);
    measured.until(&refusals("body_bytes"), |count| count == 1.0).await;
    let mut wei = server.join_and_open("Wei").await;
    let text = Command::Post(Post {
        reference: 2,
        room: RoomId::LOBBY,
        client_id: ClientId([2; 16]),
        text: "x".repeat(TEXT_BYTES_MAX + 1),
    });
    wei.command(&text).await;
    measured.until(&refusals("text_bytes"), |count| count == 1.0).await;
    let names = (0..JOINS.burst + 200).map(|number| json!({ "name": format!("Student {number}") }));
    let answers = join_all(names.map(async |name| http::post(server, "/api/join", &[], &name).await)).await;
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    measured.until(&refusals("joins"), |count| count == refused as f64).await;
    assert!(refused > 0);
}

#[tokio::test]
async fn a_late_head_and_an_address_with_too_many_connections_are_counted() {
    let measured = Measured::start(|options| options.deadlines.head = Duration::from_millis(300));
    assert_eq!(http::request(&measured.server, "G", b"").await.status, 408);
    measured.until(&refusals("head_timeout"), |count| count >= 1.0).await;

    let measured = Measured::start(|options| options.connections_max = Some(16));
    let mut sockets = Vec::new();
    while let Ok(socket) = Socket::open(measured.server.address, "/conn_ws", &[]).await {
        sockets.push(socket);
    }
    assert_eq!(sockets.len(), 8);
    measured.until(&refusals("address_connections"), |count| count == 1.0).await;
}

#[tokio::test]
async fn closes_are_counted_by_their_code() {
    let measured = Measured::start(|_| ());
    let mut wei = measured.server.join_and_open("Wei").await;
    wei.command(&crate::test_server::hello(2)).await;
    measured.until("teahouse_connection_closes_total{code=\"4402\"}", |count| count == 1.0).await;
}

#[tokio::test]
async fn only_get_reads_the_metrics_and_only_at_their_own_address() {
    let measured = Measured::start(|_| ());
    let ask = async |method: &str, path: &str| -> Answer {
        let head = http::head(method, path, &measured.metrics, &[]);
        http::request(&measured.metrics, &head, b"").await
    };
    assert_eq!(ask("GET", "/metrics").await.status, 200);
    for method in ["HEAD", "POST", "PUT", "OPTIONS"] {
        let answer = ask(method, "/metrics").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")), "{method}");
    }
    for path in ["/", "/healthz", "/api/me", "/metrics/"] {
        assert_eq!(ask("GET", path).await.status, 404, "{path}");
    }
    let answer = http::get(&measured.server, "/metrics", &[]).await;
    assert!(!answer.body.contains("teahouse_"), "{}", answer.body);
}

#[tokio::test]
async fn a_foreign_page_reads_no_metrics_when_its_name_is_bound_to_the_address() {
    let measured = Measured::start(|options| options.config.trust_proxy = 1);
    let ask = async |headers: &[(&str, &str)]| http::get(&measured.metrics, "/metrics", headers).await;
    // A proxy's header does not count here: a page may send it too.
    for own in ["localhost:9464", "192.0.2.7:9464", "[::1]:9464"] {
        assert_eq!(ask(&[("Host", own)]).await.status, 200, "{own}");
    }
    let foreign = ("Host", "evil.example:9464");
    for headers in [&[foreign][..], &[foreign, ("X-Forwarded-Host", "localhost")]] {
        let answer = ask(headers).await;
        assert_eq!(answer.status, 421, "{headers:?}");
        assert!(answer.body.contains("--host evil.example"), "{}", answer.body);
        assert!(!answer.body.contains("teahouse_"), "{}", answer.body);
    }
    assert_eq!(ask(&[("Sec-Fetch-Site", "cross-site")]).await.status, 403);
    measured.until(&refusals("host"), |count| count == 2.0).await;
}
