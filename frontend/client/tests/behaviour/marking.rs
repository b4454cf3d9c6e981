//! Read markers: what the person has seen, and what is new.

use crate::house::{House, LOBBY};
use crate::page::{Page, ann, bo, commands, history_queries, scheduled};
use crate::store::Store;
use client::effect::Effect;
use client::input::{Conversation, Input, Timer};
use client::limits::{LINE_MS, MARK_EVERY_MS};
use client::view::NewLine;
use shared::RoomId;
use shared::command::{Command, MarkRead, PageAnchor};

const TEA: RoomId = RoomId(7);

fn marks(effects: &[Effect]) -> Vec<MarkRead> {
    let mark = |command| if let Command::MarkRead(mark) = command { Some(mark) } else { None };
    commands(effects).into_iter().filter_map(mark).collect()
}

fn remembered(effects: &[Effect]) -> Option<Option<String>> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::RememberMarks(text) => Some(text.clone()),
        _ => None,
    })
}

fn house() -> House {
    House::with_room(1, 7, "tea").with_markers()
}

impl Page {
    /// The badges, the lobby's first.
    fn badges(&mut self) -> Vec<u32> {
        self.view().rooms.iter().map(|room| room.unread).collect()
    }

    /// The person sees the row with this text.
    fn see(&mut self, text: u64) -> Vec<Effect> {
        let wanted = text.to_string();
        let key = self.view().pane().rows.iter().find(|row| *row.text == *wanted).expect("a row").key;
        self.give(Input::RowSeen(key))
    }

    /// The person scrolls to the end of the open room, or away from it.
    fn follow_end(&mut self, is_at_end: bool) -> Vec<Effect> {
        let open = self.view().room().into();
        self.give(Input::FollowEnd(open, is_at_end))
    }

    fn line(&mut self) -> Option<NewLine> {
        self.view().pane().line
    }

    /// The text of the row below the line.
    fn first_new(&mut self) -> Option<u64> {
        let view = self.view();
        let before = view.pane().line?.before?;
        view.pane().rows.iter().find(|row| row.key == before)?.text.parse().ok()
    }
}

#[test]
fn a_seen_row_moves_the_marker_at_most_once_a_second() {
    let mut house = house();
    house.talk(LOBBY, 1..=3);
    let mut page = Page::welcome_in(&house);
    page.follow_end(false);
    assert_eq!(page.badges(), [3, 0]);
    let sent = marks(&page.see(1));
    assert_eq!((sent.len(), sent[0].room), (1, LOBBY));
    assert_eq!(page.badges(), [2, 0]);
    let answer = house.mark(Some(sent[0].reference), LOBBY, sent[0].n);
    page.frame(answer);
    let out = page.see(2);
    assert_eq!((marks(&out), scheduled(&out, Timer::Mark)), (vec![], Some(page.now + MARK_EVERY_MS)));
    assert_eq!(page.see(1), [], "a marker never goes back");
    page.see(3);
    let last = marks(&page.fire_timer(Timer::Mark));
    assert_eq!(last.len(), 1, "only the last place is told");
    let answer = house.mark(Some(last[0].reference), LOBBY, last[0].n);
    assert_eq!((marks(&page.frame(answer)), page.badges()), (vec![], vec![0, 0]));
}

#[test]
fn a_page_that_is_hidden_or_left_tells_its_marker_at_once() {
    for input in [Input::VisibilityChanged(false), Input::Leaving, Input::OpenRoom(TEA)] {
        let mut house = house();
        house.talk(LOBBY, 1..=3);
        let mut page = Page::welcome_in(&house);
        let sent = marks(&page.see(1));
        let answer = house.mark(Some(sent[0].reference), LOBBY, sent[0].n);
        page.frame(answer);
        assert_eq!(marks(&page.see(2)), []);
        assert_eq!(marks(&page.give(input)).len(), 1);
    }
}

