//! Presence of members: ephemeral events, which are never replayed.

use crate::{Member, MemberId};
use serde::Serialize;

/// Member who is present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// Member under the current name.
    pub member: Member,
    /// True if all sessions of the member have reported `away`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
}

/// Members who came, or came back from being away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Here {
    /// Members concerned; empty if more than [`crate::limits::PRESENCE_NAMED_MAX`] are present.
    pub members: Vec<Member>,
    /// Position that the names describe. A newer `renamed` may arrive before this event, which has no
    /// position of its own.
    pub as_of: u64,
    /// Count of present members.
    pub count: u32,
}

/// Members whose sessions are all away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Away {
    /// Members concerned, with names because a member may arrive away; empty if more than
    /// [`crate::limits::PRESENCE_NAMED_MAX`] are present.
    pub members: Vec<Member>,
    /// Position that the names describe. A newer `renamed` may arrive before this event, which has no
    /// position of its own.
    pub as_of: u64,
    /// Count of present members.
    pub count: u32,
}

/// Members who closed their last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Members concerned; empty if more than [`crate::limits::PRESENCE_NAMED_MAX`] are present.
    pub members: Vec<MemberId>,
    /// Count of present members.
    pub count: u32,
}

/// Members present, in place of everything that was sent before. A polling client needs it, because it
/// does not receive each change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Present {
    /// All members present if they are at most [`crate::limits::PRESENCE_NAMED_MAX`]; otherwise the
    /// first [`crate::limits::WELCOME_PRESENT_MAX`].
    pub members: Vec<Presence>,
    /// Position that the names describe.
    pub as_of: u64,
    /// Count of present members.
    pub count: u32,
}

crate::read! {
    Presence { member, away or default }
    Here { members, as_of or default, count }
    Away { members, as_of or default, count }
    Gone { members, count }
    Present { members, as_of, count }
}
