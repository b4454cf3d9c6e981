//! How it ends.

use super::{
    client::{By, Client},
    talk::{post, reply, said, say},
};
use crate::{
    house::{House, Plan},
    http,
    scratch::Scratch,
};
use serde_json::json;
use shared::{Command, Cursor, ErrorCode, Event, RoomId};

pub(super) async fn signing_out_ends_it(by: By) {
    let house = House::open();
    let cookie = house.join("Wei").await;
    let mut tabs = [Client::enter(&house, by, &cookie).await, Client::enter(&house, by, &cookie).await];
    let out = http::post(&house, "/api/sign-out", &[("cookie", &cookie)], &json!({})).await;
    assert_eq!(out.status, 200);
    for tab in &mut tabs {
        assert_eq!(tab.ended().await, 4401);
    }
    let asked = tabs[0].caller.post(&post(2, RoomId::LOBBY, "still here?")).await;
    assert_eq!(asked, Err((401, ErrorCode::SignInRequired)));
    assert_eq!(Client::back(&house, by, &cookie, None, None).await.err(), Some(4401));
}

pub(super) async fn a_stranger_is_refused(by: By) {
    let house = House::open();
    house.join("Wei").await;
    for cookie in ["x=y".to_owned(), format!("th_0123456789abcdef={}", "0".repeat(32))] {
        assert_eq!(Client::back(&house, by, &cookie, None, None).await.err(), Some(4401));
    }
}

pub(super) async fn a_restart_goes_on(by: By) {
    let folder = Scratch::new();
    let plan = || {
        let mut plan: Plan = folder.plan();
        plan.config.limit_posts = 0;
        plan
    };
    let mut house = House::of(plan());
    let (wei, lin) = (house.join("Wei").await, house.join("Lin").await);
    let mut cursor: Option<Cursor> = None;
    let mut heard = Vec::new();
    for round in 1..4 {
        let mut talker = Client::back(&house, by, &wei, None, None).await.unwrap();
        let mut lin = Client::back(&house, by, &lin, cursor, None).await.unwrap();
        assert_eq!(lin.welcome.resumed, cursor.is_some());
        let from = 100 * round;
        let said = reply(&mut talker, &post(from, RoomId::LOBBY, &from.to_string())).await;
        heard.extend(lin.hear(if round == 1 { 1 } else { 6 }).await);
        cursor = Some(lin.settle().await);
        // What comes after that is not read any more by this one.
        say(&mut talker, RoomId::LOBBY, from + 1..from + 6).await;
        tokio::task::spawn_blocking(move || house.end().unwrap()).await.unwrap();
        for client in [&mut lin, &mut talker] {
            let code = client.ended().await;
            // Between two polls there is nobody to be told.
            assert!(code == 1012 || (by.polls() && code == 1006), "{code}");
        }
        house = House::of(plan());
        let mut talker = Client::enter(&house, by, &wei).await;
        let retried = reply(&mut talker, &post(from, RoomId::LOBBY, &from.to_string())).await;
        assert_eq!(retried, said, "known from before");
    }
    let mut lin = Client::back(&house, by, &lin, cursor, None).await.unwrap();
    heard.extend(lin.hear(5).await);
    assert_eq!(heard, [said(100..106), said(200..206), said(300..306)].concat());
    let Ok(Event::Pong(_)) = lin.ask(&Command::Ping).await else { panic!() };
}
