//! A slow reader: the renderers of its browser are paused, so that the page reads nothing for a while.
//!
//! The kernel may buffer tens of megabytes for the browser. The relay holds the bytes from the server
//! too, so that far fewer messages block the server's writes.

use super::Scenario;
use e2e::{renderer::PausedRenderers, text_client::TextClient};
use std::{collections::BTreeSet, ops::RangeInclusive};

/// Number of messages while the page is paused: about 12 MB in frames. The server's kernel buffers
/// (4 MiB), the relay and the server's queue (1 MiB) hold less together.
const CUPS: u32 = 500;

/// Messages posted at once: a fifth of the server's queue for one connection. The kernel's buffers are
/// then full before that queue is.
const CUPS_AT_ONCE: usize = 8;

/// Control characters in each message. JSON escapes each as six bytes.
const CUP_CHARS: usize = 4 * 1024;

/// Close code of a slow connection.
const SLOW: u16 = 4008;

impl Scenario {
    /// Pauses the page while others post, and checks that it misses nothing after it resumes.
    pub(super) async fn slow_reader(&self) {
        let Scenario { transport, server, mei, tom, .. } = self;
        let mut text_client = TextClient::connect(server.address()).await;
        // Tom opens another room: he needs the list of people, not the messages.
        tom.open_room("茶道").await;
        let is_push = matches!(*transport, "websocket" | "event-stream");

        // The page resumes while the server still holds its connection.
        let paused = self.pause().await;
        post_cups(&mut text_client, 1..=CUPS).await;
        self.resume(paused);
        mei.expect_newest(&format!("cup {CUPS}")).await;
        self.expect_reconnected().await;
        if *transport == "websocket" {
            assert_eq!(mei.close_codes().await.last(), Some(&SLOW));
        }

        // The page resumes only after the server has closed its connection. A paused poller has no
        // connection to close. Tom reloads first, so that no older presence event is still on its way.
        tom.reload().await;
        tom.expect_connected().await;
        tom.expect_people_count(2).await;
        let paused = self.pause().await;
        post_cups(&mut text_client, CUPS + 1..=2 * CUPS).await;
        if is_push {
            // The queue or the kernel has closed the connection. Its silence would close it only after a
            // minute, which is later than this expectation waits.
            tom.expect_people_count(1).await;
        }
        self.resume(paused);
        mei.expect_newest(&format!("cup {}", 2 * CUPS)).await;
        self.expect_reconnected().await;
        tom.expect_people_count(2).await;

        // No message is missing, doubled or out of order, back to the ones read before the pause.
        let mut read: BTreeSet<u32> = BTreeSet::new();
        while !read.contains(&CUPS) {
            if !read.is_empty() {
                let step = mei.scroll_up(0).await;
                assert!(step.changed, "{step:?}");
            }
            let lines = mei.first_lines().await;
            let cups: Vec<u32> =
                lines.iter().filter_map(|line| line.strip_prefix("cup ")?.parse().ok()).collect();
            assert!(cups.is_sorted_by(|one, next| one + 1 == *next), "{lines:?}");
            read.extend(cups);
        }
        let first = read.first().copied().unwrap_or_default();
        assert!(read.into_iter().eq(first..=2 * CUPS), "from {first} on");
        // The lobby opens at the first message that Tom has not read.
        tom.open_room("Lobby").await;
        tom.click("#new_messages, #latest_btn").await;
        mei.post("warm again").await;
        tom.expect_row("warm again", "settled").await;
        mei.expect_row("warm again", "settled").await;
    }

    async fn pause(&self) -> PausedRenderers {
        let paused = self.mei.pause_renderers().await;
        self.relay.hold_downstream();
        paused
    }

    fn resume(&self, paused: PausedRenderers) {
        self.relay.release_downstream();
        drop(paused);
    }
}

/// Posts these messages, [`CUPS_AT_ONCE`] at a time.
async fn post_cups(text_client: &mut TextClient, cups: RangeInclusive<u32>) {
    let cups: Vec<String> =
        cups.map(|number| format!("cup {number}\n{}", "\u{1}".repeat(CUP_CHARS))).collect();
    for chunk in cups.chunks(CUPS_AT_ONCE) {
        text_client.post_all(chunk).await;
    }
}
