//! A house that rolls back is as it was at its savepoint, whatever changes came between.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use hub::{
    House,
    house::{change::Change, log_lookup::EmptyLog, members::DeviceKey, names::Name},
    limits::NAME_REST_MS,
};
use shared::{ClientId, MemberId, RoomId};

/// Draws numbers from a seed (xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// A change by a few members in a few rooms, which is often refused.
    fn change(&mut self) -> Change {
        let (author, room) = (MemberId(1 + self.below(6)), RoomId(1 + self.below(5)));
        let client_id = ClientId(u128::from(self.below(u64::MAX)).to_be_bytes());
        let name = Name::parse(&format!("name {}", self.below(8))).unwrap();
        let description = "about tea".to_owned();
        match self.below(10) {
            0 => Change::Join { name, device: DeviceKey([self.below(9) as u8; 32]) },
            1 => Change::Rename { member: author, name },
            2 => Change::Leave { member: author },
            3 => Change::CreateRoom { author, client_id, name, description },
            4 => Change::ChangeRoom { author, client_id, room, name, description },
            5 => Change::JoinRoom { author, client_id, room },
            6 => Change::LeaveRoom { author, client_id, room },
            7 => Change::ArchiveRoom { author, client_id, room, archived: self.below(2) == 0 },
            8 => Change::Post {
                room: RoomId::LOBBY,
                author: MemberId::PASSER_BY,
                tag: Some(7),
                client_id,
                text: description,
            },
            _ => Change::Post { room, author, tag: None, client_id, text: description },
        }
    }
}

/// Executes changes. Returns how many were accepted.
fn execute(house: &mut House, changes: &[Change], now: u64) -> usize {
    let executed = changes.iter().map(|change| house.execute(change.clone(), now, &EmptyLog));
    executed.filter(|executed| executed.as_ref().is_ok_and(Result::is_ok)).count()
}

#[test]
fn a_house_is_as_before_when_it_rolls_back() {
    let mut accepted = 0;
    for seed in 1..=300 {
        let (mut draw, mut house, mut now) = (Draw(seed), House::default(), 0);
        // A log of an older build may have two members with one name.
        let double = Name::from_log("name 1");
        [40, 41].into_iter().for_each(|id| house.members.insert(MemberId(id), double.clone()));
        for _ in 0..30 {
            now += draw.below(NAME_REST_MS / 2);
            let changes: Vec<_> = (0..draw.below(12)).map(|_| draw.change()).collect();
            let before = house.clone();
            house.set_savepoint();
            let in_vain = execute(&mut house, &changes, now);
            house.roll_back();
            assert_eq!(house, before, "seed {seed}: {changes:?}");
            // The second try has the same effect, and stays.
            house.set_savepoint();
            assert_eq!(execute(&mut house, &changes, now), in_vain, "seed {seed}");
            house.release_savepoint();
            let mut once = before;
            execute(&mut once, &changes, now);
            assert_eq!(house, once, "seed {seed}");
            house.roll_back();
            assert_eq!(house, once, "seed {seed}: there is no savepoint");
            accepted += in_vain;
        }
    }
    assert!(accepted > 10_000, "few changes were accepted: {accepted}");
}
