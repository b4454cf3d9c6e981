use super::*;
use crate::members::Members;
use shared::{ClientId, RoomId};

/// A message whose position is ten times its number, because positions are not consecutive.
fn message(seq: u64) -> Message {
    Message {
        n: seq * 10,
        seq,
        at: 1_000 + seq,
        author: MemberId(seq % 3 + 1),
        name: format!("member {}", seq % 3 + 1),
        tag: None,
        client_id: ClientId(u128::from(seq).to_be_bytes()),
        text: format!("text {seq}"),
    }
}

fn key(seq: u64) -> RowKey {
    RowKey { author: message(seq).author, client_id: message(seq).client_id }
}

fn snapshot(seqs: std::ops::RangeInclusive<u64>) -> RoomSnapshot {
    let messages: Vec<Message> = seqs.map(message).collect();
    let last = messages.last().map_or(0, |message| message.n);
    let older = messages.first().is_some_and(|message| message.seq > 1);
    RoomSnapshot { room: RoomId::LOBBY, as_of: last, last, messages, older, authors: Vec::new() }
}

/// A room without messages.
fn silence() -> RoomSnapshot {
    RoomSnapshot { messages: Vec::new(), ..snapshot(1..=1) }
}

fn reset(timeline: &mut Timeline, snapshot: &RoomSnapshot) {
    timeline.apply_snapshot(snapshot, Viewer { me: None, members: &Members::default() });
}

fn posted(timeline: &mut Timeline, message: &Message) {
    timeline.apply_posted(message, Viewer { me: None, members: &Members::default() });
}

fn replied(timeline: &mut Timeline, message: &Message) {
    let reach = timeline.newest.last().map_or(0, |last| last.n);
    timeline.add_acked(message, reach, Viewer { me: None, members: &Members::default() });
}

fn timeline_of(seqs: std::ops::RangeInclusive<u64>) -> Timeline {
    let mut timeline = Timeline::unloaded(Some(0));
    reset(&mut timeline, &snapshot(seqs));
    timeline
}

fn rows(timeline: &Timeline) -> Vec<Rc<Row>> {
    timeline.rows()
}

fn texts(timeline: &Timeline) -> Vec<String> {
    rows(timeline).iter().map(|row| row.text.to_string()).collect()
}

fn page(seqs: std::ops::RangeInclusive<u64>, newer: bool) -> Segment {
    let older = *seqs.start() > 1;
    let messages: Vec<Message> = seqs.map(message).collect();
    Segment::from_messages(&messages, older, newer, Viewer { me: None, members: &Members::default() })
}

fn expected(seqs: impl IntoIterator<Item = u64>) -> Vec<String> {
    seqs.into_iter().map(|seq| format!("text {seq}")).collect()
}

#[test]
fn messages_are_in_the_order_of_the_log() {
    let mut timeline = timeline_of(1..=2);
    posted(&mut timeline, &message(3));
    replied(&mut timeline, &message(6));
    posted(&mut timeline, &message(4));
    assert_eq!(texts(&timeline), expected([1, 2, 3, 4, 6]));
}

#[test]
fn a_second_row_with_a_key_that_is_held_is_dropped() {
    let mut timeline = timeline_of(1..=2);
    posted(&mut timeline, &Message { n: 99, seq: 9, ..message(2) });
    replied(&mut timeline, &message(2));
    assert_eq!(texts(&timeline), expected(1..=2));
    assert!(!timeline.has_older());
}

#[test]
fn a_client_id_of_another_author_is_another_row() {
    let mut timeline = timeline_of(1..=1);
    let forged = Message { author: MemberId(9), client_id: message(1).client_id, ..message(2) };
    posted(&mut timeline, &forged);
    assert_eq!(texts(&timeline), expected(1..=2));
}

#[test]
fn a_snapshot_is_merged_when_it_touches_held_messages() {
    let mut timeline = timeline_of(1..=5);
    reset(&mut timeline, &snapshot(6..=9));
    assert_eq!(texts(&timeline), expected(1..=9));
    assert!(!timeline.has_older(), "the first message is held");
    let mut timeline = timeline_of(1..=5);
    reset(&mut timeline, &snapshot(3..=9));
    assert_eq!(texts(&timeline), expected(1..=9));
}

#[test]
fn segments_stay_apart_when_they_do_not_touch() {
    let mut timeline = timeline_of(1..=5);
    reset(&mut timeline, &snapshot(7..=9));
    assert_eq!(texts(&timeline), expected(7..=9));
    assert!(timeline.has_older());
}

#[test]
fn an_acked_row_does_not_bridge_a_gap() {
    let mut timeline = timeline_of(1..=5);
    replied(&mut timeline, &message(9));
    assert_eq!(texts(&timeline), expected([1, 2, 3, 4, 5, 9]));
    reset(&mut timeline, &snapshot(8..=12));
    assert_eq!(texts(&timeline), expected(8..=12));
}

