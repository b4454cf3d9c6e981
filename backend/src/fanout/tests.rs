use super::*;
use crate::connection::Outbound;
use actix_web::body::MessageBody;
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

#[test]
fn a_table_keeps_its_lists_whole() {
    let table = Table::new(3);
    let [lobby, tasting] = [1, 2].map(|id| Address::Room(shared::RoomId(id)));
    let all: Vec<_> = (0..5).map(|_| table.enter(Dialect::V1, Rc::default())).collect();
    all.iter().for_each(|connection| table.attach(connection.session, &[lobby, tasting]));
    table.attach(all[0].session, &[tasting, lobby]);
    table.unsubscribe(all[1].session, List::V1(tasting));
    table.put_in(all[2].session, List::V1(tasting));
    for gone in [1, 4, 0] {
        table.leave(all[gone].session);
        table.leave(all[gone].session);
    }
    for to in [lobby, tasting] {
        let lists = table.lists.borrow();
        let mut left: Vec<_> = lists[&List::V1(to)].iter().map(|connection| connection.session).collect();
        left.sort();
        assert_eq!(left, [all[2].session, all[3].session]);
    }
    for (session, entry) in &*table.all.borrow() {
        assert_eq!(entry.places.len(), 2);
        for (list, index) in &entry.places {
            assert_eq!(table.lists.borrow()[list][*index].session, *session);
        }
    }
    assert_eq!(table.news.take().len(), 3);
    assert_eq!(Table::worker_of(all[0].session), 3);
    for left in [2, 3] {
        table.leave(all[left].session);
    }
    assert!(table.lists.borrow().is_empty());
}

#[test]
fn hints_for_a_restart_differ_and_keep_their_range() {
    let table = Table::new(0);
    let hints: Vec<_> = (0..100).map(|_| table.draw(RETRY_MS)).collect();
    assert!(hints.iter().all(|hint| RETRY_MS.contains(hint)));
    assert!(hints.windows(2).all(|pair| pair[0] != pair[1]));
}

/// The frames that wait for a connection, one after another.
fn drain(body: &mut Outbound<()>) -> Vec<Bytes> {
    let mut frames = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_next(&mut context) {
        frames.push(frame);
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn who_is_there_is_pinged_and_who_is_silent_is_closed() {
    let table = Table::new(0);
    let (batches, inbox) = mpsc::channel(1);
    let local = tokio::task::LocalSet::new();
    local.spawn_local(Rc::clone(&table).run(inbox));
    let run = async {
        let [talker, mute] = [Dialect::V1, Dialect::Text].map(|dialect| table.enter(dialect, Rc::default()));
        let mut bodies = [&talker, &mute].map(|one| Outbound::new(Rc::clone(one), ()));
        table.attach(talker.session, &[Address::Room(shared::RoomId::LOBBY)]);
        table.attach(mute.session, &[]);
        talker.first(Bytes::from_static(b"welcome"));
        talker.release();
        let (mut talkers, mut mutes) = (Vec::new(), Vec::new());
        for _ in 0..SILENCE_S + 2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            talker.heard(table.now_s());
            talkers.extend(drain(&mut bodies[0]));
            mutes.extend(drain(&mut bodies[1]));
        }
        let pings = |frames: &[Bytes]| frames.iter().filter(|frame| **frame == frame::ping()).count();
        assert!((2..=3).contains(&pings(&talkers)), "one in 25 seconds: {talkers:?}");
        assert!((2..=3).contains(&pings(&mutes)));
        assert!(talkers.iter().any(|frame| frame.ends_with(b"\"through\":\"0000000000000000.0\"}")));
        assert!(!talker.is_closing());
        assert_eq!(mutes.last(), Some(&frame::close(Some(CloseCode::Silent.number()), "silent")));
    };
    local.run_until(run).await;
    drop(batches);
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_a_comment_now_and_then_and_a_request_has_none() {
    let table = Table::new(0);
    let (batches, inbox) = mpsc::channel(1);
    let local = tokio::task::LocalSet::new();
    local.spawn_local(Rc::clone(&table).run(inbox));
    let run = async {
        let [stream, poll] =
            [TransportKind::Stream, TransportKind::Poll].map(|carrier| table.enter_http(carrier));
        let lobby = Address::Room(shared::RoomId::LOBBY);
        [&stream, &poll].into_iter().for_each(|one| table.attach(one.session, &[lobby]));
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
