//! Rooms: joined, left, created, changed, opened and searched.

use crate::house::{House, LOBBY, client_id, frame};
use crate::page::{Page, ann, bo, commands, history_queries, posts};
use client::input::{Input, Timer};
use client::persisted::CommandBody;
use client::view::{Edge, RowState};
use shared::command::Command;
use shared::event::{DirectoryRoom, RoomsPage};
use shared::{ErrorCode, Event, RoomId};

const TEA: RoomId = RoomId(7);

fn names(page: &mut Page) -> Vec<String> {
    page.view().rooms.iter().map(|room| room.name.to_string()).collect()
}

#[test]
fn rooms_are_listed_by_name_after_the_lobby() {
    let mut house = House::new(1);
    for (id, name) in [(7, "tea"), (8, "Apples"), (9, "books")] {
        house.create_room(id, name);
        house.join_room(id);
    }
    let mut page = Page::welcome_in(&house);
    assert_eq!(names(&mut page), ["", "Apples", "books", "tea"]);
    assert_eq!((page.view().room(), page.view().rooms[3].members), (LOBBY, Some(2)));
}

#[test]
fn an_own_message_from_another_tab_is_not_unread() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    for (unread, frame) in [(1, house.talk(TEA, 1..=1)), (2, house.talk(TEA, 2..=2))] {
        page.frames(frame);
        assert_eq!(page.view().rooms[1].unread, unread);
    }
    let own = house.post_in(TEA, &ann(), 9, "my own");
    page.frame(own);
    assert_eq!(page.view().rooms[1].unread, 2);
    let talk = house.talk(TEA, 3..=3);
    page.frames(talk);
    assert_eq!(page.view().rooms[1].unread, 3);
}

#[test]
fn an_opened_room_shows_its_newest_and_later_messages() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(TEA, 1..=80);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(TEA, 81..=82);
    page.frames(talk);
    assert_eq!(page.view().rooms[1].unread, 2);
    let requests = history_queries(&page.give(Input::OpenRoom(TEA)));
    assert_eq!((page.view().room(), page.view().pane().older), (TEA, Edge::Loading));
    let talk = house.talk(TEA, 83..=83);
    page.frames(talk);
    page.frame(house.history(requests[0].reference, TEA, requests[0].at));
    assert_eq!(page.texts(), (31..=83).collect::<Vec<_>>());
    assert_eq!((page.view().rooms[1].unread, page.view().pane().following), (0, true));
    page.give(Input::OpenRoom(LOBBY));
    assert_eq!(history_queries(&page.give(Input::OpenRoom(TEA))), [], "it is held");
    assert_eq!(page.view().pane().rows.len(), 53);
}

#[test]
fn a_room_joined_in_another_tab_appears_until_it_is_left() {
    let mut house = House::new(1);
    house.create_room(7, "tea");
    house.talk(TEA, 1..=2);
    let mut page = Page::welcome_in(&house);
    let joined = house.join_room(7);
    page.frames(joined);
    assert_eq!(names(&mut page), ["", "tea"]);
    let requests = history_queries(&page.give(Input::OpenRoom(TEA)));
    page.frame(house.history(requests[0].reference, TEA, requests[0].at));
    let talk = house.talk(TEA, 3..=3);
    page.frames(talk);
    assert_eq!(page.texts(), [1, 2, 3]);
    assert_eq!((page.view().pane().older, page.view().pane().newer), (Edge::End, Edge::End));
    let left = house.leave_room(7);
    page.frames(left);
    assert_eq!((names(&mut page), page.view().room()), (vec![String::new()], LOBBY));
}

#[test]
fn a_joined_room_opens_in_any_order_of_event_and_reply() {
    for told_first in [true, false] {
        let mut house = House::new(1);
        house.create_room(7, "tea");
        let mut page = Page::welcome_in(&house);
        let out = page.give(Input::JoinRoom { client_id: client_id(1), room: TEA });
        let Command::RoomJoin(join) = &commands(&out)[0] else { panic!("{out:?}") };
        assert_eq!((join.room, page.view().pending[0].state), (TEA, RowState::Sending));
        let joined = house.join_room(7);
        let reply = house.reply_room(join.reference, 7);
        let frames = if told_first { vec![joined[0].clone(), reply] } else { vec![reply, joined[0].clone()] };
        page.frames(frames);
        assert_eq!((page.view().room(), page.view().pending.len()), (TEA, 0));
        page.frame(joined[1].clone());
    }
}

#[test]
fn a_created_room_opens_and_a_taken_name_fails() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let create_room = |number, name: &str| Input::CreateRoom {
        client_id: client_id(number),
        name: name.to_owned(),
        description: "Oolong.".to_owned(),
    };
    let out = page.give(create_room(1, "Lobby"));
    let Command::RoomCreate(create) = &commands(&out)[0] else { panic!("{out:?}") };
    page.frame(House::error(create.reference, ErrorCode::NameTaken));
    let pending = page.view().pending[0].clone();
    assert_eq!(pending.state, RowState::Failed(ErrorCode::NameTaken));
    assert!(matches!(pending.body, CommandBody::Create(_)));
    page.give(Input::Discard(pending.key));
    let out = page.give(create_room(2, "tea"));
    let Command::RoomCreate(create) = &commands(&out)[0] else { panic!("{out:?}") };
    house.create_room(7, "tea");
    page.frame(house.reply_room(create.reference, 7));
    let joined = house.join_room(7);
    page.frames(joined);
    assert_eq!(page.view().room(), TEA);
}

