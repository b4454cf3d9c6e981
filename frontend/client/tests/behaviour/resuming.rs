//! Resuming after a lost connection: what is held stays, and missed events follow.

use crate::house::{House, LOBBY, frame};
use crate::page::{Page, ann, bo, close_code, commands, event_queries, history_queries, posts};
use client::input::Conversation;
use client::input::Input;
use client::limits::BUFFERED_EVENTS_MAX;
use client::view::{Edge, RoomItem};
use shared::command::{Command, PageAnchor};
use shared::event::Through;
use shared::{Address, Cursor, Event, RoomId};

const TEA: RoomId = RoomId(7);

fn names(page: &mut Page) -> Vec<String> {
    page.view().rooms.iter().map(|room| room.name.to_string()).collect()
}

fn item(page: &mut Page, id: RoomId) -> RoomItem {
    page.view().rooms.iter().find(|room| room.id == id).map(|room| (**room).clone()).expect("a room")
}

/// Resumes in `house`, which replays the missed events but does not yet report their end.
fn resume(page: &mut Page, house: &House) -> u64 {
    let cursor = page.reconnect_to_hello().cursor.expect("a cursor").n;
    page.frame(house.welcome_back(page.hello, &ann(), cursor));
    cursor
}

fn returns(page: &mut Page, house: &House) {
    let cursor = resume(page, house);
    page.frames(house.missed(cursor));
    page.frame(house.caught_up());
}

#[test]
fn the_cursor_moves_after_the_replay() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=2);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    house.talk(LOBBY, 3..=4);
    house.talk(TEA, 1..=3);
    let hello = page.reconnect_to_hello();
    assert_eq!((hello.cursor, hello.room), (Some(before), Some(LOBBY)));
    page.frame(house.welcome_back(page.hello, &ann(), before.n));
    assert!(page.view().notices.catching_up);
    assert_eq!(page.texts(), [1, 2]);
    page.frames(house.missed(before.n));
    assert_eq!(page.texts(), [1, 2, 3, 4]);
    assert_eq!(item(&mut page, TEA).unread, 3);
    assert_eq!(page.reconnect_to_hello().cursor, Some(before), "events may still be missing");
    page.frame(house.welcome_back(page.hello, &ann(), before.n));
    page.frames(house.missed(before.n));
    page.frame(house.caught_up());
    assert!(!page.view().notices.catching_up);
    assert_eq!(page.texts(), [1, 2, 3, 4]);
    assert_eq!(page.reconnect_to_hello().cursor, Some(house.through().through));
}

#[test]
fn a_ping_during_the_replay_moves_no_cursor() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    house.talk(LOBBY, 1..=4);
    resume(&mut page, &house);
    page.frame(crate::house::frame(&shared::Event::Ping(house.through())));
    assert_eq!(page.reconnect_to_hello().cursor, Some(before));
}

#[test]
fn a_gap_keeps_the_cursor_in_place() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let before = house.through().through;
    let talk = house.talk(LOBBY, 1..=2);
    page.frame(talk[1].clone());
    page.frame(crate::house::frame(&shared::Event::Ping(house.through())));
    assert_eq!(page.reconnect_to_hello().cursor, Some(before));
    page.frame(house.welcome_back(page.hello, &ann(), before.n));
    page.frames(house.missed(before.n));
    page.frame(house.caught_up());
    assert_eq!(page.texts(), [1, 2]);
}

