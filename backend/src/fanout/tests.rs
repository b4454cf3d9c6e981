use super::*;
use crate::connection::OutboundBody;
use actix_web::body::MessageBody;
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

mod rounds;

/// Each connection is where its entry says, and each list knows its place among the lists of the connection.
fn expect_consistent_lists(connections: &Connections) {
    let lists = connections.lists.borrow();
    let mut listed = 0;
    for (session, entry) in &*connections.all.borrow() {
        for (place, (key, index)) in entry.listed.iter().enumerate() {
            assert_eq!(lists[key].connections[*index].session, *session);
            assert_eq!(lists[key].places[*index], place);
            listed += 1;
        }
    }
    assert_eq!(lists.values().map(|list| list.connections.len()).sum::<usize>(), listed);
    assert!(
        lists.values().all(|list| !list.places.is_empty() && list.places.len() == list.connections.len())
    );
}

#[test]
fn lists_stay_consistent_when_connections_come_and_go() {
    let connections = Connections::new(3);
    let rooms = [1, 2, 3].map(|id| Address::Room(shared::RoomId(id)));
    let [lobby, tasting, garden] = rooms;
    let all: Vec<_> = (0..5).map(|_| connections.add_socket(Dialect::V1, Rc::default())).collect();
    all.iter().for_each(|connection| connections.attach(connection.session, &rooms));
    connections.attach(all[0].session, &[garden, tasting, lobby]);
    expect_consistent_lists(&connections);
    connections.unsubscribe(all[1].session, ListKey::V1(tasting));
    connections.unsubscribe(all[3].session, ListKey::V1(lobby));
    connections.unsubscribe(all[3].session, ListKey::V1(lobby));
    connections.subscribe(all[2].session, ListKey::V1(tasting));
    connections.subscribe(all[3].session, ListKey::V1(lobby));
    expect_consistent_lists(&connections);
    for removed in [1, 4, 0] {
        connections.remove(all[removed].session);
        connections.remove(all[removed].session);
        expect_consistent_lists(&connections);
    }
    for to in rooms {
        let lists = connections.lists.borrow();
        let list = &lists[&ListKey::V1(to)].connections;
        let mut left: Vec<_> = list.iter().map(|connection| connection.session).collect();
        left.sort();
        assert_eq!(left, [all[2].session, all[3].session]);
    }
    assert_eq!(connections.inputs.take().len(), 3);
    assert_eq!(Connections::worker_of(all[0].session), 3);
    for left in [2, 3] {
        connections.remove(all[left].session);
    }
    assert!(connections.lists.borrow().is_empty());
}

#[test]
fn the_gauges_count_each_connection_and_what_waits_for_it() {
    let connections = Connections::new(0);
    let sockets = [Dialect::V1, Dialect::Text, Dialect::Text]
        .map(|dialect| connections.add_socket(dialect, Rc::default()));
    for kind in [SessionKind::EventStream, SessionKind::Poll, SessionKind::Command] {
        connections.add_http(kind);
    }
    assert_eq!(connections.gauges(), WorkerGauges { connections: [1, 2, 1, 1, 1], queued_bytes: 0 });
    let [v1, text, other] = &sockets;
    text.enqueue(Bytes::from(vec![0; 1_000]));
    v1.buffer();
    v1.enqueue(Bytes::from(vec![0; 500]));
    v1.send_ephemeral(Bytes::from(vec![0; 50]));
    connections.tick();
    assert_eq!(connections.gauges().queued_bytes, 1_550 + 3 * 32, "buffered bytes count too");
    connections.remove(other.session);
    connections.remove(other.session);
    assert_eq!(connections.gauges().connections, [1, 1, 1, 1, 1]);
    connections.remove(text.session);
    connections.tick();
    assert_eq!(
        connections.gauges(),
        WorkerGauges { connections: [1, 0, 1, 1, 1], queued_bytes: 550 + 2 * 32 }
    );
}

#[test]
fn retry_hints_differ_within_their_range() {
    let connections = Connections::new(0);
    let hints: Vec<_> = (0..100).map(|_| connections.draw(RETRY_MS)).collect();
    assert!(hints.iter().all(|hint| RETRY_MS.contains(hint)));
    assert!(hints.windows(2).all(|pair| pair[0] != pair[1]));
}

/// The frames that wait for a connection, one after another.
fn drain(body: &mut OutboundBody) -> Vec<Bytes> {
    let mut frames = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_next(&mut context) {
        frames.push(frame);
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn an_active_client_is_pinged_and_a_silent_one_closed() {
    let connections = Connections::new(0);
    let (batches, inbox) = batch_channel();
    let local = tokio::task::LocalSet::new();
    local.spawn_local(Rc::clone(&connections).run(inbox));
    let run = async {
        let [active, silent] =
            [Dialect::V1, Dialect::Text].map(|dialect| connections.add_socket(dialect, Rc::default()));
        let mut bodies = [&active, &silent].map(|one| OutboundBody::new(Rc::clone(one)));
        connections.attach(active.session, &[Address::Room(shared::RoomId::LOBBY)]);
        connections.attach(silent.session, &[]);
        active.send_replay(Bytes::from_static(b"welcome"));
        active.release();
        let (mut active_frames, mut silent_frames) = (Vec::new(), Vec::new());
        for _ in 0..SILENCE_S + 2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            active.note_read(connections.now_s());
            active_frames.extend(drain(&mut bodies[0]));
            silent_frames.extend(drain(&mut bodies[1]));
        }
        let pings = |frames: &[Bytes]| frames.iter().filter(|frame| **frame == frame::ping()).count();
        assert!((2..=3).contains(&pings(&active_frames)), "one in 25 seconds: {active_frames:?}");
        assert!((2..=3).contains(&pings(&silent_frames)));
        assert!(active_frames.iter().any(|frame| frame.ends_with(b"\"through\":\"0000000000000000.0\"}")));
        assert!(!active.is_closing());
        assert_eq!(silent_frames.last(), Some(&frame::close(Some(CloseCode::Silent.number()), "silent")));
    };
    local.run_until(run).await;
    drop(batches);
}

#[tokio::test(start_paused = true)]
async fn a_stream_gets_regular_comments_and_a_poll_none() {
    let connections = Connections::new(0);
    let (batches, inbox) = batch_channel();
    let local = tokio::task::LocalSet::new();
    local.spawn_local(Rc::clone(&connections).run(inbox));
    let run = async {
        let [stream, poll] =
            [SessionKind::EventStream, SessionKind::Poll].map(|kind| connections.add_http(kind));
        let lobby = Address::Room(shared::RoomId::LOBBY);
        [&stream, &poll].into_iter().for_each(|one| connections.attach(one.session, &[lobby]));
        stream.release();
        poll.release();
        let mut context = Context::from_waker(Waker::noop());
        let mut comments = Vec::new();
        for second in 1..=10 * COMMENT_S {
            tokio::time::sleep(Duration::from_secs(1)).await;
            while let Poll::Ready(frame) = stream.poll_frame(&mut context) {
                assert_eq!(frame, Some(frame::ping()), "and it is never too silent");
                comments.push(second);
            }
            assert!(poll.is_empty() && !poll.is_closing());
        }
        assert_eq!(comments.len(), 10, "{comments:?}");
        assert!(comments.windows(2).all(|pair| pair[1] - pair[0] == COMMENT_S), "{comments:?}");
    };
    local.run_until(run).await;
    drop(batches);
}
