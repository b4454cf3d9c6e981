//! What goes wrong: addresses that lead nowhere, what was refused, a way out that is shut.

use crate::{
    Album,
    look::{Look, Screen},
    talk,
};
use e2e::{
    house::House,
    keyboard::Enter,
    page::Page,
    relay::Relay,
    stage::Stage,
    wait::{SOON, until},
    window::Kind,
};

/// What comes too late for its room.
const TOO_LATE: [&str; 2] = [
    "周日的橘子我带两箱，谁要帮忙搬一下？ I can bring two crates of oranges on Sunday, if somebody helps me carry them up to \
     the north gate. They are the small sweet ones from my aunt's garden, and there is no end of them this year: take \
     as many as you like, and a bag for your neighbours too.",
    "And one more thing.",
];

/// Takes them all. The pages are the viewer's, behind the wire.
pub(crate) async fn take(
    stage: &Stage,
    album: &Album,
    (house, relay): (&House, &Relay),
    pages: &[(Screen, Page)],
) {
    let other = stage.window("another device", Kind::default()).await;
    let other = pages[0].1.at_another_device(other, &house.url()).await;
    for (screen, page) in pages {
        page.allow_refusal("404");
        for (scene, path) in [("stranger", "/r/5"), ("nowhere", "/r/999")] {
            page.goto(&format!("{}{path}", relay.url())).await;
            for look in Look::all(*screen) {
                look.put_on(page).await;
                page.is_inside().await;
                page.find("#stranger").await;
                // Until it is looked up.
                until("the name of the room", SOON, async || match page.count("#stranger.late").await {
                    0 => Ok(()),
                    late => Err(late),
                })
                .await;
                album.take(page, scene, look).await;
            }
        }
        page.goto(&relay.url()).await;
        page.is_inside().await;
        page.open_room(talk::ROOM).await;
        relay.cut().await;
        page.shows_ready_state(3).await;
        for text in TOO_LATE {
            page.write(text).await;
            match screen {
                Screen::Desktop => page.enter(Enter::Typed).await,
                Screen::Phone => page.click("#send_btn").await,
            }
            page.shows_row(text, "waiting").await;
        }
        other.open_room(talk::ROOM).await;
        other.leave_room().await;
        relay.heal().await;
        page.find("#refused_command").await;
        page.is_inside().await;
        // Loaded again, the page does not know the room's name any more.
        if let Some(worn) = Look::all(*screen).pop() {
            album.take(page, "refused_named", worn).await;
        }
        for look in Look::all(*screen) {
            look.put_on(page).await;
            page.is_inside().await;
            page.find("#refused_command").await;
            album.take(page, "refused", look).await;
            page.click("#discard_btn").await;
            album.take(page, "refused_discard", look).await;
            relay.cut().await;
            page.shows_ready_state(3).await;
            album.take(page, "refused_cut", look).await;
            if *screen == Screen::Phone {
                page.click("#menu_btn").await;
            }
            page.click("#settings_btn").await;
            page.click("#sign_out_btn").await;
            page.click("#sign_out_yes").await;
            page.is_told("#sign_out_error").await;
            album.take(page, "not_out", look).await;
            page.click("dialog .dialog_head button").await;
            relay.heal().await;
            page.is_inside().await;
        }
        page.reload().await;
        for _ in TOO_LATE {
            page.click("#discard_btn").await;
            page.click("#discard_yes").await;
        }
        other.join_room(talk::ROOM).await;
    }
}
