//! Presence: members who are here, away or gone. Changes are gathered and published at most once a second.
//!
//! With many members present, each publication goes to thousands and has a number only. So it comes some seconds after
//! the first change. If most of them leave at once, few are left when it is due.
//!
//! Presence events have no position and are never replayed. A member whose page reloads within the second
//! is not reported as gone.

use crate::limits::{PRESENCE_COUNT_MS, PRESENCE_MS};
use shared::{
    Event, Member, MemberId, Now, event,
    event::{Away, Gone, Here, Present},
    limits::{PRESENCE_NAMED_MAX, WELCOME_PRESENT_MAX},
};
use std::collections::BTreeMap;

/// Counts of one member's open pages.
#[derive(Clone, Copy, Debug, Default)]
struct PageCounts {
    open: u32,
    away: u32,
}

impl PageCounts {
    /// Whether the member is away, which is so if every page is; none if no page is open.
    fn is_away(self) -> Option<bool> {
        (self.open > 0).then_some(self.away == self.open)
    }
}

/// Change of a member's presence since the last publication.
#[derive(Clone, Copy, Debug, Default)]
struct Changed {
    /// Count of lists at the last change.
    lists: u64,
    /// True if a list, such as that of a `welcome`, showed the state between two changes. Its recipient must
    /// receive the newest state, even if it equals the published one.
    was_listed: bool,
}

/// Presence of all members.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    pages: BTreeMap<MemberId, PageCounts>,
    /// Published state: true for away, false for here; members who are gone have none.
    published: BTreeMap<MemberId, bool>,
    /// Members whose presence changed since the last publication.
    changed: BTreeMap<MemberId, Changed>,
    /// Count of lists of present members that were sent.
    lists: u64,
    /// True if the last publication had counts only, because too many members were present.
    is_counted: bool,
    /// Time of the last publication by the monotonic clock, in milliseconds.
    published_at: u64,
    /// Time of the first change since then by the monotonic clock, in milliseconds.
    changed_at: Option<u64>,
    revision: u64,
}

impl Presence {
    /// Counts a page that a member opened.
    pub fn open(&mut self, member: MemberId) {
        self.pages.entry(member).or_default().open += 1;
        self.mark_changed(member);
    }

    /// Counts a page that a member closed; `away` is the last state of the page.
    pub fn close(&mut self, member: MemberId, away: bool) {
        if let Some(pages) = self.pages.get_mut(&member) {
            pages.open = pages.open.saturating_sub(1);
            pages.away = pages.away.saturating_sub(u32::from(away));
            if pages.open == 0 {
                self.pages.remove(&member);
            }
        }
        self.mark_changed(member);
    }

    /// Counts a page of a member that changed to or from away.
    pub fn set_away(&mut self, member: MemberId, away: bool) {
        if let Some(pages) = self.pages.get_mut(&member) {
            let change = if away { pages.away.saturating_add(1) } else { pages.away.saturating_sub(1) };
            pages.away = change.min(pages.open);
        }
        self.mark_changed(member);
    }

    /// Marks a member for the next publication.
    fn mark_changed(&mut self, member: MemberId) {
        let lists = self.lists;
        let changed = self.changed.entry(member).or_insert(Changed { lists, was_listed: false });
        changed.was_listed |= changed.lists < lists;
        changed.lists = lists;
    }

