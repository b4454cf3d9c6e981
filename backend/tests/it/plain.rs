//! The contract of the group chat that the project began from.

use crate::{
    house::House,
    socket::{Raw, Socket, frame},
};
use futures_util::SinkExt;
use shared::{ClientId, Command, Event, MemberId, RoomId, command::Post};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_text_comes_back_byte_for_byte_to_all_the_sender_included() {
    let house = House::open();
    let (mut a, mut b) = (house.plain().await, house.plain().await);
    a.next_binary().await;
    for text in ["你好，世界", "<b>&amp;\u{0}", "{\"type\":\"post\"}", "🍵"] {
        a.send_text(text).await;
        assert_eq!(a.next_text().await, text);
        assert_eq!(b.next_text().await, text);
    }
}

#[tokio::test]
async fn nothing_is_sent_on_connect() {
    let house = House::open();
    let mut raw = Raw::open(house.address, "/conn_ws").await;
    raw.send(&frame(0x81, b"first")).await;
    let mut bytes = [0; 7];
    raw.0.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, *b"\x81\x05first", "the first bytes are the answer to the first");
}

#[tokio::test]
async fn sizes_are_taken_up_to_the_limit_and_closed_past_it() {
    let house = House::open();
    let mut listener = house.plain().await;
    for (size, fits) in [(65_535, true), (65_536, true), (65_537, false)] {
        let text = "x".repeat(size);
        let mut socket = Socket::open(house.address, "/conn_ws", &[]).await.unwrap();
        let _ = socket.0.send(Message::text(text.clone())).await;
        if fits {
            assert_eq!(listener.next_text().await, text);
        } else {
            assert_eq!(socket.closed().await.0, 1009);
        }
    }
}

#[tokio::test]
async fn fragments_are_joined() {
    let house = House::open();
    let mut listener = house.plain().await;
    let mut raw = Raw::open(house.address, "/conn_ws").await;
    // 茶 is cut in its middle; a ping may stand between fragments.
    raw.send(&frame(0x01, b"\xe8\x8c")).await;
    raw.send(&frame(0x89, b"hm")).await;
    raw.send(&frame(0x80, b"\xb6")).await;
    assert_eq!(listener.next_text().await, "茶");
    let over = [frame(0x01, &[b'x'; 40_000]), frame(0x00, &[b'x'; 25_536]), frame(0x80, b"x")].concat();
    raw.send(&over).await;
    assert_eq!(raw.closed().await, 1009);
}

#[tokio::test]
async fn empty_texts_and_binary_pass_in_order_and_are_not_kept() {
    let house = House::open();
    let (mut a, mut b) = (house.plain().await, house.plain().await);
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
    let cookie = house.join("Wei").await;
    let mut member = house.socket(&cookie).await;
    member.command(&crate::house::hello(1)).await;
    let Event::Welcome(welcome) = member.event().await else { panic!() };
    let texts: Vec<_> =
        welcome.room.as_ref().unwrap().messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test]
async fn members_and_passers_by_hear_each_other() {
    let house = House::open();
    let mut plain = house.plain().await;
    let mut member = house.enter("Wei").await;
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
async fn a_message_sent_before_leaving_is_not_lost() {
    let house = House::open();
    let mut listener = house.plain().await;
    for i in 0..20 {
        let mut raw = Raw::open(house.address, "/conn_ws").await;
        raw.send(&[frame(0x81, format!("bye {i}").as_bytes()), frame(0x88, &[3, 232])].concat()).await;
        assert_eq!(listener.next_text().await, format!("bye {i}"));
    }
}

#[tokio::test]
async fn a_store_that_refuses_closes_with_1013() {
    use crate::house::Plan;
    let house = House::of(Plan { store: Box::new(refusing::Store), ..Plan::default() });
    let mut socket = house.plain().await;
    socket.send_text("keep this").await;
    assert_eq!(socket.closed().await.0, 1013);
}

mod refusing {
    use futures_util::future::{BoxFuture, FutureExt, ready};
    use hub::{
        House,
        house::change::{Change, Outcome},
        query::{Query, QueryResult},
    };
    use shared::{Epoch, ErrorCode};

    /// A store whose disk is full.
    pub(crate) struct Store;

    impl backend::store::Store for Store {
        fn epoch(&self) -> Epoch {
            Epoch(1)
        }

        fn house(&self) -> House {
            House::default()
        }

        fn append(&mut self, changes: Vec<Change>, _: u64) -> BoxFuture<'static, Vec<Outcome>> {
            ready(vec![Err(ErrorCode::StoreRefused); changes.len()]).boxed()
        }

        fn read(&mut self, _: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
            ready(Err(ErrorCode::StoreRefused)).boxed()
        }
    }
}
