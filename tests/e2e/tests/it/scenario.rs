//! The scenario suite: one scenario that runs on each transport. It covers joining, messages, rooms,
//! limits, a cut, a slow reader, a reset, history, two tabs, a restart and signing out.

// Renderers can be paused only on Linux.
#[cfg(target_os = "linux")]
mod slow_reader;

use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run},
    page::Page,
    relay::Relay,
    server::Server,
    wait::{TIMEOUT, until},
};
use serde_json::json;
use std::rc::Rc;

/// Limit of a message's text, as in PROTOCOL.md.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// More missed messages than a replay sends.
const MISSED: u32 = 510;

/// The scenario's server and members: 梅 uses the transport behind a relay, Tom a WebSocket.
struct Scenario {
    transport: &'static str,
    server: Rc<Server>,
    relay: Rc<Relay>,
    mei: Page,
    tom: Page,
}

impl Scenario {
    async fn join(fixture: &Fixture, transport: &'static str) -> Scenario {
        let server = fixture.server(&["--limit-posts", "0"]).await;
        let relay = fixture.keep(Relay::start(server.address()).await);
        let browser = fixture.browser("mei", BrowserOptions::default()).await;
        browser.allow_cut();
        // A waiting poll gets 401 after the member has signed out.
        browser.allow_error(&["/api/", "401"]);
        let mei = Page::open_with_transport(browser, &relay.url(), transport).await;
        mei.join_as("梅").await;
        mei.expect_transport(transport).await;
        let tom = fixture.member(&server.url(), "Tom").await;
        tom.allow_cut();
        Scenario { transport, server, relay, mei, tom }
    }

    async fn messages(&self) {
        let Scenario { mei, tom, .. } = self;
        mei.post("你好").await;
        tom.expect_rows(&["你好"]).await;
        tom.post("hello").await;
        mei.expect_rows(&["你好", "hello"]).await;
        mei.expect_same_rows(tom).await;
    }

    async fn rooms(&self) {
        let Scenario { mei, tom, .. } = self;
        mei.create_room("茶道", "水与叶").await;
        mei.post("先烧水").await;
        mei.expect_rows(&["先烧水"]).await;
        tom.join_room("茶道").await;
        tom.expect_rows(&["先烧水"]).await;
        tom.post("八十度").await;
        mei.expect_rows(&["先烧水", "八十度"]).await;
        // Escape marks the room as read, however briefly its messages were in sight.
        let escape = json!({ "type": "rawKeyDown", "key": "Escape", "windowsVirtualKeyCode": 27 });
        mei.devtools("Input.dispatchKeyEvent", escape).await;
        mei.open_room("Lobby").await;
        mei.expect_rows(&["你好", "hello"]).await;
        tom.post("好").await;
        mei.expect_unread("茶道", Some(1)).await;
        // A refusal appears at its field.
        mei.allow_refusal("409");
        mei.allow_refusal("422");
        mei.click("#new_room_btn").await;
        mei.clear("#room_name_str").await;
        mei.insert("茶道").await;
        mei.click("#room_form_btn").await;
        mei.expect_error("#room_name_error").await;
        mei.clear("#room_name_str").await;
        mei.insert("green tea").await;
        mei.click("#room_form_btn").await;
        mei.expect_room("green tea").await;
        mei.leave_room().await;
        mei.expect_room("Lobby").await;
        tom.open_room("Lobby").await;
    }

    async fn limits(&self) {
        let Scenario { mei, tom, .. } = self;
        let fits = format!("茶{}", "a".repeat(TEXT_BYTES_MAX - 3));
        mei.write(&format!("{fits}b")).await;
        let error = mei.expect_error("#send_error").await;
        assert!(error.contains(&TEXT_BYTES_MAX.to_string()), "{error}");
        mei.clear("#send_str").await;
        mei.post(&fits).await;
        for page in [mei, tom] {
            page.expect_rows(&["你好", "hello", &fits]).await;
        }
    }

