//! Bare pages, without a name and without a protocol, talk with those of the house.

use e2e::{
    plain::{PlainPage, shelf, url},
    port,
    recorder::{Note, SocketEvent},
    stage::{Stage, play},
    wait::{SOON, until},
    window::Kind,
};

async fn open(stage: &Stage, name: &str, url: &str) -> PlainPage {
    PlainPage::open(stage.window(name, Kind::default()).await, url).await
}

#[tokio::test]
async fn two_plain_pages_and_one_of_the_house_talk() {
    play(async |stage| {
        let (shelf, port) = (shelf(stage).await, port::free());
        let house = stage.house_at(port, &["--allow-origin", &shelf.origin()]).await;
        let url = url(&shelf, port);
        let (one, two) = (open(stage, "one", &url).await, open(stage, "two", &url).await);
        let mei = stage.guest(&house.url(), "梅").await;
        let said = ["hello?", "请进，喝茶", "谢谢 <b>"];
        one.say(said[0]).await;
        for page in [&one, &two] {
            page.shows(&said[..1]).await;
        }
        mei.shows(&said[..1]).await;
        mei.say(said[1]).await;
        one.shows(&said[..2]).await;
        two.shows(&said[..2]).await;
        two.say(said[2]).await;
        for page in [&one, &two] {
            page.shows(&said).await;
        }
        mei.shows(&said).await;
        let script = "return [...document.querySelectorAll('#char_list .who b')].map((b) => b.textContent)";
        let authors: Vec<String> = mei.run(script, vec![]).await;
        assert_eq!(authors.len(), 3, "{authors:?}");
        assert_ne!(authors[0], authors[2], "two passers-by are told apart");
    })
    .await;
}

#[tokio::test]
async fn a_page_from_elsewhere_is_refused_unless_it_is_allowed() {
    play(async |stage| {
        let (shelf, port) = (shelf(stage).await, port::free());
        stage.house_at(port, &[]).await;
        let window = stage.window("stranger", Kind::default()).await;
        window.allow(&["/conn_ws", "403"]);
        window.goto(&url(&shelf, port)).await;
        let events = until("the socket to close", SOON, async || {
            let notes = window.notes().await;
            let events: Vec<_> = notes
                .into_iter()
                .filter_map(|note| if let Note::Socket { event, .. } = note { Some(event) } else { None })
                .collect();
            if events.iter().any(|event| matches!(event, SocketEvent::Close { .. })) {
                Ok(events)
            } else {
                Err("open")
            }
        })
        .await;
        assert!(!events.contains(&SocketEvent::Open), "it was open: {events:?}");
    })
    .await;
}
