//! The directory: an index of the rooms' names, by which members find rooms.
//!
//! The index lists the rooms of each letter and of each pair of letters. A search walks through the shortest list
//! that its text has, so it does not look at every room of the house.

use crate::house::rooms::{RoomState, RoomTable};
use shared::{RoomId, limits::NAME_BYTES_MAX};
use std::collections::{BTreeMap, HashMap};
use unicode_normalization::UnicodeNormalization;

/// One letter, or two that follow each other. Packed into a number, so that it is quick to compare and to hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Gram(u64);

impl Gram {
    fn of_letter(letter: char) -> Self {
        Gram(u64::from(letter) << 32)
    }

    fn of_pair(one: char, next: char) -> Self {
        // The letter NUL is in no name, but a search may have it.
        Gram(u64::from(one) << 32 | (u64::from(next) + 1))
    }
}

/// Index of the rooms' names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Directory {
    /// Names in lower case.
    names: BTreeMap<RoomId, Box<str>>,
    /// Rooms of each gram, in the order of their ids.
    by_gram: HashMap<Gram, Vec<RoomId>>,
}

impl Directory {
    /// Builds the index of the rooms that are not archived.
    pub(crate) fn of(rooms: &RoomTable) -> Self {
        let shown = rooms.all().filter(|(_, state)| !state.archived);
        let name_of = |state: &RoomState| lower(state.name.as_ref().map_or("", |name| name.as_str()));
        let names: BTreeMap<_, _> = shown.map(|(id, state)| (id, name_of(state))).collect();
        // To sort all pairs at once takes less time than to find the place of each by itself.
        let mut pairs: Vec<(Gram, RoomId)> =
            names.iter().flat_map(|(id, name)| grams(name).map(|gram| (gram, *id))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let lists = pairs.chunk_by(|(one, _), (next, _)| one == next);
        let by_gram =
            lists.filter_map(|list| Some((list.first()?.0, list.iter().map(|(_, id)| *id).collect())));
        Directory { by_gram: by_gram.collect(), names }
    }

    /// Adds a room, or gives a known one another name.
    pub(crate) fn put(&mut self, room: RoomId, name: &str) {
        let name = lower(name);
        if self.names.get(&room) == Some(&name) {
            return;
        }
        self.remove(room);
        for gram in grams(&name) {
            let rooms = self.by_gram.entry(gram).or_default();
            if let Err(index) = rooms.binary_search(&room) {
                rooms.insert(index, room);
            }
        }
        self.names.insert(room, name);
    }

    /// Removes a room. Without effect if the index does not have it.
    pub(crate) fn remove(&mut self, room: RoomId) {
        let Some(name) = self.names.remove(&room) else { return };
        for gram in grams(&name) {
            let Some(rooms) = self.by_gram.get_mut(&gram) else { continue };
            if let Ok(index) = rooms.binary_search(&room) {
                rooms.remove(index);
            }
            if rooms.is_empty() {
                self.by_gram.remove(&gram);
            }
        }
    }

    /// Finds the rooms after `after` whose names contain `find`, in any case and normal form, in the order of
    /// their ids.
    pub(crate) fn search(&self, find: &str, after: Option<RoomId>) -> impl Iterator<Item = RoomId> {
        let from = after.map_or(RoomId(0), |after| RoomId(after.0.saturating_add(1)));
        // No name is so long, so that no room can match. Names are in normal form C.
        let is_too_long = find.len() > 4 * NAME_BYTES_MAX;
        let find = if is_too_long { String::new() } else { find.nfc().collect::<String>().to_lowercase() };
        let all = (find.is_empty() && !is_too_long).then(|| self.names.range(from..).map(|(id, _)| *id));
        let listed = |gram| self.by_gram.get(&gram).map_or(&[][..], Vec::as_slice);
        let shortest = grams(&find).map(listed).min_by_key(|rooms| rooms.len()).unwrap_or_default();
        let rest = shortest.get(shortest.partition_point(|id| *id < from)..).unwrap_or_default();
        let is_match = move |id: &RoomId| self.names.get(id).is_some_and(|name| name.contains(find.as_str()));
        all.into_iter().flatten().chain(rest.iter().copied().filter(is_match))
    }
}

fn lower(name: &str) -> Box<str> {
    name.to_lowercase().into_boxed_str()
}

/// Iterates over the letters of a name, and over its pairs of letters.
fn grams(text: &str) -> impl Iterator<Item = Gram> {
    let pairs = text.chars().zip(text.chars().skip(1)).map(|(one, next)| Gram::of_pair(one, next));
    text.chars().map(Gram::of_letter).chain(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::names::Name;

    fn found(directory: &Directory, find: &str) -> Vec<u64> {
        directory.search(find, None).map(|id| id.0).collect()
    }

    #[test]
    fn a_search_finds_what_a_look_at_every_name_finds() {
        let names =
            ["", "Tea", "teapot", "TEA ROOM", "茶", "品茶", "Καφές", "a", "aa", "aaa", "İstanbul", "ß"];
        let mut directory = Directory::default();
        names.iter().enumerate().for_each(|(id, name)| directory.put(RoomId(id as u64), name));
        for find in ["", "t", "te", "TEA", "tea ", "茶", "品茶", "ές", "a", "aa", "aaaa", "i", "ß", "x", "oo"]
        {
            let lower = find.to_lowercase();
            let matches = names.iter().enumerate().filter(|(_, name)| name.to_lowercase().contains(&lower));
            let wanted: Vec<u64> = matches.map(|(id, _)| id as u64).collect();
            assert_eq!(found(&directory, find), wanted, "{find:?}");
            for after in 0..names.len() as u64 {
                let rest: Vec<u64> = directory.search(find, Some(RoomId(after))).map(|id| id.0).collect();
                let wanted: Vec<u64> = wanted.iter().copied().filter(|id| *id > after).collect();
                assert_eq!(rest, wanted, "{find:?} after {after}");
            }
        }
        assert!(found(&directory, &"a".repeat(4 * NAME_BYTES_MAX + 1)).is_empty());
    }

    #[test]
    fn an_index_of_all_rooms_is_that_of_one_room_after_another() {
        let (mut rooms, mut one_by_one) = (RoomTable::default(), Directory::default());
        one_by_one.put(RoomId::LOBBY, "");
        for (id, name) in (2..).zip(["Tea", "TEA room", "茶茶茶", "aaa", "İstanbul", "gone"]) {
            let archived = name == "gone";
            rooms.restore(
                RoomId(id),
                RoomState { name: Some(Name::from_log(name)), archived, ..RoomState::default() },
            );
            if !archived {
                one_by_one.put(RoomId(id), name);
            }
        }
        assert_eq!(Directory::of(&rooms), one_by_one);
    }

    #[test]
    fn a_room_is_found_by_its_newest_name_only() {
        let mut directory = Directory::default();
        directory.put(RoomId(1), "Oolong");
        directory.put(RoomId(2), "Oolong 2");
        directory.put(RoomId(1), "Pu'er");
        assert_eq!(found(&directory, "oolong"), [2]);
        assert_eq!(found(&directory, "pu'"), [1]);
        directory.remove(RoomId(1));
        directory.remove(RoomId(2));
        assert!(directory.names.is_empty() && directory.by_gram.is_empty());
    }
}
