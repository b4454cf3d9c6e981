//! Archived rooms: who may archive one, and what its members may still do.

use super::*;
use crate::query::{Query, QueryResult};
use command::{HistoryQuery, PageAnchor, RoomCreate, RoomMove, RoomsQuery};

const TEA: RoomId = RoomId(2);

fn create(id: u8, name: &str) -> Command {
    let (name, description) = (name.to_owned(), String::new());
    Command::RoomCreate(RoomCreate { reference: 1, client_id: ClientId([id; 16]), name, description })
}

fn target(id: u8) -> RoomMove {
    RoomMove { reference: u64::from(id), client_id: ClientId([id; 16]), room: TEA }
}

fn post_to_tea(id: u8) -> Command {
    let Command::Post(post) = post(id, "x") else { panic!() };
    Command::Post(Post { room: TEA, ..post })
}

/// Hub with Wei, who has made the room Tea, Lin, who has joined it, and Hao, who has not.
fn with_room() -> TestHub {
    let mut test = TestHub::with_members(&["Wei", "Lin", "Hao"]);
    (1..=3).for_each(|id| drop(test.connect(u64::from(id), id)));
    assert_eq!(refusal(&test.send(1, create(1, "Tea"))), None);
    assert_eq!(refusal(&test.send(2, Command::RoomJoin(target(2)))), None);
    test
}

fn listed(test: &mut TestHub) -> Vec<u64> {
    let query = RoomsQuery { reference: 3, find: String::new(), after: None };
    let out = test.send(3, Command::Rooms(query));
    let [Output::Send(_, Event::Rooms(page))] = &out[..] else { panic!("{out:?}") };
    page.rooms.iter().map(|room| room.id.0).collect()
}

/// Count of the rooms that a search walks through.
fn indexed(test: &TestHub) -> usize {
    test.hub.directory.search("", None).count()
}

#[test]
fn a_room_is_archived_and_restored_by_its_maker() {
    let mut test = with_room();
    assert_eq!(refusal(&test.send(2, Command::RoomArchive(target(3)))), Some(ErrorCode::NotTheMaker));
    assert_eq!(refusal(&test.send(3, Command::RoomArchive(target(3)))), Some(ErrorCode::RoomUnknown));
    let out = test.send(1, Command::RoomArchive(target(4)));
    let [
        Output::Publish(Audience::Room(TEA), Event::RoomArchived(archived), _),
        Output::Send(_, Event::Reply(reply)),
    ] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((archived.n, archived.author, reply.room), (reply.n, MemberId(1), Some(TEA)));
    assert_eq!(test.send(1, Command::RoomArchive(target(4))).len(), 1, "a retry has no effect");
    assert_eq!((listed(&mut test), indexed(&test)), (vec![1], 1));
    let out = test.send(1, Command::RoomRestore(target(5)));
    assert!(matches!(&out[..], [Output::Publish(_, Event::RoomRestored(_), _), _]), "{out:?}");
    assert_eq!(listed(&mut test), [1, 2]);
    assert_eq!(refusal(&test.send(2, post_to_tea(6))), None);
}

#[test]
fn an_archived_room_can_be_read_and_left_only() {
    let mut test = with_room();
    test.send(2, post_to_tea(5));
    test.send(1, Command::RoomArchive(target(6)));
    assert_eq!(refusal(&test.send(2, post_to_tea(7))), Some(ErrorCode::RoomArchived));
    assert_eq!(refusal(&test.send(3, Command::RoomJoin(target(8)))), Some(ErrorCode::RoomArchived));
    assert_eq!(refusal(&test.send(2, Command::RoomJoin(target(9)))), None, "Lin is in it");
    let out = test.send(2, post_to_tea(5));
    assert!(matches!(&out[..], [Output::Send(_, Event::Reply(_))]), "a retry gets its receipt: {out:?}");
    let history = HistoryQuery { reference: 9, room: TEA, at: PageAnchor::Newest };
    let out = test.send(2, Command::History(history));
    assert!(
        matches!(&out[..], [Output::Send(_, Event::History(page))] if page.messages.len() == 1),
        "{out:?}"
    );
    let out = test.connect(4, 2);
    assert_eq!(welcome_in(&out).rooms.len(), 2, "it stays in the list of its members");
    assert_eq!(refusal(&test.send(2, Command::RoomLeave(target(10)))), None);
    assert_eq!(refusal(&test.send(1, create(11, "tea"))), Some(ErrorCode::NameTaken), "it keeps its name");
}

#[test]
fn any_member_of_a_room_archives_it_when_its_maker_has_left_the_house() {
    let mut test = with_room();
    test.send(1, Command::RoomLeave(target(3)));
    assert_eq!(refusal(&test.send(2, Command::RoomArchive(target(4)))), Some(ErrorCode::NotTheMaker));
    test.give(Input::SignOut(RequestId(5), DeviceKey([1; 32])));
    assert_eq!(refusal(&test.send(3, Command::RoomArchive(target(6)))), Some(ErrorCode::RoomUnknown));
    assert_eq!(refusal(&test.send(2, Command::RoomArchive(target(7)))), None);
    assert_eq!(listed(&mut test), [1]);
}

#[test]
fn a_maker_who_left_an_archived_room_comes_back_and_restores_it() {
    let mut test = with_room();
    test.send(1, Command::RoomArchive(target(3)));
    test.send(1, Command::RoomLeave(target(4)));
    assert_eq!(refusal(&test.send(1, Command::RoomRestore(target(5)))), Some(ErrorCode::RoomUnknown));
    assert_eq!(refusal(&test.send(1, Command::RoomJoin(target(6)))), None);
    assert_eq!(refusal(&test.send(1, Command::RoomRestore(target(7)))), None);
    assert_eq!(listed(&mut test), [1, 2]);
}

#[test]
fn a_restarted_hub_knows_the_archived_rooms() {
    let mut test = with_room();
    test.send(1, Command::RoomArchive(target(4)));
    test.hub = Hub::new(Settings::default(), test.log.epoch(), test.log.house().clone());
    (1..=3).for_each(|id| drop(test.connect(u64::from(id), id)));
    assert_eq!((listed(&mut test), indexed(&test)), (vec![1], 1));
    assert_eq!(refusal(&test.send(2, post_to_tea(7))), Some(ErrorCode::RoomArchived));
    let query = Query::History { room: TEA, at: PageAnchor::Newest, limit: 1, through: u64::MAX };
    assert!(matches!(test.log.read(&query), QueryResult::Page(page) if page.messages.is_empty()));
}
