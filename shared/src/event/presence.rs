//! Who is here. These words have no position and are never replayed.

use crate::{Member, MemberId};
use serde::Serialize;

/// A present member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// Who.
    pub member: Member,
    /// The page is open, the person is not at it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
}

/// Came, or came back from being away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Here {
    /// Who; empty above [`crate::limits::PRESENCE_NAMED_MAX`].
    pub members: Vec<Member>,
    /// Up to which position the names are those of today. The word itself has no position: it may
    /// come behind a renaming that is newer.
    pub as_of: u64,
    /// How many are present now.
    pub count: u32,
}

/// Left the page open and went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Away {
    /// Who, with names: one may come in away; empty above [`crate::limits::PRESENCE_NAMED_MAX`].
    pub members: Vec<Member>,
    /// Up to which position the names are those of today. The word itself has no position: it may
    /// come behind a renaming that is newer.
    pub as_of: u64,
    /// How many are present now.
    pub count: u32,
}

/// Has no page open any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Who; empty above [`crate::limits::PRESENCE_NAMED_MAX`].
    pub members: Vec<MemberId>,
    /// How many are present now.
    pub count: u32,
}

/// Everybody who is here, in place of all that was told before: for who could not hear each change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Present {
    /// All, up to [`crate::limits::PRESENCE_NAMED_MAX`]; above that the first
    /// [`crate::limits::WELCOME_PRESENT_MAX`].
    pub members: Vec<Presence>,
    /// Up to which position the names are those of today.
    pub as_of: u64,
    /// How many are present now.
    pub count: u32,
}

crate::read! {
    Presence { member, away or default }
    Here { members, as_of or default, count }
    Away { members, as_of or default, count }
    Gone { members, count }
    Present { members, as_of, count }
}
