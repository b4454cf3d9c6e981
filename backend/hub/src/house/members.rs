//! Who is in the house: the fold of joins, renamings and leavings.
//!
//! The hub and the log in memory each keep one; both come from the same
//! events, so they agree.

use crate::house::names::{Name, NameKey};
use crate::limits::MEMBERS_MAX;
use shared::{ErrorCode, Member, MemberId};
use std::collections::HashMap;

/// What a device proves itself with, hashed (SHA-256): the token itself is
/// never held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey(pub [u8; 32]);

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

/// The members of today, their names and their devices.
#[derive(Clone, Debug, Default)]
pub struct MemberTable {
    by_id: HashMap<MemberId, Name>,
    by_name: HashMap<NameKey, MemberId>,
    by_device: HashMap<DeviceKey, MemberId>,
}

impl MemberTable {
    /// The member behind a device.
    pub fn of_device(&self, device: &DeviceKey) -> Option<MemberId> {
        self.by_device.get(device).copied()
    }

    /// A member of today.
    pub fn get(&self, id: MemberId) -> Option<Member> {
        let name = self.by_id.get(&id)?;
        Some(Member { id, name: name.as_str().to_owned() })
    }

    /// Whether this is a member of today.
    pub fn contains(&self, id: MemberId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// Who has this name.
    pub fn of_name(&self, name: &Name) -> Option<MemberId> {
        self.by_name.get(name.key()).copied()
    }

    /// Everyone, in no order.
    pub fn all(&self) -> impl Iterator<Item = Member> {
        self.by_id.iter().map(|(id, name)| Member { id: *id, name: name.as_str().to_owned() })
    }

    /// Whether somebody has this name, or one that looks like it.
    pub fn is_taken(&self, key: &NameKey) -> bool {
        self.by_name.contains_key(key)
    }

    /// Whether a new member may have this name.
    ///
    /// # Errors
    /// [`ErrorCode::HouseFull`] or [`ErrorCode::NameTaken`].
    pub fn may_join(&self, name: &Name) -> Result<(), ErrorCode> {
        if self.by_id.len() >= MEMBERS_MAX {
            return Err(ErrorCode::HouseFull);
        }
        if self.is_taken(name.key()) { Err(ErrorCode::NameTaken) } else { Ok(()) }
    }

    /// Whether this member may have this name.
    ///
    /// # Errors
    /// [`ErrorCode::SignInRequired`] or [`ErrorCode::NameTaken`].
    pub fn may_rename(&self, id: MemberId, name: &Name) -> Result<(), ErrorCode> {
        if !self.contains(id) {
            return Err(ErrorCode::SignInRequired);
        }
        match self.by_name.get(name.key()) {
            Some(holder) if *holder != id => Err(ErrorCode::NameTaken),
            _ => Ok(()),
        }
    }

    /// Somebody joined.
    pub fn join(&mut self, id: MemberId, name: Name, device: DeviceKey) {
        self.by_name.insert(name.key().clone(), id);
        self.by_id.insert(id, name);
        self.by_device.insert(device, id);
    }

    /// Somebody has another name; the old one is free.
    pub fn rename(&mut self, id: MemberId, name: Name) {
        if let Some(old) = self.by_id.get(&id) {
            self.by_name.remove(old.key());
        }
        self.by_name.insert(name.key().clone(), id);
        self.by_id.insert(id, name);
    }

    /// Somebody left for good: the name is free and the devices are strangers.
    pub fn leave(&mut self, id: MemberId) {
        if let Some(name) = self.by_id.remove(&id) {
            self.by_name.remove(name.key());
        }
        self.by_device.retain(|_, member| *member != id);
    }
}
