//! The text dialect: the original group chat of the project.

use crate::{
    socket::{Raw, Socket, frame},
    test_server::TestServer,
};
use futures_util::SinkExt;
use shared::{ClientId, Command, Event, MemberId, RoomId, command::Post};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_text_reaches_every_client_unchanged() {
    let server = TestServer::start();
    let (mut a, mut b) = (server.open_text_socket().await, server.open_text_socket().await);
    a.next_binary().await;
    for text in ["你好，世界", "<b>&amp;\u{0}", "{\"type\":\"post\"}", "🍵"] {
        a.send_text(text).await;
        assert_eq!(a.next_text().await, text);
        assert_eq!(b.next_text().await, text);
    }
}

#[tokio::test]
async fn a_text_client_gets_nothing_when_it_connects() {
    let server = TestServer::start();
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    raw.send(&frame(0x81, b"first")).await;
    let mut bytes = [0; 7];
    raw.0.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, *b"\x81\x05first", "the first bytes are the answer to the first");
}

#[tokio::test]
async fn a_socket_is_closed_when_a_text_exceeds_the_limit() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    for (size, fits) in [(65_535, true), (65_536, true), (65_537, false)] {
        let text = "x".repeat(size);
        let mut socket = Socket::open(server.address, "/conn_ws", &[]).await.unwrap();
        let _ = socket.0.send(Message::text(text.clone())).await;
        if fits {
            assert_eq!(listener.next_text().await, text);
        } else {
            assert_eq!(socket.closed().await.0, 1009);
        }
    }
}

#[tokio::test]
async fn fragments_are_joined_into_one_message() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    let mut raw = Raw::open(server.address, "/conn_ws").await;
    // Cut 茶 in its middle. A ping may stand between fragments.
    raw.send(&frame(0x01, b"\xe8\x8c")).await;
    raw.send(&frame(0x89, b"hm")).await;
    raw.send(&frame(0x80, b"\xb6")).await;
    assert_eq!(listener.next_text().await, "茶");
    let over = [frame(0x01, &[b'x'; 40_000]), frame(0x00, &[b'x'; 25_536]), frame(0x80, b"x")].concat();
    raw.send(&over).await;
    assert_eq!(raw.closed().await, 1009);
}

#[tokio::test]
async fn empty_texts_and_binary_are_passed_on_but_not_stored() {
    let server = TestServer::start();
    let (mut a, mut b) = (server.open_text_socket().await, server.open_text_socket().await);
    a.next_binary().await;
    a.send_text("one").await;
    a.send_text("").await;
    a.send_binary(&[0, 255]).await;
    a.send_binary(&[]).await;
    a.send_text("two").await;
    for socket in [&mut a, &mut b] {
        assert_eq!(socket.next().await, Message::text("one"));
        assert_eq!(socket.next().await, Message::text(""));
        assert_eq!(socket.next().await, Message::binary(vec![0, 255]));
        assert_eq!(socket.next().await, Message::binary(vec![]));
        assert_eq!(socket.next().await, Message::text("two"));
    }
    let cookie = server.join("Wei").await;
    let mut member = server.open_v1_socket(&cookie).await;
    member.command(&crate::test_server::hello(1)).await;
    let Event::Welcome(welcome) = member.event().await else { panic!() };
    let texts: Vec<_> =
        welcome.room.as_ref().unwrap().messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test]
async fn members_and_text_clients_get_each_others_posts() {
    let server = TestServer::start();
    let mut plain = server.open_text_socket().await;
    let mut member = server.join_and_open("Wei").await;
    plain.send_text("hey").await;
    let Event::Posted(posted) = member.event().await else { panic!() };
    assert_eq!((posted.author, posted.tag, &*posted.text), (MemberId::PASSER_BY, Some(1), "hey"));
    assert_eq!(plain.next_text().await, "hey");
    let post =
        Post { reference: 2, client_id: ClientId([1; 16]), room: RoomId::LOBBY, text: "hello\n  you".into() };
    member.command(&Command::Post(post)).await;
    assert_eq!(plain.next_text().await, "hello\n  you", "its source text");
}

#[tokio::test]
async fn a_text_is_delivered_when_its_sender_leaves_at_once() {
    let server = TestServer::start();
    let mut listener = server.open_text_socket().await;
    for i in 0..20 {
        let mut raw = Raw::open(server.address, "/conn_ws").await;
        raw.send(&[frame(0x81, format!("bye {i}").as_bytes()), frame(0x88, &[3, 232])].concat()).await;
        assert_eq!(listener.next_text().await, format!("bye {i}"));
    }
}

#[tokio::test]
async fn a_text_client_is_closed_with_1013_when_the_store_refuses() {
    use crate::test_server::ServerOptions;
    let server = TestServer::with_options(ServerOptions {
        store: Box::new(refusing::RefusingStore),
        ..ServerOptions::default()
    });
    let mut socket = server.open_text_socket().await;
    socket.send_text("keep this").await;
    assert_eq!(socket.closed().await.0, 1013);
}

mod refusing {
    use futures_util::{
        future::{BoxFuture, FutureExt, ready},
        stream::{self, BoxStream, StreamExt},
    };
    use hub::{
        House,
        house::{
            change::{Change, Outcome},
            commit::Commit,
        },
        query::{Query, QueryResult},
        read_markers::MarkerMove,
    };
    use shared::{Epoch, ErrorCode};
    use std::sync::Arc;

    /// A store with a full disk.
    pub(crate) struct RefusingStore;

    impl backend::store::Store for RefusingStore {
        fn epoch(&self) -> Epoch {
            Epoch(1)
        }

        fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode> {
            Ok(Arc::default())
        }

        fn append(&mut self, changes: Vec<Change>, _: u64) -> BoxFuture<'static, Vec<Outcome>> {
            ready(vec![Err(ErrorCode::StoreRefused); changes.len()]).boxed()
        }

        fn move_markers(&mut self, _: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
            ready(Err(ErrorCode::StoreRefused)).boxed()
        }

        fn tail(&mut self, _: u64) -> BoxStream<'static, Vec<Commit>> {
            stream::pending().boxed()
        }

        fn read(&mut self, _: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
            ready(Err(ErrorCode::StoreRefused)).boxed()
        }
    }
}
