//! One scenario for all transports: joining, talk, rooms, a cut, a page that does not read, a reset,
//! history, limits, two tabs, a restart, leaving. Nothing may work by one and not by another.

// Pages are stopped there only.
#[cfg(target_os = "linux")]
mod slow;

use e2e::{
    house::House,
    page::Page,
    relay::Relay,
    stage::{Stage, play},
    wait::{SOON, until},
    window::Kind,
};
use std::rc::Rc;

/// As PROTOCOL has it.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// More than are replayed.
const MISSED: u32 = 510;

/// Who plays it: 梅 by the transport, behind a wire that can be cut; Tom by a WebSocket.
struct Cast {
    transport: &'static str,
    house: Rc<House>,
    relay: Rc<Relay>,
    mei: Page,
    tom: Page,
}

impl Cast {
    async fn join(stage: &Stage, transport: &'static str) -> Cast {
        let house = stage.house(&["--limit-posts", "0"]).await;
        let relay = stage.keep(Relay::before(house.address()).await);
        let window = stage.window("mei", Kind::default()).await;
        window.allow_cut();
        // So a house that was left answers who waits.
        window.allow(&["/api/", "401"]);
        let mei = Page::visit_by(window, &relay.url(), transport).await;
        mei.come_in("梅").await;
        mei.speaks_by(transport).await;
        let tom = stage.guest(&house.url(), "Tom").await;
        tom.allow_cut();
        Cast { transport, house, relay, mei, tom }
    }

    async fn talk(&self) {
        let Cast { mei, tom, .. } = self;
        mei.say("你好").await;
        tom.shows(&["你好"]).await;
        tom.say("hello").await;
        mei.shows(&["你好", "hello"]).await;
        assert_eq!(mei.rows().await, tom.rows().await);
    }

    async fn rooms(&self) {
        let Cast { mei, tom, .. } = self;
        mei.make_room("茶道", "水与叶").await;
        mei.say("先烧水").await;
        mei.shows(&["先烧水"]).await;
        tom.join_room("茶道").await;
        tom.shows(&["先烧水"]).await;
        tom.say("八十度").await;
        mei.shows(&["先烧水", "八十度"]).await;
        mei.open_room("Lobby").await;
        mei.shows(&["你好", "hello"]).await;
        tom.say("好").await;
        mei.shows_unseen("茶道", Some(1)).await;
        // A refusal reaches the field that it is about.
        mei.allow_refusal("409");
        mei.allow_refusal("422");
        mei.click("#new_room_btn").await;
        mei.clear("#room_name_str").await;
        mei.insert("茶道").await;
        mei.click("#room_form_btn").await;
        mei.is_told("#room_name_error").await;
        mei.clear("#room_name_str").await;
        mei.insert("green tea").await;
        mei.click("#room_form_btn").await;
        mei.is_in("green tea").await;
        mei.leave_room().await;
        mei.is_in("Lobby").await;
        tom.open_room("Lobby").await;
    }

    async fn limits(&self) {
        let Cast { mei, tom, .. } = self;
        let fits = format!("茶{}", "a".repeat(TEXT_BYTES_MAX - 3));
        mei.write(&format!("{fits}b")).await;
        let told = mei.is_told("#send_error").await;
        assert!(told.contains(&TEXT_BYTES_MAX.to_string()), "{told}");
        mei.clear("#send_str").await;
        mei.say(&fits).await;
        for page in [mei, tom] {
            page.shows(&["你好", "hello", &fits]).await;
        }
    }

    async fn a_cut(&self) {
        let Cast { mei, tom, relay, .. } = self;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        mei.say("from the dark").await;
        mei.shows_row("from the dark", "waiting").await;
        tom.say("meanwhile").await;
        tom.shows_row("meanwhile", "settled").await;
        relay.heal().await;
        tom.shows_row("from the dark", "settled").await;
        mei.shows_row("from the dark", "settled").await;
        self.is_back().await;
        assert_eq!(mei.rows().await, tom.rows().await);
        assert_eq!(mei.count("#new_epoch").await, 0, "the same log goes on");
    }

