//! Switching from one transport to another while events flow.

use super::{
    client::{Client, Transport},
    messages::{post, reply},
};
use crate::test_server::TestServer;
use shared::{Event, RoomId, limits::REPLAY_EVENTS_MAX};
use tokio::sync::watch;

/// Positions by which posts may be ahead of the client's cursor.
const AHEAD: u64 = REPLAY_EVENTS_MAX as u64 / 2;

#[tokio::test]
async fn no_event_is_lost_or_doubled_when_a_client_switches_transports() {
    let server = TestServer::with_config(|config| config.limit_posts = 0);
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut talker = Client::connect(&server, Transport::WebSocket, &wei).await;
    let count = 1_500;
    // Posts wait for the cursor, not for the events that have come: a client that switches before
    // `caught_up` resumes from its old cursor. Too far behind that, the room would be reset.
    let (acked, mut acks) = watch::channel(0);
    let talk = async {
        let mut posted = 0;
        for number in 1..=count {
            acks.wait_for(|acked| posted < acked + AHEAD).await.unwrap();
            posted = reply(&mut talker, &post(number, RoomId::LOBBY, &number.to_string())).await.n;
        }
    };
    let listen = async {
        let mut client = Client::connect(&server, Transport::Polls, &lin).await;
        let room = client.welcome.room.clone().unwrap();
        let (mut seq, mut last) = (room.messages.last().map_or(0, |it| it.seq), room.last);
        let (mut draw, mut switches) = (7_u64, 0);
        while seq < count {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let until = seq + (draw >> 60);
            while seq < until && seq < count {
                acked.send_replace(client.cursor.n);
                match client.step().await {
                    // Events behind the cursor may come again after a switch; no other event may.
                    Some(Ok(Event::Posted(posted))) if posted.n > last => {
                        assert_eq!((posted.prev, posted.seq), (last, seq + 1), "after {switches} switches");
                        (last, seq) = (posted.n, posted.seq);
                    }
                    Some(Ok(Event::Reset(_))) => panic!("a reset within the limit of a replay"),
                    Some(Err(code)) => panic!("closed with {code} after {switches} switches"),
                    _ => {}
                }
            }
            let next = Transport::ALL[usize::try_from(draw >> 40).unwrap() % Transport::ALL.len()];
            let cursor = client.cursor;
            client = Client::resume(&server, next, &lin, Some(cursor), None).await.unwrap();
            assert!(client.welcome.resumed, "{cursor}");
            switches += 1;
        }
        switches
    };
    let ((), switches) = tokio::join!(talk, listen);
    assert!(switches > 20, "{switches} switches are not many");
}
