//! Access: the one place that answers who may read what.
//!
//! Commands, replay and history ask here. Fan-out follows the subscriptions that the hub makes from
//! the events of membership. [`House::execute`] checks who may change what, because that check belongs to
//! the transaction that appends the change.

use crate::House;
use shared::{Address, ErrorCode, MemberId, event::Position};

/// Checks that a member may read an address: a room that the member is in, or the member's own address.
///
/// # Errors
/// [`ErrorCode::RoomUnknown`], whether the address exists or not: a refusal reveals nothing.
pub fn may_read(house: &House, member: MemberId, to: Address) -> Result<(), ErrorCode> {
    first_readable(house, member, to).map(|_| ()).ok_or(ErrorCode::RoomUnknown)
}

/// Whether a member may read the event at this position.
pub fn may_read_event(house: &House, member: MemberId, position: Position) -> bool {
    first_readable(house, member, position.to).is_some_and(|first| first <= position.n)
}

/// Returns the position from which on a member may read an address; none if the member may not.
pub fn first_readable(house: &House, member: MemberId, to: Address) -> Option<u64> {
    match to {
        Address::Room(room) => house.rooms.membership(member, room).map(|stay| stay.readable_from),
        Address::Member(other) => (other == member).then_some(0),
    }
}
