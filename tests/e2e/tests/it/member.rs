//! Names: taken, changed, given back.

use e2e::{
    catalogue::Catalogue,
    page::Page,
    relay::Relay,
    stage::play,
    wait::{SOON, until},
    window::Kind,
};

/// The names of those who are here, as the page lists them.
async fn shows_people(page: &Page, wanted: &[&str]) {
    until(&format!("{wanted:?} to be here in {}", page.name()), SOON, async || {
        let script =
            "return [...document.querySelectorAll('.people_list .name')].map((name) => name.textContent)";
        let mut names: Vec<String> = page.run(script, vec![]).await;
        let mut wanted = wanted.to_vec();
        names.sort();
        wanted.sort_unstable();
        if names == wanted { Ok(()) } else { Err(format!("{names:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_refused_with_one_that_is_free() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "Mei").await;
        let other = Page::visit(stage.window("other", Kind::default()).await, &house.url()).await;
        other.allow(&["/api/join", "409"]);
        // It looks like the taken one, which is as bad as being it.
        other.ask_for("mei").await;
        other.is_told("#name_error").await;
        other.gets_focus("#name_str").await;
        let kept: String = other.run("return document.querySelector('#name_str').value", vec![]).await;
        assert_eq!(kept, "mei");
        other.click(".suggestion").await;
        let suggested: String = other.run("return document.querySelector('#name_str').value", vec![]).await;
        assert_ne!(suggested, "mei");
        other.click("#name_btn").await;
        other.is_inside().await;
        assert_eq!(other.text(".me_name b").await, Some(suggested.clone()));
        shows_people(&mei, &["Mei", &suggested]).await;
        other.say("hello").await;
        mei.shows(&["hello"]).await;
    })
    .await;
}

#[tokio::test]
async fn an_empty_name_is_refused_beside_its_field() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let page = Page::visit(stage.window("window", Kind::default()).await, &house.url()).await;
        assert!(page.has_focus("#name_str").await, "one can type at once");
        page.ask_for("  ").await;
        page.is_told("#name_error").await;
        page.come_in("茶客").await;
        assert_eq!(page.text(".me_name b").await.as_deref(), Some("茶客"));
    })
    .await;
}

#[tokio::test]
async fn another_name_is_seen_by_everyone_and_on_what_was_said() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.say("hello").await;
        tom.shows(&["hello"]).await;
        assert_eq!(tom.text("#char_list .who b").await.as_deref(), Some("梅"));
        mei.click("#settings_btn").await;
        mei.clear("#rename_str").await;
        mei.insert("小梅").await;
        mei.click("#rename_btn").await;
        for page in [&mei, &tom] {
            shows_people(page, &["小梅", "Tom"]).await;
            until("the new name above the message", SOON, async || {
                let name = page.text("#char_list .who b").await;
                if name.as_deref() == Some("小梅") { Ok(()) } else { Err(format!("{name:?}")) }
            })
            .await;
        }
        mei.reload().await;
        mei.is_inside().await;
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("小梅"));
    })
    .await;
}

#[tokio::test]
async fn signing_out_gives_the_name_back() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        let tom = stage.guest(&house.url(), "Tom").await;
        mei.say("good night").await;
        tom.shows(&["good night"]).await;
        mei.click("#settings_btn").await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        mei.find("#name_str").await;
        mei.gets_focus("#name_str").await;
        assert_eq!(mei.count("#char_list").await, 0, "whoever comes next sees nothing of what was");
        shows_people(&tom, &["Tom"]).await;
        mei.reload().await;
        mei.find("#name_str").await;

        let next = stage.guest(&house.url(), "梅").await;
        shows_people(&tom, &["Tom", "梅"]).await;
        next.say("I am another").await;
        tom.shows(&["good night", "I am another"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_signing_out_that_nobody_hears_is_told_and_works_later() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let relay = stage.keep(Relay::before(house.address()).await);
        let mei = stage.guest(&relay.url(), "梅").await;
        mei.allow_cut();
        mei.click("#settings_btn").await;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        let told = mei.is_told("#sign_out_error").await;
        assert_eq!(told, Catalogue::of("en").text("settings.not_out"));
        assert_eq!(mei.text("#rename_error").await.as_deref(), Some(""), "it is not about the name");
        relay.heal().await;
        mei.is_inside().await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        mei.gets_focus("#name_str").await;
        mei.reload().await;
        mei.find("#name_str").await;
    })
    .await;
}
