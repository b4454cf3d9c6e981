use super::*;
use crate::members::Members;
use shared::{ClientId, MemberId, Message};

fn entry(id: u64) -> RoomEntry {
    let (name, description) = (format!("room {id}"), String::new());
    RoomEntry { id: RoomId(id), name, description, members: 1, joined: 1, last: 1, seq: 0, marker: None }
}

fn message(seq: u64) -> Message {
    Message {
        n: seq,
        seq,
        at: 0,
        author: MemberId(1),
        name: String::new(),
        tag: None,
        client_id: ClientId(u128::from(seq).to_be_bytes()),
        text: String::new(),
    }
}

/// Posts this many messages to a room.
fn talk(rooms: &mut Rooms, id: u64, many: usize) {
    let members = Members::default();
    for _ in 0..many {
        let room = rooms.get_mut(RoomId(id)).unwrap();
        let seq = room.timeline.newest_seq().unwrap() + 1;
        room.timeline.apply_posted(&message(seq), Viewer { me: None, members: &members });
        rooms.evict(1);
    }
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

#[test]
fn the_messages_of_all_rooms_are_counted_only_when_they_may_be_too_many() {
    let mut rooms = Rooms::default();
    let entries: Vec<RoomEntry> = (1..=2).map(entry).collect();
    rooms.resume_session(&entries, 1, 0);
    talk(&mut rooms, 1, 1);
    assert_eq!(rooms.free_rows, HELD_ROWS_MAX - 1, "counted once");
    talk(&mut rooms, 2, 10);
    rooms.evict(100);
    assert_eq!(rooms.free_rows, HELD_ROWS_MAX - 111, "not counted, although a page may add less");
    rooms.evict(HELD_ROWS_MAX);
    assert_eq!(rooms.free_rows, HELD_ROWS_MAX - 11, "counted again");
}

#[test]
fn only_rooms_with_acked_messages_are_asked_for_them() {
    let members = Members::default();
    let mut rooms = Rooms::default();
    let entries: Vec<RoomEntry> = (1..=500).map(entry).collect();
    rooms.resume_session(&entries, 1, 0);
    assert!(!rooms.has_acked_through(u64::MAX));
    for (id, n) in [(7, 20), (9, 30), (9, 31)] {
        let room = rooms.get_mut(RoomId(id)).unwrap();
        room.timeline.add_acked(&message(n), 1, Viewer { me: None, members: &members });
        rooms.note_acked(RoomId(id));
    }
    assert_eq!([19, 20, 30].map(|n| rooms.has_acked_through(n)), [false, true, true]);
    assert_eq!(rooms.acked, [7, 9].map(RoomId));
    // Their events arrive, or the member leaves the room.
    rooms.get_mut(RoomId(7)).unwrap().timeline.drop_acked_through(20);
    assert_eq!([29, 30].map(|n| rooms.has_acked_through(n)), [false, true]);
    assert_eq!(rooms.acked, [RoomId(9)]);
    rooms.leave(RoomId(9));
    assert!(!rooms.has_acked_through(u64::MAX) && rooms.acked.is_empty());
}
