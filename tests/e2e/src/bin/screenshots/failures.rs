//! Screenshots of failures: addresses of foreign or missing rooms, refused messages, and a sign-out
//! that fails.

use crate::{
    OutputFolder,
    appearance::{Appearance, Screen},
    conversation,
};
use e2e::{
    browser::BrowserOptions,
    fixture::Fixture,
    keyboard::Enter,
    page::Page,
    relay::Relay,
    server::Server,
    wait::{TIMEOUT, until},
};

/// Messages that the server refuses, because their author has left the room meanwhile.
const REFUSED: [&str; 2] = [
    "周日的橘子我带两箱，谁要帮忙搬一下？ I can bring two crates of oranges on Sunday, if somebody helps me carry them up to \
     the north gate. They are the small sweet ones from my aunt's garden, and there is no end of them this year: take \
     as many as you like, and a bag for your neighbours too.",
    "And one more thing.",
];

/// Takes all of them. The pages are the viewer's and reach the server through the relay.
pub(crate) async fn take(
    fixture: &Fixture,
    output: &OutputFolder,
    (server, relay): (&Server, &Relay),
    pages: &[(Screen, Page)],
) {
    let other = fixture.browser("another device", BrowserOptions::default()).await;
    let other = pages[0].1.open_on_second_device(other, &server.url()).await;
    for (screen, page) in pages {
        page.allow_refusal("404");
        for (view, path) in [("join_prompt", "/r/5"), ("no_room", "/r/999")] {
            page.goto(&format!("{}{path}", relay.url())).await;
            for appearance in Appearance::all(*screen) {
                appearance.apply(page).await;
                page.expect_connected().await;
                page.find("#join_prompt").await;
                // The prompt is `late` until the server has answered the question for the room.
                until("the name of the room", TIMEOUT, async || {
                    match page.count("#join_prompt.delayed").await {
                        0 => Ok(()),
                        late => Err(late),
                    }
                })
                .await;
                output.save(page, view, appearance).await;
            }
        }
        page.goto(&relay.url()).await;
        page.expect_connected().await;
        page.open_room(conversation::ROOM).await;
        relay.cut().await;
        page.expect_ready_state(3).await;
        for text in REFUSED {
            page.write(text).await;
            match screen {
                Screen::Desktop => page.enter(Enter::Typed).await,
                Screen::Phone => page.click("#send_btn").await,
            }
            page.expect_row(text, "waiting").await;
        }
        other.open_room(conversation::ROOM).await;
        other.leave_room().await;
        relay.heal().await;
        page.find("#refused_command").await;
        page.expect_connected().await;
        // After a reload the page no longer knows the room's name.
        if let Some(current) = Appearance::all(*screen).pop() {
            output.save(page, "refused_named", current).await;
        }
        for appearance in Appearance::all(*screen) {
            appearance.apply(page).await;
            page.expect_connected().await;
            page.find("#refused_command").await;
            output.save(page, "refused", appearance).await;
            page.click("#discard_btn").await;
            output.save(page, "refused_discard", appearance).await;
            relay.cut().await;
            page.expect_ready_state(3).await;
            output.save(page, "refused_cut", appearance).await;
            if *screen == Screen::Phone {
                page.click("#menu_btn").await;
            }
            page.click("#settings_btn").await;
            page.click("#sign_out_btn").await;
            page.click("#sign_out_yes").await;
            page.expect_error("#sign_out_error").await;
            output.save(page, "sign_out_failed", appearance).await;
            page.click("dialog .dialog_head button").await;
            relay.heal().await;
            page.expect_connected().await;
        }
        page.reload().await;
        for _ in REFUSED {
            page.click("#discard_btn").await;
            page.click("#discard_yes").await;
        }
        other.join_room(conversation::ROOM).await;
    }
}
