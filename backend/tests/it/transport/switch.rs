//! From one transport to another in the middle of it all.

use super::{
    client::{By, Client},
    talk::{post, reply},
};
use crate::house::House;
use shared::{Event, RoomId, limits::REPLAY_EVENTS_MAX};
use tokio::sync::watch;

/// How far what is said may be ahead of what is heard.
const AHEAD: u64 = REPLAY_EVENTS_MAX as u64 / 2;

#[tokio::test]
async fn switches_lose_and_double_nothing() {
    let house = House::with(|config| config.limit_posts = 0);
    let (wei, lin) = (house.join("Wei").await, house.join("Lin").await);
    let mut talker = Client::enter(&house, By::WebSocket, &wei).await;
    let count = 1_500;
    // Who is too far behind would be shown the newest only.
    let (heard, mut hears) = watch::channel(0);
    let talk = async {
        for number in 1..=count {
            hears.wait_for(|heard| number < heard + AHEAD).await.unwrap();
            reply(&mut talker, &post(number, RoomId::LOBBY, &number.to_string())).await;
        }
    };
    let listen = async {
        let mut client = Client::enter(&house, By::Polls, &lin).await;
        let room = client.welcome.room.clone().unwrap();
        let (mut seq, mut last) = (room.messages.last().map_or(0, |it| it.seq), room.last);
        let (mut draw, mut switches) = (7_u64, 0);
        while seq < count {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let until = seq + (draw >> 60);
            while seq < until && seq < count {
                // What lies behind the cursor may come again with the next; nothing else may.
                if let Event::Posted(posted) = client.event().await
                    && posted.n > last
                {
                    assert_eq!((posted.prev, posted.seq), (last, seq + 1), "after {switches} switches");
                    (last, seq) = (posted.n, posted.seq);
                    heard.send_replace(seq);
                }
            }
            let by = By::ALL[usize::try_from(draw >> 40).unwrap() % By::ALL.len()];
            let cursor = client.cursor;
            client = Client::back(&house, by, &lin, Some(cursor), None).await.unwrap();
            assert!(client.welcome.resumed, "{cursor}");
            switches += 1;
        }
        switches
    };
    let ((), switches) = tokio::join!(talk, listen);
    assert!(switches > 20, "{switches} switches are not many");
}
