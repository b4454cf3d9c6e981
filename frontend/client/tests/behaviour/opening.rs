//! Which room opens, and where a text goes that is written meanwhile.

use crate::house::{House, client_id};
use crate::page::{Page, ann, posts};
use client::input::Input;
use shared::RoomId;

const LOBBY: RoomId = RoomId::LOBBY;
const TEA: RoomId = RoomId(7);

fn write(page: &mut Page, room: RoomId, text: &str) {
    page.give(Input::DraftChanged { room, text: text.to_owned() });
}

/// Ann's page at the URL of a room, before the welcome.
fn page_at(room: RoomId) -> Page {
    let mut page = Page::opened();
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.give(Input::OpenRoom(room));
    page.give(Input::ConnectionOpened(page.socket));
    page
}

#[test]
fn a_text_written_before_the_welcome_stays_in_the_room_of_the_url() {
    let house = House::with_room(1, 7, "tea");
    let mut page = page_at(TEA);
    write(&mut page, TEA, "half a sentence");
    let before = page.view();
    assert_eq!((before.pane.room, before.composer.draft.room), (TEA, TEA));
    page.frame(house.welcome_to(page.hello, &ann(), TEA, 50));
    let after = page.view();
    assert_eq!((after.pane.room, page.draft()), (TEA, "half a sentence".to_owned()));
    assert_eq!(after.composer.draft, before.composer.draft, "the field is not written again");
}

#[test]
fn a_message_sent_before_the_welcome_goes_to_the_room_of_the_url() {
    let house = House::with_room(1, 7, "tea");
    for (room, text) in [(TEA, "to tea"), (LOBBY, "to the lobby")] {
        let mut page = page_at(room);
        write(&mut page, room, text);
        page.give(Input::Send { client_id: client_id(1), room, text: text.to_owned() });
        assert_eq!(page.rows(), [format!("{text}~")]);
        let out = page.frame(house.welcome_to(page.hello, &ann(), room, 50));
        assert_eq!((posts(&out)[0].room, page.rows()), (room, vec![format!("{text}…")]));
    }
}

#[test]
fn the_lobby_opens_at_the_welcome_when_the_member_is_not_in_the_room_of_the_url() {
    let house = House::new(1);
    let mut page = page_at(TEA);
    write(&mut page, TEA, "half a sentence");
    page.frame(house.welcome(page.hello, &ann()));
    let view = page.view();
    assert_eq!((view.pane.room, page.draft()), (LOBBY, String::new()));
    assert_eq!(view.notices.unjoined_room.as_ref().map(|room| room.id), Some(TEA));
    page.give(Input::JoinRoom { client_id: client_id(1), room: TEA });
    let mut house = house;
    house.create_room(7, "tea");
    let joined = house.join_room(7);
    page.frames(joined);
    assert_eq!((page.view().pane.room, page.draft()), (TEA, "half a sentence".to_owned()));
}