/// Ann creates a room, which is committed; returns the `ref` of the reply.
fn create_tea(house: &mut House, page: &mut Page) -> u64 {
    let name = "tea".to_owned();
    let out = page.give(Input::CreateRoom { client_id: client_id(1), name, description: String::new() });
    let Command::RoomCreate(create) = &commands(&out)[0] else { panic!("{out:?}") };
    house.create_room(7, "tea");
    create.reference
}

#[test]
fn a_created_room_has_one_member_until_others_join() {
    for reply_at in 0..=3 {
        let mut house = House::new(1);
        let mut page = Page::welcome_in(&house);
        let name = "tea".to_owned();
        let out = page.give(Input::CreateRoom { client_id: client_id(1), name, description: String::new() });
        let Command::RoomCreate(create) = &commands(&out)[0] else { panic!("{out:?}") };
        let mut frames = house.create(7, "tea").to_vec();
        frames.insert(reply_at, house.reply_room(create.reference, 7));
        page.frames(frames);
        assert_eq!((page.view().room(), page.view().rooms[1].members), (TEA, Some(1)), "{reply_at}");
        let joined = house.join_room_as_bo(7);
        page.frame(joined);
        assert_eq!(page.view().rooms[1].members, Some(2), "{reply_at}");
    }
}

#[test]
fn the_count_of_members_is_unknown_until_listed_when_the_log_is_older() {
    let mut house = House::new(1);
    house.create_room(7, "tea");
    let mut page = Page::welcome_in(&house);
    let joined = house.join_uncounted(7);
    page.frames(joined);
    assert_eq!(page.view().rooms[1].members, None);
    let joined = house.join_room_as_bo(7);
    page.frame(joined);
    assert_eq!(page.view().rooms[1].members, None);
    let through = house.through().through.n;
    let hello = page.reconnect_to_hello();
    page.frame(house.welcome_back(hello.reference, &ann(), through));
    assert_eq!(page.view().rooms[1].members, Some(2));
}

/// Ann creates a room, of which only the reply arrives. After `so` she joins a room with the same
/// id that Bo created, so the room has two members.
fn join_after_creating(so: impl FnOnce(&mut House, &mut Page, String)) {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let reference = create_tea(&mut house, &mut page);
    let reply = house.reply_room(reference, 7);
    so(&mut house, &mut page, reply);
    page.frames(house.join_room(7));
    let tea = page.view().rooms.iter().find(|room| room.id == TEA).cloned();
    assert_eq!(tea.map(|room| room.members), Some(Some(2)));
}

#[test]
fn a_created_room_of_another_log_is_forgotten() {
    join_after_creating(|house, page, reply| {
        page.frame(reply);
        let mut other_log = House::new(1);
        other_log.epoch = shared::Epoch(2);
        other_log.create_room(7, "tea");
        *house = other_log;
        let hello = page.reconnect_to_hello();
        page.frame(house.welcome(hello.reference, &ann()));
    });
}

#[test]
fn a_created_room_that_was_left_is_forgotten() {
    join_after_creating(|house, page, reply| {
        page.frame(reply);
        let through = house.through().through.n;
        let missed = [house.join_room(7), house.leave_room(7)];
        let hello = page.reconnect_to_hello();
        page.frame(house.welcome_back(hello.reference, &ann(), through));
        page.frames(missed.concat());
    });
    join_after_creating(|house, page, reply| {
        page.frames(house.join_room(7));
        page.frames(house.leave_room(7));
        page.frame(reply);
    });
}

#[test]
fn a_joined_room_has_the_count_of_the_own_event() {
    for joined in [false, true] {
        let mut house = House::new(1);
        house.create_room(7, "tea");
        let mut page = Page::welcome_in(&house);
        let out = page.give(Input::SearchDirectory { find: String::new() });
        let Command::Rooms(asked) = &commands(&out)[0] else { panic!("{out:?}") };
        let (name, description) = ("tea".to_owned(), String::new());
        let found = DirectoryRoom { id: TEA, name, description, members: 4, joined };
        let (reference, rooms) = (asked.reference, vec![found]);
        page.frame(frame(&Event::Rooms(RoomsPage { reference, rooms, more: false })));
        page.give(Input::JoinRoom { client_id: client_id(1), room: TEA });
        let frames = house.join_room(7);
        page.frames(frames);
        assert_eq!(page.view().rooms[1].members, Some(2), "not the older count of the directory");
    }
}

