//! A map, a set and a sort that keep the page small.
//!
//! The map and the set are sorted vectors. They replace the standard library's B-trees, of which
//! each instance costs 6 KB of code or more. Every collection has a limit in [`crate::limits`], so
//! moving the entries after a new one takes microseconds. Where many entries come or go at once,
//! they are sorted first and moved in one pass.

use std::cmp::Ordering;

/// Returns the indexes of `many` items in sorted order by a stable merge sort.
///
/// The function is not generic, so the page contains it once, at a tenth of the standard sort's
/// size.
fn order(many: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..many).collect();
    let mut width = 1;
    while width < many {
        let mut merged = Vec::with_capacity(many);
        for run in order.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let ([one, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
                if compare(*other, *one).is_lt() {
                    merged.push(*other);
                    right = right_rest;
                } else {
                    merged.push(*one);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        order = merged;
        width *= 2;
    }
    order
}

/// Sorts items by their keys; the sort is stable.
pub(crate) fn sort_by_key<T, K: Ord>(things: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let keys: Vec<K> = things.iter().map(key).collect();
    sort_by(things, &|one, other| keys[one].cmp(&keys[other]))
}

/// Sorts items by a comparison of two of their indexes; the sort is stable.
pub fn sort_by<T>(things: Vec<T>, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<T> {
    let order = order(things.len(), compare);
    let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| things.get_mut(at)?.take()).collect()
}

/// Entries in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Map<K, V>(Vec<(K, V)>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map(Vec::new())
    }
}

impl<K: Ord, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        Map::default()
    }

    fn find(&self, key: &K) -> Result<usize, usize> {
        // A new key is mostly the greatest.
        if self.0.last().is_none_or(|(last, _)| last < key) {
            return Err(self.0.len());
        }
        self.0.binary_search_by(|(held, _)| held.cmp(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key).ok().and_then(|at| self.0.get_mut(at)).map(|(_, value)| value)
    }

    /// Inserts an entry, or replaces the one with this key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Returns the value of this key, inserting it if it is missing.
    pub(crate) fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, make()));
                at
            }
        };
        &mut self.0[at].1
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.0.first()
    }

    /// Removes and returns the first entry.
    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

/// A set of keys, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set<K>(Map<K, ()>);

impl<K> Default for Set<K> {
    fn default() -> Self {
        Set(Map::default())
    }
}

impl<K: Ord> Set<K> {
    pub(crate) fn new() -> Self {
        Set::default()
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Inserts a key. Returns false if it was there already.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        let new = !self.contains(&key);
        self.0.insert(key, ());
        new
    }

    /// Removes all keys that are also in `gone`.
    pub(crate) fn remove_all(&mut self, gone: &Set<K>) {
        self.0.retain(|key, ()| !gone.contains(key));
    }
}

impl<K: Ord + Copy> FromIterator<K> for Set<K> {
    /// Sorts once, because inserting thousands of unordered keys one by one would move entries
    /// again and again.
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut keys = sort_by_key(keys.into_iter().collect(), |key| *key);
        keys.dedup();
        Set(Map(keys.into_iter().map(|key| (key, ())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// The same unordered numbers each time, with repetitions.
    fn numbers() -> impl Iterator<Item = u64> {
        (0..2_000_u64).map(|round| round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56)
    }

    #[test]
    fn the_sort_is_stable() {
        let mut model: Vec<(u64, usize)> = numbers().zip(0..).collect();
        let sorted = sort_by_key(model.clone(), |(number, _)| *number);
        model.sort_by_key(|(number, _)| *number);
        assert_eq!(sorted, model);
        for many in 0..40 {
            let some: Vec<(u64, usize)> = numbers().map(|number| number % 8).zip(0..many).collect();
            let mut model = some.clone();
            model.sort();
            assert_eq!(sort_by_key(some, |(number, _)| *number), model, "{many}");
        }
    }

    #[test]
    fn the_map_behaves_as_the_standard_one() {
        let (mut map, mut model) = (Map::new(), BTreeMap::new());
        for (round, key) in numbers().enumerate() {
            match round % 7 {
                0 => assert_eq!(map.remove(&key), model.remove(&key)),
                1 => assert_eq!(map.pop_first(), model.pop_first()),
                2 => assert_eq!(map.or_insert_with(key, || round), model.entry(key).or_insert(round)),
                _ => {
                    map.insert(key, round);
                    model.insert(key, round);
                }
            }
            assert_eq!(map.get(&key), model.get(&key));
            assert_eq!(map.get_mut(&key), model.get_mut(&key));
            assert_eq!(map.contains_key(&(key ^ 1)), model.contains_key(&(key ^ 1)));
            assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            assert_eq!(map.first().map(|(key, _)| key), model.keys().next());
            assert!(map.iter().eq(model.iter()));
        }
        map.retain(|key, _| key % 3 == 0);
        model.retain(|key, _| key % 3 == 0);
        assert!(map.iter_mut().eq(model.iter_mut()));
        assert!(map.values().eq(model.values()) && map.values_mut().eq(model.values_mut()));
        assert!(map.clone().into_values().eq(model.into_values()));
        map.clear();
        assert!(map.is_empty());
    }

    #[test]
    fn the_set_behaves_as_the_standard_one() {
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        for (round, key) in numbers().enumerate() {
            if round % 9 == 0 {
                let removed = [key, key ^ 1, key];
                set.remove_all(&removed.into_iter().collect());
                model.retain(|held| !removed.contains(held));
            } else {
                assert_eq!(set.insert(key), model.insert(key));
            }
            assert_eq!(set.contains(&(key ^ 1)), model.contains(&(key ^ 1)));
        }
        assert_eq!(set, model.into_iter().collect());
        assert_eq!(numbers().collect::<Set<_>>(), numbers().collect::<BTreeSet<_>>().into_iter().collect());
    }
}
