//! The v1 dialect.

use crate::test_server::{TestServer, hello};
use shared::{
    ClientId, Command, ErrorCode, Event, RoomId, command,
    command::Post,
    limits::{FRAME_BYTES_MAX, TEXT_BYTES_MAX},
};

pub(crate) fn post(id: u8, text: &str) -> Command {
    Command::Post(Post {
        reference: id.into(),
        client_id: ClientId([id; 16]),
        room: RoomId::LOBBY,
        text: text.into(),
    })
}

fn code(event: &Event) -> ErrorCode {
    match event {
        Event::Error(refusal) => refusal.code,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn two_members_exchange_posts() {
    let server = TestServer::start();
    let (mut wei, mut lin) = (server.join_and_open("Wei").await, server.join_and_open("林小满").await);
    assert!(matches!(wei.event().await, Event::MemberJoined(_)));
    wei.command(&post(7, "茶好了")).await;
    let Event::Posted(posted) = lin.event().await else { panic!() };
    assert_eq!((&*posted.text, &*posted.name, posted.seq), ("茶好了", "Wei", 1));
    assert_eq!(wei.event().await, Event::Posted(posted.clone()), "the same for the sender");
    let Event::Reply(reply) = wei.event().await else { panic!() };
    assert_eq!((reply.reference, reply.n, reply.seq), (7, posted.n, 1));
    wei.command(&post(7, "茶好了")).await;
    assert_eq!(wei.event().await, Event::Reply(reply), "a retry is answered alike");
    wei.command(&post(8, "还有点心")).await;
    let Event::Posted(next) = lin.event().await else { panic!() };
    assert_eq!((next.seq, next.prev), (2, posted.n), "and nobody heard it twice");
}

#[tokio::test]
async fn a_bad_command_is_refused_without_closing() {
    let server = TestServer::start();
    let mut wei = server.join_and_open("Wei").await;
    for (frame, expected) in [
        ("", ErrorCode::Unparsable),
        ("tea", ErrorCode::Unparsable),
        ("{\"type\":\"sing\",\"ref\":1}", ErrorCode::UnknownCommand),
        (
            "{\"type\":\"post\",\"ref\":2,\"client_id\":\"short\",\"room\":1,\"text\":\"x\"}",
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"post\",\"client_id\":\"000000000000000000000000000000aa\",\"room\":1,\"text\":\"x\"}",
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"post\",\"ref\":5,\"client_id\":\"000000000000000000000000000000AA\",\"room\":1,\"text\":\"x\"}",
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"post\",\"ref\":6,\"client_id\":\"000000000000000000000000000000aa\",\"room\":\"1\",\"text\":\"x\"}",
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"post\",\"ref\":3,\"client_id\":\"00000000000000000000000000000001\",\"room\":9,\"text\":\"x\"}",
            ErrorCode::RoomUnknown,
        ),
        (
            "{\"type\":\"post\",\"ref\":4,\"client_id\":\"00000000000000000000000000000001\",\"room\":1,\"text\":\" \"}",
            ErrorCode::TextEmpty,
        ),
    ] {
        wei.send_text(frame).await;
        assert_eq!(code(&wei.event().await), expected, "{frame}");
    }
    let sent =
        r#"{"type":"post","ref":7,"client_id":"000000000000000000000000000000aa","room":"1","text":"x"}"#;
    wei.send_text(sent).await;
    let Event::Error(refusal) = wei.event().await else { panic!() };
    assert_eq!(refusal.detail.as_deref(), Some("`room` in the command cannot be read."));
    wei.command(&post(1, &"x".repeat(TEXT_BYTES_MAX + 1))).await;
    assert_eq!(code(&wei.event().await), ErrorCode::TextTooLong);
    wei.command(&post(1, &"\u{1}".repeat(TEXT_BYTES_MAX))).await;
    assert!(matches!(wei.event().await, Event::Posted(_)), "the longest text in its longest spelling");
    assert!(matches!(wei.event().await, Event::Reply(_)));
    wei.send_text(&"x".repeat(FRAME_BYTES_MAX + 1)).await;
    assert_eq!(wei.closed().await.0, 1009);
}

#[tokio::test]
async fn commands_are_refused_before_hello_and_a_second_hello_too() {
    let server = TestServer::start();
    let cookie = server.join("Wei").await;
    let mut socket = server.open_v1_socket(&cookie).await;
    socket.command(&post(1, "early")).await;
    assert_eq!(code(&socket.event().await), ErrorCode::HelloExpected);
    socket.command(&hello(2)).await;
    let Event::Welcome(welcome) = socket.event().await else { panic!() };
    assert_eq!((welcome.reference, &*welcome.you.name, welcome.room.unwrap().last), (2, "Wei", 1));
    socket.command(&hello(3)).await;
    assert_eq!(socket.closed().await.0, 4402);
}

#[tokio::test]
async fn a_session_without_a_member_is_closed_with_4401() {
    let server = TestServer::start();
    let mut unknown = server.open_v1_socket("th_0123456789abcdef=00000000000000000000000000000000").await;
    unknown.command(&hello(1)).await;
    assert_eq!(code(&unknown.event().await), ErrorCode::SignInRequired);
    assert_eq!(unknown.closed().await.0, 4401);
    // The cookie is valid, but without an Origin the caller is no browser, so it does not count.
    let cookie = server.join("Wei").await;
    let headers = [("Cookie", cookie)];
    let mut bare = crate::socket::Socket::open(server.address, "/conn_ws?v=1", &headers).await.unwrap();
    bare.command(&hello(1)).await;
    assert_eq!(code(&bare.event().await), ErrorCode::SignInRequired);
}

#[tokio::test]
async fn presence_is_published() {
    let server = TestServer::start();
    let mut wei = server.join_and_open("Wei").await;
    let lin = server.join_and_open("Lin").await;
    let mut changes = Vec::new();
    while !changes.contains(&"here Lin".to_owned()) {
        changes.extend(presence(&mut wei).await);
    }
    let mut lin = lin;
    lin.command(&Command::Presence(command::PresenceReport { away: true })).await;
    while !changes.contains(&"away Lin".to_owned()) {
        changes.extend(presence(&mut wei).await);
    }
    drop(lin);
    while !changes.contains(&"gone 2".to_owned()) {
        changes.extend(presence(&mut wei).await);
    }
}

async fn presence(socket: &mut crate::socket::Socket) -> Vec<String> {
    let text = socket.next_text().await;
    match serde_json::from_str(&text).unwrap() {
        Event::Here(here) => here.members.iter().map(|member| format!("here {}", member.name)).collect(),
        Event::Away(away) => away.members.iter().map(|member| format!("away {}", member.name)).collect(),
        Event::Gone(gone) => gone.members.iter().map(|member| format!("gone {}", member.0)).collect(),
        _ => Vec::new(),
    }
}
