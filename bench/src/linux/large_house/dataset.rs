//! The log of the large house, and who is who in it.

use shared::{MemberId, RoomId};

use crate::arguments::LargeHouse;
use crate::linux::datasets::DatasetBuilder;
use crate::linux::failure::Failure;
use crate::linux::rng::Rng;

/// Requests of each kind that are measured.
pub(super) const REQUESTS: u64 = 200;
/// Members of the room in which the load posts.
pub(super) const TALKERS: u64 = 100;
/// Rooms of the member in many rooms, in addition to the lobby.
const MANY_ROOMS: u64 = 490;
/// Rooms that each member joins.
const JOINED_ROOMS: u64 = 2;
/// Messages in the lobby and in the talkers' room, each of a hundred.
const LARGE_PERCENT: u64 = 25;

/// Numbers of the members and rooms. Members count from 1, as their ids do; rooms count from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    members: u64,
    /// Rooms without the lobby, and without those that are created in the measurement.
    rooms: u64,
    messages: u64,
    /// First of the members behind the makers of rooms and the clients of the mass disconnect.
    first_free: u64,
}

impl Layout {
    /// Layout of a house of this size.
    ///
    /// # Errors
    /// When the house has too few members for all parts.
    pub(super) fn of(settings: &LargeHouse) -> Result<Self, Failure> {
        let &LargeHouse { members, rooms, messages, clients, .. } = settings;
        // The lobby and the rooms that the measurement creates count against the limit too.
        let rooms = rooms - REQUESTS - 1;
        let first_free = rooms.max(clients as u64) + 1;
        let layout = Self { members, rooms, messages, first_free };
        let needed = first_free + TALKERS + 2 * REQUESTS;
        if members < needed {
            return Err(Failure::new(format!("this needs {needed} members (--members)")));
        }
        Ok(layout)
    }

    /// Numbers of the members who talk in [`Self::talkers_room`].
    pub(super) fn talkers(&self) -> impl Iterator<Item = u64> + use<> {
        self.first_free..self.first_free + TALKERS
    }

    /// Room in which the load posts.
    pub(super) fn talkers_room(&self) -> RoomId {
        room_id(0)
    }

    /// Number of the member in many rooms.
    pub(super) fn many_rooms_member(&self) -> u64 {
        self.first_free + TALKERS
    }

    /// Numbers of the members who create rooms.
    pub(super) fn makers(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.many_rooms_member() + 1;
        first..first + REQUESTS
    }

    /// Numbers of the members who sign out.
    pub(super) fn leavers(&self) -> impl Iterator<Item = u64> + use<> {
        self.members - REQUESTS + 1..self.members + 1
    }

    /// Makes the log: members, rooms, memberships and messages.
    pub(super) fn fill(&self, builder: &mut DatasetBuilder) -> Result<(), Failure> {
        for number in 1..=self.members {
            builder.add_member(&format!("Member {number}"))?;
        }
        for number in 0..self.rooms {
            builder.add_room(maker_of(number), &room_name(number))?;
        }
        for number in 1..=self.members {
            for step in 0..JOINED_ROOMS {
                // A prime stride; joining a room again does nothing.
                builder
                    .join_room(MemberId(number), room_id((number * 7_919 + step * 104_729) % self.rooms))?;
            }
        }
        for number in self.talkers() {
            builder.join_room(MemberId(number), self.talkers_room())?;
        }
        for number in 0..MANY_ROOMS.min(self.rooms) {
            builder.join_room(MemberId(self.many_rooms_member()), room_id(number))?;
        }
        let mut rng = Rng::new(8);
        for message in 0..self.messages {
            let (author, room) = match message % 100 {
                share if share < LARGE_PERCENT => (rng.between(1, self.members), RoomId::LOBBY),
                share if share < 2 * LARGE_PERCENT => {
                    (self.first_free + rng.between(0, TALKERS - 1), self.talkers_room())
                }
                _ => {
                    let room = rng.between(0, self.rooms - 1);
                    (maker_of(room).0, room_id(room))
                }
            };
            builder.add_post(MemberId(author), room, message_text(message))?;
        }
        Ok(())
    }
}

/// Name of a room: English, Chinese or both.
fn room_name(number: u64) -> String {
    match number % 3 {
        0 => format!("Tasting room {number}"),
        1 => format!("品茶室 {number}"),
        _ => format!("Oolong 乌龙 {number}"),
    }
}

/// Text of about the length that people write.
fn message_text(number: u64) -> String {
    let words = usize::try_from(number % 12).unwrap_or(0);
    format!("{number}: the kettle is on{}", ", and a cup of 龙井 waits".repeat(words / 3))
}

fn maker_of(room: u64) -> MemberId {
    MemberId(room + 1)
}

fn room_id(number: u64) -> RoomId {
    RoomId(RoomId::LOBBY.0 + 1 + number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::datasets::DatasetLog;
    use crate::linux::folder::Folder;

    fn settings(members: u64) -> LargeHouse {
        LargeHouse {
            members,
            rooms: 210,
            messages: 1_000,
            clients: 5,
            pairs: 1,
            seconds: 1,
            only_disconnect: false,
        }
    }

    #[test]
    fn a_house_needs_a_member_for_each_part() {
        let needed = 9 + TALKERS + 1 + 2 * REQUESTS;
        for (members, is_enough) in [(needed - 1, false), (needed, true), (needed + 1, true)] {
            let layout = Layout::of(&settings(members));
            assert_eq!(layout.is_ok(), is_enough, "{members}");
        }
        let layout = Layout::of(&settings(needed)).unwrap();
        let last_maker = layout.makers().last().unwrap();
        assert_eq!(layout.leavers().next(), Some(last_maker + 1));
        assert_eq!(layout.leavers().last(), Some(needed));
    }

    #[test]
    fn a_large_house_is_accepted_by_the_store_when_filled() {
        let folder = Folder::fresh().unwrap();
        let layout = Layout::of(&settings(700)).unwrap();
        let mut builder = DatasetBuilder::open(folder.path()).unwrap();
        layout.fill(&mut builder).unwrap();
        builder.flush().unwrap();
        drop(builder);
        let head = DatasetLog::open(folder.path()).unwrap().head().unwrap();
        assert!(head > 700 + 1_000, "{head}");
    }
}
