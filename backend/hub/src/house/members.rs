//! Members of the house, with their names and devices.

use crate::house::names::{Name, NameKey};
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

/// Current members with their names and devices.
#[derive(Clone, Debug, Default)]
pub struct MemberTable {
    by_id: HashMap<MemberId, Name>,
    by_name: HashMap<NameKey, MemberId>,
    by_device: HashMap<DeviceKey, MemberId>,
}

impl MemberTable {
    /// Returns the member who owns a device.
    pub fn find_by_device(&self, device: &DeviceKey) -> Option<MemberId> {
        self.by_device.get(device).copied()
    }

    /// Returns a current member.
    pub fn get(&self, id: MemberId) -> Option<Member> {
        let name = self.by_id.get(&id)?;
        Some(Member { id, name: name.as_str().to_owned() })
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
        self.by_id.iter().map(|(id, name)| Member { id: *id, name: name.as_str().to_owned() })
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

    /// Adds a member, or a device of a member.
    pub fn insert(&mut self, id: MemberId, name: Name, device: DeviceKey) {
        self.by_name.insert(name.key().clone(), id);
        self.by_id.insert(id, name);
        self.by_device.insert(device, id);
    }

    /// Gives a member a new name, and frees and returns the old one.
    pub fn rename(&mut self, id: MemberId, name: Name) -> Option<Name> {
        if let Some(old) = self.by_id.get(&id) {
            self.by_name.remove(old.key());
        }
        self.by_name.insert(name.key().clone(), id);
        self.by_id.insert(id, name)
    }

    /// Removes a member, and frees the name and the devices. Returns the name.
    pub fn remove(&mut self, id: MemberId) -> Option<Name> {
        self.by_device.retain(|_, member| *member != id);
        let name = self.by_id.remove(&id)?;
        self.by_name.remove(name.key());
        Some(name)
    }
}
