//! The view's slices: an input replaces only those slices whose content it changes.

use crate::house::{House, member};
use crate::page::{Page, ann};
use client::input::Conversation;
use client::input::Input;
use client::view::IdentityView;
use shared::RoomId;
use std::rc::Rc;

const TEA: RoomId = RoomId(7);

/// Ann's page in a house with a second room, in which a message was posted.
fn page_and_house() -> (Page, House) {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let posted = house.post(&member(2, "Bo"), 1, "1");
    page.frame(posted);
    (page, house)
}

#[test]
fn typing_changes_no_slice() {
    let (mut page, _) = page_and_house();
    let before = page.view();
    for text in ["h", "he", "hey", ""] {
        page.give(Input::DraftChanged { conversation: Conversation::LOBBY, text: text.to_owned() });
        assert!(Rc::ptr_eq(&before, &page.view()), "{text:?}");
        assert_eq!(page.draft(), text);
    }
}

#[test]
fn a_new_identity_shows_the_whole_draft_to_its_composer() {
    let (mut page, _) = page_and_house();
    page.view();
    page.type_text("half a sentence");
    assert_eq!(&*page.view().composer.draft.text, "", "the composer knows what was typed");
    page.break_connection(4401);
    page.give(Input::IdentityFetched(Ok(None)));
    assert!(matches!(*page.view().identity, IdentityView::Nobody { .. }), "the page shows no composer");
    page.give(Input::Join { name: "Ann".to_owned() });
    page.give(Input::Named(Ok(ann())));
    assert_eq!(page.view().composer.draft.text.as_ref(), page.draft());
}

#[test]
fn a_message_in_another_room_changes_only_its_entry() {
    let (mut page, mut house) = page_and_house();
    let before = page.view();
    let posted = house.post_in(TEA, &member(2, "Bo"), 2, "2");
    page.frame(posted);
    let after = page.view();
    assert_eq!(
        (
            &before.pane(),
            &before.people,
            &before.composer,
            &before.notices,
            &before.pending,
            &before.identity
        ),
        (&after.pane(), &after.people, &after.composer, &after.notices, &after.pending, &after.identity)
    );
    assert_ne!(before.rooms, after.rooms);
    let is_same = |at: usize| before.rooms[at] == after.rooms[at];
    assert_eq!((is_same(0), is_same(1), after.rooms[1].unread), (true, false, 1));
}

#[test]
fn a_message_in_the_open_room_changes_only_the_pane() {
    let (mut page, mut house) = page_and_house();
    let before = page.view();
    let posted = house.post(&member(2, "Bo"), 2, "2");
    page.frame(posted);
    let after = page.view();
    assert_ne!(before.pane(), after.pane());
    assert!(Rc::ptr_eq(&before.pane().rows[0], &after.pane().rows[0]));
    assert_eq!(
        (&before.rooms, &before.people, &before.composer, &before.notices),
        (&after.rooms, &after.people, &after.composer, &after.notices)
    );
}

#[test]
fn presence_changes_only_the_people() {
    let (mut page, house) = page_and_house();
    let before = page.view();
    page.frame(House::here_event(&[member(2, "Bo")], house.n));
    let after = page.view();
    assert_ne!(before.people, after.people);
    assert_eq!((&before.pane(), &before.rooms), (&after.pane(), &after.rooms));
    page.frame(House::here_event(&[member(2, "Bo")], house.n));
    assert_eq!(after.people.list, page.view().people.list);
}

#[test]
fn the_directory_is_the_same_slice_until_a_page_comes_or_a_room_is_joined() {
    let (mut page, _) = page_and_house();
    page.give(Input::SearchDirectory { find: String::new() });
    let before = page.view();
    page.give(Input::DraftChanged { conversation: Conversation::LOBBY, text: "x".to_owned() });
    page.send(5, "y");
    assert_eq!(before.directory, page.view().directory);
    page.give(Input::SearchDirectory { find: "t".to_owned() });
    assert_ne!(before.directory, page.view().directory);
}

#[test]
fn the_next_member_of_the_page_sees_no_rooms_of_the_one_before() {
    let (mut page, _) = page_and_house();
    assert_eq!(page.view().rooms.len(), 2);
    page.break_connection(4401);
    page.view();
    page.give(Input::IdentityFetched(Ok(Some(member(2, "Bo")))));
    assert_eq!(page.view().rooms.len(), 0);
}

#[test]
fn an_input_that_changes_nothing_builds_no_pane() {
    let (mut page, mut house) = page_and_house();
    let before = page.view();
    page.frame(House::here_event(&[member(2, "Bo")], house.n));
    let posted = house.post_in(TEA, &member(2, "Bo"), 2, "2");
    page.frame(posted);
    assert_eq!(before.pane(), page.view().pane());
}
