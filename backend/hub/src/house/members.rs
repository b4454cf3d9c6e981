//! Members of the house, with their names and devices.

use crate::house::names::{Name, NameKey};
use crate::house::undo_map::{Savepoint, UndoMap};
use crate::limits::MEMBERS_MAX;
use shared::{ErrorCode, Member, MemberId};
use std::collections::HashMap;

/// SHA-256 of a device's token. The server never keeps the token itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey(pub [u8; 32]);

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

/// State of one member.
#[derive(Clone, Debug, PartialEq)]
struct MemberState {
    name: Name,
    devices: Vec<DeviceKey>,
}

/// Current members with their names and devices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberTable {
    by_id: UndoMap<HashMap<MemberId, MemberState>>,
    by_name: UndoMap<HashMap<NameKey, MemberId>>,
    /// Further members with a name of the same key. The keys follow from Unicode's tables, so a new version of
    /// the tables may give two members one key.
    doubles: UndoMap<HashMap<NameKey, Vec<MemberId>>>,
    by_device: UndoMap<HashMap<DeviceKey, MemberId>>,
}

impl MemberTable {
    /// Makes an empty table with space for this many members.
    pub fn with_capacity(count: usize) -> Self {
        MemberTable {
            by_id: HashMap::with_capacity(count).into(),
            by_name: HashMap::with_capacity(count).into(),
            doubles: UndoMap::default(),
            by_device: HashMap::with_capacity(count).into(),
        }
    }

    /// Returns the member who owns a device.
    pub fn find_by_device(&self, device: &DeviceKey) -> Option<MemberId> {
        self.by_device.get(device).copied()
    }

    /// Returns a current member.
    pub fn get(&self, id: MemberId) -> Option<Member> {
        let state = self.by_id.get(&id)?;
        Some(Member { id, name: state.name.as_str().to_owned() })
    }

    /// Whether this is a current member.
    pub fn contains(&self, id: MemberId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// Returns the member with this name.
    pub fn find_by_name(&self, name: &Name) -> Option<MemberId> {
        self.by_name.get(name.key()).copied()
    }

    /// Iterates over all members, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = Member> {
        self.by_id.iter().map(|(id, state)| Member { id: *id, name: state.name.as_str().to_owned() })
    }

    /// Whether a member has this name, or one that looks like it.
    pub fn is_taken(&self, key: &NameKey) -> bool {
        self.by_name.contains_key(key)
    }

    /// Checks that a new member may have this name.
    ///
    /// # Errors
    /// [`ErrorCode::HouseFull`] or [`ErrorCode::NameTaken`].
    pub fn check_join(&self, name: &Name) -> Result<(), ErrorCode> {
        if self.by_id.len() >= MEMBERS_MAX {
            return Err(ErrorCode::HouseFull);
        }
        if self.is_taken(name.key()) { Err(ErrorCode::NameTaken) } else { Ok(()) }
    }

    /// Checks that this member may take this name.
    ///
    /// # Errors
    /// [`ErrorCode::SignInRequired`] or [`ErrorCode::NameTaken`].
    pub fn check_rename(&self, id: MemberId, name: &Name) -> Result<(), ErrorCode> {
        if !self.contains(id) {
            return Err(ErrorCode::SignInRequired);
        }
        match self.by_name.get(name.key()) {
            Some(holder) if *holder != id => Err(ErrorCode::NameTaken),
            _ => Ok(()),
        }
    }

    /// Adds a member without a device.
    pub fn insert(&mut self, id: MemberId, name: Name) {
        self.hold_name(name.key(), id);
        self.by_id.insert(id, MemberState { name, devices: Vec::new() });
    }

    /// Adds a device of a member. Without effect if there is no such member.
    pub fn add_device(&mut self, id: MemberId, device: DeviceKey) {
        if let Some(state) = self.by_id.get_mut(&id) {
            state.devices.push(device);
            self.by_device.insert(device, id);
        }
    }

    /// Gives a member a new name, and frees and returns the old one. Without effect if there is no such member.
    pub fn rename(&mut self, id: MemberId, name: Name) -> Option<Name> {
        let state = self.by_id.get_mut(&id)?;
        let old = std::mem::replace(&mut state.name, name.clone());
        self.free_name(old.key(), id);
        self.hold_name(name.key(), id);
        Some(old)
    }

    /// Removes a member, and frees the name and the devices. Returns the name.
    pub fn remove(&mut self, id: MemberId) -> Option<Name> {
        let MemberState { name, devices } = self.by_id.remove(&id)?;
        self.free_name(name.key(), id);
        for device in devices {
            self.by_device.remove(&device);
        }
        Some(name)
    }

    fn hold_name(&mut self, key: &NameKey, id: MemberId) {
        match self.by_name.get(key) {
            Some(holder) if *holder == id => {}
            Some(_) => {
                let mut others = self.doubles.get(key).cloned().unwrap_or_default();
                others.push(id);
                self.doubles.insert(key.clone(), others);
            }
            None => drop(self.by_name.insert(key.clone(), id)),
        }
    }

    /// Returns the parts that go back to a savepoint.
    pub(super) fn parts(&mut self) -> [&mut dyn Savepoint; 4] {
        let MemberTable { by_id, by_name, doubles, by_device } = self;
        [by_id, by_name, doubles, by_device]
    }

    /// Frees a name, unless another member holds one with the same key.
    fn free_name(&mut self, key: &NameKey, id: MemberId) {
        let others = self.doubles.get_mut(key);
        if self.by_name.get(key) == Some(&id) {
            match others.and_then(Vec::pop) {
                Some(other) => self.by_name.insert(key.clone(), other),
                None => self.by_name.remove(key),
            };
        } else if let Some(others) = others {
            others.retain(|other| *other != id);
        }
        if self.doubles.get(key).is_some_and(Vec::is_empty) {
            self.doubles.remove(key);
        }
    }
}
