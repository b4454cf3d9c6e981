//! Where an event stands in the one index of the log: on a shelf, in the order
//! of the positions. A member has one shelf. A room has two, one for its messages
//! and one for its other events, so that a page of messages is read in one
//! stretch whatever else happened between them; its events are both, merged.
//!
//! One index for both purposes, for a message touches a page of it, and each page
//! that a commit touches is written twice.

use super::log_error::LogError;
use shared::{Address, Event, MemberId, RoomId};

/// A shelf's number in the database. None is [`Partition::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition(pub(super) i64);

/// Shelves for one id.
const KINDS: i64 = 4;
const MESSAGES: i64 = 0;
const ROOM: i64 = 1;
const MEMBER: i64 = 2;

impl Partition {
    /// That of an id which was never given out.
    const NONE: Partition = Partition(-1);

    fn new(id: u64, kind: i64) -> Self {
        let number = i64::try_from(id).ok().and_then(|id| id.checked_mul(KINDS)?.checked_add(kind));
        number.map_or(Partition::NONE, Partition)
    }

    /// The messages of a room.
    pub(super) fn messages(room: RoomId) -> Self {
        Partition::new(room.0, MESSAGES)
    }

    /// Where this event belongs.
    pub(super) fn of(event: &Event, to: Address) -> Self {
        match (to, event) {
            (Address::Room(room), Event::Posted(_)) => Partition::messages(room),
            (Address::Room(room), _) => Partition::new(room.0, ROOM),
            (Address::Member(member), _) => Partition::new(member.0, MEMBER),
        }
    }

    /// All that is addressed so.
    pub(super) fn all(to: Address) -> impl Iterator<Item = Self> {
        let (first, second) = match to {
            Address::Room(room) => (Partition::messages(room), Some(Partition::new(room.0, ROOM))),
            Address::Member(member) => (Partition::new(member.0, MEMBER), None),
        };
        std::iter::once(first).chain(second)
    }

    /// To whom what stands on it is addressed.
    pub(super) fn address(self) -> Result<Address, LogError> {
        let id = u64::try_from(self.0 / KINDS).ok().filter(|_| self.0 >= 0);
        match (id, self.0 % KINDS) {
            (Some(id), MESSAGES | ROOM) => Ok(Address::Room(RoomId(id))),
            (Some(id), MEMBER) => Ok(Address::Member(MemberId(id))),
            _ => Err(LogError::Damaged(format!("there is no shelf {}", self.0))),
        }
    }
}
