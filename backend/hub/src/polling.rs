//! Presence of polling devices, which have no lasting connection.
//!
//! A poll ends with its answer, and the next comes up to some seconds later. So a polling member stays
//! present for [`POLL_LINGER_MS`] after the last poll, or for [`POLL_LINGER_AWAY_MS`] if the person is away:
//! browsers fire the timers of a hidden page once a minute (Chromium, "intensive throttling").

use crate::house::members::DeviceKey;
use crate::limits::{POLL_LINGER_AWAY_MS, POLL_LINGER_MS};
use crate::presence::Presence;
use shared::MemberId;
use std::collections::{BTreeSet, HashMap};

/// Device that polls.
#[derive(Clone, Copy, Debug)]
struct Poller {
    member: MemberId,
    away: bool,
    /// Count of unanswered polls.
    open: u32,
    /// End of the presence by the monotonic clock, once no poll is open, in milliseconds.
    lingers_until: u64,
}

/// All polling devices. Current members own them, and they expire, so their number is bounded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pollers {
    by_device: HashMap<DeviceKey, Poller>,
    lingering: BTreeSet<(u64, DeviceKey)>,
    /// Polling devices of each member.
    by_member: HashMap<MemberId, Vec<DeviceKey>>,
}

impl Pollers {
    /// Counts a poll that began. The first poll of a page (`is_first`) does not know the browser's other
    /// pages. If another page polls already, the first poll does not change whether the member is away.
    pub(crate) fn begin_poll(
        &mut self,
        device: DeviceKey,
        member: MemberId,
        [is_first, away]: [bool; 2],
        presence: &mut Presence,
    ) {
        // The device may belong to another member by now.
        if self.by_device.get(&device).is_some_and(|poller| poller.member != member) {
            self.remove(device, presence);
        }
        let has_other_page = is_first && self.by_device.contains_key(&device);
        let devices = &mut self.by_member;
        let poller = self.by_device.entry(device).or_insert_with(|| {
            presence.open(member);
            devices.entry(member).or_default().push(device);
            Poller { member, away: false, open: 0, lingers_until: 0 }
        });
        poller.open += 1;
        self.lingering.remove(&(poller.lingers_until, device));
        if !has_other_page {
            self.set_away(device, away, presence);
        }
    }

    /// Counts a poll that ended at time `now`.
    pub(crate) fn end_poll(&mut self, device: DeviceKey, member: MemberId, now: u64) {
        // The device may belong to another member by now, who has not sent this poll.
        if let Some(poller) = self.by_device.get_mut(&device).filter(|poller| poller.member == member) {
            poller.open = poller.open.saturating_sub(1);
            if poller.open == 0 {
                let linger = if poller.away { POLL_LINGER_AWAY_MS } else { POLL_LINGER_MS };
                poller.lingers_until = now.saturating_add(linger);
                self.lingering.insert((poller.lingers_until, device));
            }
        }
    }

    /// Records that the person left or came back.
    pub(crate) fn set_away(&mut self, device: DeviceKey, away: bool, presence: &mut Presence) {
        if let Some(poller) = self.by_device.get_mut(&device)
            && std::mem::replace(&mut poller.away, away) != away
        {
            presence.set_away(poller.member, away);
        }
    }

    /// Removes the devices that have not polled for too long.
    pub(crate) fn expire(&mut self, now: u64, presence: &mut Presence) {
        while let Some((until, device)) = self.lingering.first().copied()
            && until <= now
        {
            self.lingering.remove(&(until, device));
            self.remove(device, presence);
        }
    }

    /// Removes the devices of a member who has left the house.
    pub(crate) fn remove_member(&mut self, member: MemberId, presence: &mut Presence) {
        let theirs = self.by_member.get(&member).cloned().unwrap_or_default();
        theirs.into_iter().for_each(|device| self.remove(device, presence));
    }

