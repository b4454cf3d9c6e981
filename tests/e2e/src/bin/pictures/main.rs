//! `cargo run -p e2e --bin pictures -- FOLDER`: pictures of the real page, with
//! people talking in it, for the README and for looking at.
//!
//! One for each scene (the door, the lobby, a room, a new one, the house's rooms, what can be done
//! with a room, the settings, a lost connection, what goes wrong), screen, theme and language:
//! `lobby-desktop-light-en.png` and so on. With `trouble` behind the folder only what goes wrong, with `inspect` only
//! the connection inspector.

mod inspect;
mod look;
mod talk;
mod trouble;

use e2e::{
    keyboard::Enter,
    page::Page,
    relay::Relay,
    stage::{Stage, play_for},
    wait::{SOON, until},
    window::Kind,
};
use look::{Look, Screen};
use std::{env, fs, path::PathBuf, process::ExitCode, time::Duration};

/// How long all of it may take.
const ALL: Duration = Duration::from_secs(20 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (folder, only) = match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(folder), None, _) => (folder, Only::All),
        (Some(folder), Some(only), None) if only == "trouble" => (folder, Only::Trouble),
        (Some(folder), Some(only), None) if only == "inspect" => (folder, Only::Inspector),
        _ => {
            eprintln!(
                "Say where the pictures go: cargo run -p e2e --bin pictures -- FOLDER [trouble|inspect]"
            );
            return ExitCode::from(2);
        }
    };
    let folder = PathBuf::from(folder);
    if let Err(error) = fs::create_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    play_for(ALL, async |stage| take_all(stage, &Album(folder), only).await).await;
    ExitCode::SUCCESS
}

/// Which pictures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Trouble,
    Inspector,
}

/// A scene, the button that opens its dialog, and what is there then.
const DIALOGS: &[(&str, &str, &str)] = &[
    ("new_room", "#new_room_btn", "#room_name_str"),
    ("browse", "#browse_btn", "#found_rooms li"),
    ("lobby_menu", "#room_btn", "#jump_str"),
    ("settings", "#settings_btn", "#rename_str"),
];

/// Where the pictures go.
struct Album(PathBuf);

impl Album {
    /// Takes one, once the page has come to rest.
    async fn take(&self, page: &Page, scene: &str, look: Look) {
        let rest = "return document.getAnimations()
            .filter((it) => it.playState === 'running' && it.effect?.getComputedTiming().endTime !== Infinity).length";
        until("the page to come to rest", SOON, async || match page.run::<u32>(rest, vec![]).await {
            0 => Ok(()),
            moving => Err(moving),
        })
        .await;
        let path = self.0.join(format!("{scene}-{look}.png"));
        let picture = page.picture().await.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::write(&path, picture).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}", path.display());
    }
}

async fn take_all(stage: &Stage, album: &Album, only: Only) {
    if only != Only::Trouble {
        inspect::take(stage, album).await;
    }
    if only == Only::Inspector {
        return;
    }
    let only_trouble = only == Only::Trouble;
    let house = stage.house(&[]).await;
    let relay = stage.keep(Relay::before(house.address()).await);
    for screen in Screen::ALL.into_iter().filter(|_| !only_trouble) {
        let door = Page(open(stage, screen, &relay.url()).await);
        for look in Look::all(screen) {
            look.put_on(&door).await;
            door.find("#name_str").await;
            album.take(&door, "join", look).await;
        }
    }
    let people = talk::hold(stage, &house.url()).await;
    let desktop = Page(open(stage, Screen::Desktop, &relay.url()).await);
    desktop.come_in(talk::VIEWER).await;
    // The same member at two devices.
    let phone = open(stage, Screen::Phone, &relay.url()).await;
    let phone = desktop.at_another_device(phone, &relay.url()).await;
    for line in talk::VIEWERS_OWN {
        desktop.say(line).await;
        desktop.shows_row(line, "settled").await;
    }
    talk::hold_in_rooms(&people, &desktop).await;
    let pages = [(Screen::Desktop, desktop), (Screen::Phone, phone)];
    for (_, page) in &pages {
        page.allow_cut();
    }
    trouble::take(stage, album, (&house, &relay), &pages).await;
    if only_trouble {
        return;
    }
    for (screen, page) in &pages {
        for look in Look::all(*screen) {
            look.put_on(page).await;
            page.is_inside().await;
            talk::go_on_elsewhere(&people).await;
            if *screen == Screen::Desktop {
                page.find(".room_list .count").await;
            }
            album.take(page, "lobby", look).await;
            for (scene, button, there) in DIALOGS {
                if *screen == Screen::Phone && *button != "#room_btn" {
                    page.click("#menu_btn").await;
                    if *scene == "new_room" {
                        album.take(page, "menu", look).await;
                    }
                }
                page.click(button).await;
                page.find(there).await;
                album.take(page, scene, look).await;
                page.click("dialog .dialog_head button").await;
            }
        }
    }
    for (screen, page) in &pages {
        for look in Look::all(*screen) {
            look.put_on(page).await;
            page.is_inside().await;
            page.open_room(talk::ROOM).await;
            album.take(page, "room", look).await;
            page.click("#room_btn").await;
            page.find("#leave_btn").await;
            album.take(page, "room_menu", look).await;
            page.click("dialog .dialog_head button").await;
        }
    }
    let mut lines = talk::WHILE_CUT.iter();
    for (screen, page) in &pages {
        for (look, line) in Look::all(*screen).into_iter().zip(lines.by_ref()) {
            look.put_on(page).await;
            page.is_inside().await;
            relay.cut().await;
            page.shows_ready_state(3).await;
            page.write(line).await;
            match screen {
                Screen::Desktop => page.enter(Enter::Typed).await,
                Screen::Phone => page.click("#send_btn").await,
            }
            page.shows_row(line, "waiting").await;
            page.find("#reconnect_btn").await;
            album.take(page, "disconnected", look).await;
            relay.heal().await;
            page.is_inside().await;
            page.shows_row(line, "settled").await;
        }
    }
}

async fn open(stage: &Stage, screen: Screen, url: &str) -> e2e::window::Window {
    let kind = Kind { phone: screen == Screen::Phone, ..Kind::default() };
    let window = stage.window(&format!("{screen}"), kind).await;
    if screen == Screen::Desktop {
        window.resize(1280, 800).await;
    }
    window.goto(url).await;
    window
}