    /// Returns a number that changes with each publication and does not repeat after a restart.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the count of members present.
    pub fn count(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    /// Lists the members present for a `welcome`, at most [`WELCOME_PRESENT_MAX`].
    pub fn list_for_welcome(&mut self, name: impl Fn(MemberId) -> Option<Member>) -> Vec<event::Presence> {
        self.list(WELCOME_PRESENT_MAX, name)
    }

    fn list(&mut self, limit: usize, name: impl Fn(MemberId) -> Option<Member>) -> Vec<event::Presence> {
        self.lists += 1;
        let present = self
            .pages
            .iter()
            .filter_map(|(id, pages)| Some(event::Presence { member: name(*id)?, away: pages.is_away()? }));
        present.take(limit).collect()
    }

    /// Lists all members present for a client that does not receive each change. The names describe the
    /// position `as_of`.
    pub fn list_all(&mut self, as_of: u64, name: impl Fn(MemberId) -> Option<Member>) -> Present {
        let limit = if self.has_many() { WELCOME_PRESENT_MAX } else { PRESENCE_NAMED_MAX };
        Present { members: self.list(limit, name), as_of, count: self.count() }
    }

    /// Returns the time by the monotonic clock at which [`Presence::take_changes`] has something to publish;
    /// none without changes.
    pub fn next_wake(&self) -> Option<u64> {
        let due = match self.has_many() {
            true => self.changed_at.unwrap_or(self.published_at).saturating_add(PRESENCE_COUNT_MS),
            false => self.published_at.saturating_add(PRESENCE_MS),
        };
        (!self.changed.is_empty()).then_some(due)
    }

    /// Whether so many members are present that only their number is published.
    fn has_many(&self) -> bool {
        self.pages.len() > PRESENCE_NAMED_MAX
    }

    /// Takes the events to publish: none if the last publication is less than [`PRESENCE_MS`] ago, or, while only the
    /// number is published, the first change less than [`PRESENCE_COUNT_MS`]. The names describe the position `as_of`.
    pub fn take_changes(
        &mut self,
        now: Now,
        as_of: u64,
        name: impl Fn(MemberId) -> Option<Member>,
    ) -> Vec<Event> {
        if !self.changed.is_empty() {
            self.changed_at.get_or_insert(now.mono);
        }
        if self.next_wake().is_none_or(|due| now.mono < due) {
            return Vec::new();
        }
        (self.published_at, self.changed_at) = (now.mono, None);
        let count = self.count();
        let many = self.has_many();
        // A client that received counts only needs every name again.
        let is_full = self.is_counted && !many;
        let changed = std::mem::take(&mut self.changed);
        let (mut here, mut away, mut gone, mut changes) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let ids: Vec<MemberId> = if is_full {
            let left = changed.keys().filter(|id| !self.pages.contains_key(id));
            self.pages.keys().chain(left).copied().collect()
        } else {
            changed.keys().copied().collect()
        };
        for id in ids {
            let is = self.pages.get(&id).and_then(|pages| pages.is_away());
            let was = match is {
                Some(is_away) => self.published.insert(id, is_away),
                None => self.published.remove(&id),
            };
            let was_listed = changed.get(&id).is_some_and(|changed| changed.was_listed);
            if is == was && !is_full && !was_listed {
                continue;
            }
            changes += 1;
            match is {
                // Nobody receives the names.
                _ if many => {}
                Some(true) => away.extend(name(id)),
                Some(false) => here.extend(name(id)),
                // Nobody holds the name of a member who left while only the count was published.
                None if is_full => {}
                None => gone.push(id),
            }
        }
        self.is_counted = many;
        if changes == 0 {
            return Vec::new();
        }
        // The wall clock makes the number differ from those before a restart.
        self.revision = now.wall.max(self.revision + 1);
        if many {
            return vec![Event::Here(Here { members: Vec::new(), as_of, count })];
        }
        let mut events = Vec::new();
        if !gone.is_empty() {
            events.push(Event::Gone(Gone { members: gone, count }));
        }
        if !here.is_empty() {
            events.push(Event::Here(Here { members: here, as_of, count }));
        }
        if !away.is_empty() {
            events.push(Event::Away(Away { members: away, as_of, count }));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now { mono: ms, wall: 1_790_000_000_000 + ms }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it has the type of a look-up")]
    fn name(id: MemberId) -> Option<Member> {
        Some(Member { id, name: format!("m{}", id.0) })
    }

    #[test]
    fn changes_are_published_once_a_second() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        assert_eq!(presence.take_changes(at(1_000), 7, name).len(), 1);
        presence.open(MemberId(2));
        presence.open(MemberId(3));
        presence.close(MemberId(3), false);
        assert_eq!(presence.next_wake(), Some(2_000));
        assert_eq!(presence.take_changes(at(1_999), 7, name), []);
        let events = presence.take_changes(at(2_000), 7, name);
        assert_eq!(
            events,
            [Event::Here(Here { members: vec![name(MemberId(2)).unwrap()], as_of: 7, count: 2 })]
        );
        assert_eq!(presence.next_wake(), None);
    }

    #[test]
    fn a_reload_within_a_second_is_not_published() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        presence.take_changes(at(1_000), 7, name);
        presence.close(MemberId(1), false);
        presence.open(MemberId(1));
        assert_eq!(presence.take_changes(at(3_000), 7, name), []);
    }

    #[test]
    fn a_change_is_published_when_a_welcome_showed_another_state() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        presence.set_away(MemberId(1), true);
        presence.take_changes(at(1_000), 7, name);
        presence.close(MemberId(1), true);
        presence.open(MemberId(1));
        assert!(!presence.list_for_welcome(name)[0].away);
        presence.set_away(MemberId(1), true);
        assert!(
            matches!(presence.take_changes(at(2_000), 7, name)[..], [Event::Away(_)]),
            "the welcome showed the member as here"
        );
    }

