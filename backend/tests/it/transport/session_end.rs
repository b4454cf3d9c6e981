//! The end of a session.

use super::{
    client::{Client, Transport},
    messages::{number_texts, post, post_numbers, reply},
};
use crate::{
    http,
    temp_folder::TempFolder,
    test_server::{ServerOptions, TestServer},
};
use serde_json::json;
use shared::{Command, Cursor, ErrorCode, Event, RoomId};

pub(super) async fn a_session_ends_when_its_member_signs_out(transport: Transport) {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut tabs = [
        Client::connect(&server, transport, &cookie).await,
        Client::connect(&server, transport, &cookie).await,
    ];
    let out = http::post(&server, "/api/sign-out", &[("cookie", &cookie)], &json!({})).await;
    assert_eq!(out.status, 200);
    for tab in &mut tabs {
        assert_eq!(tab.ended().await, 4401);
    }
    let reply = tabs[0].caller.post(&post(2, RoomId::LOBBY, "still here?")).await;
    assert_eq!(reply, Err((401, ErrorCode::SignInRequired)));
    assert_eq!(Client::resume(&server, transport, &cookie, None, None).await.err(), Some(4401));
}

pub(super) async fn a_session_is_refused_without_a_valid_cookie(transport: Transport) {
    let server = TestServer::start();
    server.join("Wei").await;
    for cookie in ["x=y".to_owned(), format!("th_0123456789abcdef={}", "0".repeat(32))] {
        assert_eq!(Client::resume(&server, transport, &cookie, None, None).await.err(), Some(4401));
    }
}

pub(super) async fn a_session_is_resumed_after_each_restart(transport: Transport) {
    let folder = TempFolder::new();
    let options = || {
        let mut options: ServerOptions = folder.server_options();
        options.config.limit_posts = 0;
        options
    };
    let mut server = TestServer::with_options(options());
    let (wei, lin) = (server.join("Wei").await, server.join("Lin").await);
    let mut cursor: Option<Cursor> = None;
    let mut texts = Vec::new();
    for round in 1..4 {
        let mut talker = Client::resume(&server, transport, &wei, None, None).await.unwrap();
        let mut lin = Client::resume(&server, transport, &lin, cursor, None).await.unwrap();
        assert_eq!(lin.welcome.resumed, cursor.is_some());
        let from = 100 * round;
        let posted = reply(&mut talker, &post(from, RoomId::LOBBY, &from.to_string())).await;
        texts.extend(lin.next_texts(if round == 1 { 1 } else { 6 }).await);
        cursor = Some(lin.read_to_cursor().await);
        // This client does not read the posts that follow.
        post_numbers(&mut talker, RoomId::LOBBY, from + 1..from + 6).await;
        tokio::task::spawn_blocking(move || server.shut_down().unwrap()).await.unwrap();
        for client in [&mut lin, &mut talker] {
            let code = client.ended().await;
            // Between two polls the server has no connection to close.
            assert!(code == 1012 || (transport.is_poll() && code == 1006), "{code}");
        }
        server = TestServer::with_options(options());
        let mut talker = Client::connect(&server, transport, &wei).await;
        let retried = reply(&mut talker, &post(from, RoomId::LOBBY, &from.to_string())).await;
        assert_eq!(retried, posted, "known from before");
    }
    let mut lin = Client::resume(&server, transport, &lin, cursor, None).await.unwrap();
    texts.extend(lin.next_texts(5).await);
    assert_eq!(texts, [number_texts(100..106), number_texts(200..206), number_texts(300..306)].concat());
    let Ok(Event::Pong(_)) = lin.request(&Command::Ping).await else { panic!() };
}
