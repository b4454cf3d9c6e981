//! Answers to commands.

use super::Event;
use crate::{Address, ErrorCode, Member, Message, RoomId, command::PageAnchor};
use serde::Serialize;

/// Confirms that a durable command was executed and committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Position of the command's event.
    pub n: u64,
    /// Number of the message in its room; 0 for other commands.
    pub seq: u64,
    /// Time of the commit: milliseconds since 1970.
    pub at: u64,
    /// Room that was created, changed, joined or left; absent for posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

/// Refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The `ref` of the command, if it had one.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// Code of the refusal.
    pub code: ErrorCode,
    /// Name of the code, for people who read frames.
    pub name: String,
    /// True if the same command may succeed later.
    pub temporary: bool,
    /// Fault of this command in English, where it says more than the code; as in [`crate::api::Problem`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Refusal {
    /// Makes the refusal of the command `reference`.
    pub fn new(reference: Option<u64>, code: ErrorCode) -> Self {
        Refusal {
            reference,
            code,
            name: code.name().to_owned(),
            temporary: code.is_temporary(),
            detail: None,
        }
    }
}

/// Page of the room directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomsPage {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Rooms in the order of their ids, at most [`crate::limits::ROOMS_PAGE`].
    pub rooms: Vec<DirectoryRoom>,
    /// True if more rooms follow.
    pub more: bool,
}

/// Room as the directory lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryRoom {
    /// Id of the room.
    pub id: RoomId,
    /// Name of the room; empty for the lobby, which the page names in each language.
    pub name: String,
    /// Description of the room.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Count of the room's members.
    pub members: u32,
    /// True if the asking member is in the room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
}

/// Page of a room's messages, without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryPage {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Room of the messages.
    pub room: RoomId,
    /// Anchor of the query.
    pub at: PageAnchor,
    /// Messages, oldest first, at most [`crate::limits::HISTORY_MESSAGES`].
    pub messages: Vec<Message>,
    /// True if the room has older messages.
    pub older: bool,
    /// True if the room had newer messages when the page was read.
    pub newer: bool,
    /// Authors of `messages` under their current names.
    pub authors: Vec<Member>,
}

/// Events of one address, in the order of their positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventsPage {
    /// The `ref` of the command.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// Address of the events.
    pub to: Address,
    /// Events after the position of the query.
    pub events: Vec<Event>,
    /// True if more events follow; the client asks again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

crate::read! {
    Reply { reference as "ref", n, seq, at, room }
    Refusal { reference as "ref", code, name, temporary, detail }
    RoomsPage { reference as "ref", rooms, more }
    DirectoryRoom { id, name, description or default, members, joined or default }
    HistoryPage { reference as "ref", room, at, messages, older, newer, authors }
    EventsPage { reference as "ref", to, events, more or default }
}
