//! Who is here, away or gone: gathered, and told at most once a second.
//!
//! Presence has no position and is never replayed. A page that reloads within
//! the second was never gone.

use crate::limits::PRESENCE_MS;
use shared::{
    Event, Member, MemberId, event,
    event::{Away, Gone, Here, Present},
    limits::{PRESENCE_NAMED_MAX, WELCOME_PRESENT_MAX},
};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default)]
struct Sessions {
    open: u32,
    away: u32,
}

impl Sessions {
    /// Present members are away if every page of theirs is.
    fn is_away(self) -> Option<bool> {
        (self.open > 0).then_some(self.away == self.open)
    }
}

/// A member whose presence changed since the last telling.
#[derive(Clone, Copy, Debug, Default)]
struct Changed {
    /// How many `welcome`s there had been at the last change.
    welcomes: u64,
    /// A `welcome` showed what was so between two changes: whoever got it must
    /// hear what became of it, even if it is again what everybody was told.
    was_seen: bool,
}

/// The presence of the house.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    sessions: BTreeMap<MemberId, Sessions>,
    /// What everybody was told: away or not; absent is gone.
    told: BTreeMap<MemberId, bool>,
    changed: BTreeMap<MemberId, Changed>,
    /// How many were told in a `welcome` who is here.
    welcomes: u64,
    /// Members were last named one by one, rather than counted.
    counted: bool,
    told_at: u64,
    revision: u64,
}

impl Presence {
    /// A page of this member opened.
    pub fn open(&mut self, member: MemberId) {
        self.sessions.entry(member).or_default().open += 1;
        self.change(member);
    }

    /// A page of this member closed, while it was away or not.
    pub fn close(&mut self, member: MemberId, away: bool) {
        if let Some(sessions) = self.sessions.get_mut(&member) {
            sessions.open = sessions.open.saturating_sub(1);
            sessions.away = sessions.away.saturating_sub(u32::from(away));
            if sessions.open == 0 {
                self.sessions.remove(&member);
            }
        }
        self.change(member);
    }

    /// A page of this member changed from or to away.
    pub fn set_away(&mut self, member: MemberId, away: bool) {
        if let Some(sessions) = self.sessions.get_mut(&member) {
            let change = if away { sessions.away.saturating_add(1) } else { sessions.away.saturating_sub(1) };
            sessions.away = change.min(sessions.open);
        }
        self.change(member);
    }

    fn change(&mut self, member: MemberId) {
        let welcomes = self.welcomes;
        let changed = self.changed.entry(member).or_insert(Changed { welcomes, was_seen: false });
        changed.was_seen |= changed.welcomes < welcomes;
        changed.welcomes = welcomes;
    }

    /// Another number after each telling, in this run of the server and over several.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many members are present.
    pub fn count(&self) -> u32 {
        u32::try_from(self.sessions.len()).unwrap_or(u32::MAX)
    }

    /// The present members for a `welcome`, at most [`WELCOME_PRESENT_MAX`].
    pub fn first(&mut self, name: impl Fn(MemberId) -> Option<Member>) -> Vec<event::Presence> {
        self.up_to(WELCOME_PRESENT_MAX, name)
    }

    fn up_to(&mut self, limit: usize, name: impl Fn(MemberId) -> Option<Member>) -> Vec<event::Presence> {
        self.welcomes += 1;
        let present = self.sessions.iter().filter_map(|(id, sessions)| {
            Some(event::Presence { member: name(*id)?, away: sessions.is_away()? })
        });
        present.take(limit).collect()
    }

    /// Everybody, for who could not hear each change. The names are those as of position `as_of`.
    pub fn all(&mut self, as_of: u64, name: impl Fn(MemberId) -> Option<Member>) -> Present {
        let limit =
            if self.sessions.len() > PRESENCE_NAMED_MAX { WELCOME_PRESENT_MAX } else { PRESENCE_NAMED_MAX };
        Present { members: self.up_to(limit, name), as_of, count: self.count() }
    }

    /// When [`Presence::tell`] has something to say, if nothing more happens.
    pub fn next_wake(&self) -> Option<u64> {
        (!self.changed.is_empty()).then(|| self.told_at.saturating_add(PRESENCE_MS))
    }

