//! Names of members: taken, changed, and released.

use e2e::{
    browser::BrowserOptions,
    catalogue::Catalogue,
    fixture::run,
    page::Page,
    relay::Relay,
    wait::{TIMEOUT, until},
};

/// Waits until the page lists exactly these people.
async fn expect_people(page: &Page, expected: &[&str]) {
    until(&format!("{expected:?} to be here in {}", page.name()), TIMEOUT, async || {
        let script =
            "return [...document.querySelectorAll('.people_list .name')].map((name) => name.textContent)";
        let mut names: Vec<String> = page.execute(script, vec![]).await;
        let mut expected = expected.to_vec();
        names.sort();
        expected.sort_unstable();
        if names == expected { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_refused_with_a_free_suggestion() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "Mei").await;
        let other =
            Page::open(fixture.browser("other", BrowserOptions::default()).await, &server.url()).await;
        other.allow_error(&["/api/join", "409"]);
        // The name differs from the taken one only in case, so it is taken too.
        other.submit_name("mei").await;
        other.expect_error("#name_error").await;
        other.expect_focus("#name_str").await;
        let value: String = other.execute("return document.querySelector('#name_str').value", vec![]).await;
        assert_eq!(value, "mei");
        other.click(".suggestion").await;
        let suggested: String =
            other.execute("return document.querySelector('#name_str').value", vec![]).await;
        assert_ne!(suggested, "mei");
        other.click("#name_btn").await;
        other.expect_connected().await;
        assert_eq!(other.text(".me_name b").await, Some(suggested.clone()));
        expect_people(&mei, &["Mei", &suggested]).await;
        other.post("hello").await;
        mei.expect_rows(&["hello"]).await;
    })
    .await;
}

#[tokio::test]
async fn an_empty_name_is_refused_at_its_field() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let page =
            Page::open(fixture.browser("browser", BrowserOptions::default()).await, &server.url()).await;
        assert!(page.has_focus("#name_str").await, "the field has the focus from the start");
        page.submit_name("  ").await;
        page.expect_error("#name_error").await;
        page.join_as("茶客").await;
        assert_eq!(page.text(".me_name b").await.as_deref(), Some("茶客"));
    })
    .await;
}

#[tokio::test]
async fn a_new_name_appears_for_everyone_and_on_older_messages() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.post("hello").await;
        tom.expect_rows(&["hello"]).await;
        assert_eq!(tom.text("#char_list .byline b").await.as_deref(), Some("梅"));
        mei.click("#settings_btn").await;
        mei.clear("#rename_str").await;
        mei.insert("小梅").await;
        mei.click("#rename_btn").await;
        for page in [&mei, &tom] {
            expect_people(page, &["小梅", "Tom"]).await;
            until("the new name above the message", TIMEOUT, async || {
                let name = page.text("#char_list .byline b").await;
                if name.as_deref() == Some("小梅") { Ok(()) } else { Err(format!("{name:?}")) }
            })
            .await;
        }
        mei.reload().await;
        mei.expect_connected().await;
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("小梅"));
    })
    .await;
}

#[tokio::test]
async fn a_browser_joins_as_another_member_after_signing_out() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let mei = fixture.member(&server.url(), "梅").await;
        let tom = fixture.member(&server.url(), "Tom").await;
        mei.post("good night").await;
        tom.expect_rows(&["good night"]).await;
        mei.click("#settings_btn").await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        mei.find("#name_str").await;
        mei.expect_focus("#name_str").await;
        assert_eq!(mei.count("#char_list").await, 0, "the next visitor sees none of the messages");
        expect_people(&tom, &["Tom"]).await;
        mei.reload().await;
        mei.find("#name_str").await;

        let next = fixture.member(&server.url(), "小梅").await;
        expect_people(&tom, &["Tom", "小梅"]).await;
        next.post("I am another").await;
        tom.expect_rows(&["good night", "I am another"]).await;
    })
    .await;
}

#[tokio::test]
async fn signing_out_reports_an_error_when_the_server_is_unreachable() {
    run(async |fixture| {
        let server = fixture.server(&[]).await;
        let relay = fixture.keep(Relay::start(server.address()).await);
        let mei = fixture.member(&relay.url(), "梅").await;
        mei.allow_cut();
        mei.click("#settings_btn").await;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        let error = mei.expect_error("#sign_out_error").await;
        assert_eq!(error, Catalogue::of("en").text("settings.sign_out_failed"));
        assert_eq!(
            mei.text("#rename_error").await.as_deref(),
            Some(""),
            "the error belongs to another field"
        );
        relay.heal().await;
        mei.expect_connected().await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        mei.expect_focus("#name_str").await;
        mei.reload().await;
        mei.find("#name_str").await;
    })
    .await;
}
