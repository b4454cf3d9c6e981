//! People: today's name of each, and who is present. Who left the house has no
//! name of today: what they said stands under the name that they had then.
//!
//! Names come from `welcome`, from the log and from presence. On one connection
//! each is as new as all that came before it, so the last word holds.

use crate::limits::{NAMES_MAX, PEOPLE_MAX};
use crate::view::Person;
use shared::event::Presence;
use shared::{Member, MemberId, Message};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The members that the page knows of.
#[derive(Debug, Default)]
pub(crate) struct Members {
    names: BTreeMap<MemberId, Rc<str>>,
    /// Present members, and whether they are away.
    present: BTreeMap<MemberId, bool>,
    count: u32,
    /// There were too many to be named one by one. The next who are named are
    /// all who are present, for changes in between were only counted.
    counted: bool,
}

impl Members {
    /// Today's name, where it is known.
    pub(crate) fn name(&self, id: MemberId) -> Option<&Rc<str>> {
        self.names.get(&id)
    }

    /// Takes today's name. True if it is another than before.
    pub(crate) fn named(&mut self, id: MemberId, name: &str) -> bool {
        if self.name(id).is_some_and(|known| **known == *name) {
            return false;
        }
        self.names.insert(id, Rc::from(name)).is_some()
    }

    /// Takes today's names of those who wrote `messages`, as a snapshot tells them.
    pub(crate) fn authors(&mut self, authors: &[Member], messages: &[Message]) {
        for message in messages {
            self.names.remove(&message.author);
        }
        for member in authors {
            self.named(member.id, &member.name);
        }
    }

    /// A member left the house. True if that takes a name away.
    pub(crate) fn left(&mut self, id: MemberId) -> bool {
        self.names.remove(&id).is_some()
    }

    /// Takes who is present at the start of a session.
    pub(crate) fn welcomed(&mut self, present: &[Presence], count: u32) {
        self.present.clear();
        for one in present.iter().take(PEOPLE_MAX) {
            self.named(one.member.id, &one.member.name);
            self.present.insert(one.member.id, one.away);
        }
        self.count = count;
        self.counted = count as usize > PEOPLE_MAX;
    }

    /// These are present; `count` are in all. True if one has another name than before.
    pub(crate) fn came(&mut self, members: &[Member], away: bool, count: u32) -> bool {
        let mut renamed = false;
        self.begin_anew(members.is_empty());
        for member in members {
            let room = self.present.len() < PEOPLE_MAX || self.present.contains_key(&member.id);
            if room {
                renamed |= self.named(member.id, &member.name);
                self.present.insert(member.id, away);
            }
        }
        self.count = count;
        renamed
    }

    /// These are not present any more; `count` are left.
    pub(crate) fn gone(&mut self, members: &[MemberId], count: u32) {
        self.begin_anew(members.is_empty());
        for id in members {
            self.present.remove(id);
        }
        self.count = count;
    }

    fn begin_anew(&mut self, only_counted: bool) {
        if self.counted && !only_counted {
            self.present.clear();
        }
        self.counted = only_counted;
    }

    /// How many are present.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Forgets names past [`NAMES_MAX`]; those who are present or an author of
    /// a row that is held stay.
    pub(crate) fn tidy(&mut self, is_author: impl Fn(MemberId) -> bool) {
        if self.names.len() > NAMES_MAX {
            let present = &self.present;
            self.names.retain(|id, _| present.contains_key(id) || is_author(*id));
        }
    }

    /// The present members in the order of their names.
    pub(crate) fn people(&self, me: Option<MemberId>) -> Vec<Person> {
        let mut people: Vec<Person> = self
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
        people.sort_by_cached_key(|person| (person.name.to_ascii_lowercase(), person.id));
        people
    }
}

#[cfg(test)]
mod tests;
