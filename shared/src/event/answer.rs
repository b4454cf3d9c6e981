//! What a client is told because it has asked.

use super::Event;
use crate::{Address, ErrorCode, Member, Message, RoomId, command::PageAnchor};
use serde::Serialize;

/// A command was carried out and, if it was durable, committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The position of what it made.
    pub n: u64,
    /// Its number in the room; 0 for what is no message.
    pub seq: u64,
    /// When it was committed: milliseconds since 1970.
    pub at: u64,
    /// The room that was made, or that it was about; absent for posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// A command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The `ref` of the command, where it had one.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// The number.
    pub code: ErrorCode,
    /// The number's name, for people who read frames.
    pub name: String,
    /// Whether the same command may succeed later.
    pub temporary: bool,
}

impl Refusal {
    /// The refusal of the command `reference` with this code.
    pub fn new(reference: Option<u64>, code: ErrorCode) -> Self {
        Refusal { reference, code, name: code.name().to_owned(), temporary: code.is_temporary() }
    }
}

/// A page of the rooms of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomsPage {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// At most [`crate::limits::ROOMS_PAGE`].
    pub rooms: Vec<DirectoryRoom>,
    /// Whether there are more after these.
    pub more: bool,
}

/// A room of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryRoom {
    /// Its id.
    pub id: RoomId,
    /// Its name; empty for the lobby.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How many members are in it.
    pub members: u32,
    /// Whether this member is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
}

/// A page of a room's messages, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryPage {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Which room.
    pub room: RoomId,
    /// What was asked for.
    pub at: PageAnchor,
    /// Oldest first, at most [`crate::limits::HISTORY_MESSAGES`].
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there were newer ones when it was read.
    pub newer: bool,
    /// Today's names of the authors of `messages`.
    pub authors: Vec<Member>,
}

/// Events of one address, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventsPage {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// The address.
    pub to: Address,
    /// Those after the position that was asked for.
    pub events: Vec<Event>,
    /// Whether there are more: ask again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

crate::read! {
    Reply { reference as "ref", n, seq, at, room }
    Refusal { reference as "ref", code, name, temporary }
    RoomsPage { reference as "ref", rooms, more }
    DirectoryRoom { id, name, description or default, members, joined or default }
    HistoryPage { reference as "ref", room, at, messages, older, newer, authors }
    EventsPage { reference as "ref", to, events, more or default }
}