#[test]
fn dropped_events_are_fetched_before_the_cursor_moves() {
    for many in
        [BUFFERED_EVENTS_MAX - 1, BUFFERED_EVENTS_MAX, BUFFERED_EVENTS_MAX + 1].map(|many| many as u64)
    {
        let mut house = House::new(1);
        let mut page = Page::welcome_in(&house);
        let before = house.through().through;
        let first = house.talk(LOBBY, 1..=2).remove(1);
        let requests = event_queries(&page.frame(first));
        // The answer was read before the later messages were posted.
        let answer = house.events(requests[0].reference, requests[0].to, requests[0].after, 9);
        let talk = house.talk(LOBBY, 3..=1 + many);
        assert_eq!(event_queries(&page.frames(talk)), []);
        let requests = event_queries(&page.frame(answer));
        assert_eq!(requests.len(), usize::from(many > BUFFERED_EVENTS_MAX as u64), "{many}");
        page.frame(crate::house::frame(&shared::Event::Ping(house.through())));
        if let Some(requests) = requests.first() {
            let hello = page.reconnect_to_hello();
            assert_eq!(hello.cursor, Some(before), "a gap is still open");
            page.frame(house.welcome_back(page.hello, &ann(), before.n));
            page.frames(house.missed(before.n));
            page.frame(house.caught_up());
            assert!(requests.after < house.through().through.n);
        }
        page.give(Input::LoadOlder(Conversation::LOBBY));
        assert_eq!(
            page.view().pane().rows.last().map(|row| row.text.to_string()),
            Some((1 + many).to_string())
        );
        assert_eq!(page.reconnect_to_hello().cursor, Some(house.through().through));
    }
}

#[test]
fn dropped_events_arrive_with_the_next_answer() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=3 + BUFFERED_EVENTS_MAX as u64);
    let requests = event_queries(&page.frames(talk.into_iter().skip(1)));
    // The answer has only the first event: buffered events follow, dropped ones do not.
    let again =
        event_queries(&page.frame(house.events(requests[0].reference, requests[0].to, requests[0].after, 1)));
    assert_eq!(again.len(), 1);
    assert_eq!(
        event_queries(&page.frame(house.events(again[0].reference, again[0].to, again[0].after, 9))),
        []
    );
    page.frame(crate::house::frame(&shared::Event::Ping(house.through())));
    assert_eq!(page.texts().last(), Some(&(3 + BUFFERED_EVENTS_MAX as u64)));
    assert_eq!(page.reconnect_to_hello().cursor, Some(house.through().through));
}

#[test]
fn an_unreadable_frame_is_fetched_after_the_next_replay() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    house.talk(LOBBY, 1..=1);
    page.frame(crate::house::frame(&shared::Event::Ping(house.through())));
    resume(&mut page, &house);
    let requests = event_queries(&page.frame(house.caught_up()));
    assert_eq!(requests[0].to, Address::Room(LOBBY));
    assert!(page.view().notices.catching_up, "the view is incomplete");
    page.frame(house.events(requests[0].reference, requests[0].to, requests[0].after, 9));
    assert_eq!(page.texts(), [1]);
    assert!(!page.view().notices.catching_up);
}

#[test]
fn posts_are_sent_right_after_the_welcome() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "1");
    house.talk(LOBBY, 2..=3);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    let welcome = house.welcome_back(page.hello, &ann(), 0);
    assert_eq!(posts(&page.frame(welcome)).len(), 1);
}

#[test]
fn a_room_is_reset_when_too_much_was_missed() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=2);
    let mut page = Page::welcome_in(&house);
    house.talk(LOBBY, 3..=9);
    house.talk(TEA, 1..=1);
    resume(&mut page, &house);
    page.frame(house.reset(None, LOBBY, 3));
    page.frame(house.caught_up());
    assert_eq!(page.texts(), [7, 8, 9]);
    assert_eq!(page.view().pane().older, Edge::More);
    let requests = history_queries(&page.give(Input::LoadOlder(Conversation::LOBBY)));
    let page_of = house.history(requests[0].reference, LOBBY, requests[0].at);
    page.frame(page_of);
    assert_eq!(page.texts(), (1..=9).collect::<Vec<_>>());
}

#[test]
fn a_reset_leaves_other_rooms_unread_but_for_own_messages() {
    let unseen = |page: &mut Page| page.view().rooms.iter().map(|room| room.unread).collect::<Vec<_>>();
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=2);
    house.talk(TEA, 1..=1);
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(TEA, 2..=3);
    page.frames(talk);
    assert_eq!(unseen(&mut page), [0, 2]);
    house.talk(LOBBY, 3..=9);
    house.talk(TEA, 4..=5);
    house.post_in(TEA, &ann(), 9, "6");
    house.talk(TEA, 7..=8);
    resume(&mut page, &house);
    page.frame(house.reset(None, LOBBY, 3));
    page.frame(house.reset(None, TEA, 4));
    page.frame(house.caught_up());
    assert_eq!(unseen(&mut page), [0, 6]);
    page.give(Input::OpenRoom(TEA));
    assert_eq!(unseen(&mut page), [7, 0]);
}

