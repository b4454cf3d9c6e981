//! The lookup of a room that the person opened without being in it.

use crate::house::{House, LOBBY, client_id, frame};
use crate::page::{Page, ann, commands};
use client::effect::Effect;
use client::input::{Input, Timer};
use client::view::{RoomLookupState, UnjoinedRoom};
use shared::command::{Command, RoomsQuery};
use shared::event::{DirectoryRoom, RoomsPage};
use shared::{ErrorCode, Event, RoomId};

const TEA: RoomId = RoomId(7);

/// The requests for pages of the directory among these effects.
fn queries(effects: &[Effect]) -> Vec<RoomsQuery> {
    let query = |command| if let Command::Rooms(query) = command { Some(query) } else { None };
    commands(effects).into_iter().filter_map(query).collect()
}

/// A page of the directory, with these rooms, in answer to `query`.
fn page_of(query: &RoomsQuery, rooms: &[(u64, &str)], more: bool) -> String {
    let room = |(id, name): &(u64, &str)| DirectoryRoom {
        id: RoomId(*id),
        name: (*name).to_owned(),
        description: String::new(),
        members: 3,
        joined: false,
    };
    let rooms = rooms.iter().map(room).collect();
    frame(&Event::Rooms(RoomsPage { reference: query.reference, rooms, more }))
}

fn lookup(page: &mut Page) -> Option<RoomLookupState> {
    page.view().notices.unjoined_room.as_ref().map(|UnjoinedRoom { id, lookup }| {
        assert_eq!(*id, TEA);
        lookup.clone()
    })
}

#[test]
fn an_opened_room_is_looked_up_page_by_page_until_it_is_found() {
    let mut page = Page::welcome_in(&House::new(1));
    assert_eq!(page.view().notices.unjoined_room, None);
    let first = queries(&page.give(Input::OpenRoom(TEA)));
    assert_eq!((first.len(), &*first[0].find, first[0].after), (1, "", None));
    assert_eq!(lookup(&mut page), Some(RoomLookupState::Searching));
    let second = queries(&page.frame(page_of(&first[0], &[(1, ""), (5, "cats")], true)));
    assert_eq!((second.len(), second[0].after), (1, Some(RoomId(5))));
    let third = queries(&page.frame(page_of(&second[0], &[(7, "tea"), (9, "dogs")], true)));
    assert_eq!((third, lookup(&mut page)), (vec![], Some(RoomLookupState::Found("tea".into()))));
    assert_eq!((page.view().room(), page.view().directory.is_none()), (LOBBY, true));
}

#[test]
fn a_room_of_the_url_is_looked_up_after_the_welcome() {
    let mut house = House::with_room(1, 7, "tea");
    for (is_in, many) in [(true, 0), (false, 1)] {
        if !is_in {
            house = House::new(1);
        }
        let mut page = Page::opened();
        page.give(Input::IdentityFetched(Ok(Some(ann()))));
        assert_eq!(queries(&page.give(Input::OpenRoom(TEA))), []);
        assert_eq!(lookup(&mut page), None, "the member's rooms are not known yet");
        let requests = queries(&page.enter(&house, &ann()));
        assert_eq!((requests.len(), page.view().notices.unjoined_room.is_some()), (many, !is_in));
    }
}

#[test]
fn a_lookup_ends_when_the_room_is_joined_or_another_is_opened() {
    let mut house = House::new(1);
    house.create_room(7, "tea");
    let mut page = Page::welcome_in(&house);
    page.give(Input::OpenRoom(TEA));
    page.give(Input::OpenRoom(LOBBY));
    assert_eq!(lookup(&mut page), None);
    page.give(Input::OpenRoom(TEA));
    assert_eq!(lookup(&mut page), Some(RoomLookupState::Searching));
    let joined = house.join_room(7);
    page.frames(joined);
    assert_eq!((lookup(&mut page), page.view().room()), (None, TEA));
}

#[test]
fn a_lookup_and_a_search_do_not_disturb_each_other() {
    let mut page = Page::welcome_in(&House::new(1));
    let requests = queries(&page.give(Input::OpenRoom(TEA)));
    let search = queries(&page.give(Input::SearchDirectory { find: "do".to_owned() }));
    assert_eq!((search.len(), &*search[0].find), (1, "do"));
    page.frame(page_of(&search[0], &[(9, "dogs")], false));
    assert_eq!(lookup(&mut page), Some(RoomLookupState::Searching));
    page.frame(page_of(&requests[0], &[(1, ""), (9, "dogs")], false));
    assert_eq!(lookup(&mut page), Some(RoomLookupState::NoSuchRoom));
    let names = |page: &mut Page| page.view().directory.as_ref().map(|directory| directory.rooms.len());
    assert_eq!(names(&mut page), Some(1));
    page.give(Input::CloseDirectory);
    assert_eq!((names(&mut page), lookup(&mut page)), (None, Some(RoomLookupState::NoSuchRoom)));
}

#[test]
fn a_refused_lookup_is_sent_again_and_a_permanent_refusal_ends_it() {
    let mut page = Page::welcome_in(&House::new(1));
    let requests = queries(&page.give(Input::OpenRoom(TEA)));
    assert_eq!(queries(&page.frame(House::error(requests[0].reference, ErrorCode::StoreRefused))), []);
    let again = queries(&page.fire_timer(Timer::Request));
    assert_eq!(again.len(), 1);
    page.frame(House::error(again[0].reference, ErrorCode::BadField));
    assert_eq!(lookup(&mut page), Some(RoomLookupState::Unlisted));
}

#[test]
fn a_lookup_is_sent_again_on_the_next_connection_and_starts_over_in_another_log() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.give(Input::OpenRoom(TEA));
    let requests = queries(&page.reconnect(&house, &ann()));
    assert_eq!(requests.len(), 1);
    page.frame(page_of(&requests[0], &[(1, ""), (7, "tea")], false));
    assert_eq!(queries(&page.reconnect(&house, &ann())), []);
    assert_eq!(lookup(&mut page), Some(RoomLookupState::Found("tea".into())));
    assert_eq!(queries(&page.reconnect(&House::new(2), &ann())).len(), 1);
    assert_eq!(lookup(&mut page), Some(RoomLookupState::Searching));
}

#[test]
fn a_room_that_is_created_or_joined_by_a_command_is_not_looked_up() {
    let mut house = House::new(1);
    house.create_room(7, "tea");
    let mut page = Page::welcome_in(&house);
    let joins = commands(&page.give(Input::JoinRoom { client_id: client_id(1), room: TEA }));
    let Command::RoomJoin(join) = &joins[0] else { panic!("{joins:?}") };
    let reply = house.reply_room(join.reference, 7);
    assert_eq!(queries(&page.frame(reply)), []);
    assert_eq!(lookup(&mut page), None);
}
