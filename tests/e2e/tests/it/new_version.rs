//! A new version of the server while the page is open, an old copy of the page, and a page that broke.

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
        mei.expect_reloaded().await;
        mei.expect_rows(&["still here"]).await;
        mei.expect_draft("half a thou").await;
    })
    .await;
}

#[tokio::test]
async fn an_old_copy_of_the_page_is_loaded_again_once_when_its_files_are_gone() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        for (loads, works) in [(1, true), (2, false)] {
            let proxy = fixture.keep(OldBuildProxy::start_without_files(server.address(), loads).await);
            let browser = fixture.browser(&format!("old {loads}"), BrowserOptions::default()).await;
            browser.allow_error(&["404"]);
            browser.allow_error(&["frontend-"]);
            browser.goto(&proxy.url()).await;
            until("the page or the alarm", TIMEOUT, async || {
                let shown =
                    browser.execute("return document.getElementById('old')?.offsetHeight > 0", vec![]).await;
                let is_there = browser.count("#name_str").await > 0;
                if (is_there, shown) == (works, !works) { Ok(()) } else { Err(format!("{is_there} {shown}")) }
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_broke_says_so_and_keeps_the_text() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        // The recorder's entry of the trap, whose message is empty.
        mei.allow_error(&["error:"]);
        mei.write("half a thou").await;
        let trap =
            "dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }))";
        let _: bool = mei.execute(&format!("return {trap}"), vec![]).await;
        mei.mark_document().await;
        mei.click("#broken a").await;
        mei.expect_reloaded().await;
        mei.expect_draft("half a thou").await;
    })
    .await;
}