#[test]
fn a_snapshot_replaces_the_range_that_it_covers() {
    let mut timeline = timeline_of(1..=5);
    let mut covering = snapshot(3..=6);
    covering.messages.remove(1);
    if let Some(third) = covering.messages.first_mut() {
        third.text = "edited".to_owned();
    }
    reset(&mut timeline, &covering);
    assert_eq!(texts(&timeline), ["text 1", "text 2", "edited", "text 5", "text 6"]);
}

#[test]
fn an_empty_snapshot_empties_the_timeline() {
    let mut timeline = timeline_of(1..=5);
    reset(&mut timeline, &silence());
    assert_eq!(texts(&timeline), [""; 0]);
}

#[test]
fn an_old_post_sent_again_is_not_shown_at_the_end() {
    let mut timeline = timeline_of(50..=55);
    replied(&mut timeline, &message(20));
    assert_eq!(texts(&timeline), expected(50..=55));
    assert!(timeline.has_older());
    let mut empty = Timeline::unloaded(Some(0));
    reset(&mut empty, &silence());
    replied(&mut empty, &message(1));
    assert_eq!(texts(&empty), expected(1..=1));
}

#[test]
fn the_oldest_rows_leave_the_window_past_the_limit() {
    let max = WINDOW_ROWS_MAX as u64;
    for (newest, oldest, older) in [(max - 1, 1, false), (max, 1, false), (max + 1, 2, true)] {
        let mut timeline = timeline_of(1..=1);
        for seq in 2..=newest {
            posted(&mut timeline, &message(seq));
        }
        assert_eq!(texts(&timeline), expected(oldest..=newest));
        assert_eq!(timeline.has_older(), older);
        assert!(timeline.contains(key(1)), "the draft is held anyway");
        assert!(!timeline.needs_older_page());
    }
}

#[test]
fn the_oldest_rows_are_evicted_past_the_limit() {
    let max = ROOM_ROWS_MAX as u64;
    let mut timeline = timeline_of(1..=max - 1);
    for (newest, first_is_held) in [(max - 1, true), (max, true), (max + 1, false)] {
        if newest >= max {
            posted(&mut timeline, &message(newest));
        }
        assert_eq!((timeline.contains(key(1)), timeline.len() as u64), (first_is_held, newest.min(max)));
    }
    assert_eq!(texts(&timeline), expected(max - 100..=max + 1), "the window keeps its length");
}

#[test]
fn the_middle_is_evicted_when_the_person_is_far_up() {
    let max = ROOM_ROWS_MAX as u64;
    let mut timeline = timeline_of(1..=max);
    timeline.show_position(message(100).n);
    let before = texts(&timeline);
    for seq in max + 1..=max + 9 {
        posted(&mut timeline, &message(seq));
    }
    assert_eq!((texts(&timeline), timeline.new_below()), (before, 9));
    assert!(timeline.len() < 600 && timeline.has_newer());
    timeline.grow_newer();
    timeline.grow_newer();
    assert!(timeline.needs_newer_page(), "the next messages need a page");
    let next = timeline.newer_page();
    let PageAnchor::After(n) = next else { panic!("{next:?}") };
    assert!(timeline.add_page(page(n / 10 + 1..=n / 10 + 50, true), next));
    timeline.show_latest();
    assert_eq!(texts(&timeline), expected(max + 10 - 100..=max + 9));
}

#[test]
fn a_past_segment_past_the_limit_loses_its_far_end() {
    let mut timeline = timeline_of(99_000..=99_100);
    let mut end = 1_050;
    timeline.land_jump(page(1_001..=end, true), PageAnchor::Around(message(1_020).n));
    for _ in 0..ROOM_ROWS_MAX / 50 {
        let at = timeline.newer_page();
        assert!(timeline.add_page(page(end + 1..=end + 50, true), at));
        end += 50;
        assert!(timeline.len() <= ROOM_ROWS_MAX);
    }
    assert!(timeline.contains(key(end)) && !timeline.contains(key(1_001)));
    assert!(timeline.rows().len() <= WINDOW_ROWS_MAX);
}

#[test]
fn acked_rows_are_held_up_to_the_limit() {
    for many in [ACKED_ROWS_MAX - 1, ACKED_ROWS_MAX, ACKED_ROWS_MAX + 1] {
        let mut timeline = timeline_of(1..=1);
        (0..many as u64).for_each(|more| replied(&mut timeline, &message(3 + more)));
        assert_eq!(timeline.acked.len(), many.min(ACKED_ROWS_MAX));
        assert_eq!(timeline.contains(key(3)), many <= ACKED_ROWS_MAX);
    }
}

#[test]
fn a_snapshot_that_touches_nothing_does_not_move_the_person() {
    let mut timeline = timeline_of(1..=50);
    timeline.set_at_end(false);
    reset(&mut timeline, &snapshot(90..=99));
    assert_eq!(texts(&timeline), expected(1..=50));
    assert!(timeline.has_newer() && timeline.needs_newer_page());
    assert!(timeline.add_page(page(51..=95, true), PageAnchor::After(message(50).n)));
    assert!(!timeline.is_on_past, "now they touch");
    timeline.show_latest();
    assert_eq!(texts(&timeline), expected(1..=99)[..].to_vec());
}

