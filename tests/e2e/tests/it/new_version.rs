//! A new version of the server while the page is open.

use e2e::{
    browser::BrowserOptions,
    fixture::run,
    old_build_proxy::OldBuildProxy,
    page::Page,
    wait::{TIMEOUT, until},
};

#[tokio::test]
async fn an_older_page_offers_the_new_version_and_keeps_the_draft() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let older = fixture.keep(OldBuildProxy::start(server.address()).await);
        let mei =
            Page::join(fixture.browser("older", BrowserOptions::default()).await, &older.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.mark_document().await;
        mei.find("#new_version").await;
        // The older page still works.
        mei.post("still here").await;
        tom.expect_rows(&["still here"]).await;
        mei.expect_rows(&["still here"]).await;
        assert_eq!(tom.count("#new_version").await, 0, "a page of the server's own build shows the notice");

        // Loading the new version keeps the draft.
        mei.write("half a thou").await;
        mei.click("#new_version button").await;
        until(
            "the reload",
            TIMEOUT,
            async || {
                if mei.is_marked().await { Err("the old document") } else { Ok(()) }
            },
        )
        .await;
        mei.expect_connected().await;
        mei.expect_rows(&["still here"]).await;
        mei.expect_draft("half a thou").await;
    })
    .await;
}
