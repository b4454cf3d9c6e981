//! Who is here, where what they read by is made of requests.

use super::*;
use crate::limits::{POLL_LINGER_AWAY_MS, PRESENCE_MS};

#[test]
fn who_polls_is_shown_who_is_here_where_that_has_changed() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    let poll = house.quiet(2);
    assert_eq!(sent(&house.polls(1, 1, poll)), ["attach", "release"]);
    let known = house.hub.presence_revision();
    assert!(known > 0, "she herself was told");
    house.close(1);
    let poll = house.quiet(2);
    assert_eq!(sent(&house.polls(2, 1, poll)), ["attach", "release"], "nothing has changed");
    house.close(2);
    house.enter(3, 2);
    house.pass(PRESENCE_MS);
    assert!(house.hub.presence_revision() > known);
    let poll = Poll { present: known, ..house.quiet(2) };
    assert_eq!(sent(&house.polls(4, 1, poll)), ["attach", "release", "present 2"]);
    // Another run of the server knows of no such number.
    let poll = Poll { present: u64::MAX, ..house.quiet(2) };
    assert_eq!(sent(&house.polls(5, 1, poll)), ["attach", "release", "present 2"]);
}

#[test]
fn who_polls_is_present_between_two_polls_and_a_while_behind_the_last() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.enter(1, 2);
    house.pass(PRESENCE_MS);
    let mut told = Vec::new();
    for session in 10..20 {
        let poll = house.quiet(2);
        told.extend(house.polls(session, 1, poll));
        told.extend(house.pass(25_000));
        told.extend(house.close(session));
        told.extend(house.pass(2_000));
    }
    let of_wei = |out: &[Output]| -> Vec<&str> {
        let words = out.iter().filter_map(|output| match output {
            Output::Publish(Audience::Room(_), Event::Here(_)) => Some("here"),
            Output::Publish(Audience::Room(_), Event::Away(_)) => Some("away"),
            Output::Publish(Audience::Room(_), Event::Gone(_)) => Some("gone"),
            _ => None,
        });
        words.collect()
    };
    assert_eq!(of_wei(&told), ["here"], "she comes once");
    let asked = house.asks(30, 1, Command::Presence(command::PresenceReport { away: true }));
    let told = [asked, house.pass(PRESENCE_MS)].concat();
    assert_eq!(of_wei(&told), ["away"], "said between two polls");
    let asked = house.asks(31, 1, Command::Presence(command::PresenceReport { away: false }));
    assert_eq!(of_wei(&[asked, house.pass(PRESENCE_MS)].concat()), ["here"]);
    let away = Poll { away: true, ..house.quiet(2) };
    let out = house.polls(32, 1, away);
    assert_eq!(of_wei(&[out, house.pass(PRESENCE_MS)].concat()), ["away"], "or with a poll");
    house.close(32);
    assert_eq!(of_wei(&house.pass(POLL_LINGER_AWAY_MS - 1)), [""; 0]);
    assert_eq!(of_wei(&house.pass(1)), ["gone"]);
    assert_eq!(house.hub.presence.count(), 1);
}

#[test]
fn a_stream_is_away_and_back_by_request_and_that_of_another_device_is_not() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.streams(1, 1, None);
    house.streams(2, 2, None);
    house.pass(PRESENCE_MS);
    let away = |house: &mut House| -> Vec<bool> {
        let names = |id| Some(shared::Member { id, name: String::new() });
        house.hub.presence.first(names).iter().map(|presence| presence.away).collect()
    };
    house.asks(3, 1, Command::Presence(command::PresenceReport { away: true }));
    assert_eq!(away(&mut house), [true, false]);
    house.asks(4, 1, Command::Presence(command::PresenceReport { away: true }));
    house.asks(5, 1, Command::Presence(command::PresenceReport { away: false }));
    assert_eq!(away(&mut house), [false, false]);
    house.asks(6, 1, Command::Presence(command::PresenceReport { away: true }));
    house.close(1);
    assert_eq!(house.hub.presence.count(), 1, "that it was away is forgotten with it");
}

#[test]
fn signing_out_ends_streams_and_polls_and_nobody_lingers() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.enter(1, 2);
    house.streams(2, 1, None);
    for session in [3, 4] {
        let poll = house.quiet(2);
        house.polls(session, 1, poll);
    }
    house.close(4);
    let out = house.tell(Input::SignOut(RequestId(5), DeviceKey([1; 32])));
    assert_eq!(sent(&out), ["SignedOut", "SignedOut"]);
    house.close(2);
    house.close(3);
    assert_eq!(house.hub.presence.count(), 1, "at once, not when the time is over");
    assert_eq!(house.pass(10 * POLL_LINGER_AWAY_MS).len(), 1, "and it is told once");
    assert_eq!(house.hub.next_wake(), None);
    let poll = house.quiet(2);
    assert_eq!(refusal(&house.polls(6, 1, poll)), Some(ErrorCode::SignInRequired));
    assert_eq!(house.hub.presence.count(), 1);
}