#[test]
fn messages_that_touch_a_snapshot_stay() {
    let mut house = House::new(1);
    house.talk(LOBBY, 1..=6);
    let mut page = Page::welcome_in(&house);
    house.talk(LOBBY, 7..=9);
    resume(&mut page, &house);
    page.frame(house.reset(None, LOBBY, 3));
    assert_eq!(page.texts(), (1..=9).collect::<Vec<_>>());
}

#[test]
fn a_room_joined_meanwhile_continues_from_the_list() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    house.create_room(7, "tea");
    house.talk(TEA, 1..=5);
    let joined = house.join_room(7);
    let cursor = resume(&mut page, &house);
    assert_eq!(names(&mut page), ["", "tea"]);
    page.frames(joined);
    assert_eq!(names(&mut page), ["", "tea"], "a repeated event is known");
    page.frame(house.caught_up());
    let talk = house.talk(TEA, 6..=6);
    assert_eq!(event_queries(&page.frames(talk)), []);
    let requests = history_queries(&page.give(Input::OpenRoom(TEA)));
    page.frame(house.history(requests[0].reference, TEA, requests[0].at));
    assert_eq!(page.texts(), (1..=6).collect::<Vec<_>>());
    assert!(cursor < house.through().through.n);
}

#[test]
fn the_lobby_opens_when_the_open_room_was_left_meanwhile() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    page.give(Input::OpenRoom(TEA));
    house.leave_room(7);
    assert_eq!(page.view().room(), TEA);
    returns(&mut page, &house);
    assert_eq!((names(&mut page), page.view().room()), (vec![String::new()], LOBBY));
}

#[test]
fn a_new_membership_of_a_room_begins_unloaded() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(TEA, 1..=2);
    page.give(Input::OpenRoom(TEA));
    page.frames(talk);
    assert_eq!(page.texts(), [1, 2]);
    house.leave_room(7);
    house.talk(TEA, 3..=4);
    house.join_room(7);
    resume(&mut page, &house);
    assert_eq!(page.view().pane().rows.len(), 0, "the page does not touch held messages");
    assert_eq!(page.view().pane().older, Edge::Loading);
}

#[test]
fn names_and_counts_come_from_the_list_and_later_events() {
    let mut house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    house.rename_room(7, "cha");
    let cursor = resume(&mut page, &house);
    assert_eq!(names(&mut page), ["", "cha"]);
    let replay = house.missed(cursor);
    page.frames(replay);
    page.frame(house.caught_up());
    assert_eq!(item(&mut page, TEA).members, Some(2));
    let changed = house.rename_room(7, "chai");
    page.frame(changed);
    assert_eq!(names(&mut page), ["", "chai"]);
}

#[test]
fn a_resumed_session_without_a_cursor_starts_over() {
    let mut house = House::new(1);
    let mut page = Page::opened();
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.give(Input::ConnectionOpened(page.socket));
    assert!(close_code(&page.frame(house.welcome_back(page.hello, &ann(), 0))).is_some());
    page.retry();
    page.enter(&house, &ann());
    // Nor is a cursor of another member's.
    page.reconnect_to_hello();
    house.epoch = shared::Epoch(2);
    assert!(close_code(&page.frame(house.welcome_back(page.hello, &ann(), 0))).is_some());
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    assert!(close_code(&page.frame(house.welcome_back(page.hello, &bo(), 0))).is_some());
}

#[test]
fn a_session_that_is_not_resumed_keeps_touching_messages() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=5);
    let mut page = Page::welcome_in(&house);
    house.talk(LOBBY, 6..=8);
    page.reconnect_to_hello();
    page.frame(house.welcome_with(page.hello, &ann(), "build", 4));
    assert_eq!(page.texts(), (1..=8).collect::<Vec<_>>());
    assert!(!page.view().notices.catching_up && !page.view().notices.new_epoch);
}