    /// More is missed than is replayed: the page begins anew at the end, and can read back.
    async fn a_reset_and_history(&self) {
        let Cast { mei, tom, relay, .. } = self;
        relay.cut().await;
        mei.shows_ready_state(3).await;
        tom.say_lines(MISSED).await;
        relay.heal().await;
        self.is_back().await;
        let last = format!("line {MISSED}");
        until("the newest to be there", SOON, async || {
            let rows = mei.rows().await;
            let newest = rows.last().and_then(|row| row.text.lines().next()).unwrap_or_default();
            if newest == last { Ok(()) } else { Err(format!("{newest:?} of {}", rows.len())) }
        })
        .await;
        let step = mei.read_up(0).await;
        assert!(step.changed, "{step:?}");
        // No line is missing between the oldest that is shown and the newest.
        let numbers: Vec<u32> = mei
            .rows()
            .await
            .iter()
            .filter_map(|row| row.text.lines().next()?.strip_prefix("line ")?.parse().ok())
            .collect();
        assert!(numbers.len() > 100, "{numbers:?}");
        assert!(numbers.is_sorted_by(|one, next| one + 1 == *next), "{numbers:?}");
    }

    async fn two_tabs(&self) {
        let Cast { mei, tom, relay, transport, .. } = self;
        let first = mei.tab().await;
        mei.open_tab().await;
        mei.goto(&relay.url()).await;
        mei.is_inside().await;
        mei.speaks_by(transport).await;
        mei.say("from the second tab").await;
        mei.shows_row("from the second tab", "settled").await;
        tom.shows_row("from the second tab", "settled").await;
        tom.say("to both tabs").await;
        mei.shows_row("to both tabs", "settled").await;
        assert_eq!(mei.faults().await, Vec::<String>::new());
        mei.close_tab().await;
        mei.go_to(&first).await;
        mei.click("#new_messages").await;
        mei.shows_row("to both tabs", "settled").await;
        mei.shows_row("from the second tab", "settled").await;
    }

    async fn a_restart(&self) {
        let Cast { mei, tom, house, .. } = self;
        house.close().await;
        for page in [mei, tom] {
            page.shows_ready_state(3).await;
        }
        mei.say("while it was closed").await;
        mei.shows_row("while it was closed", "waiting").await;
        house.open_again().await;
        self.is_back().await;
        tom.is_inside().await;
        for page in [mei, tom] {
            page.shows_row("while it was closed", "settled").await;
            assert_eq!(page.count("#new_epoch").await, 0, "the same log goes on");
        }
    }

    async fn leaving(&self) {
        let Cast { mei, tom, .. } = self;
        mei.click("#settings_btn").await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        mei.find("#name_str").await;
        assert_eq!(mei.count("#char_list").await, 0, "whoever comes next sees nothing of what was");
        tom.shows_people(1).await;
    }

    async fn is_back(&self) {
        self.mei.is_inside().await;
        self.mei.speaks_by(self.transport).await;
    }
}

async fn played_by(transport: &'static str) {
    play(async |stage| {
        let cast = Cast::join(stage, transport).await;
        cast.talk().await;
        cast.rooms().await;
        cast.limits().await;
        cast.a_cut().await;
        #[cfg(target_os = "linux")]
        cast.slow().await;
        cast.a_reset_and_history().await;
        cast.two_tabs().await;
        cast.a_restart().await;
        cast.leaving().await;
    })
    .await;
}

#[tokio::test]
async fn by_a_websocket() {
    played_by("websocket").await;
}

#[tokio::test]
async fn by_an_event_stream() {
    played_by("event-stream").await;
}

#[tokio::test]
async fn by_long_polls() {
    played_by("long-poll").await;
}

#[tokio::test]
async fn by_polls() {
    played_by("poll").await;
}