#[test]
fn a_room_change_reaches_the_list() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let change = Input::ChangeRoom {
        client_id: client_id(1),
        room: TEA,
        name: "cha".to_owned(),
        description: String::new(),
    };
    assert!(matches!(commands(&page.give(change))[..], [Command::RoomChange(_)]));
    let changed = house.rename_room(7, "cha");
    page.frame(changed);
    assert_eq!(names(&mut page), ["", "cha"]);
}

#[test]
fn rooms_do_not_wait_for_each_other_and_a_room_keeps_its_order() {
    let house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let say = |number: u64, room: RoomId, text: &str| {
        let text = text.to_owned();
        Input::Send { client_id: client_id(number), conversation: room.into(), text }
    };
    assert_eq!(posts(&page.give(say(1, TEA, "a"))).len(), 1);
    assert_eq!(posts(&page.give(say(2, LOBBY, "b"))).len(), 1);
    let leave = Input::LeaveRoom { client_id: client_id(3), room: TEA };
    assert_eq!(commands(&page.give(leave)), [], "after what was said there");
    assert_eq!(page.rows(), ["b…"]);
    page.give(Input::OpenRoom(TEA));
    assert_eq!(page.rows(), ["a…"]);
}

#[test]
fn a_post_to_a_room_that_was_left_is_listed_as_pending() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let text = "too late".to_owned();
    let sent = posts(&page.give(Input::Send { client_id: client_id(1), conversation: TEA.into(), text }));
    let left = house.leave_room(7);
    page.frames(left);
    page.frame(House::error(sent[0].reference, ErrorCode::RoomUnknown));
    let pending = page.view().pending[0].clone();
    assert_eq!(pending.state, RowState::Failed(ErrorCode::RoomUnknown));
    assert_eq!(pending.body, CommandBody::post(TEA, "too late".to_owned()));
}

#[test]
fn a_post_fails_while_its_room_is_archived_and_no_event_is_missed() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    page.give(Input::OpenRoom(TEA));
    let archived = house.archive_room(7, true);
    assert_eq!(commands(&page.frame(archived)), [], "the event leaves no gap");
    let text = "9".to_owned();
    let sent = posts(&page.give(Input::Send { client_id: client_id(1), conversation: TEA.into(), text }));
    page.frame(House::error(sent[0].reference, ErrorCode::RoomArchived));
    assert!(page.view().pane().rows.iter().any(|row| row.state == RowState::Failed(ErrorCode::RoomArchived)));
    let restored = house.archive_room(7, false);
    page.frame(restored);
    let talk = house.talk(TEA, 1..=2);
    assert_eq!(commands(&page.frames(talk)), []);
    assert_eq!(page.texts(), [1, 2, 9]);
}

#[test]
fn the_directory_is_listed_page_by_page() {
    let house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let request_page = |page: &mut Page, input| match &commands(&page.give(input))[..] {
        [Command::Rooms(rooms)] => rooms.clone(),
        other => panic!("{other:?}"),
    };
    let directory_page = |reference, ids: &[u64], more| {
        let room = |id: &u64| DirectoryRoom {
            id: RoomId(*id),
            name: "tea".to_owned(),
            description: String::new(),
            members: 1,
            joined: false,
        };
        frame(&Event::Rooms(RoomsPage { reference, rooms: ids.iter().map(room).collect(), more }))
    };
    let request = request_page(&mut page, Input::SearchDirectory { find: "t".to_owned() });
    assert_eq!((request.find.as_str(), request.after), ("t", None));
    page.frame(directory_page(request.reference + 1, &[2], false));
    assert_eq!(page.view().directory.as_ref().unwrap().edge, Edge::Loading);
    page.frame(directory_page(request.reference, &[2, 7], true));
    let view = page.view().directory.clone().unwrap();
    assert_eq!(view.rooms.iter().map(|room| room.joined).collect::<Vec<_>>(), [false, true]);
    assert_eq!(view.edge, Edge::More);
    let request = request_page(&mut page, Input::LoadMoreDirectory);
    assert_eq!(request.after, Some(TEA));
    page.frame(House::error(request.reference, ErrorCode::TooManyRequests));
    let again = page.fire_timer(Timer::Request);
    let Command::Rooms(request) = &commands(&again)[0] else { panic!("{again:?}") };
    page.frame(directory_page(request.reference, &[9], false));
    assert_eq!(page.view().directory.as_ref().unwrap().edge, Edge::End);
    page.give(Input::CloseDirectory);
    assert_eq!(page.view().directory, None);
}

#[test]
fn renames_in_the_lobby_reach_every_room() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let posted = house.post_in(TEA, &bo(), 1, "x");
    let renamed = house.rename(crate::house::member(2, "Bob"));
    // Events of two rooms arrive in any order.
    page.frames([renamed, posted]);
    page.give(Input::OpenRoom(TEA));
    assert_eq!(&*page.view().pane().rows[0].name, "Bob");
    assert_eq!(page.view().pane().rows[0].key.author, bo().id);
    assert_ne!(ann().id, bo().id);
}
