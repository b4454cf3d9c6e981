//! Whether the person is at any of the tabs, and what the server says of it.

use super::*;
use crate::limits::PRESENCE_REPEAT_MS;

#[test]
fn the_person_is_away_when_at_none_of_the_tabs() {
    let mut browser = Browser::with(3);
    browser.pass(1_000);
    let away = |browser: &mut Browser, tab: u64, away| {
        browser.act(Tab(tab), |election, now, out| election.set_away(away, at(now), out));
    };
    away(&mut browser, 1, true);
    browser.pass(1_000);
    assert!(browser.page(Tab(1)).reports.is_empty(), "at the others");
    away(&mut browser, 2, true);
    away(&mut browser, 3, true);
    assert_eq!(browser.page(Tab(1)).reports, [true]);
    away(&mut browser, 3, false);
    assert_eq!(browser.page(Tab(1)).reports, [true, false]);
    // A tab that crashed counts as one where the person is for so long at most.
    browser.page(Tab(3)).crashed = true;
    browser.pass(HERE_MS - 1_000);
    assert_eq!(browser.page(Tab(1)).reports, [true, false]);
    browser.pass(2_000);
    assert_eq!(browser.page(Tab(1)).reports, [true, false, true]);
}

#[test]
fn a_tab_that_began_hidden_reports_so_with_the_session() {
    let mut out = Vec::new();
    let mut election = LeaderElection::new(Tab(1), None, at(0), &mut out);
    election.set_away(true, at(0), &mut out);
    assert!(!out.contains(&TabEffect::ReportPresence(true)), "there is no session yet");
    election.welcomed(ANN);
    election.mark_live(at(0), &mut out);
    assert!(out.contains(&TabEffect::ReportPresence(true)) && election.is_away());
}

#[test]
fn a_leader_that_the_server_contradicts_repeats_its_report() {
    let presence_event = |kind: &str, id: u64| {
        format!(r#"{{"type":"{kind}","members":[{{"id":{id},"name":"Ann"}}],"count":2}}"#)
    };
    let present = |id: u64, away: bool| {
        let member = format!(r#"{{"member":{{"id":{id},"name":"Ann"}},"away":{away}}}"#);
        format!(r#"{{"type":"present","members":[{member}],"as_of":7,"count":2}}"#)
    };
    for (is_away, frame, is_repeated) in [
        (false, presence_event("away", 1), true),
        (false, presence_event("away", 2), false),
        (false, presence_event("here", 1), false),
        (false, present(1, true), true),
        (false, present(1, false), false),
        (false, present(2, true), false),
        (false, r#"{"type":"away""#.to_owned(), false),
        (true, presence_event("here", 1), true),
        (true, presence_event("away", 1), false),
        (true, present(1, false), true),
    ] {
        let mut browser = Browser::with(2);
        for tab in [1, 2] {
            browser.act(Tab(tab), |election, now, out| election.set_away(is_away, at(now), out));
        }
        let before = browser.page(Tab(1)).reports.len();
        browser.pass(PRESENCE_REPEAT_MS);
        browser.reads(Tab(1), &frame);
        browser.pass(500);
        let reports = browser.page(Tab(1)).reports[before..].to_vec();
        assert_eq!(reports, if is_repeated { vec![is_away] } else { vec![] }, "{frame}, away: {is_away}");
        assert!(browser.page(Tab(2)).reports.is_empty(), "the leader reports");
        assert_eq!(browser.page(Tab(2)).delivered, [event(&frame)]);
    }
}

#[test]
fn a_repeated_report_waits_longer_each_time_until_presence_changes() {
    let away = r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#;
    let mut browser = Browser::with(1);
    browser.reads(Tab(1), away);
    // When it says so, in milliseconds from now.
    let report_times = |browser: &mut Browser| {
        let (began, mut at) = (browser.now, Vec::new());
        for _ in 0..64 {
            browser.pass(500);
            // What it says changes nothing, or is soon undone.
            browser.reads(Tab(1), away);
            let reports = std::mem::take(&mut browser.page(Tab(1)).reports);
            at.extend(reports.iter().map(|away| (browser.now - began, *away)));
        }
        at
    };
    assert_eq!(
        report_times(&mut browser),
        [(500, false), (2_500, false), (6_500, false), (14_500, false), (30_500, false)]
    );
    browser.act(Tab(1), |election, now, out| election.set_away(true, at(now), out));
    browser.act(Tab(1), |election, now, out| election.set_away(false, at(now), out));
    assert_eq!(std::mem::take(&mut browser.page(Tab(1)).reports), [true, false]);
    assert_eq!(
        report_times(&mut browser),
        [(2_000, false), (6_000, false), (14_000, false), (30_000, false)]
    );
}

#[test]
fn a_report_is_not_repeated_when_the_server_confirms_it() {
    let presence_event =
        |kind: &str| format!(r#"{{"type":"{kind}","members":[{{"id":1,"name":"Ann"}}],"count":2}}"#);
    let mut browser = Browser::with(1);
    browser.reads(Tab(1), &presence_event("away"));
    browser.reads(Tab(1), &presence_event("here"));
    browser.pass(60_000);
    assert_eq!(browser.page(Tab(1)).reports, [] as [bool; 0]);
}

#[test]
fn a_tab_without_others_repeats_its_report_too() {
    let mut election = LeaderElection::alone(Tab(1));
    election.welcomed(ANN);
    election.mark_live(at(5_000), &mut Vec::new());
    let away = r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#;
    election.event(Event::parse(away).unwrap().into(), away, &mut Vec::new());
    let mut out = Vec::new();
    election.tick(None, at(15_000), &mut out);
    assert_eq!(out, [TabEffect::ReportPresence(false)]);
}
