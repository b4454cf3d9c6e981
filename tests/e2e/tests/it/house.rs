//! The house closes for a moment and opens again.

use e2e::{
    house::House,
    page::Page,
    stage::{Stage, play},
    wait::{SOON, until},
    window::Kind,
};

/// Only this way: another has no socket to look at.
async fn by_a_socket(stage: &Stage, house: &House, name: &str) -> Page {
    let window = stage.window(name, Kind::default()).await;
    let page = Page::visit_by(window, &house.url(), "websocket").await;
    page.come_in(name).await;
    page
}

/// Whether `wanted` is in `seen`, in this order, with others in between.
fn has_in_order(seen: &[u16], wanted: &[u16]) -> bool {
    let mut rest = seen.iter();
    wanted.iter().all(|state| rest.any(|seen| seen == state))
}

#[tokio::test]
async fn a_restart_is_survived_by_all() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = by_a_socket(stage, &house, "梅").await;
        let tom = by_a_socket(stage, &house, "Tom").await;
        for page in [&mei, &tom] {
            page.allow_cut();
            page.mark().await;
        }
        mei.say("before").await;
        tom.shows(&["before"]).await;

        house.close().await;
        for page in [&mei, &tom] {
            page.shows_ready_state(3).await;
        }
        mei.say("while it was closed").await;
        mei.shows_row("while it was closed", "waiting").await;
        house.open_again().await;

        for page in [&mei, &tom] {
            page.is_inside().await;
            page.shows(&["before", "while it was closed"]).await;
            assert_eq!(page.count("#new_epoch").await, 0, "the same log goes on");
            assert!(page.is_marked().await, "it came back by itself, without a reload");
            assert_eq!(page.count("#name_str").await, 0);
            let shown = page.shown_ready_states().await;
            assert!(has_in_order(&shown, &[1, 3, 0, 1]), "{shown:?}");
            let codes = page.close_codes().await;
            assert_eq!(codes.first(), Some(&1012), "{codes:?}");
        }
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        assert_eq!(tom.text(".me_name b").await.as_deref(), Some("Tom"));

        tom.say("after").await;
        for page in [&mei, &tom] {
            page.shows(&["before", "while it was closed", "after"]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_house_that_begins_anew_says_so() {
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = stage.guest(&house.url(), "梅").await;
        mei.allow_cut();
        // It may come back while the page tries a way on which that has a status.
        mei.allow(&["/api/", "401"]);
        mei.say("before").await;
        mei.shows(&["before"]).await;
        house.close().await;
        mei.shows_ready_state(3).await;
        mei.say("while it was closed").await;
        mei.shows_row("while it was closed", "waiting").await;
        house.forget_log();
        house.open_again().await;
        mei.is_inside().await;
        mei.find("#new_epoch").await;
        mei.shows(&["while it was closed"]).await;
        assert_eq!(mei.text(".me_name b").await.as_deref(), Some("梅"));
        mei.click("#new_epoch button").await;
        until("the notice to go", SOON, async || match mei.count("#new_epoch").await {
            0 => Ok(()),
            count => Err(count),
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_ready_state_that_is_shown_is_the_sockets_own() {
    use e2e::recorder::Note;
    play(async |stage| {
        let house = stage.house(&[]).await;
        let mei = by_a_socket(stage, &house, "梅").await;
        mei.allow_cut();
        house.close().await;
        mei.shows_ready_state(3).await;
        house.open_again().await;
        mei.is_inside().await;
        for note in mei.notes().await {
            if let Note::Shown { state, real } = note {
                assert_eq!(state, real);
            }
        }
    })
    .await;
}
