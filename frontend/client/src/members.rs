//! Members: the present name of each, and who is present.
//!
//! A member who left the house has no present name; the member's messages show the name at the time
//! of writing.
//!
//! Names come from `welcome`, the log, presence and pages of history. Each name is known as of a
//! position, and the later position wins, because events of two addresses may arrive in any order.

use crate::limits::{NAMES_MAX, PEOPLE_MAX};
use crate::sorted::{Map, Set, sort_by_key};
use crate::view::{People, Person, Slice};
use shared::event::Presence;
use shared::{Member, MemberId, Message};
use std::rc::Rc;

/// A name as of a position; `None` if the member left the house.
#[derive(Debug)]
struct KnownMember {
    name: Option<Rc<str>>,
    n: u64,
}

/// The members that the page knows.
#[derive(Debug, Default)]
pub(crate) struct Members {
    names: Map<MemberId, KnownMember>,
    /// The present members, and whether each is away.
    present: Map<MemberId, bool>,
    count: u32,
    /// Whether the server only counts the members who are present. The next named members are all
    /// who are present.
    is_only_counted: bool,
    /// The people who were shown last, and the member of the page then; `None` after a change.
    shown: Option<(Slice<People>, Option<MemberId>)>,
    /// The number of names past which they are evicted again, if it is more than [`NAMES_MAX`].
    evict_past: usize,
}

impl Members {
    /// The present name, if it is known.
    pub(crate) fn name(&self, id: MemberId) -> Option<&Rc<str>> {
        self.names.get(&id)?.name.as_ref()
    }

    /// The present name, if it was announced after position `n`.
    pub(crate) fn name_since(&self, id: MemberId, n: u64) -> Option<&Rc<str>> {
        self.names.get(&id).filter(|known| known.n > n)?.name.as_ref()
    }

    /// Sets a name as of `n`. Returns true if the name changed.
    pub(crate) fn set_name(&mut self, id: MemberId, name: &str, n: u64) -> bool {
        match self.names.get_mut(&id) {
            Some(known) if n < known.n => false,
            Some(known) => {
                known.n = n;
                let same = known.name.as_ref().is_some_and(|known| **known == *name);
                if !same {
                    known.name = Some(Rc::from(name));
                    self.shown = None;
                }
                !same
            }
            None => {
                self.names.insert(id, KnownMember { name: Some(Rc::from(name)), n });
                self.shown = None;
                true
            }
        }
    }

    /// Sets the names of the authors of `messages`, as of `n`. An author without a name left the
    /// house.
    pub(crate) fn set_author_names(&mut self, authors: &[Member], messages: &[Message], n: u64) {
        for message in messages {
            self.remove_name(message.author, n);
        }
        for member in authors {
            self.set_name(member.id, &member.name, n);
        }
    }

    /// Removes the name of a member who left the house as of `n`. Returns true if there was a name.
    pub(crate) fn remove_name(&mut self, id: MemberId, n: u64) -> bool {
        match self.names.get_mut(&id) {
            Some(known) if n < known.n => false,
            Some(known) => {
                known.n = n;
                self.shown = None;
                known.name.take().is_some()
            }
            None => {
                self.names.insert(id, KnownMember { name: None, n });
                false
            }
        }
    }

    /// Sets the present members at the start of a session, as of `n`.
    pub(crate) fn set_present(&mut self, present: &[Presence], count: u32, n: u64) {
        self.shown = None;
        self.present.clear();
        for presence in present.iter().take(PEOPLE_MAX) {
            self.set_name(presence.member.id, &presence.member.name, n);
            self.present.insert(presence.member.id, presence.away);
        }
        self.count = count;
        self.is_only_counted = count as usize > PEOPLE_MAX;
    }

    /// Adds present members as of `n`; `count` is the new total. Returns true if a name changed.
    pub(crate) fn add_present(&mut self, members: &[Member], away: bool, count: u32, n: u64) -> bool {
        let mut renamed = false;
        self.shown = None;
        self.clear_after_count(members.is_empty());
        for member in members {
            let has_space = self.present.len() < PEOPLE_MAX || self.present.contains_key(&member.id);
            if has_space {
                renamed |= self.set_name(member.id, &member.name, n);
                self.present.insert(member.id, away);
            }
        }
        self.count = count;
        renamed
    }

    /// Removes members who are no longer present; `count` is the new total.
    pub(crate) fn remove_present(&mut self, members: &[MemberId], count: u32) {
        self.shown = None;
        self.clear_after_count(members.is_empty());
        for id in members {
            self.present.remove(id);
        }
        self.count = count;
    }

    fn clear_after_count(&mut self, only_counted: bool) {
        if self.is_only_counted && !only_counted {
            self.present.clear();
        }
        self.is_only_counted = only_counted;
    }

    /// Whether so many names are held that some are to be evicted: more than [`NAMES_MAX`], and twice as many as
    /// were needed after the last time. Otherwise a page that needs more than the limit would look through all
    /// authors with each frame.
    pub(crate) fn is_full(&self) -> bool {
        self.names.len() > NAMES_MAX.max(self.evict_past)
    }

    /// Forgets the names of members who are neither present nor among `authors`.
    pub(crate) fn evict_names(&mut self, authors: &Set<MemberId>) {
        let present = &self.present;
        self.names.retain(|id, _| present.contains_key(id) || authors.contains(id));
        self.evict_past = 2 * self.names.len();
    }

    /// The present members in the order of their names. It is the same slice as before if nothing changed.
    pub(crate) fn people(&mut self, me: Option<MemberId>) -> Slice<People> {
        if let Some((people, _)) = self.shown.as_ref().filter(|(_, of)| *of == me) {
            return people.clone();
        }
        let person = |(id, away): (&MemberId, &bool)| Person {
            id: *id,
            name: self.name(*id).cloned().unwrap_or_default(),
            away: *away,
            me: me == Some(*id),
        };
        let list: Vec<Person> = self.present.iter().map(person).collect();
        // Lower case in ASCII only: the tables for all of Unicode would make the page too large.
        let list = sort_by_key(list, |person| (person.name.to_ascii_lowercase(), person.id));
        let people = Slice::from(People { list, count: self.count });
        self.shown = Some((people.clone(), me));
        people
    }
}

#[cfg(test)]
mod tests;
