//! Whether the person is at any of the pages, and what the server says of it.

use super::*;
use crate::limits::SAY_AGAIN_MS;

#[test]
fn the_person_is_away_when_at_none_of_the_pages() {
    let mut browser = Browser::with(3);
    browser.pass(1_000);
    let away = |browser: &mut Browser, tab: u64, away| {
        browser.does(Tab(tab), |share, now, out| share.away(away, now, out));
    };
    away(&mut browser, 1, true);
    browser.pass(1_000);
    assert!(browser.page(Tab(1)).away.is_empty(), "at the others");
    away(&mut browser, 2, true);
    away(&mut browser, 3, true);
    assert_eq!(browser.page(Tab(1)).away, [true]);
    away(&mut browser, 3, false);
    assert_eq!(browser.page(Tab(1)).away, [true, false]);
    // A page that crashed is at most so long taken for one where somebody is.
    browser.page(Tab(3)).crashed = true;
    browser.pass(HERE_MS - 1_000);
    assert_eq!(browser.page(Tab(1)).away, [true, false]);
    browser.pass(2_000);
    assert_eq!(browser.page(Tab(1)).away, [true, false, true]);
}

#[test]
fn who_began_out_of_sight_says_so_with_the_session() {
    let mut out = Vec::new();
    let mut share = Share::new(Tab(1), None, 0, &mut out);
    share.away(true, 0, &mut out);
    assert!(!out.contains(&Wish::Away(true)), "there is nobody to be told of");
    share.welcomed(ANN.to_owned());
    share.live(0, &mut out);
    assert!(out.contains(&Wish::Away(true)) && share.is_away());
}

#[test]
fn who_leads_and_is_told_otherwise_says_again_whether_the_person_is_here() {
    let word = |kind: &str, id: u64| {
        format!(r#"{{"type":"{kind}","members":[{{"id":{id},"name":"Ann"}}],"count":2}}"#)
    };
    let present = |id: u64, away: bool| {
        let member = format!(r#"{{"member":{{"id":{id},"name":"Ann"}},"away":{away}}}"#);
        format!(r#"{{"type":"present","members":[{member}],"as_of":7,"count":2}}"#)
    };
    for (is_away, frame, says) in [
        (false, word("away", 1), true),
        (false, word("away", 2), false),
        (false, word("here", 1), false),
        (false, present(1, true), true),
        (false, present(1, false), false),
        (false, present(2, true), false),
        (false, r#"{"type":"away""#.to_owned(), false),
        (true, word("here", 1), true),
        (true, word("away", 1), false),
        (true, present(1, false), true),
    ] {
        let mut browser = Browser::with(2);
        for tab in [1, 2] {
            browser.does(Tab(tab), |share, now, out| share.away(is_away, now, out));
        }
        let before = browser.page(Tab(1)).away.len();
        browser.pass(SAY_AGAIN_MS);
        browser.frame(Tab(1), &frame);
        browser.pass(500);
        let said = browser.page(Tab(1)).away[before..].to_vec();
        assert_eq!(said, if says { vec![is_away] } else { vec![] }, "{frame}, away: {is_away}");
        assert!(browser.page(Tab(2)).away.is_empty(), "who leads tells it");
        assert_eq!(browser.page(Tab(2)).taken, [frame]);
    }
}

#[test]
fn what_is_said_again_takes_longer_each_time_until_there_is_something_new() {
    let away = r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#;
    let mut browser = Browser::with(1);
    browser.frame(Tab(1), away);
    // When it says so, in milliseconds from now.
    let says = |browser: &mut Browser| {
        let (began, mut at) = (browser.now, Vec::new());
        for _ in 0..64 {
            browser.pass(500);
            // What it says changes nothing, or is soon undone.
            browser.frame(Tab(1), away);
            let said = std::mem::take(&mut browser.page(Tab(1)).away);
            at.extend(said.iter().map(|away| (browser.now - began, *away)));
        }
        at
    };
    assert_eq!(
        says(&mut browser),
        [(500, false), (2_500, false), (6_500, false), (14_500, false), (30_500, false)]
    );
    browser.does(Tab(1), |share, now, out| share.away(true, now, out));
    browser.does(Tab(1), |share, now, out| share.away(false, now, out));
    assert_eq!(std::mem::take(&mut browser.page(Tab(1)).away), [true, false]);
    assert_eq!(says(&mut browser), [(2_000, false), (6_000, false), (14_000, false), (30_000, false)]);
}

#[test]
fn what_the_server_says_likewise_is_not_said_again() {
    let word = |kind: &str| format!(r#"{{"type":"{kind}","members":[{{"id":1,"name":"Ann"}}],"count":2}}"#);
    let mut browser = Browser::with(1);
    browser.frame(Tab(1), &word("away"));
    browser.frame(Tab(1), &word("here"));
    browser.pass(60_000);
    assert_eq!(browser.page(Tab(1)).away, [] as [bool; 0]);
}

#[test]
fn it_is_said_again_once_its_time_is_over_and_when_the_clock_was_set_back() {
    let away = r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#;
    let told = || {
        let mut told = Told::default();
        assert!(told.tell(true, 10_000) && told.tell(false, 10_000));
        told.heard(away, MemberId(1));
        told
    };
    for (ms, says) in [(SAY_AGAIN_MS - 1, false), (SAY_AGAIN_MS, true), (SAY_AGAIN_MS + 1, true)] {
        assert_eq!(told().is_to_be_told_again(10_000 + ms), says, "{ms}");
    }
    assert!(told().is_to_be_told_again(9_999));
}

#[test]
fn without_a_channel_it_is_said_again_too_and_no_lease_is_kept() {
    let away = r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#;
    let mut share = Share::new(Tab(1), None, 0, &mut Vec::new());
    let mut out = Vec::new();
    share.tick_alone(5_000, &mut out);
    share.welcomed(ANN.to_owned());
    share.live(5_000, &mut Vec::new());
    share.tick_alone(10_000, &mut out);
    assert_eq!(out, []);
    share.frame(away, &mut Vec::new());
    share.tick_alone(15_000, &mut out);
    assert_eq!(out, [Wish::Away(false)]);
}