#[test]
fn a_hidden_page_reads_nothing() {
    let mut house = house();
    let mut page = Page::welcome_in(&house);
    page.give(Input::VisibilityChanged(false));
    let talk = house.talk(LOBBY, 1..=20);
    assert_eq!(marks(&page.frames(talk)), []);
    assert_eq!((marks(&page.see(20)), page.badges()), (vec![], vec![20, 0]));
}

#[test]
fn the_open_room_has_no_badge_while_the_person_looks_at_its_end() {
    let mut house = house();
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=2);
    page.frames(talk);
    assert_eq!(page.badges(), [0, 0]);
    page.give(Input::FocusChanged(false));
    assert_eq!(page.badges(), [2, 0]);
    page.give(Input::FocusChanged(true));
    page.follow_end(false);
    assert_eq!(page.badges(), [2, 0]);
}

#[test]
fn the_badge_of_a_room_that_is_not_held_is_the_servers_count() {
    let mut house = house();
    house.talk(TEA, 1..=5);
    house.post_in(TEA, &ann(), 1, "own");
    house.talk(TEA, 6..=6);
    let mut page = Page::welcome_in(&house);
    assert_eq!(page.badges(), [0, 6]);
    let talk = house.talk(TEA, 7..=8);
    page.frames(talk);
    let own = house.post_in(TEA, &ann(), 2, "own");
    page.frame(own);
    assert_eq!(page.badges(), [0, 8]);
    // Another device has read the first seven.
    let n = house.n;
    let moved = house.mark(None, TEA, n - 6);
    page.frame(moved);
    assert_eq!(page.badges(), [0, 1]);
}

#[test]
fn a_marker_that_is_told_without_the_number_is_asked_for() {
    let mut house = house();
    house.talk(TEA, 1..=5);
    let mut page = Page::welcome_in(&house);
    let n = house.n;
    let told = house.mark(None, TEA, n - 3);
    let out = page.frame(told.replace(",\"unread\":1", ""));
    let [ask] = marks(&out)[..] else { panic!("{out:?}") };
    assert_eq!((ask.room, ask.n), (TEA, 0));
    let answer = house.mark(Some(ask.reference), TEA, 0);
    assert_eq!((marks(&page.frame(answer)), page.badges()), (vec![], vec![0, 1]));
}

#[test]
fn a_reload_keeps_the_badges() {
    let mut house = house();
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(TEA, 1..=3);
    page.frames(talk);
    assert_eq!(page.badges(), [0, 3]);
    assert_eq!(Page::welcome_in(&house).badges(), [0, 3]);
}

#[test]
fn a_marker_of_another_device_may_come_before_the_messages() {
    let mut house = house();
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(TEA, 1..=3);
    let n = house.n;
    let moved = house.mark(None, TEA, n);
    page.frame(moved);
    page.frames(talk);
    assert_eq!(page.badges(), [0, 0]);
    let talk = house.talk(TEA, 4..=4);
    page.frames(talk);
    assert_eq!(page.badges(), [0, 1]);
}

#[test]
fn an_older_marker_has_no_effect() {
    let mut house = house();
    let talk = house.talk(TEA, 1..=3);
    let mut page = Page::welcome_in(&house);
    let n = house.n;
    let first = house.mark(None, TEA, n - 6);
    let second = house.mark(None, TEA, n);
    page.frames([second, first]);
    assert_eq!((page.badges(), talk.len()), (vec![0, 0], 3));
}

#[test]
fn markers_wait_for_a_connection_and_outlast_the_page() {
    let (mut house, store) = (house(), Store::default());
    house.talk(LOBBY, 1..=3);
    let mut page = Page::again_in(&house, &store);
    page.break_connection(1006);
    let text = remembered(&page.see(2)).flatten().expect("a stored text");
    // Another tab takes it at once, without a connection.
    let mut other = Page::again_in(&house, &store);
    other.follow_end(false);
    other.break_connection(1006);
    other.give(Input::MarksRemembered(text.clone()));
    assert_eq!(other.badges(), [1, 0]);
    // The next page tells the server, and forgets the text then.
    let mut next = Page::on(&store);
    next.give(Input::MarksRemembered(text));
    let mut next = next.start();
    let sent = marks(&next.sign_in(&house, &ann()));
    assert_eq!(sent.len(), 1);
    let answer = house.mark(Some(sent[0].reference), LOBBY, sent[0].n);
    assert_eq!(remembered(&next.frame(answer)), Some(None));
    next.follow_end(false);
    assert_eq!(next.badges(), [1, 0]);
}