#[test]
fn a_session_of_a_log_that_was_rolled_back_keeps_no_message() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=5);
    let mut page = Page::welcome_in(&house);
    // The copy ends before message 4, and other messages came after it.
    let mut copy = House::with_room(1, 7, "tea");
    copy.talk(LOBBY, 1..=3);
    copy.talk(LOBBY, 14..=16);
    let hello = page.reconnect_to_hello();
    assert!(hello.cursor.is_some());
    page.frame(copy.welcome_after_roll_back(page.hello, &ann(), 2));
    assert_eq!(page.texts(), [15, 16]);
    assert!(page.view().notices.new_epoch && !page.view().notices.catching_up);
}

#[test]
fn a_cursor_is_returned_with_the_mark_that_came_with_it() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let through = Cursor { mark: Some(0xbeef), ..house.through().through };
    let n = through.n + 1;
    page.frame(frame(&Event::Ping(Through { through: Cursor { n, ..through } })));
    assert_eq!(page.reconnect_to_hello().cursor, Some(Cursor { n, ..through }));
}

#[test]
fn pending_requests_are_sent_again_on_the_next_connection() {
    let mut house = House::new(1);
    house.talk(LOBBY, 1..=9);
    let mut page = Page::opened();
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_with(page.hello, &ann(), "build", 2));
    let requests = history_queries(&page.give(Input::LoadOlder(Conversation::LOBBY)));
    let hello = page.reconnect_to_hello();
    let out = page.frame(house.welcome_back(page.hello, &ann(), hello.cursor.unwrap().n));
    let again = history_queries(&out);
    assert_eq!((again[0].at, again.len()), (requests[0].at, 1));
    assert!(matches!(again[0].at, PageAnchor::Before(_)));
    assert!(!commands(&out).iter().any(|command| matches!(command, Command::Hello(_))));
}

#[test]
fn a_session_loads_the_room_of_the_address() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=80);
    house.talk(TEA, 1..=80);
    for (requested, opened) in [(TEA, TEA), (RoomId(9), LOBBY)] {
        let mut page = Page::opened();
        page.give(Input::IdentityFetched(Ok(Some(ann()))));
        page.give(Input::OpenRoom(requested));
        let hello = commands(&page.give(Input::ConnectionOpened(page.socket)));
        assert!(matches!(&hello[..], [Command::Hello(hello)] if hello.room == Some(requested)), "{hello:?}");
        // The server sends the lobby to a member who is not in that room.
        let welcome = house.welcome_to(page.hello, &ann(), opened, 50);
        assert_eq!(history_queries(&page.frame(welcome)), []);
        assert_eq!((page.view().room(), page.texts()), (opened, (31..=80).collect()));
        assert_eq!(page.reconnect_to_hello().room, Some(opened), "from then on the open room");
    }
}

#[test]
fn a_reset_updates_the_rooms_name() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(TEA, 1..=2);
    let mut page = Page::welcome_in(&house);
    house.talk(TEA, 3..=9);
    resume(&mut page, &house);
    // The change happened while the snapshot was read. The snapshot contains it, and its event
    // follows.
    let changed = house.rename_room(7, "coffee");
    page.frame(house.reset(None, TEA, 3));
    page.frame(house.caught_up());
    page.frame(changed);
    assert_eq!(item(&mut page, TEA).name.to_string(), "coffee");
}

#[test]
fn a_slow_replay_does_not_end_the_connection() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "1");
    house.talk(LOBBY, 2..=90);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    page.frame(house.welcome_back(page.hello, &ann(), 0));
    let mut effects = Vec::new();
    for text in house.missed(0) {
        page.now += 500;
        effects.extend(page.frame(text));
        effects.extend(page.give(Input::TimerFired(client::input::Timer::Silence)));
    }
    effects.extend(page.frame(house.caught_up()));
    page.now += 5_000;
    effects.extend(page.give(Input::TimerFired(client::input::Timer::Silence)));
    assert!(!effects.iter().any(|effect| matches!(effect, client::effect::Effect::CloseConnection(..))));
}
