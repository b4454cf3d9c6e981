use super::*;
use crate::limits::{REFUSALS_WAITING_MAX, REFUSALS_WAITING_PER_ADDRESS_MAX};
use std::net::Ipv6Addr;

const IP: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2));
const MANY: usize = 1 << 20;

fn open(limits: &Arc<AddressLimits>, ip: IpAddr, kind: Kind, count: usize) -> Vec<AddressGuard> {
    (0..count).map_while(|_| limits.open(ip, kind).ok()).collect()
}

#[test]
fn an_address_has_a_number_of_each_kind() {
    for kind in [Kind::Connection, Kind::Socket, Kind::Stream, Kind::Poll] {
        let max = kind.max();
        let limits = AddressLimits::new(MANY, true);
        let mut guards = open(&limits, IP, kind, max - 1);
        assert_eq!(guards.len(), max - 1);
        guards.push(limits.open(IP, kind).unwrap());
        assert_eq!(limits.open(IP, kind).unwrap_err(), OverLimit::TOO_MANY_OPEN, "{kind:?}");
        assert!(limits.open(OTHER, kind).is_ok(), "{kind:?}");
        guards.pop();
        assert!(limits.open(IP, kind).is_ok(), "{kind:?}");
    }
}

#[test]
fn an_address_never_has_more_than_its_share() {
    let permits = 448;
    let share = permits / ADDRESS_SHARE;
    for is_limited in [true, false] {
        let limits = AddressLimits::new(permits, is_limited);
        let mut guards = open(&limits, IP, Kind::Socket, share / 2);
        guards.extend(open(&limits, IP, Kind::Stream, share / 4));
        guards.extend(open(&limits, IP, Kind::Poll, share));
        assert_eq!(guards.len(), share);
        let connections: Vec<_> = (0..permits).map_while(|_| limits.accept(IP)).collect();
        let accepted = connections.iter().filter(|guard| guard.kind == Kind::Connection).count();
        assert_eq!(accepted, share);
        assert!(connections.len() < permits * 3 / 4, "{} with those that are refused", connections.len());
        assert_eq!(open(&limits, OTHER, Kind::Socket, 100).len(), 100);
        assert_eq!(limits.accept(OTHER).unwrap().kind, Kind::Connection);
    }
}

#[test]
fn an_address_has_some_connections_however_few_there_are() {
    let min = ADDRESS_CONNECTIONS_MIN;
    for (connections_max, expected) in
        [(0, min), (1, min), (2 * min - 1, min), (2 * min, min), (2 * min + 1, min), (2 * min + 2, min + 1)]
    {
        let limits = AddressLimits::new(connections_max, true);
        let accepted: Vec<_> = (0..100).map_while(|_| limits.accept(IP)).collect();
        let within = accepted.iter().filter(|guard| guard.kind == Kind::Connection).count();
        assert_eq!(within, expected, "{connections_max}");
    }
}

#[test]
fn a_connection_beyond_the_limit_is_refused_and_then_not_accepted() {
    let limits = AddressLimits::new(MANY, true);
    let within: Vec<_> = (0..CONNECTIONS_PER_ADDRESS_MAX).map(|_| limits.accept(IP).unwrap()).collect();
    assert!(within.iter().all(|guard| guard.kind == Kind::Connection));
    let beyond: Vec<_> = (0..REFUSED_PER_ADDRESS_MAX).map(|_| limits.accept(IP).unwrap()).collect();
    assert!(beyond.iter().all(|guard| guard.kind == Kind::Refused));
    assert!(limits.accept(IP).is_none());
    drop(within);
    assert_eq!(limits.accept(IP).unwrap().kind, Kind::Connection);
}

#[test]
fn each_act_has_its_own_rate() {
    for act in Act::ALL {
        let limits = AddressLimits::new(MANY, true);
        let burst = act.rate().burst / act.cost();
        for number in 1..=burst {
            assert!(limits.act(IP, act).is_ok(), "{act:?} {number}");
        }
        let wait_s = u64::from(act.cost().div_ceil(act.rate().per_s));
        assert_eq!(limits.act(IP, act).unwrap_err().retry_after_s, wait_s, "{act:?}");
        assert!(limits.act(OTHER, act).is_ok());
        for other in Act::ALL {
            assert_eq!(limits.act(IP, other).is_ok(), other != act, "{other:?} after {act:?}");
        }
        let unlimited = AddressLimits::new(MANY, false);
        assert!((0..2 * burst).all(|_| unlimited.act(IP, act).is_ok()));
    }
}

