//! People: today's name of each, and who is present. Who left the house has no
//! name of today: what they said stands under the name that they had then.
//!
//! Names come from `welcome`, from the log, from presence and from pages. Each is known as of a
//! position, and the later position holds: events of two addresses may come in any order.

use crate::limits::{NAMES_MAX, PEOPLE_MAX};
use crate::sorted::{Map, Set, sort_by_key};
use crate::view::Person;
use shared::event::Presence;
use shared::{Member, MemberId, Message};
use std::rc::Rc;

/// A name as of a position; none of who left.
#[derive(Debug)]
struct KnownMember {
    name: Option<Rc<str>>,
    n: u64,
}

/// The members that the page knows of.
#[derive(Debug, Default)]
pub(crate) struct Members {
    names: Map<MemberId, KnownMember>,
    /// Present members, and whether they are away.
    present: Map<MemberId, bool>,
    count: u32,
    /// There were too many to be named one by one. The next who are named are
    /// all who are present, for changes in between were only counted.
    is_only_counted: bool,
}

impl Members {
    /// Today's name, where it is known.
    pub(crate) fn name(&self, id: MemberId) -> Option<&Rc<str>> {
        self.names.get(&id)?.name.as_ref()
    }

    /// The same, if it was told after position `n`.
    pub(crate) fn name_since(&self, id: MemberId, n: u64) -> Option<&Rc<str>> {
        self.names.get(&id).filter(|known| known.n > n)?.name.as_ref()
    }

    /// Takes the name as of `n`. True if it is another than before.
    pub(crate) fn set_name(&mut self, id: MemberId, name: &str, n: u64) -> bool {
        match self.names.get_mut(&id) {
            Some(known) if n < known.n => false,
            Some(known) => {
                known.n = n;
                let same = known.name.as_ref().is_some_and(|known| **known == *name);
                if !same {
                    known.name = Some(Rc::from(name));
                }
                !same
            }
            None => {
                self.names.insert(id, KnownMember { name: Some(Rc::from(name)), n });
                true
            }
        }
    }

    /// Takes the names of those who wrote `messages`, as of `n`.
    pub(crate) fn set_author_names(&mut self, authors: &[Member], messages: &[Message], n: u64) {
        for message in messages {
            self.remove_name(message.author, n);
        }
        for member in authors {
            self.set_name(member.id, &member.name, n);
        }
    }

    /// A member is none of the house any more, as of `n`. True if that takes a name away.
    pub(crate) fn remove_name(&mut self, id: MemberId, n: u64) -> bool {
        match self.names.get_mut(&id) {
            Some(known) if n < known.n => false,
            Some(known) => {
                known.n = n;
                known.name.take().is_some()
            }
            None => {
                self.names.insert(id, KnownMember { name: None, n });
                false
            }
        }
    }

    /// Takes who is present at the start of a session, as of `n`.
    pub(crate) fn set_present(&mut self, present: &[Presence], count: u32, n: u64) {
        self.present.clear();
        for presence in present.iter().take(PEOPLE_MAX) {
            self.set_name(presence.member.id, &presence.member.name, n);
            self.present.insert(presence.member.id, presence.away);
        }
        self.count = count;
        self.is_only_counted = count as usize > PEOPLE_MAX;
    }

    /// These are present as of `n`; `count` are in all. True if one has another name than before.
    pub(crate) fn add_present(&mut self, members: &[Member], away: bool, count: u32, n: u64) -> bool {
        let mut renamed = false;
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

    /// These are not present any more; `count` are left.
    pub(crate) fn remove_present(&mut self, members: &[MemberId], count: u32) {
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

    /// How many are present.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Whether there are more names than [`NAMES_MAX`].
    pub(crate) fn is_full(&self) -> bool {
        self.names.len() > NAMES_MAX
    }

    /// Forgets names; those who are present or an author of a row that is held stay.
    pub(crate) fn evict_names(&mut self, authors: &Set<MemberId>) {
        let present = &self.present;
        self.names.retain(|id, _| present.contains_key(id) || authors.contains(id));
    }

    /// The present members in the order of their names.
    pub(crate) fn people(&self, me: Option<MemberId>) -> Vec<Person> {
        let people: Vec<Person> = self
            .present
            .iter()
            .map(|(id, away)| Person {
                id: *id,
                name: self.name(*id).cloned().unwrap_or_default(),
                away: *away,
                me: me == Some(*id),
            })
            .collect();
        // Lower case by ASCII only: the tables for more would weigh more than they give.
        sort_by_key(people, |person| (person.name.to_ascii_lowercase(), person.id))
    }
}

#[cfg(test)]
mod tests;