    /// Returns the time at which [`Pollers::expire`] removes a device.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.lingering.first().map(|(until, _)| *until)
    }

    fn remove(&mut self, device: DeviceKey, presence: &mut Presence) {
        if let Some(poller) = self.by_device.remove(&device) {
            self.lingering.remove(&(poller.lingers_until, device));
            if let Some(devices) = self.by_member.get_mut(&poller.member) {
                devices.retain(|other| *other != device);
                if devices.is_empty() {
                    self.by_member.remove(&poller.member);
                }
            }
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
    fn a_hidden_page_does_not_make_a_member_away_when_another_page_polls() {
        let is_away = |presence: &mut Presence| {
            let present = presence.list_for_welcome(|id| Some(shared::Member { id, name: "x".to_owned() }));
            present.iter().map(|it| it.away).collect::<Vec<_>>()
        };
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        pollers.begin_poll(DEVICE, ANN, [true, true], &mut presence);
        assert_eq!(is_away(&mut presence), [true], "the only one");
        pollers.begin_poll(DEVICE, ANN, HERE, &mut presence);
        assert_eq!(is_away(&mut presence), [false]);
        pollers.begin_poll(DEVICE, ANN, [true, true], &mut presence);
        assert_eq!(is_away(&mut presence), [false], "another page polls");
        pollers.begin_poll(DEVICE, ANN, AWAY, &mut presence);
        pollers.begin_poll(DEVICE, ANN, [true, false], &mut presence);
        assert_eq!(is_away(&mut presence), [true]);
    }

    #[test]
    fn a_polling_member_is_gone_when_no_poll_came_for_the_limit() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        for now in [1_000, 20_000, 45_000] {
            pollers.begin_poll(DEVICE, ANN, HERE, &mut presence);
            assert_eq!(pollers.next_wake(), None, "while a request is open");
            pollers.end_poll(DEVICE, ANN, now);
            assert_eq!(presence.count(), 1);
        }
        for (ms, count) in [(POLL_LINGER_MS - 1, 1), (POLL_LINGER_MS, 0), (POLL_LINGER_MS + 1, 0)] {
            pollers.expire(45_000 + ms, &mut presence);
            assert_eq!(presence.count(), count, "{ms} ms after the last");
        }
        assert_eq!(pollers.next_wake(), None);
    }

    #[test]
    fn an_away_member_is_present_when_a_poll_comes_once_a_minute() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        for now in [1_000, 61_000, 121_000] {
            pollers.expire(now, &mut presence);
            assert_eq!(presence.count(), u32::from(now > 1_000));
            pollers.begin_poll(DEVICE, ANN, AWAY, &mut presence);
            pollers.end_poll(DEVICE, ANN, now);
        }
        for (ms, count) in
            [(POLL_LINGER_AWAY_MS - 1, 1), (POLL_LINGER_AWAY_MS, 0), (POLL_LINGER_AWAY_MS + 1, 0)]
        {
            pollers.expire(121_000 + ms, &mut presence);
            assert_eq!(presence.count(), count, "{ms} ms after the last");
        }
    }

    #[test]
    fn a_member_is_present_while_one_of_two_polls_is_open() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        pollers.begin_poll(DEVICE, ANN, HERE, &mut presence);
        pollers.begin_poll(DEVICE, ANN, AWAY, &mut presence);
        pollers.end_poll(DEVICE, ANN, 1_000);
        pollers.expire(100_000, &mut presence);
        assert_eq!(presence.count(), 1);
        pollers.end_poll(DEVICE, ANN, 100_000);
        pollers.expire(200_000, &mut presence);
        assert_eq!(presence.count(), 0);
    }

    #[test]
    fn the_former_member_of_a_device_is_gone_when_another_polls() {
        let (mut pollers, mut presence) = (Pollers::default(), Presence::default());
        pollers.begin_poll(DEVICE, ANN, HERE, &mut presence);
        pollers.end_poll(DEVICE, ANN, 1_000);
        pollers.begin_poll(DEVICE, MemberId(2), HERE, &mut presence);
        let present = presence.list_for_welcome(|id| Some(shared::Member { id, name: "x".to_owned() }));
        assert_eq!(present.iter().map(|it| it.member.id).collect::<Vec<_>>(), [MemberId(2)]);
        pollers.remove_member(ANN, &mut presence);
        assert_eq!(presence.count(), 1);
        pollers.remove_member(MemberId(2), &mut presence);
        assert_eq!(presence.count(), 0);
        assert!(pollers.by_device.is_empty() && pollers.by_member.is_empty());
    }
}