#[test]
fn texts_are_delayed_beyond_the_rate() {
    let limits = AddressLimits::new(MANY, true);
    for number in 1..=TEXTS_PER_ADDRESS.burst {
        assert_eq!(limits.text(IP), 0, "{number}");
    }
    assert!(limits.text(IP) > 0);
    assert_eq!(limits.text(OTHER), 0);
    let unlimited = AddressLimits::new(MANY, false);
    assert!((0..1_000).all(|_| unlimited.text(IP) == 0));
}

#[test]
fn refusals_wait_beyond_their_rate() {
    let limits = AddressLimits::new(MANY, true);
    // A slow machine takes some time, in which more are refused at once.
    let begin = mono_ms();
    let at_once = (0..).take_while(|_| limits.delay_refusal(IP).is_none()).count();
    let more = (mono_ms() - begin) * u64::from(REFUSALS.per_s) / 1_000 + 1;
    assert!(at_once >= REFUSALS.burst as usize, "{at_once}");
    assert!(at_once as u64 <= u64::from(REFUSALS.burst) + more, "{at_once} and {more}");
    assert!(limits.delay_refusal(OTHER).is_none());
    let unlimited = AddressLimits::new(MANY, false);
    assert!((0..1_000).all(|_| unlimited.delay_refusal(IP).is_none()));
}

/// Refusals of this address that wait, after so many refusals that none is sent at once for the rate.
fn wait_beyond_the_rate(limits: &Arc<AddressLimits>, ip: IpAddr, count: usize) -> Vec<WaitingRefusal> {
    limits.at(ip, |address, now| address.refusals.take(REFUSALS, 1_000_000, now));
    (0..count).map_while(|_| limits.delay_refusal(ip)).collect()
}

#[test]
fn few_refusals_of_an_address_wait_behind_a_proxy() {
    const MAX: usize = REFUSALS_WAITING_PER_ADDRESS_MAX;
    for (count, expected) in [(MAX - 1, MAX - 1), (MAX, MAX), (MAX + 1, MAX)] {
        let limits = AddressLimits::behind_proxy(MANY, true);
        let waiting = wait_beyond_the_rate(&limits, IP, count);
        assert_eq!(waiting.len(), expected);
        assert_eq!(wait_beyond_the_rate(&limits, OTHER, 1).len(), 1);
        assert!(!limits.lock().addresses[&IP].is_idle(u64::MAX), "its refusals must be counted back");
        drop(waiting);
        assert_eq!(wait_beyond_the_rate(&limits, IP, MAX).len(), MAX);
        // Without a proxy each refusal keeps only the client's own connection.
        let limits = AddressLimits::new(MANY, true);
        assert_eq!(wait_beyond_the_rate(&limits, IP, count).len(), count);
    }
}

#[test]
fn few_refusals_of_all_addresses_wait_behind_a_proxy() {
    const MAX: usize = REFUSALS_WAITING_MAX;
    let ip = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(number + 1));
    for (count, expected) in [(MAX - 1, MAX - 1), (MAX, MAX), (MAX + 1, MAX)] {
        let limits = AddressLimits::behind_proxy(MANY, true);
        let numbers = 0..u32::try_from(count).unwrap();
        let waiting: Vec<_> =
            numbers.flat_map(|number| wait_beyond_the_rate(&limits, ip(number), 1)).collect();
        assert_eq!(waiting.len(), expected);
        drop(waiting);
        assert_eq!(limits.lock().waiting_refusals, 0);
    }
}

#[test]
fn the_addresses_of_one_household_count_together() {
    let v6 = |text: &str| key(IpAddr::V6(text.parse::<Ipv6Addr>().unwrap()));
    assert_eq!(v6("2001:db8:1:2::1"), v6("2001:db8:1:2:ffff::9"));
    assert_ne!(v6("2001:db8:1:2::1"), v6("2001:db8:1:3::1"));
    assert_eq!(v6("::ffff:203.0.113.1"), key(IP));
    assert_ne!(key(IP), key(OTHER));
}

#[test]
fn the_table_is_bounded_and_forgets_idle_addresses() {
    let limits = AddressLimits::new(MANY, true);
    let ip = |number: usize| IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number + 1).unwrap()));
    let kept = limits.open(ip(0), Kind::Socket).unwrap();
    for number in 0..ADDRESSES_MAX + 100 {
        let _ = limits.text(ip(number));
    }
    assert!(limits.lock().addresses.len() <= ADDRESSES_MAX + 1);
    // A minute later all but the one with something open are idle.
    let now = mono_ms() + 60_000;
    let mut table = limits.lock();
    assert_eq!(table.make_room(ip(ADDRESSES_MAX + 200), now), ip(ADDRESSES_MAX + 200));
    assert_eq!(table.addresses.len(), 1);
    drop(table);
    drop(kept);
    assert_eq!(limits.lock().addresses[&ip(0)].open, [0; 5]);
}
