//! Devices that poll, and so are present without a connection that lasts.
//!
//! A poll ends when it is answered, and the next comes a moment later, or some seconds. Whoever
//! polls stays present for [`POLL_LINGER_MS`] behind the last one, or for [`POLL_LINGER_AWAY_MS`]
//! where the person is away: of a page that is long out of sight browsers let timers come once a
//! minute (Chromium, "intensive throttling").

use crate::house::members::DeviceKey;
use crate::limits::{POLL_LINGER_AWAY_MS, POLL_LINGER_MS};
use crate::presence::Presence;
use shared::MemberId;
use std::collections::{BTreeSet, HashMap};

#[derive(Clone, Copy, Debug)]
struct Poller {
    member: MemberId,
    away: bool,
    /// Requests that are open.
    open: u32,
    /// Until when it lingers, once none is.
    until: u64,
}

/// Those that poll. Bound by the devices of the members of today, and by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pollers {
    all: HashMap<DeviceKey, Poller>,
    lingering: BTreeSet<(u64, DeviceKey)>,
}

impl Pollers {
    /// A request came, the first of many (`begins`) or another. The first is of one page and knows of
    /// no other that the browser has open: where one of them polls already, that one tells who is away.
    pub(crate) fn came(
        &mut self,
        device: DeviceKey,
        member: MemberId,
        [begins, away]: [bool; 2],
        presence: &mut Presence,
    ) {
        // A device may stand for another member since.
        if self.all.get(&device).is_some_and(|poller| poller.member != member) {
            self.forget(device, presence);
        }
        let is_told = begins && self.all.contains_key(&device);
        let poller = self.all.entry(device).or_insert_with(|| {
            presence.open(member);
            Poller { member, away: false, open: 0, until: 0 }
        });
        poller.open += 1;
        self.lingering.remove(&(poller.until, device));
        if !is_told {
            self.set_away(device, away, presence);
        }
    }

    /// A request ended.
    pub(crate) fn went(&mut self, device: DeviceKey, member: MemberId, now: u64) {
        // The device may stand for another since, of whom this was no request.
        if let Some(poller) = self.all.get_mut(&device).filter(|poller| poller.member == member) {
            poller.open = poller.open.saturating_sub(1);
            if poller.open == 0 {
                let linger = if poller.away { POLL_LINGER_AWAY_MS } else { POLL_LINGER_MS };
                poller.until = now.saturating_add(linger);
                self.lingering.insert((poller.until, device));
            }
        }
    }

    /// The person came or went.
    pub(crate) fn set_away(&mut self, device: DeviceKey, away: bool, presence: &mut Presence) {
        if let Some(poller) = self.all.get_mut(&device)
            && std::mem::replace(&mut poller.away, away) != away
        {
            presence.set_away(poller.member, away);
        }
    }

    /// Those that came no more are gone.
    pub(crate) fn expire(&mut self, now: u64, presence: &mut Presence) {
        while let Some((until, device)) = self.lingering.first().copied()
            && until <= now
        {
            self.lingering.remove(&(until, device));
            self.forget(device, presence);
        }
    }

    /// The member has left the house: nobody lingers in its name.
    pub(crate) fn left(&mut self, member: MemberId, presence: &mut Presence) {
        let theirs: Vec<DeviceKey> = self
            .all
            .iter()
            .filter(|(_, poller)| poller.member == member)
            .map(|(device, _)| *device)
            .collect();
        theirs.into_iter().for_each(|device| self.forget(device, presence));
    }

    /// When [`Pollers::expire`] has something to do.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.lingering.first().map(|(until, _)| *until)
    }

    fn forget(&mut self, device: DeviceKey, presence: &mut Presence) {
        if let Some(poller) = self.all.remove(&device) {
            self.lingering.remove(&(poller.until, device));
            presence.close(poller.member, poller.away);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceKey = DeviceKey([1; 32]);
    const ANN: MemberId = MemberId(1);
    const HERE: [bool; 2] = [false, false];
    const AWAY: [bool; 2] = [false, true];

    #[test]
    fn a_page_that_begins_out_of_sight_takes_nobody_away() {
        let is_away = |presence: &mut Presence| {
            let present = presence.first(|id| Some(shared::Member { id, name: "x".to_owned() }));
            present.iter().map(|it| it.away).collect::<Vec<_>>()
        };
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        pollers.came(DEVICE, ANN, [true, true], &mut presence);
        assert_eq!(is_away(&mut presence), [true], "the only one");
        pollers.came(DEVICE, ANN, HERE, &mut presence);
        assert_eq!(is_away(&mut presence), [false]);
        pollers.came(DEVICE, ANN, [true, true], &mut presence);
        assert_eq!(is_away(&mut presence), [false], "beside one that tells");
        pollers.came(DEVICE, ANN, AWAY, &mut presence);
        pollers.came(DEVICE, ANN, [true, false], &mut presence);
        assert_eq!(is_away(&mut presence), [true]);
    }

    #[test]
    fn who_polls_stays_until_it_has_not_for_so_long() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        for now in [1_000, 20_000, 45_000] {
            pollers.came(DEVICE, ANN, HERE, &mut presence);
            assert_eq!(pollers.next_wake(), None, "while a request is open");
            pollers.went(DEVICE, ANN, now);
            assert_eq!(presence.count(), 1);
        }
        for (ms, count) in [(POLL_LINGER_MS - 1, 1), (POLL_LINGER_MS, 0), (POLL_LINGER_MS + 1, 0)] {
            pollers.expire(45_000 + ms, &mut presence);
            assert_eq!(presence.count(), count, "{ms} ms behind the last");
        }
        assert_eq!(pollers.next_wake(), None);
    }

    #[test]
    fn who_is_away_may_come_once_a_minute() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        for now in [1_000, 61_000, 121_000] {
            pollers.expire(now, &mut presence);
            assert_eq!(presence.count(), u32::from(now > 1_000));
            pollers.came(DEVICE, ANN, AWAY, &mut presence);
            pollers.went(DEVICE, ANN, now);
        }
        for (ms, count) in
            [(POLL_LINGER_AWAY_MS - 1, 1), (POLL_LINGER_AWAY_MS, 0), (POLL_LINGER_AWAY_MS + 1, 0)]
        {
            pollers.expire(121_000 + ms, &mut presence);
            assert_eq!(presence.count(), count, "{ms} ms behind the last");
        }
    }

    #[test]
    fn of_two_requests_the_last_counts() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        pollers.came(DEVICE, ANN, HERE, &mut presence);
        pollers.came(DEVICE, ANN, AWAY, &mut presence);
        pollers.went(DEVICE, ANN, 1_000);
        pollers.expire(100_000, &mut presence);
        assert_eq!(presence.count(), 1);
        pollers.went(DEVICE, ANN, 100_000);
        pollers.expire(200_000, &mut presence);
        assert_eq!(presence.count(), 0);
    }

    #[test]
    fn a_device_that_stands_for_another_takes_the_first_along() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        pollers.came(DEVICE, ANN, HERE, &mut presence);
        pollers.went(DEVICE, ANN, 1_000);
        pollers.came(DEVICE, MemberId(2), HERE, &mut presence);
        let present = presence.first(|id| Some(shared::Member { id, name: "x".to_owned() }));
        assert_eq!(present.iter().map(|it| it.member.id).collect::<Vec<_>>(), [MemberId(2)]);
    }
}
