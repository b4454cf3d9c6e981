use super::*;
use shared::ClientId;

const EPOCH: Epoch = Epoch(7);

/// A message whose position is ten times its number: positions have gaps.
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

/// A room in which nothing was said.
fn silence() -> RoomSnapshot {
    RoomSnapshot { messages: Vec::new(), ..snapshot(1..=1) }
}

fn welcomed(timeline: &mut Timeline, epoch: Epoch, snapshot: &RoomSnapshot) -> bool {
    timeline.welcomed(epoch, snapshot, Look { me: None, members: &Members::default() })
}

fn posted(timeline: &mut Timeline, message: &Message) {
    timeline.posted(message, Look { me: None, members: &Members::default() });
}

fn replied(timeline: &mut Timeline, message: &Message) {
    timeline.replied(message, Look { me: None, members: &Members::default() });
}

fn held(seqs: std::ops::RangeInclusive<u64>) -> Timeline {
    let mut timeline = Timeline::default();
    welcomed(&mut timeline, EPOCH, &snapshot(seqs));
    timeline
}

fn texts(timeline: &Timeline) -> Vec<String> {
    timeline.rows().map(|row| row.text.to_string()).collect()
}

fn expected(seqs: impl IntoIterator<Item = u64>) -> Vec<String> {
    seqs.into_iter().map(|seq| format!("text {seq}")).collect()
}

#[test]
fn messages_stand_in_the_order_of_the_log() {
    let mut timeline = held(1..=2);
    posted(&mut timeline, &message(3));
    replied(&mut timeline, &message(6));
    posted(&mut timeline, &message(4));
    assert_eq!(texts(&timeline), expected([1, 2, 3, 4, 6]));
}

#[test]
fn a_second_row_with_a_key_that_is_held_is_dropped() {
    let mut timeline = held(1..=2);
    posted(&mut timeline, &Message { n: 99, seq: 9, ..message(2) });
    replied(&mut timeline, &message(2));
    assert_eq!(texts(&timeline), expected(1..=2));
    assert!(!timeline.older());
}

#[test]
fn a_key_is_of_an_author_so_nobody_can_take_anothers_place() {
    let mut timeline = held(1..=1);
    let forged = Message { author: MemberId(9), client_id: message(1).client_id, ..message(2) };
    posted(&mut timeline, &forged);
    assert_eq!(texts(&timeline), expected(1..=2));
}

#[test]
fn a_snapshot_that_touches_what_is_held_joins_it() {
    let mut timeline = held(1..=5);
    assert!(!welcomed(&mut timeline, EPOCH, &snapshot(6..=9)));
    assert_eq!(texts(&timeline), expected(1..=9));
    assert!(!timeline.older(), "the first message is held");
    let mut timeline = held(1..=5);
    welcomed(&mut timeline, EPOCH, &snapshot(3..=9));
    assert_eq!(texts(&timeline), expected(1..=9));
}

#[test]
fn two_stretches_that_do_not_touch_are_never_joined() {
    let mut timeline = held(1..=5);
    welcomed(&mut timeline, EPOCH, &snapshot(7..=9));
    assert_eq!(texts(&timeline), expected(7..=9));
    assert!(timeline.older());
}

#[test]
fn a_row_ahead_of_the_stretch_does_not_bridge_a_gap() {
    let mut timeline = held(1..=5);
    replied(&mut timeline, &message(9));
    assert_eq!(texts(&timeline), expected([1, 2, 3, 4, 5, 9]));
    welcomed(&mut timeline, EPOCH, &snapshot(8..=12));
    assert_eq!(texts(&timeline), expected(8..=12));
}

#[test]
fn a_snapshot_is_the_truth_about_what_it_covers() {
    let mut timeline = held(1..=5);
    let mut covering = snapshot(3..=6);
    covering.messages.remove(1);
    if let Some(third) = covering.messages.first_mut() {
        third.text = "edited".to_owned();
    }
    welcomed(&mut timeline, EPOCH, &covering);
    assert_eq!(texts(&timeline), ["text 1", "text 2", "edited", "text 5", "text 6"]);
}

