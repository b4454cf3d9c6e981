//! `cargo run -p e2e --bin screenshots -- FOLDER [failures|inspect]` writes screenshots of the real
//! page, with people talking in it, for the README and for review.
//!
//! Each view has one file for each screen, theme and language, such as `lobby-desktop-light-en.png`.
//! The views are the join page, the lobby, a room, the dialogs, a lost connection, refused commands
//! and the inspector. `failures` takes only the views of failures, `inspect` only the inspector.

mod appearance;
mod conversation;
mod failures;
mod inspector;

use appearance::{Appearance, Screen};
use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run_within},
    keyboard::Enter,
    page::Page,
    relay::Relay,
    wait::{TIMEOUT, until},
};
use std::{env, fs, path::PathBuf, process::ExitCode, time::Duration};

/// Deadline for all screenshots.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (folder, selection) = match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(folder), None, _) => (folder, Selection::All),
        (Some(folder), Some(only), None) if only == "failures" => (folder, Selection::Failures),
        (Some(folder), Some(only), None) if only == "inspect" => (folder, Selection::Inspector),
        _ => {
            eprintln!("usage: cargo run -p e2e --bin screenshots -- FOLDER [failures|inspect]");
            return ExitCode::from(2);
        }
    };
    let folder = PathBuf::from(folder);
    if let Err(error) = fs::create_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    run_within(DEADLINE, async |fixture| take_all(fixture, &OutputFolder(folder), selection).await).await;
    ExitCode::SUCCESS
}

/// The screenshots to take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selection {
    All,
    Failures,
    Inspector,
}

/// A view, the button that opens its dialog, and an element of the open dialog.
const DIALOGS: &[(&str, &str, &str)] = &[
    ("new_room", "#new_room_btn", "#room_name_str"),
    ("room_directory", "#directory_btn", "#directory_rooms li"),
    ("lobby_menu", "#room_btn", "#jump_str"),
    ("settings", "#settings_btn", "#rename_str"),
];

/// The folder that receives the screenshots.
struct OutputFolder(PathBuf);

impl OutputFolder {
    /// Saves one screenshot as soon as no finite animation is running.
    async fn save(&self, page: &Page, view: &str, appearance: Appearance) {
        let running = "return document.getAnimations()
            .filter((it) => it.playState === 'running' && it.effect?.getComputedTiming().endTime !== Infinity).length";
        until("the animations to end", TIMEOUT, async || match page.execute::<u32>(running, vec![]).await {
            0 => Ok(()),
            count => Err(count),
        })
        .await;
        let path = self.0.join(format!("{view}-{appearance}.png"));
        let image = page.screenshot_png().await.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::write(&path, image).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}", path.display());
    }
}

async fn take_all(fixture: &Fixture, output: &OutputFolder, selection: Selection) {
    if selection != Selection::Failures {
        inspector::take(fixture, output).await;
    }
    if selection == Selection::Inspector {
        return;
    }
    let only_failures = selection == Selection::Failures;
    let server = fixture.server(&[]).await;
    let relay = fixture.keep(Relay::start(server.address()).await);
    for screen in Screen::ALL.into_iter().filter(|_| !only_failures) {
        let page = Page(open_browser(fixture, screen, &relay.url()).await);
        for appearance in Appearance::all(screen) {
            appearance.apply(&page).await;
            page.find("#name_str").await;
            output.save(&page, "join", appearance).await;
        }
    }
    let people = conversation::post_lobby(fixture, &server.url()).await;
    let desktop = Page(open_browser(fixture, Screen::Desktop, &relay.url()).await);
    desktop.join_as(conversation::VIEWER).await;
    // The phone is a second device of the same member.
    let phone = open_browser(fixture, Screen::Phone, &relay.url()).await;
    let phone = desktop.open_on_second_device(phone, &relay.url()).await;
    for text in conversation::VIEWERS_OWN {
        desktop.post(text).await;
        desktop.expect_row(text, "settled").await;
    }
    conversation::create_rooms(&people, &desktop).await;
    let pages = [(Screen::Desktop, desktop), (Screen::Phone, phone)];
    for (_, page) in &pages {
        page.allow_cut();
    }
    failures::take(fixture, output, (&server, &relay), &pages).await;
    if only_failures {
        return;
    }
    for (screen, page) in &pages {
        for appearance in Appearance::all(*screen) {
            appearance.apply(page).await;
            page.expect_connected().await;
            conversation::post_unread(&people).await;
            if *screen == Screen::Desktop {
                page.find(".room_list .count").await;
            }
            output.save(page, "lobby", appearance).await;
            for (view, button, element) in DIALOGS {
                if *screen == Screen::Phone && *button != "#room_btn" {
                    page.click("#menu_btn").await;
                    if *view == "new_room" {
                        output.save(page, "menu", appearance).await;
                    }
                }
                page.click(button).await;
                page.find(element).await;
                output.save(page, view, appearance).await;
                page.click("dialog .dialog_head button").await;
            }
        }
    }
    for (screen, page) in &pages {
        for appearance in Appearance::all(*screen) {
            appearance.apply(page).await;
            page.expect_connected().await;
            page.open_room(conversation::ROOM).await;
            output.save(page, "room", appearance).await;
            page.click("#room_btn").await;
            page.find("#leave_btn").await;
            output.save(page, "room_menu", appearance).await;
            page.click("dialog .dialog_head button").await;
        }
    }
    let mut texts = conversation::WHILE_CUT.iter();
    for (screen, page) in &pages {
        for (appearance, text) in Appearance::all(*screen).into_iter().zip(texts.by_ref()) {
            appearance.apply(page).await;
            page.expect_connected().await;
            relay.cut().await;
            page.expect_ready_state(3).await;
            page.write(text).await;
            match screen {
                Screen::Desktop => page.enter(Enter::Typed).await,
                Screen::Phone => page.click("#send_btn").await,
            }
            page.expect_row(text, "waiting").await;
            page.find("#reconnect_btn").await;
            output.save(page, "disconnected", appearance).await;
            relay.heal().await;
            page.expect_connected().await;
            page.expect_row(text, "settled").await;
        }
    }
}

async fn open_browser(fixture: &Fixture, screen: Screen, url: &str) -> e2e::browser::Browser {
    let options = BrowserOptions { phone: screen == Screen::Phone, ..BrowserOptions::default() };
    let browser = fixture.browser(&format!("{screen}"), options).await;
    if screen == Screen::Desktop {
        browser.resize(1280, 800).await;
    }
    browser.goto(url).await;
    browser
}
