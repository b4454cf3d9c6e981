//! At this machine's own address in the network: no secure context, another
//! Host and another Origin.

use e2e::{page::Page, stage::play, window::Kind};

#[tokio::test]
async fn people_talk_at_the_lan_address() {
    play(async |stage| {
        let house = stage.house(&["--lan"]).await;
        let url = house.lan_url();
        let mei = stage.guest(&url, "梅").await;
        let tom = stage.guest(&url, "Tom").await;
        for page in [&mei, &tom] {
            assert!(!page.run::<bool>("return window.isSecureContext", Vec::new()).await);
            let origin: String = page.run("return location.origin", Vec::new()).await;
            assert_eq!(origin, url);
            let socket: String = page.run("return window.e2eSocket.url", Vec::new()).await;
            assert_eq!(socket, format!("{}/conn_ws?v=1", url.replace("http://", "ws://")));
        }
        mei.say("听得到吗？").await;
        tom.shows(&["听得到吗？"]).await;
        tom.say("Loud and clear").await;
        mei.shows(&["听得到吗？", "Loud and clear"]).await;

        // One at this machine itself is in the same house.
        let zoe = Page::join(stage.window("Zoe", Kind::default()).await, &house.url(), "Zoe").await;
        zoe.shows(&["听得到吗？", "Loud and clear"]).await;
        zoe.say("me too").await;
        mei.shows(&["听得到吗？", "Loud and clear", "me too"]).await;
    })
    .await;
}