#[test]
fn an_empty_room_empties_the_timeline() {
    let mut timeline = held(1..=5);
    welcomed(&mut timeline, EPOCH, &silence());
    assert_eq!(texts(&timeline), [""; 0]);
}

#[test]
fn a_new_epoch_ends_what_the_old_one_said() {
    let mut timeline = Timeline::default();
    assert!(!welcomed(&mut timeline, EPOCH, &snapshot(1..=5)), "the first is no change");
    assert!(!welcomed(&mut timeline, EPOCH, &snapshot(1..=5)));
    assert!(welcomed(&mut timeline, Epoch(8), &snapshot(6..=7)));
    assert_eq!(texts(&timeline), expected(6..=7));
}

#[test]
fn an_old_post_sent_again_is_not_shown_where_it_does_not_belong() {
    let mut timeline = held(50..=55);
    replied(&mut timeline, &message(20));
    assert_eq!(texts(&timeline), expected(50..=55));
    assert!(timeline.older());
    let mut empty = Timeline::default();
    welcomed(&mut empty, EPOCH, &silence());
    replied(&mut empty, &message(1));
    assert_eq!(texts(&empty), expected(1..=1));
}

#[test]
fn no_more_rows_are_held_than_the_limit_and_the_oldest_go() {
    let max = TIMELINE_ROWS_MAX as u64;
    for (newest, oldest, older) in [(max - 1, 1, false), (max, 1, false), (max + 1, 2, true)] {
        let mut timeline = held(1..=1);
        for seq in 2..=newest {
            posted(&mut timeline, &message(seq));
        }
        assert_eq!(texts(&timeline), expected(oldest..=newest));
        assert_eq!(timeline.older(), older);
        assert_eq!(timeline.has(key(1)), oldest == 1);
    }
}

#[test]
fn a_kept_stretch_remembers_whether_there_is_more_before_it() {
    let mut timeline = held(50..=60);
    let mut later = snapshot(55..=62);
    later.older = false;
    welcomed(&mut timeline, EPOCH, &later);
    assert!(timeline.older(), "50 is held, 1 to 49 are not");
}

#[test]
fn names_of_today_reach_every_row_and_rows_that_do_not_change_stay_the_same() {
    let mut timeline = held(1..=4);
    let before: Vec<Rc<Row>> = timeline.rows().cloned().collect();
    let mut members = Members::default();
    members.named(message(1).author, "Ann");
    timeline.look_again(Look { me: Some(message(2).author), members: &members });
    let after: Vec<Rc<Row>> = timeline.rows().cloned().collect();
    let names: Vec<&str> = after.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["Ann", "member 3", "member 1", "Ann"]);
    let mine: Vec<bool> = after.iter().map(|row| row.mine).collect();
    assert_eq!(mine, [false, true, false, false]);
    let same: Vec<bool> =
        before.iter().zip(&after).map(|(before, after)| Rc::ptr_eq(before, after)).collect();
    assert_eq!(same, [false, false, true, false]);
}

#[test]
fn authors_in_sight_are_known() {
    let timeline = held(1..=1);
    assert!(timeline.has_author(message(1).author));
    for id in [0, 1, 3, u64::MAX] {
        assert!(!timeline.has_author(MemberId(id)), "{id}");
    }
}

#[test]
fn a_snapshot_that_no_server_of_ours_makes_does_no_harm() {
    let mut wild = snapshot(1..=3);
    wild.messages.reverse();
    wild.messages.push(message(2));
    wild.messages.push(Message { client_id: ClientId([9; 16]), ..message(2) });
    wild.messages.push(Message { n: u64::MAX, seq: u64::MAX, client_id: ClientId([8; 16]), ..message(2) });
    let mut timeline = Timeline::default();
    for epoch in [1, 1, 2] {
        welcomed(&mut timeline, Epoch(epoch), &wild);
        assert_eq!(timeline.rows().count(), 4);
    }
}