#[test]
fn markers_of_another_member_are_not_taken() {
    let mut house = house();
    house.talk(LOBBY, 1..=3);
    for text in ["0000000000000001 2 1:99:3", "0000000000000002 1 1:99:3", "", "x", "0000000000000001 1 x:y"]
    {
        let mut page = Page::new();
        page.give(Input::MarksRemembered(text.to_owned()));
        let mut page = page.start();
        assert_eq!(marks(&page.sign_in(&house, &ann())), [], "{text}");
        page.follow_end(false);
        assert_eq!(page.badges(), [3, 0], "{text}");
    }
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut house = house();
    house.talk(LOBBY, 1..=3);
    let mut page = Page::welcome_in(&house);
    let sent = marks(&page.see(3));
    page.now += MARK_EVERY_MS;
    let again = marks(&page.reconnect(&house, &ann()));
    assert_eq!((again.len(), again[0].n), (1, sent[0].n));
}

#[test]
fn a_server_of_an_older_build_gets_no_markers() {
    let mut house = House::with_room(1, 7, "tea");
    house.talk(LOBBY, 1..=3);
    house.talk(TEA, 1..=3);
    let mut page = Page::welcome_in(&house);
    page.follow_end(false);
    assert_eq!(page.badges(), [0, 0], "it does not say what is unread");
    let talk = house.talk(LOBBY, 4..=5);
    page.frames(talk);
    assert_eq!(page.badges(), [2, 0]);
    assert_eq!(marks(&page.see(4)), []);
    assert_eq!(page.badges(), [1, 0]);
    assert_eq!(page.timers.get(&Timer::Mark), None);
}

#[test]
fn a_room_that_was_joined_asks_for_its_marker() {
    let mut house = House::new(1).with_markers();
    house.create_room(7, "tea");
    house.talk(TEA, 1..=2);
    let mut page = Page::welcome_in(&house);
    let joined = house.join_room(7);
    let asked = marks(&page.frames(joined));
    assert_eq!((asked.len(), asked[0].room, asked[0].n), (1, TEA, 0));
    let answer = house.mark(Some(asked[0].reference), TEA, 0);
    page.frame(answer);
    let talk = house.talk(TEA, 3..=4);
    page.frames(talk);
    assert_eq!(page.badges(), [0, 2]);
}

#[test]
fn the_line_stays_where_it_was_when_the_room_was_opened() {
    let mut house = house();
    house.talk(TEA, 1..=5);
    let n = house.n;
    house.mark(None, TEA, n - 6);
    let mut page = Page::welcome_in(&house);
    assert_eq!(page.line(), None, "nothing is unread in the lobby");
    let requests = history_queries(&page.give(Input::OpenRoom(TEA)));
    let answer = house.history(requests[0].reference, TEA, requests[0].at);
    page.frame(answer);
    assert_eq!(page.first_new(), Some(4));
    let line = page.line().unwrap();
    assert_eq!((line.count, line.is_unread), (2, true));
    page.see(5);
    let own = house.post_in(TEA, &ann(), 1, "6");
    page.frame(own);
    let talk = house.talk(TEA, 7..=7);
    page.frames(talk);
    page.see(7);
    let line = page.line().unwrap();
    assert_eq!((page.first_new(), line.count, line.is_unread), (Some(4), 3, false));
    page.give(Input::OpenRoom(LOBBY));
    page.give(Input::OpenRoom(TEA));
    assert_eq!(page.line(), None);
}

