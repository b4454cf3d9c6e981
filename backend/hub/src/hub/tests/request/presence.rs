//! Presence of members who read over HTTP.

use super::*;
use crate::limits::{POLL_LINGER_AWAY_MS, PRESENCE_MS};

#[test]
fn a_poll_gets_the_members_present_when_they_changed() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    let poll = test.quiet_poll(2);
    assert_eq!(sent(&test.poll(1, 1, poll)), ["attach", "release"]);
    let known = test.hub.presence_revision();
    assert!(known > 0, "her own presence was published");
    test.close(1);
    let poll = test.quiet_poll(2);
    assert_eq!(sent(&test.poll(2, 1, poll)), ["attach", "release"], "nothing has changed");
    test.close(2);
    test.connect(3, 2);
    test.advance(PRESENCE_MS);
    assert!(test.hub.presence_revision() > known);
    let poll = Poll { presence_revision: known, ..test.quiet_poll(2) };
    assert_eq!(sent(&test.poll(4, 1, poll)), ["attach", "release", "present 2"]);
    // Another run of the server knows of no such number.
    let poll = Poll { presence_revision: u64::MAX, ..test.quiet_poll(2) };
    assert_eq!(sent(&test.poll(5, 1, poll)), ["attach", "release", "present 2"]);
}

#[test]
fn a_polling_member_is_present_until_some_time_after_the_last_poll() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 2);
    test.advance(PRESENCE_MS);
    let mut all = Vec::new();
    for session in 10..20 {
        let poll = test.quiet_poll(2);
        all.extend(test.poll(session, 1, poll));
        all.extend(test.advance(25_000));
        all.extend(test.close(session));
        all.extend(test.advance(2_000));
    }
    let of_wei = |out: &[Output]| -> Vec<&str> {
        let names = out.iter().filter_map(|output| match output {
            Output::Publish(Audience::Room(_), Event::Here(_), _) => Some("here"),
            Output::Publish(Audience::Room(_), Event::Away(_), _) => Some("away"),
            Output::Publish(Audience::Room(_), Event::Gone(_), _) => Some("gone"),
            _ => None,
        });
        names.collect()
    };
    assert_eq!(of_wei(&all), ["here"], "she is reported once");
    let requested = test.request(30, 1, Command::Presence(command::PresenceReport { away: true }));
    let out = [requested, test.advance(PRESENCE_MS)].concat();
    assert_eq!(of_wei(&out), ["away"], "reported between two polls");
    let requested = test.request(31, 1, Command::Presence(command::PresenceReport { away: false }));
    assert_eq!(of_wei(&[requested, test.advance(PRESENCE_MS)].concat()), ["here"]);
    let away = Poll { away: true, ..test.quiet_poll(2) };
    let out = test.poll(32, 1, away);
    assert_eq!(of_wei(&[out, test.advance(PRESENCE_MS)].concat()), ["away"], "reported by a poll");
    test.close(32);
    assert_eq!(of_wei(&test.advance(POLL_LINGER_AWAY_MS - 1)), [""; 0]);
    assert_eq!(of_wei(&test.advance(1)), ["gone"]);
    assert_eq!(test.hub.presence.count(), 1);
}

#[test]
fn a_presence_report_concerns_the_streams_of_its_device_only() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.open_stream(1, 1, None);
    test.open_stream(2, 2, None);
    test.advance(PRESENCE_MS);
    let away = |test: &mut TestHub| -> Vec<bool> {
        let names = |id| Some(shared::Member { id, name: String::new() });
        test.hub.presence.list_for_welcome(names).iter().map(|presence| presence.away).collect()
    };
    test.request(3, 1, Command::Presence(command::PresenceReport { away: true }));
    assert_eq!(away(&mut test), [true, false]);
    test.request(4, 1, Command::Presence(command::PresenceReport { away: true }));
    test.request(5, 1, Command::Presence(command::PresenceReport { away: false }));
    assert_eq!(away(&mut test), [false, false]);
    test.request(6, 1, Command::Presence(command::PresenceReport { away: true }));
    test.close(1);
    assert_eq!(test.hub.presence.count(), 1, "the away stream no longer counts");
}

#[test]
fn a_member_is_gone_at_once_when_signing_out() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 2);
    test.open_stream(2, 1, None);
    for session in [3, 4] {
        let poll = test.quiet_poll(2);
        test.poll(session, 1, poll);
    }
    test.close(4);
    let out = test.give(Input::SignOut(RequestId(5), DeviceKey([1; 32])));
    assert_eq!(sent(&out), ["SignedOut", "SignedOut"]);
    test.close(2);
    test.close(3);
    assert_eq!(test.hub.presence.count(), 1, "without the time of a polling member");
    assert_eq!(test.advance(10 * POLL_LINGER_AWAY_MS).len(), 1, "the change is published once");
    assert_eq!(test.hub.next_wake(), test.hub.event_clock.next_wake(), "only the clocks are to be read");
    let poll = test.quiet_poll(2);
    assert_eq!(refusal(&test.poll(6, 1, poll)), Some(ErrorCode::SignInRequired));
    assert_eq!(test.hub.presence.count(), 1);
}
