use super::*;
use crate::members::Members;
use shared::{ClientId, MemberId, Message};

fn entry(id: u64) -> RoomEntry {
    let (name, description) = (format!("room {id}"), String::new());
    RoomEntry { id: RoomId(id), name, description, members: 1, joined: 1, last: 1, seq: 0, marker: None }
}

/// Posts this many messages to a room.
fn talk(rooms: &mut Rooms, id: u64, many: usize) {
    let members = Members::default();
    let room = rooms.get_mut(RoomId(id)).unwrap();
    for _ in 0..many {
        let seq = room.timeline.newest_seq().unwrap() + 1;
        let message = Message {
            n: seq,
            seq,
            at: 0,
            author: MemberId(1),
            name: String::new(),
            tag: None,
            client_id: ClientId(u128::from(seq).to_be_bytes()),
            text: String::new(),
        };
        room.timeline.apply_posted(&message, Viewer { me: None, members: &members });
    }
    rooms.evict();
}

fn held_counts(rooms: &Rooms) -> Vec<usize> {
    rooms.iter().map(|(_, room)| room.timeline.len()).collect()
}

#[test]
fn rooms_that_were_open_longest_ago_are_evicted_first() {
    let mut rooms = Rooms::default();
    let entries: Vec<RoomEntry> = (1..=5).map(entry).collect();
    rooms.resume_session(&entries, 1, 0);
    let quarter = HELD_ROWS_MAX / 4;
    for id in [2, 3, 4, 1] {
        rooms.open_room(RoomId(id));
        talk(&mut rooms, id, if id == 1 { quarter - 1 } else { quarter });
    }
    assert_eq!(held_counts(&rooms), [quarter - 1, quarter, quarter, quarter, 0]);
    talk(&mut rooms, 1, 1);
    assert_eq!(held_counts(&rooms), [quarter, quarter, quarter, quarter, 0], "the limit is reached");
    rooms.open_room(RoomId(5));
    talk(&mut rooms, 5, 1);
    assert_eq!(held_counts(&rooms), [quarter, 0, quarter, quarter, 1], "one more");
}

#[test]
fn rooms_are_held_up_to_the_limit() {
    for many in [ROOMS_MAX - 1, ROOMS_MAX, ROOMS_MAX + 1] {
        let mut rooms = Rooms::default();
        let entries: Vec<RoomEntry> = (1..=many as u64).map(entry).collect();
        rooms.resume_session(&entries, 1, 0);
        assert_eq!(rooms.iter().count(), many.min(ROOMS_MAX));
        rooms.join(RoomId(99_999), Room::joined(2, "", ""));
        assert_eq!(rooms.iter().count(), (many + 1).min(ROOMS_MAX));
    }
}

#[test]
fn a_room_opens_once_the_member_is_in_it() {
    let mut rooms = Rooms::default();
    rooms.resume_session(&[entry(1)], 1, 0);
    rooms.open_room(RoomId(7));
    assert_eq!(rooms.open_id(), RoomId(1));
    rooms.join(RoomId(7), Room::joined(2, "tea", ""));
    assert_eq!(rooms.open_id(), RoomId(7));
    rooms.leave(RoomId(7));
    assert_eq!(rooms.open_id(), RoomId(1));
}
