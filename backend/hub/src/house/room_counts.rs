//! Counts of the rooms that are not archived: of the house, and of each maker.

use super::undo_map::{Savepoint, UndoCell, UndoMap};
use crate::limits::{ARCHIVED_ROOMS_MAX, ROOMS_MADE_MAX, ROOMS_MAX};
use shared::{ErrorCode, MemberId};
use std::collections::HashMap;

/// Counts of rooms. The rooms bound the number of the makers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RoomCounts {
    active: UndoCell<usize>,
    archived: UndoCell<usize>,
    /// Counts of the rooms that members made and that are not archived.
    made: UndoMap<HashMap<MemberId, usize>>,
}

impl RoomCounts {
    /// Counts one more room, archived or not.
    pub(super) fn add(&mut self, maker: Option<MemberId>, is_archived: bool) {
        if is_archived {
            *self.archived += 1;
            return;
        }
        *self.active += 1;
        if let Some(maker) = maker {
            *self.made.get_or_default(maker) += 1;
        }
    }

    /// Takes back what [`RoomCounts::add`] counted.
    pub(super) fn remove(&mut self, maker: Option<MemberId>, is_archived: bool) {
        if is_archived {
            *self.archived = self.archived.saturating_sub(1);
            return;
        }
        *self.active = self.active.saturating_sub(1);
        if let Some(maker) = maker
            && let Some(made) = self.made.get_mut(&maker)
        {
            *made -= 1;
            if *made == 0 {
                self.made.remove(&maker);
            }
        }
    }

    /// Returns the parts that go back to a savepoint.
    pub(super) fn parts(&mut self) -> [&mut dyn Savepoint; 3] {
        let RoomCounts { active, archived, made } = self;
        [active, archived, made]
    }

    /// Checks that there may be one more room that is not archived, made by this member.
    ///
    /// # Errors
    /// [`ErrorCode::RoomsFull`] or [`ErrorCode::TooManyRoomsMade`].
    pub(super) fn check_active(&self, maker: Option<MemberId>) -> Result<(), ErrorCode> {
        if *self.active >= ROOMS_MAX {
            return Err(ErrorCode::RoomsFull);
        }
        let made = maker.and_then(|maker| self.made.get(&maker)).copied().unwrap_or(0);
        if made >= ROOMS_MADE_MAX { Err(ErrorCode::TooManyRoomsMade) } else { Ok(()) }
    }

    /// Checks that there may be one more archived room.
    ///
    /// # Errors
    /// [`ErrorCode::RoomsFull`].
    pub(super) fn check_archived(&self) -> Result<(), ErrorCode> {
        if *self.archived >= ARCHIVED_ROOMS_MAX { Err(ErrorCode::RoomsFull) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: MemberId = MemberId(1);
    const BO: MemberId = MemberId(2);

    #[test]
    fn a_member_makes_no_more_rooms_than_the_limit_until_one_is_archived() {
        let limit = ROOMS_MADE_MAX;
        for (count, refusal) in [
            (limit - 1, None),
            (limit, Some(ErrorCode::TooManyRoomsMade)),
            (limit + 1, Some(ErrorCode::TooManyRoomsMade)),
        ] {
            let mut counts = RoomCounts::default();
            (0..count).for_each(|_| counts.add(Some(ANN), false));
            assert_eq!(counts.check_active(Some(ANN)).err(), refusal, "{count}");
            assert_eq!(counts.check_active(Some(BO)), Ok(()));
            counts.remove(Some(ANN), false);
            counts.add(Some(ANN), true);
            assert_eq!(counts.check_active(Some(ANN)).is_ok(), count <= limit, "{count}");
        }
    }

    #[test]
    fn a_full_house_has_space_again_when_a_room_is_archived() {
        for (count, is_full) in [(ROOMS_MAX - 1, false), (ROOMS_MAX, true), (ROOMS_MAX + 1, true)] {
            let mut counts = RoomCounts::default();
            (0..count).for_each(|id| counts.add(Some(MemberId(id as u64)), false));
            assert_eq!(counts.check_active(Some(ANN)) == Err(ErrorCode::RoomsFull), is_full, "{count}");
            counts.remove(Some(MemberId(7)), false);
            counts.add(Some(MemberId(7)), true);
            assert_eq!(counts.check_active(None).is_ok(), count <= ROOMS_MAX, "{count}");
        }
    }

    #[test]
    fn the_archived_rooms_are_bounded() {
        let limit = ARCHIVED_ROOMS_MAX;
        for (count, is_full) in [(limit - 1, false), (limit, true), (limit + 1, true)] {
            let mut counts = RoomCounts::default();
            (0..count).for_each(|_| counts.add(Some(ANN), true));
            assert_eq!(counts.check_archived().is_err(), is_full, "{count}");
            assert_eq!(counts.check_active(Some(ANN)), Ok(()));
        }
    }
}
