//! A page that does not read for a while: all of its browser's processes that run pages are stopped.
//!
//! The kernel would hold more for it than one wants to say here, up to tens of megabytes. So the wire is held too,
//! and the house cannot write any more.

use super::Cast;
use e2e::{passer_by::PasserBy, renderer::Stopped};
use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// What is said while a page stands still: about 12 MB on their way, more than the kernel of the house (4 MiB), the wire
/// and the house itself (1 MiB) hold together.
const CUPS: u32 = 500;

/// A fifth of what the house holds for one: so what the kernel takes is full before the house's own is.
const CUPS_AT_ONCE: usize = 8;

/// Letters of each that nobody sees. They take six bytes each on their way.
const CUP_LETTERS: usize = 4 * 1024;

/// The close code for who does not read.
const SLOW: u16 = 4008;

/// How soon the house lets go of who does not read, and tells so.
const LET_GO: Duration = Duration::from_secs(25);

impl Cast {
    /// The page stands still while others talk, and goes on as if nothing had been.
    pub(super) async fn slow(&self) {
        let Cast { transport, house, mei, tom, .. } = self;
        let mut passer_by = PasserBy::at(house.address()).await;
        // Tom sees who is here, and need not look at it all.
        tom.open_room("茶道").await;
        let is_read_to = matches!(*transport, "websocket" | "event-stream");

        // It reads again while the house still holds the connection for it.
        let stopped = self.stop().await;
        fill(&mut passer_by, 1..=CUPS).await;
        self.go_on(stopped);
        mei.shows_newest(&format!("cup {CUPS}")).await;
        self.is_back().await;
        if *transport == "websocket" {
            assert_eq!(mei.close_codes().await.last(), Some(&SLOW));
        }

        // And now not before the house has let go of it. A poll is answered, and nobody waits for the next.
        // What Tom is told anew is so: nothing of her coming and going is still to be told.
        tom.reload().await;
        tom.is_inside().await;
        tom.shows_people(2).await;
        let stopped = self.stop().await;
        let begin = Instant::now();
        fill(&mut passer_by, CUPS + 1..=2 * CUPS).await;
        if is_read_to {
            tom.shows_people(1).await;
            let took = begin.elapsed();
            println!("{transport}: let go of after {took:?}");
            assert!(took <= LET_GO, "{took:?}");
        }
        self.go_on(stopped);
        mei.shows_newest(&format!("cup {}", 2 * CUPS)).await;
        self.is_back().await;
        tom.shows_people(2).await;

        // Not one is missing, doubled or out of order, back to what was read before.
        let mut read: BTreeSet<u32> = BTreeSet::new();
        while !read.contains(&CUPS) {
            if !read.is_empty() {
                let step = mei.read_up(0).await;
                assert!(step.changed, "{step:?}");
            }
            let lines = mei.first_lines().await;
            let shown: Vec<u32> =
                lines.iter().filter_map(|line| line.strip_prefix("cup ")?.parse().ok()).collect();
            assert!(shown.is_sorted_by(|one, next| one + 1 == *next), "{lines:?}");
            read.extend(shown);
        }
        let first = read.first().copied().unwrap_or_default();
        assert!(read.into_iter().eq(first..=2 * CUPS), "from {first} on");
        tom.open_room("Lobby").await;
        mei.say("warm again").await;
        tom.shows_row("warm again", "settled").await;
        mei.shows_row("warm again", "settled").await;
    }

    async fn stop(&self) -> Stopped {
        let stopped = self.mei.stop().await;
        self.relay.hold_down();
        stopped
    }

    fn go_on(&self, stopped: Stopped) {
        self.relay.release_down();
        drop(stopped);
    }
}

/// Says these, a few at a time.
async fn fill(passer_by: &mut PasserBy, cups: RangeInclusive<u32>) {
    let cups: Vec<String> =
        cups.map(|number| format!("cup {number}\n{}", "\u{1}".repeat(CUP_LETTERS))).collect();
    for some in cups.chunks(CUPS_AT_ONCE) {
        passer_by.say(some).await;
    }
}
