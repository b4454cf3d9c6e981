//! Maps and values that go back to a savepoint.
//!
//! A store executes a group of changes on its house before the disk has them. If the disk refuses the group, the
//! house goes back to the state before it. That costs as much as the group has touched, however large the house is.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    hash::Hash,
    ops::{Deref, DerefMut},
};

/// Map of the standard library, as far as [`UndoMap`] changes it.
pub(super) trait Map {
    /// Key of an entry.
    type Key: Clone + Debug + Ord;
    /// Value of an entry.
    type Value: Clone + Debug + PartialEq;

    /// Returns the value of a key.
    fn value(&self, key: &Self::Key) -> Option<&Self::Value>;
    /// Returns the value of a key, to change it.
    fn value_mut(&mut self, key: &Self::Key) -> Option<&mut Self::Value>;
    /// Returns the value of a key, to change it. A key without a value gets the default.
    fn value_or_default(&mut self, key: Self::Key) -> &mut Self::Value
    where
        Self::Value: Default;
    /// Sets the value of a key, or removes the key. Returns the value before.
    fn replace(&mut self, key: Self::Key, value: Option<Self::Value>) -> Option<Self::Value>;
}

/// Implements [`Map`] for a map of the standard library, whose methods have the same names.
macro_rules! impl_map {
    ($map:ident, $($key_bound:tt)+) => {
        impl<K: $($key_bound)+, V: Clone + Debug + PartialEq> Map for $map<K, V> {
            type Key = K;
            type Value = V;

            fn value(&self, key: &K) -> Option<&V> {
                self.get(key)
            }

            fn value_mut(&mut self, key: &K) -> Option<&mut V> {
                self.get_mut(key)
            }

            fn value_or_default(&mut self, key: K) -> &mut V
            where
                V: Default,
            {
                self.entry(key).or_default()
            }

            fn replace(&mut self, key: K, value: Option<V>) -> Option<V> {
                match value {
                    Some(value) => self.insert(key, value),
                    None => self.remove(&key),
                }
            }
        }
    };
}

impl_map!(HashMap, Clone + Debug + Ord + Hash);
impl_map!(BTreeMap, Clone + Debug + Ord);

/// State that goes back to its savepoint.
pub(super) trait Savepoint {
    /// Begins to save the old value of what changes.
    fn set_savepoint(&mut self);
    /// Keeps all changes.
    fn release_savepoint(&mut self);
    /// Takes back all changes since the savepoint. Without effect if there is none.
    fn roll_back(&mut self);
}

/// Map that goes back to its savepoint. It reads as the map in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct UndoMap<M: Map> {
    map: M,
    /// Values at the savepoint of the keys that were touched since then; none without a savepoint. The group of
    /// changes bounds their number.
    saved: Option<BTreeMap<M::Key, Option<M::Value>>>,
}

impl<M: Map> Savepoint for UndoMap<M> {
    fn set_savepoint(&mut self) {
        self.saved = Some(BTreeMap::new());
    }

    fn release_savepoint(&mut self) {
        self.saved = None;
    }

    fn roll_back(&mut self) {
        for (key, value) in self.saved.take().into_iter().flatten() {
            self.map.replace(key, value);
        }
    }
}

impl<M: Map> UndoMap<M> {
    /// Sets the value of a key. Returns the value before.
    pub(super) fn insert(&mut self, key: M::Key, value: M::Value) -> Option<M::Value> {
        self.save(&key);
        self.map.replace(key, Some(value))
    }

    /// Removes a key. Returns its value.
    pub(super) fn remove(&mut self, key: &M::Key) -> Option<M::Value> {
        self.save(key);
        self.map.replace(key.clone(), None)
    }

    /// Returns the value of a key, to change it.
    pub(super) fn get_mut(&mut self, key: &M::Key) -> Option<&mut M::Value> {
        self.save(key);
        self.map.value_mut(key)
    }

    /// Returns the value of a key, to change it. A key without a value gets the default.
    pub(super) fn get_or_default(&mut self, key: M::Key) -> &mut M::Value
    where
        M::Value: Default,
    {
        self.save(&key);
        self.map.value_or_default(key)
    }

    fn save(&mut self, key: &M::Key) {
        if let Some(saved) = &mut self.saved
            && !saved.contains_key(key)
        {
            saved.insert(key.clone(), self.map.value(key).cloned());
        }
    }
}

impl<M: Map> Deref for UndoMap<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.map
    }
}

impl<M: Map + Default> Default for UndoMap<M> {
    fn default() -> Self {
        M::default().into()
    }
}

impl<M: Map> From<M> for UndoMap<M> {
    fn from(map: M) -> Self {
        UndoMap { map, saved: None }
    }
}

/// Value that goes back to its savepoint. It reads and changes as the value in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UndoCell<T> {
    value: T,
    saved: Option<T>,
}

impl<T: Copy> Savepoint for UndoCell<T> {
    fn set_savepoint(&mut self) {
        self.saved = Some(self.value);
    }

    fn release_savepoint(&mut self) {
        self.saved = None;
    }

    fn roll_back(&mut self) {
        self.value = self.saved.take().unwrap_or(self.value);
    }
}

impl<T> From<T> for UndoCell<T> {
    fn from(value: T) -> Self {
        UndoCell { value, saved: None }
    }
}

impl<T> Deref for UndoCell<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for UndoCell<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbers = UndoMap<HashMap<u8, u8>>;

    fn numbers() -> Numbers {
        HashMap::from([(1, 10), (2, 20), (3, 30)]).into()
    }

    fn change(map: &mut Numbers) {
        map.insert(1, 11);
        map.insert(4, 40);
        map.remove(&2);
        map.insert(2, 22);
        *map.get_mut(&3).unwrap() += 1;
        *map.get_mut(&3).unwrap() += 1;
        assert_eq!(map.get_mut(&5), None);
        assert_eq!(map.remove(&6), None);
    }

    #[test]
    fn a_map_is_as_before_when_it_rolls_back() {
        let mut map = numbers();
        map.set_savepoint();
        change(&mut map);
        map.roll_back();
        assert_eq!(map, numbers());
        // There is nothing left to take back.
        change(&mut map);
        map.roll_back();
        assert_eq!(map.get(&4), Some(&40));
    }

    #[test]
    fn a_map_keeps_its_changes_when_the_savepoint_is_released() {
        let (mut map, mut changed) = (numbers(), numbers());
        change(&mut changed);
        map.set_savepoint();
        change(&mut map);
        map.release_savepoint();
        assert_eq!(map, changed);
        map.roll_back();
        assert_eq!(map, changed);
    }

    #[test]
    fn a_map_saves_each_touched_key_once() {
        let mut map: Numbers = (0..200).map(|key| (key, 0)).collect::<HashMap<_, _>>().into();
        map.set_savepoint();
        for _ in 0..3 {
            *map.get_mut(&1).unwrap() += 1;
            map.insert(2, 1);
            map.remove(&3);
        }
        assert_eq!(map.saved.map(|saved| saved.len()), Some(3));
    }

    #[test]
    fn a_value_goes_back_to_its_savepoint() {
        let mut value = UndoCell::from(1);
        value.set_savepoint();
        *value = 2;
        value.roll_back();
        assert_eq!(*value, 1);
        value.set_savepoint();
        *value = 3;
        value.release_savepoint();
        value.roll_back();
        assert_eq!(*value, 3);
    }
}