    #[test]
    fn a_member_is_away_when_every_page_is_away() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        presence.open(MemberId(1));
        presence.take_changes(at(1_000), 7, name);
        presence.set_away(MemberId(1), true);
        assert_eq!(presence.take_changes(at(2_000), 7, name), []);
        presence.set_away(MemberId(1), true);
        assert!(matches!(presence.take_changes(at(3_000), 7, name)[..], [Event::Away(_)]));
        presence.close(MemberId(1), true);
        presence.close(MemberId(1), true);
        assert!(matches!(presence.take_changes(at(4_000), 7, name)[..], [Event::Gone(_)]));
        assert_eq!(presence.count(), 0);
    }

    #[test]
    fn members_are_counted_above_the_limit_and_named_again_below_it() {
        let mut presence = Presence::default();
        let limit = u64::try_from(PRESENCE_NAMED_MAX).unwrap();
        let named = |events: &[Event]| match events {
            [Event::Here(here)] => (here.members.len(), u64::from(here.count)),
            other => panic!("{other:?}"),
        };
        (1..limit).for_each(|id| presence.open(MemberId(id)));
        assert_eq!(named(&presence.take_changes(at(1_000), 7, name)), (PRESENCE_NAMED_MAX - 1, limit - 1));
        presence.open(MemberId(limit));
        assert_eq!(named(&presence.take_changes(at(2_000), 7, name)), (1, limit));
        presence.open(MemberId(limit + 1));
        assert_eq!(presence.take_changes(at(3_000), 7, name), []);
        presence.open(MemberId(limit + 2));
        let due = 3_000 + PRESENCE_COUNT_MS;
        assert_eq!(
            (presence.take_changes(at(due - 1), 7, name), presence.next_wake()),
            (Vec::new(), Some(due))
        );
        assert_eq!(named(&presence.take_changes(at(due), 7, name)), (0, limit + 2));
        assert_eq!(presence.next_wake(), None);
        presence.close(MemberId(limit + 2), false);
        assert_eq!(presence.take_changes(at(due + 900), 7, name), []);
        presence.close(MemberId(1), false);
        assert_eq!(presence.take_changes(at(due + 999), 7, name), []);
        let events = presence.take_changes(at(due + 1_000), 7, name);
        assert_eq!(named(&events), (PRESENCE_NAMED_MAX, limit), "names are published a second later");
        assert_eq!(presence.list_for_welcome(name).len(), WELCOME_PRESENT_MAX);
        presence.close(MemberId(2), false);
        let events = presence.take_changes(at(due + 2_000), 7, name);
        assert!(matches!(&events[..], [Event::Gone(gone)] if gone.members == [MemberId(2)]), "{events:?}");
    }

    #[test]
    fn a_mass_disconnect_names_only_those_who_stay() {
        let mut presence = Presence::default();
        (1..=10_000).for_each(|id| presence.open(MemberId(id)));
        assert_eq!(presence.take_changes(at(1_000), 7, name), []);
        assert_eq!(presence.take_changes(at(1_000 + PRESENCE_COUNT_MS), 7, name).len(), 1);
        // They leave within two seconds.
        for id in 101..=10_000 {
            presence.close(MemberId(id), false);
            if presence.count() as usize > PRESENCE_NAMED_MAX {
                assert_eq!(presence.take_changes(at(20_000 + id / 5), 7, name), [], "nobody is told");
            }
        }
        presence.set_away(MemberId(100), true);
        let events = presence.take_changes(at(22_001), 7, name);
        let [Event::Here(here), Event::Away(away)] = &events[..] else { panic!("{events:?}") };
        assert_eq!((here.members.len(), here.count, away.members.len()), (99, 100, 1));
    }
}