    async fn cut(&self) {
        let Scenario { mei, tom, relay, .. } = self;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        mei.post("from the dark").await;
        mei.expect_row("from the dark", "waiting").await;
        tom.post("meanwhile").await;
        tom.expect_row("meanwhile", "settled").await;
        relay.heal().await;
        tom.expect_row("from the dark", "settled").await;
        mei.expect_row("from the dark", "settled").await;
        self.expect_reconnected().await;
        mei.expect_same_rows(tom).await;
        assert_eq!(mei.count("#new_epoch").await, 0, "the page shows the notice of a new log");
    }

    /// Misses more messages than a replay sends. The room is reset to its newest messages, and older ones
    /// can be paged in.
    async fn reset_and_history(&self) {
        let Scenario { mei, tom, relay, .. } = self;
        relay.cut().await;
        mei.expect_ready_state(3).await;
        tom.post_lines(MISSED).await;
        relay.heal().await;
        self.expect_reconnected().await;
        let last = format!("line {MISSED}");
        until("the newest message", TIMEOUT, async || {
            let rows = mei.rows().await;
            let newest = rows.last().and_then(|row| row.text.lines().next()).unwrap_or_default();
            if newest == last { Ok(()) } else { Err(format!("{newest:?} of {}", rows.len())) }
        })
        .await;
        let step = mei.scroll_up(0).await;
        assert!(step.changed, "{step:?}");
        // No line is missing between the oldest and the newest row.
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
        let Scenario { mei, tom, relay, transport, .. } = self;
        let first = mei.current_tab().await;
        mei.open_tab().await;
        mei.goto(&relay.url()).await;
        mei.expect_connected().await;
        mei.expect_transport(transport).await;
        mei.post("from the second tab").await;
        mei.expect_row("from the second tab", "settled").await;
        tom.expect_row("from the second tab", "settled").await;
        tom.post("to both tabs").await;
        mei.expect_row("to both tabs", "settled").await;
        assert_eq!(mei.errors().await, Vec::<String>::new());
        mei.close_tab().await;
        mei.switch_to(&first).await;
        mei.click("#new_messages, #latest_btn").await;
        mei.expect_row("to both tabs", "settled").await;
        mei.expect_row("from the second tab", "settled").await;
    }

    async fn restart(&self) {
        let Scenario { mei, tom, server, .. } = self;
        server.stop().await;
        for page in [mei, tom] {
            page.expect_ready_state(3).await;
        }
        mei.post("while it was closed").await;
        mei.expect_row("while it was closed", "waiting").await;
        server.start_again().await;
        self.expect_reconnected().await;
        tom.expect_connected().await;
        for page in [mei, tom] {
            page.expect_row("while it was closed", "settled").await;
            assert_eq!(page.count("#new_epoch").await, 0, "the page shows the notice of a new log");
        }
    }

    async fn sign_out(&self) {
        let Scenario { mei, tom, .. } = self;
        mei.click("#settings_btn").await;
        mei.click("#sign_out_btn").await;
        mei.click("#sign_out_yes").await;
        mei.find("#name_str").await;
        assert_eq!(mei.count("#char_list").await, 0, "the next visitor sees none of the messages");
        tom.expect_people_count(1).await;
    }

    async fn expect_reconnected(&self) {
        self.mei.expect_connected().await;
        self.mei.expect_transport(self.transport).await;
    }
}

async fn run_scenario(transport: &'static str) {
    run(async |fixture| {
        let scenario = Scenario::join(fixture, transport).await;
        scenario.messages().await;
        scenario.rooms().await;
        scenario.limits().await;
        scenario.cut().await;
        #[cfg(target_os = "linux")]
        scenario.slow_reader().await;
        scenario.reset_and_history().await;
        scenario.two_tabs().await;
        scenario.restart().await;
        scenario.sign_out().await;
    })
    .await;
}

#[tokio::test]
async fn the_scenario_passes_over_websocket() {
    run_scenario("websocket").await;
}

#[tokio::test]
async fn the_scenario_passes_over_an_event_stream() {
    run_scenario("event-stream").await;
}

#[tokio::test]
async fn the_scenario_passes_over_long_polls() {
    run_scenario("long-poll").await;
}

#[tokio::test]
async fn the_scenario_passes_over_polls() {
    run_scenario("poll").await;
}