    /// What changed since the last telling; nothing if that is less than a second ago. The names are
    /// those as of position `as_of`.
    pub fn tell(&mut self, now: u64, as_of: u64, name: impl Fn(MemberId) -> Option<Member>) -> Vec<Event> {
        if self.changed.is_empty() || now < self.told_at.saturating_add(PRESENCE_MS) {
            return Vec::new();
        }
        self.told_at = now;
        let count = self.count();
        let many = self.sessions.len() > PRESENCE_NAMED_MAX;
        // Whoever only heard counts must hear every name again.
        let all_again = self.counted && !many;
        let changed = std::mem::take(&mut self.changed);
        let (mut here, mut away, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let ids: Vec<MemberId> = if all_again {
            self.sessions.keys().copied().chain(changed.keys().copied()).collect()
        } else {
            changed.keys().copied().collect()
        };
        for id in ids {
            let is = self.sessions.get(&id).and_then(|sessions| sessions.is_away());
            let was = match is {
                Some(is_away) => self.told.insert(id, is_away),
                None => self.told.remove(&id),
            };
            let was_seen = changed.get(&id).is_some_and(|changed| changed.was_seen);
            if is == was && !all_again && !was_seen {
                continue;
            }
            match is {
                Some(true) => away.extend(name(id)),
                Some(false) => here.extend(name(id)),
                None => gone.push(id),
            }
        }
        self.counted = many;
        let changes = here.len() + away.len() + gone.len();
        if changes == 0 {
            return Vec::new();
        }
        self.revision = now.max(self.revision + 1);
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

    #[expect(clippy::unnecessary_wraps, reason = "it stands for a look-up")]
    fn name(id: MemberId) -> Option<Member> {
        Some(Member { id, name: format!("m{}", id.0) })
    }

    #[test]
    fn changes_are_gathered_for_a_second() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        assert_eq!(presence.tell(1_000, 7, name).len(), 1);
        presence.open(MemberId(2));
        presence.open(MemberId(3));
        presence.close(MemberId(3), false);
        assert_eq!(presence.next_wake(), Some(2_000));
        assert_eq!(presence.tell(1_999, 7, name), []);
        let told = presence.tell(2_000, 7, name);
        assert_eq!(
            told,
            [Event::Here(Here { members: vec![name(MemberId(2)).unwrap()], as_of: 7, count: 2 })]
        );
        assert_eq!(presence.next_wake(), None);
    }

    #[test]
    fn a_reload_within_the_second_is_not_told() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        presence.tell(1_000, 7, name);
        presence.close(MemberId(1), false);
        presence.open(MemberId(1));
        assert_eq!(presence.tell(3_000, 7, name), []);
    }

    #[test]
    fn what_a_welcome_showed_half_way_is_told_to_its_end() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        presence.set_away(MemberId(1), true);
        presence.tell(1_000, 7, name);
        presence.close(MemberId(1), true);
        presence.open(MemberId(1));
        assert!(!presence.first(name)[0].away);
        presence.set_away(MemberId(1), true);
        assert!(matches!(presence.tell(2_000, 7, name)[..], [Event::Away(_)]), "whoever is new saw it here");
    }

    #[test]
    fn a_member_is_away_when_every_page_is() {
        let mut presence = Presence::default();
        presence.open(MemberId(1));
        presence.open(MemberId(1));
        presence.tell(1_000, 7, name);
        presence.set_away(MemberId(1), true);
        assert_eq!(presence.tell(2_000, 7, name), []);
        presence.set_away(MemberId(1), true);
        assert!(matches!(presence.tell(3_000, 7, name)[..], [Event::Away(_)]));
        presence.close(MemberId(1), true);
        presence.close(MemberId(1), true);
        assert!(matches!(presence.tell(4_000, 7, name)[..], [Event::Gone(_)]));
        assert_eq!(presence.count(), 0);
    }

    #[test]
    fn above_the_limit_members_are_counted_and_below_it_named_again() {
        let mut presence = Presence::default();
        let limit = u64::try_from(PRESENCE_NAMED_MAX).unwrap();
        let named = |events: &[Event]| match events {
            [Event::Here(here)] => (here.members.len(), u64::from(here.count)),
            other => panic!("{other:?}"),
        };
        (1..limit).for_each(|id| presence.open(MemberId(id)));
        assert_eq!(named(&presence.tell(1_000, 7, name)), (PRESENCE_NAMED_MAX - 1, limit - 1));
        presence.open(MemberId(limit));
        assert_eq!(named(&presence.tell(2_000, 7, name)), (1, limit));
        presence.open(MemberId(limit + 1));
        assert_eq!(named(&presence.tell(3_000, 7, name)), (0, limit + 1));
        presence.close(MemberId(1), false);
        let events = presence.tell(4_000, 7, name);
        let [Event::Gone(_), Event::Here(here)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(here.members.len(), PRESENCE_NAMED_MAX);
        assert_eq!(presence.first(name).len(), WELCOME_PRESENT_MAX);
    }
}
