//! Steps of the wall clock while a page is open.

use crate::house::House;
use crate::page::{Page, ann, has_opened, posts};
use client::input::Conversation;
use client::input::{Input, Timer};
use client::limits::{BACKOFF_CEILING_MS, LEASE_LOOK_MS, LEASE_MS, LEASE_SLACK_MS, LIVENESS_MS};

const HOUR: i64 = 3_600_000;

/// Steps of the wall clock, in milliseconds.
const STEPS: [i64; 4] = [-HOUR, -2_000, 2_000, HOUR];

impl Page {
    pub(crate) fn step_wall_clock(&mut self, by: i64) {
        self.wall_ahead = self.wall_ahead.saturating_add_signed(by);
    }
}

#[test]
fn a_wait_and_its_countdown_last_their_time_when_the_wall_clock_steps() {
    for by in STEPS {
        let mut page = Page::welcome_in(&House::new(1));
        page.break_connection(1006);
        let retry_at = page.view().connection.retry_at.unwrap();
        page.step_wall_clock(by);
        page.give(Input::DraftChanged { conversation: Conversation::LOBBY, text: "tea".to_owned() });
        assert_eq!(page.view().connection.retry_at, Some(retry_at), "{by}");
        assert!(retry_at <= page.now + BACKOFF_CEILING_MS, "{by}");
        assert_eq!(page.timers[&Timer::Retry], retry_at, "{by}");
        assert!(has_opened(&page.fire_timer(Timer::Retry)), "{by}");
        // The next wait begins after the step.
        page.break_connection(1006);
        let retry_at = page.view().connection.retry_at.unwrap();
        assert!((page.now..=page.now + BACKOFF_CEILING_MS).contains(&retry_at), "{by}");
    }
}

#[test]
fn a_dead_connection_is_given_up_in_time_when_the_wall_clock_steps() {
    for by in STEPS {
        let mut page = Page::welcome_in(&House::new(1));
        page.now += 10_000;
        page.give(Input::VisibilityChanged(true));
        page.step_wall_clock(by);
        let due = page.now + LIVENESS_MS;
        // The timer of an earlier deadline fires first, and is scheduled again.
        while page.view().connection.welcomed {
            assert!(page.now < due, "{by}");
            page.fire_timer(Timer::Silence);
        }
        assert_eq!(page.now, due, "{by}");
    }
}

#[test]
fn a_local_echo_has_the_time_of_the_wall_clock() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    for by in STEPS {
        page.step_wall_clock(by);
        let number = u64::try_from(HOUR * 2 + by).unwrap();
        page.send(number, "tea");
        assert_eq!(page.view().pane().rows.last().unwrap().at, page.time().wall, "{by}");
    }
    assert_eq!(page.view().pane().rows.len(), STEPS.len());
    page.reconnect(&house, &ann());
    assert_eq!(page.view().pane().rows.len(), STEPS.len(), "in their order");
}

/// Ann's second page, which knows of a message that her first page has not sent when it dies.
fn heir(house: &House) -> Page {
    let mut page = Page::welcome_in(house);
    let mut heir = Page::again_in(house, &page.store);
    page.break_connection(1006);
    page.send(1, "tea");
    let stored = heir.store.read();
    assert_eq!(posts(&heir.give(Input::RowsLoaded(Some(stored)))), [], "the first page may live");
    heir
}

/// Milliseconds until the page sends the message of a dead one. The page only fires its lease timers.
fn sent_after(heir: &mut Page) -> u64 {
    let begin = heir.now;
    heir.look_until_sent();
    heir.now - begin
}

#[test]
fn rows_of_a_dead_page_leave_within_five_seconds_when_the_clock_is_set_back_an_hour() {
    let house = House::new(1);
    assert_eq!(sent_after(&mut heir(&house)), LEASE_MS);
    let mut heir = heir(&house);
    heir.step_wall_clock(-HOUR);
    assert_eq!(sent_after(&mut heir), LEASE_LOOK_MS);
}

#[test]
fn rows_of_a_dead_page_leave_after_their_lease_when_the_clock_is_set_back_a_little() {
    let slack = i64::try_from(LEASE_SLACK_MS).unwrap();
    for by in [0, 100, slack] {
        let mut heir = heir(&House::new(1));
        heir.step_wall_clock(-by);
        assert_eq!(sent_after(&mut heir), LEASE_MS, "{by}");
    }
}

#[test]
fn a_living_page_keeps_its_rows_when_the_clock_is_set_a_little() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut other = Page::again_in(&house, &page.store);
    page.break_connection(1006);
    page.send(1, "tea");
    let stored = other.store.read();
    other.give(Input::RowsLoaded(Some(stored)));
    for by in [-1_000, 900, -1_000, 1_000, 500] {
        page.step_wall_clock(by);
        other.step_wall_clock(by);
        page.fire_timer(Timer::Lease);
        assert_eq!(posts(&other.look()), [], "{by}");
        assert_eq!(page.store.read().rows[0].lease, page.time().wall + LEASE_MS, "renewed in time");
    }
}