#[test]
fn a_line_is_drawn_above_what_comes_while_nobody_looks() {
    for away in [Input::VisibilityChanged(false), Input::FollowEnd(Conversation::LOBBY, false)] {
        let mut house = house();
        let mut page = Page::welcome_in(&house);
        let talk = house.talk(LOBBY, 1..=2);
        page.frames(talk);
        page.see(2);
        assert_eq!(page.line(), None, "the person has looked at them");
        page.give(away);
        let own = house.post(&ann(), 1, "3");
        page.frame(own);
        assert_eq!(page.line(), None);
        let talk = house.talk(LOBBY, 4..=5);
        page.frames(talk);
        assert_eq!((page.first_new(), page.line().map(|line| line.count)), (Some(4), Some(2)));
        page.give(Input::VisibilityChanged(true));
        page.see(5);
        assert_eq!(page.first_new(), Some(4), "it stays while the room is open");
    }
}

#[test]
fn escape_marks_the_room_as_read_and_ends_the_line_a_moment_later() {
    let mut house = house();
    house.talk(LOBBY, 1..=3);
    let mut page = Page::welcome_in(&house);
    assert_eq!(page.first_new(), Some(1));
    let out = page.give(Input::MarkRead);
    assert_eq!(marks(&out).len(), 1);
    assert_eq!(scheduled(&out, Timer::Line), Some(page.now + LINE_MS));
    assert!(page.line().is_some_and(|line| !line.is_unread));
    page.fire_timer(Timer::Line);
    assert_eq!((page.line(), page.badges()), (None, vec![0, 0]));
}

#[test]
fn a_room_opens_at_its_line_when_much_is_unread() {
    let mut house = house();
    house.talk(TEA, 1..=200);
    let n = house.n;
    house.mark(None, TEA, n - 3 * 150);
    let mut page = Page::welcome_in(&house);
    let requests = history_queries(&page.give(Input::OpenRoom(TEA)));
    let PageAnchor::Around(at) = requests[0].at else { panic!("{requests:?}") };
    let answer = house.history(requests[0].reference, TEA, PageAnchor::Around(at));
    page.frame(answer);
    assert_eq!((page.first_new(), page.line().unwrap().count), (Some(51), 150));
    assert!(page.view().pane().jump_target.is_some() && !page.view().pane().following);
    // The line can be found again from anywhere.
    let requests = history_queries(&page.give(Input::JumpToLatest(TEA.into())));
    let answer = house.history(requests[0].reference, TEA, requests[0].at);
    page.frame(answer);
    assert_eq!(page.first_new(), None, "it is far away");
    let requests = history_queries(&page.give(Input::JumpToLine));
    assert_eq!(requests.iter().map(|query| query.at).collect::<Vec<_>>(), [PageAnchor::Around(at)]);
    let answer = house.history(requests[0].reference, TEA, PageAnchor::Around(at));
    page.frame(answer);
    assert_eq!(page.first_new(), Some(51));
}

#[test]
fn own_messages_are_never_new() {
    let mut house = house();
    let mut page = Page::welcome_in(&house);
    let talk = house.talk(LOBBY, 1..=1);
    page.frames(talk);
    page.follow_end(false);
    for number in 2..=3 {
        let own = house.post(&ann(), number, &number.to_string());
        page.frame(own);
    }
    assert_eq!((page.view().pane().new_below, page.line().is_none()), (0, true));
    let other = house.post(&bo(), 4, "4");
    page.frame(other);
    assert_eq!(page.view().pane().new_below, 1);
    assert_eq!(page.badges(), [2, 0]);
}

#[test]
fn an_own_message_is_read_when_everything_before_it_is() {
    let mut house = house();
    let mut page = Page::welcome_in(&house);
    page.send(1, "1");
    let own = house.post(&ann(), 1, "1");
    let sent = marks(&page.frame(own));
    assert_eq!(sent.len(), 1);
    page.give(Input::VisibilityChanged(false));
    let talk = house.talk(LOBBY, 2..=2);
    page.frames(talk);
    let own = house.post(&ann(), 3, "3");
    page.frame(own);
    assert_eq!(page.badges(), [1, 0], "the message before it was not seen");
}
