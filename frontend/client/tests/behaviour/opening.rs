//! Which room opens, and where a text goes that is written meanwhile.

use crate::house::{House, client_id};
use crate::page::{Page, ann, commands, posts};
use client::input::Input;
use shared::{Command, RoomId};

const LOBBY: RoomId = RoomId::LOBBY;
const TEA: RoomId = RoomId(7);

fn write(page: &mut Page, room: RoomId, text: &str) {
    page.give(Input::DraftChanged { conversation: room.into(), text: text.to_owned() });
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
    assert_eq!((before.room(), before.composer.draft.conversation.room), (TEA, TEA));
    page.frame(house.welcome_to(page.hello, &ann(), TEA, 50));
    let after = page.view();
    assert_eq!((after.room(), page.draft()), (TEA, "half a sentence".to_owned()));
    assert_eq!(after.composer.draft, before.composer.draft, "the field is not written again");
}

#[test]
fn a_message_sent_before_the_welcome_goes_to_the_room_of_the_url() {
    let house = House::with_room(1, 7, "tea");
    for (room, text) in [(TEA, "to tea"), (LOBBY, "to the lobby")] {
        let mut page = page_at(room);
        write(&mut page, room, text);
        page.give(Input::Send { client_id: client_id(1), conversation: room.into(), text: text.to_owned() });
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
    assert_eq!((view.room(), page.draft()), (LOBBY, String::new()));
    assert_eq!(view.notices.unjoined_room.as_ref().map(|room| room.id), Some(TEA));
    page.give(Input::JoinRoom { client_id: client_id(1), room: TEA });
    let mut house = house;
    house.create_room(7, "tea");
    let joined = house.join_room(7);
    page.frames(joined);
    assert_eq!((page.view().room(), page.draft()), (TEA, "half a sentence".to_owned()));
}

/// The steps of a person who has gone on before the room is ready.
const STEPS: [fn(&mut Page); 2] =
    [|page| drop(page.give(Input::RoomFormClosed)), |page| write(page, LOBBY, "half a sentence")];

fn create(page: &mut Page) -> Vec<Command> {
    let (name, description) = ("tea".to_owned(), String::new());
    commands(&page.give(Input::CreateRoom { client_id: client_id(1), name, description }))
}

/// The room is created while the page has no connection, and Ann does `step` meanwhile.
fn created_after(step: impl FnOnce(&mut Page)) -> (Page, House) {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    assert_eq!(create(&mut page), []);
    step(&mut page);
    page.retry();
    let out = page.enter(&house, &ann());
    let create = commands(&out).into_iter().find_map(|command| match command {
        Command::RoomCreate(create) => Some(create.reference),
        _ => None,
    });
    let created = house.create(7, "tea");
    page.frames(created);
    page.frame(house.reply_room(create.unwrap(), 7));
    (page, house)
}

#[test]
fn a_queued_room_opens_while_its_form_waits() {
    let (mut page, _) = created_after(|_| ());
    let view = page.view();
    assert_eq!((view.room(), view.notices.ready_room), (TEA, None));
}

#[test]
fn a_queued_room_is_offered_when_the_person_has_gone_on() {
    for step in STEPS {
        let (mut page, _) = created_after(step);
        let view = page.view();
        assert_eq!((view.room(), view.notices.ready_room), (LOBBY, Some(TEA)));
        page.give(Input::OpenRoom(TEA));
        let view = page.view();
        assert_eq!((view.room(), view.notices.ready_room), (TEA, None));
    }
    let (mut page, _) = created_after(STEPS[0]);
    page.give(Input::DismissReadyRoom);
    assert_eq!(page.view().notices.ready_room, None);
}

#[test]
fn a_room_joined_at_its_url_is_offered_when_the_person_has_gone_on() {
    for (step, opened, offered) in [(None, TEA, None), (Some(STEPS[1]), LOBBY, Some(TEA))] {
        let mut house = House::new(1);
        house.create_room(7, "tea");
        let mut page = Page::welcome_in(&house);
        page.give(Input::OpenRoom(TEA));
        let out = page.give(Input::JoinRoom { client_id: client_id(1), room: TEA });
        let joins = commands(&out).into_iter();
        let mut join =
            joins.filter_map(|it| if let Command::RoomJoin(join) = it { Some(join) } else { None });
        let reference = join.next_back().unwrap().reference;
        if let Some(step) = step {
            step(&mut page);
        }
        let joined = house.join_room(7);
        page.frames(joined);
        page.frame(house.reply_room(reference, 7));
        let view = page.view();
        assert_eq!((view.room(), view.notices.ready_room), (opened, offered));
    }
}

#[test]
fn a_room_that_is_left_is_no_longer_offered() {
    let (mut page, mut house) = created_after(STEPS[0]);
    let left = house.leave_room(7);
    page.frames(left);
    assert_eq!(page.view().notices.ready_room, None);
}