#[test]
fn a_new_room_is_paged_backwards_from_its_join() {
    let mut timeline = Timeline::unloaded(None);
    assert!(timeline.is_unloaded());
    let before = timeline.older_page(40);
    assert_eq!(before, PageAnchor::Before(41));
    posted(&mut timeline, &message(5));
    assert!(!timeline.add_page(page(1..=3, false), before), "the fourth is missing");
    assert!(timeline.add_page(page(1..=4, false), before));
    assert_eq!(texts(&timeline), expected(1..=5));
    let mut quiet = Timeline::unloaded(None);
    quiet.land_jump(page(1..=4, false), PageAnchor::Around(message(2).n));
    assert_eq!((texts(&quiet), quiet.has_newer()), (expected(1..=4), false));
    posted(&mut quiet, &message(5));
    assert_eq!(texts(&quiet), expected(1..=5));
}

#[test]
fn a_page_newer_than_the_rooms_events_stays_apart() {
    let mut timeline = timeline_of(1..=10);
    timeline.land_jump(page(9..=14, false), PageAnchor::Around(message(12).n));
    assert_eq!(texts(&timeline), expected(9..=14));
    for seq in 11..=14 {
        posted(&mut timeline, &message(seq));
    }
    assert!(!timeline.is_on_past);
    assert!(timeline.contains(key(1)) && timeline.contains(key(14)));
    assert_eq!(timeline.len(), 14);
}

#[test]
fn an_unloaded_room_appends_new_messages() {
    let mut timeline = timeline_of(1..=10);
    timeline.unload();
    assert_eq!((timeline.len(), timeline.newest_seq(), timeline.is_unloaded()), (0, Some(10), true));
    posted(&mut timeline, &message(11));
    assert!(timeline.add_page(page(1..=10, false), PageAnchor::Before(message(11).n)));
    assert_eq!(texts(&timeline), expected(1..=11));
}

#[test]
fn a_kept_segment_knows_that_older_messages_exist() {
    let mut timeline = timeline_of(50..=60);
    let mut later = snapshot(55..=62);
    later.older = false;
    reset(&mut timeline, &later);
    assert!(timeline.has_older(), "50 is held, 1 to 49 are not");
}

#[test]
fn present_names_reach_every_row_and_unchanged_rows_keep_their_pointer() {
    let mut timeline = timeline_of(1..=4);
    let before: Vec<Rc<Row>> = rows(&timeline);
    let mut members = Members::default();
    members.set_name(message(1).author, "Ann", 1);
    timeline.refresh_rows(Viewer { me: Some(message(2).author), members: &members });
    let after: Vec<Rc<Row>> = rows(&timeline);
    let names: Vec<&str> = after.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["Ann", "member 3", "member 1", "Ann"]);
    let mine: Vec<bool> = after.iter().map(|row| row.mine).collect();
    assert_eq!(mine, [false, true, false, false]);
    let same: Vec<bool> =
        before.iter().zip(&after).map(|(before, after)| Rc::ptr_eq(before, after)).collect();
    assert_eq!(same, [false, false, true, false]);
}

#[test]
fn rows_return_to_the_window_when_unsettled_rows_are_gone() {
    for (unsettled, rows_shown) in [(WINDOW_ROWS_MAX - 1, 1), (WINDOW_ROWS_MAX, 0), (WINDOW_ROWS_MAX + 1, 0)]
    {
        let mut timeline = timeline_of(1..=20);
        timeline.set_unsettled(unsettled);
        posted(&mut timeline, &message(21));
        assert_eq!(texts(&timeline).len(), rows_shown, "{unsettled}");
        timeline.set_unsettled(WINDOW_ROWS_MAX - 5);
        assert_eq!(texts(&timeline), expected(17..=21));
        timeline.set_unsettled(0);
        assert_eq!(texts(&timeline), expected(1..=21));
        assert!(timeline.is_following() && !timeline.has_older());
    }
    let mut timeline = timeline_of(1..=100);
    (101..=250).for_each(|seq| posted(&mut timeline, &message(seq)));
    timeline.set_unsettled(WINDOW_ROWS_MAX);
    timeline.set_unsettled(0);
    assert_eq!(texts(&timeline).len(), WINDOW_FIRST_ROWS, "as of a room that is opened");
}

#[test]
fn a_malformed_snapshot_shows_only_its_messages_in_order() {
    let mut wild = snapshot(1..=3);
    wild.messages.reverse();
    wild.messages.push(message(2));
    wild.messages.push(Message { client_id: ClientId([9; 16]), ..message(2) });
    wild.messages.push(Message { n: u64::MAX, seq: u64::MAX, client_id: ClientId([8; 16]), ..message(2) });
    let mut timeline = Timeline::unloaded(Some(0));
    for _ in 0..3 {
        reset(&mut timeline, &wild);
        assert_eq!(rows(&timeline).len(), 2, "the messages in order");
    }
}
