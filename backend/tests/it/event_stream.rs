//! Event streams as programs use them that reconnect by themselves.

use crate::{http, test_server::TestServer, v1::post};
use serde_json::Value;
use shared::Cursor;

/// The cursor of the last id in a stream.
fn last_id(text: &str) -> String {
    text.rsplit_once("\nid: ").expect("an id").1.split('\n').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_resumes_from_the_id_that_stands_with_the_last_event() {
    let server = TestServer::start();
    let mut lin = server.join_and_open("Lin").await;
    let cookie = server.join("Wei").await;
    let headers = [("cookie", cookie.as_str())];
    let mut stream = http::Stream::open(&server, "/api/events", &headers).await;
    stream.until("\"type\":\"welcome\"").await;
    stream.until("\nid: ").await;
    let older = last_id(stream.text());
    lin.command(&post(2, "one")).await;
    stream.until("\"text\":\"one\"").await;
    stream.until("\n\n").await;
    let (_, block) = stream.text().rsplit_once("\ndata: ").unwrap();
    assert!(block.contains("\"text\":\"one\"") && block.contains("\nid: "), "{block}");
    let newer = last_id(stream.text());
    assert_ne!(older, newer);

    let both = format!("/api/events?cursor={older}&lastEventId={newer}");
    let header = [headers[0], ("last-event-id", &newer)];
    let mut streams = [
        http::Stream::open(&server, &both, &headers).await,
        http::Stream::open(&server, &format!("/api/events?lastEventId={older}"), &header).await,
        http::Stream::open(&server, &format!("/api/events?cursor={older}"), &headers).await,
    ];
    for stream in &mut streams {
        stream.until("\"type\":\"caught_up\"").await;
    }
    lin.command(&post(3, "two")).await;
    for (stream, has_one) in streams.iter_mut().zip([false, false, true]) {
        stream.until("\"text\":\"two\"").await;
        assert_eq!(stream.text().contains("\"text\":\"one\""), has_one, "{}", stream.text());
    }
}

#[tokio::test]
async fn an_id_that_is_no_cursor_begins_a_new_session() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    for (path, id) in [
        ("/api/events", Some("tea")),
        ("/api/events?cursor=0000000000000001.1", Some("null")),
        ("/api/events?lastEventId=tea", None),
    ] {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(id.map(|id| ("last-event-id", id)));
        let mut stream = http::Stream::open(&server, path, &headers).await;
        stream.until("\"type\":\"welcome\"").await;
        assert!(!stream.text().contains("\"resumed\":true"), "{}", stream.text());
    }
}

#[tokio::test]
async fn frames_tell_marks_by_which_a_lost_position_is_noticed() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let headers = [("cookie", cookie.as_str())];
    let mut stream = http::Stream::open(&server, "/api/events", &headers).await;
    stream.until("\ncursor: ").await;
    stream.until("\n\n").await;
    let cursor: Cursor =
        stream.text().rsplit_once("\ncursor: ").unwrap().1.split('\n').next().unwrap().parse().unwrap();
    let command = serde_json::to_value(post(2, "one")).unwrap();
    let reply = http::post(&server, "/api/command", &headers, &command).await;
    let reply: Value = serde_json::from_str(&reply.body).unwrap();
    let held: Cursor = reply["held"].as_str().unwrap().parse().unwrap();
    assert_eq!(reply["n"], held.n);
    stream.until("\"text\":\"one\"").await;
    stream.until("}").await;
    let mark = format!("\"mark\":\"{}\"", shared::Mark(held.mark.unwrap()));
    assert!(stream.text().contains(&mark), "{}", stream.text());

    let other = Cursor { mark: held.mark.map(|mark| mark ^ 1), ..held };
    for (held, field) in [(held, "\"resumed\":true"), (other, "\"rolled_back\":true")] {
        for path in ["/api/events?", "/api/poll?begin=1&"] {
            let path = format!("{path}cursor={cursor}&held={cursor},{held}");
            let mut stream = http::Stream::open(&server, &path, &headers).await;
            stream.until("\"as_of\":").await;
            assert!(stream.text().contains(field), "{path}: {}", stream.text());
        }
    }
    let answer = http::get(&server, &format!("/api/poll?held={cursor},tea"), &headers).await;
    assert_eq!((answer.status, answer.code()), (422, 1003));
}
