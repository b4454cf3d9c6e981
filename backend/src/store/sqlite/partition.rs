//! Partitions of the one index of the log. Each holds positions in order. A member has one partition. A room
//! has two: its messages, and its other events. So a page of messages is contiguous, whatever happened
//! between them. The events of a room are both partitions, merged.
//!
//! One index serves both purposes: each message changes a page of it, and every page that a commit changes
//! is written twice.

use super::log_error::LogError;
use shared::{Address, Event, MemberId, RoomId};

/// Number of a partition, in the column `partition`. [`Partition::NONE`] is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition(pub(super) i64);

/// Partitions reserved for each id.
const KINDS: i64 = 4;
const MESSAGES: i64 = 0;
const ROOM: i64 = 1;
const MEMBER: i64 = 2;

impl Partition {
    /// The partition of an id that was never assigned.
    const NONE: Partition = Partition(-1);

    fn new(id: u64, kind: i64) -> Self {
        let number = i64::try_from(id).ok().and_then(|id| id.checked_mul(KINDS)?.checked_add(kind));
        number.map_or(Partition::NONE, Partition)
    }

    /// The messages of a room.
    pub(super) fn messages(room: RoomId) -> Self {
        Partition::new(room.0, MESSAGES)
    }

    /// Whether this is the partition of a room's messages.
    pub(super) fn holds_messages(self) -> bool {
        self.0 >= 0 && self.0 % KINDS == MESSAGES
    }

    /// The partition of this event.
    pub(super) fn of(event: &Event, to: Address) -> Self {
        match (to, event) {
            (Address::Room(room), Event::Posted(_)) => Partition::messages(room),
            (Address::Room(room), _) => Partition::new(room.0, ROOM),
            (Address::Member(member), _) => Partition::new(member.0, MEMBER),
        }
    }

    /// All partitions of an address.
    pub(super) fn all(to: Address) -> impl Iterator<Item = Self> {
        let (first, second) = match to {
            Address::Room(room) => (Partition::messages(room), Some(Partition::new(room.0, ROOM))),
            Address::Member(member) => (Partition::new(member.0, MEMBER), None),
        };
        std::iter::once(first).chain(second)
    }

    /// The address of the events in this partition.
    pub(super) fn address(self) -> Result<Address, LogError> {
        let id = u64::try_from(self.0 / KINDS).ok().filter(|_| self.0 >= 0);
        match (id, self.0 % KINDS) {
            (Some(id), MESSAGES | ROOM) => Ok(Address::Room(RoomId(id))),
            (Some(id), MEMBER) => Ok(Address::Member(MemberId(id))),
            _ => Err(LogError::Damaged(format!("there is no partition {}", self.0))),
        }
    }
}
