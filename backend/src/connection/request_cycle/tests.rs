use super::*;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const SECOND: Duration = Duration::from_secs(1);
const NO_BODY: BodyLength = BodyLength::Bytes(0);

fn cycle() -> RequestCycle {
    RequestCycle::new(Deadlines {
        head: 10 * SECOND,
        idle: 75 * SECOND,
        body: 30 * SECOND,
        ..Deadlines::default()
    })
}

fn receive(cycle: &RequestCycle, bytes: &[u8]) -> usize {
    cycle.receive(bytes, &Context::from_waker(Waker::noop()))
}

/// Serves a request whose head was read.
fn serve(cycle: &RequestCycle, body: BodyLength) {
    cycle.begin_request(body);
    while !cycle.take_held(3, &Context::from_waker(Waker::noop())).is_empty() {}
    cycle.end_request();
    cycle.note_flush();
    while !cycle.take_held(3, &Context::from_waker(Waker::noop())).is_empty() {}
}

/// The second at which the connection ends without more input.
async fn ends_after(cycle: &RequestCycle) -> Option<(u64, Expired)> {
    for second in 0..100 {
        if let Some(expired) = cycle.poll_expired(&mut Context::from_waker(Waker::noop())) {
            return Some((second, expired));
        }
        tokio::time::advance(SECOND).await;
    }
    None
}

#[tokio::test(start_paused = true)]
async fn each_head_has_its_time_from_its_first_byte() {
    let cycle = cycle();
    tokio::time::advance(4 * SECOND).await;
    receive(&cycle, b"G");
    assert_eq!(ends_after(&cycle).await, Some((6, Expired::Head)), "from the accept");

    let cycle = self::cycle();
    receive(&cycle, GET);
    cycle.begin_request(NO_BODY);
    tokio::time::advance(100 * SECOND).await;
    assert_eq!(ends_after(&cycle).await, None, "the route is responsible");
    cycle.end_request();
    cycle.note_flush();
    tokio::time::advance(70 * SECOND).await;
    receive(&cycle, b"G");
    tokio::time::advance(4 * SECOND).await;
    receive(&cycle, b"ET ");
    assert_eq!(ends_after(&cycle).await, Some((1, Expired::Head)), "within the idle time");

    let cycle = self::cycle();
    receive(&cycle, GET);
    serve(&cycle, NO_BODY);
    tokio::time::advance(20 * SECOND).await;
    receive(&cycle, b"G");
    tokio::time::advance(4 * SECOND).await;
    receive(&cycle, b"ET ");
    assert_eq!(ends_after(&cycle).await, Some((6, Expired::Head)), "more bytes give no more time");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends() {
    assert_eq!(ends_after(&cycle()).await, Some((10, Expired::Idle)));
    let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for (request, body, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", NO_BODY, (75, Expired::Idle)),
        ("\r\n\r\nGET / HTTP/1.1\n\n", NO_BODY, (75, Expired::Idle)),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", BodyLength::Bytes(2), (75, Expired::Idle)),
        ("GET / HTTP/1.1\r\n\r\nG", NO_BODY, (10, Expired::Head)),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}P", BodyLength::Bytes(2), (10, Expired::Head)),
        (chunked, BodyLength::Chunked, (75, Expired::Idle)),
        (&format!("{chunked}P"), BodyLength::Chunked, (10, Expired::Head)),
    ] {
        for step in [1, 3, 100] {
            let cycle = cycle();
            request.as_bytes().chunks(step).for_each(|part| {
                receive(&cycle, part);
            });
            serve(&cycle, body);
            assert_eq!(ends_after(&cycle).await, Some(expected), "{request:?} by {step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_last_of_pipelined_requests_has_the_time_of_a_head() {
    let cycle = cycle();
    receive(&cycle, &[GET, GET, b"G"].concat());
    serve(&cycle, NO_BODY);
    serve(&cycle, NO_BODY);
    tokio::time::advance(4 * SECOND).await;
    receive(&cycle, &GET[1..]);
    serve(&cycle, NO_BODY);
    assert_eq!(ends_after(&cycle).await, Some((75, Expired::Idle)), "no part of a head came after all");
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_body_has_a_deadline_behind_an_early_response() {
    for (body, rest) in [(BodyLength::Bytes(100), "x"), (BodyLength::Chunked, "5\r\nx")] {
        let cycle = cycle();
        receive(&cycle, GET);
        serve(&cycle, body);
        tokio::time::advance(10 * SECOND).await;
        receive(&cycle, rest.as_bytes());
        assert_eq!(ends_after(&cycle).await, Some((20, Expired::Idle)), "{body:?}: no 408 follows");
    }
    let cycle = cycle();
    receive(&cycle, GET);
    serve(&cycle, BodyLength::Chunked);
    tokio::time::advance(10 * SECOND).await;
    receive(&cycle, b"0\r\n\r\n");
    assert_eq!(ends_after(&cycle).await, Some((75, Expired::Idle)));
}

#[tokio::test(start_paused = true)]
async fn a_websocket_has_no_deadline_of_http() {
    let cycle = cycle();
    receive(&cycle, GET);
    cycle.begin_request(NO_BODY);
    cycle.upgrade();
    cycle.end_request();
    receive(&cycle, b"G");
    assert_eq!(ends_after(&cycle).await, None);
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn the_task_is_woken_only_when_held_bytes_may_pass() {
    let (cycle, wakes) = (cycle(), Arc::new(Wakes::default()));
    let waker = Waker::from(Arc::clone(&wakes));
    let cx = Context::from_waker(&waker);
    let woken = || wakes.0.load(Ordering::Relaxed);
    let head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(cycle.receive(&[head, &b"{}"[..], GET].concat(), &cx), head.len());
    for _ in 0..3 {
        cycle.note_flush();
    }
    assert_eq!(woken(), 0, "the request has not begun");
    cycle.begin_request(BodyLength::Bytes(2));
    assert_eq!(woken(), 1);
    assert_eq!(&cycle.take_held(100, &cx)[..], b"{}");
    for _ in 0..3 {
        cycle.note_flush();
    }
    assert_eq!(woken(), 1, "the request is served");
    cycle.end_request();
    assert_eq!(woken(), 1, "the response waits in the buffer");
    cycle.note_flush();
    assert_eq!(woken(), 2);
    assert_eq!(&cycle.take_held(100, &cx)[..], GET);
    cycle.note_flush();
    assert_eq!(woken(), 2, "nothing is held");
}
