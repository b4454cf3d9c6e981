//! The server at a LAN address: no secure context, another `Host` and another `Origin`.

use e2e::{browser::BrowserOptions, fixture::run, page::Page};

#[tokio::test]
async fn members_exchange_messages_at_the_lan_address() {
    run(async |fixture| {
        let server = fixture.server(&["--lan"]).await;
        let url = server.lan_url();
        let mei = fixture.member(&url, "梅").await;
        let tom = fixture.member(&url, "Tom").await;
        for page in [&mei, &tom] {
            assert!(!page.execute::<bool>("return window.isSecureContext", Vec::new()).await);
            let origin: String = page.execute("return location.origin", Vec::new()).await;
            assert_eq!(origin, url);
            let socket: String = page.execute("return window.e2eSocket.url", Vec::new()).await;
            assert_eq!(socket, format!("{}/conn_ws?v=1", url.replace("http://", "ws://")));
        }
        mei.post("听得到吗？").await;
        tom.expect_rows(&["听得到吗？"]).await;
        tom.post("Loud and clear").await;
        mei.expect_rows(&["听得到吗？", "Loud and clear"]).await;

        // The loopback address leads to the same server.
        let zoe =
            Page::join(fixture.browser("Zoe", BrowserOptions::default()).await, &server.url(), "Zoe").await;
        zoe.expect_rows(&["听得到吗？", "Loud and clear"]).await;
        zoe.post("me too").await;
        mei.expect_rows(&["听得到吗？", "Loud and clear", "me too"]).await;
    })
    .await;
}
