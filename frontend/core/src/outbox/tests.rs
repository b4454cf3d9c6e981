use super::*;
use crate::limits::LEASE_RENEW_MS;
use crate::stored::MAY_HAVE_ARRIVED;
use crate::view::RowState;
use shared::{Epoch, MemberId};
use std::rc::Rc;

const LOBBY: RoomId = RoomId::LOBBY;
const OTHER: RoomId = RoomId(2);
const EPOCH: Epoch = Epoch(1);

fn member(id: u64, name: &str) -> Member {
    Member { id: MemberId(id), name: name.to_owned() }
}

fn ann() -> Member {
    member(1, "Ann")
}

fn owner(epoch: Epoch, member: &Member) -> Owner {
    Owner { epoch: Some(epoch), member: member.id }
}

fn id(number: u8) -> ClientId {
    ClientId([number; 16])
}

fn key(author: u64, number: u8) -> RowKey {
    RowKey { author: MemberId(author), client_id: id(number) }
}

/// Takes a message of Ann's and stores it.
fn push(outbox: &mut Outbox, client_id: ClientId, room: RoomId, text: &str, now: u64) -> Vec<Effect> {
    let mut out = Vec::new();
    let body = Body::Post { room, text: text.to_owned() };
    outbox.push(owner(EPOCH, &ann()), &ann(), client_id, body, now, &mut out);
    outbox.kept(client_id, true);
    out
}

/// An outbox that has a session.
fn live() -> Outbox {
    Outbox { live: true, ..Outbox::default() }
}

/// An outbox of Ann's with these messages, their text being their number.
fn outbox(numbers: impl IntoIterator<Item = u8>) -> Outbox {
    let mut outbox = live();
    for number in numbers {
        push(&mut outbox, id(number), LOBBY, &number.to_string(), 0);
    }
    outbox
}

/// Sends what may leave, and tells the texts.
fn send(outbox: &mut Outbox) -> Vec<u64> {
    send_at(outbox, 0)
}

fn send_at(outbox: &mut Outbox, now: u64) -> Vec<u64> {
    let mut reference = outbox.entries.iter().map(|entry| reference_of(entry.state)).max().unwrap_or(0);
    let number = || {
        reference += 1;
        reference
    };
    let commands = outbox.take_ready(now, number, &mut Vec::new());
    let text = |command: &Command| match command {
        Command::Post(post) => post.text.parse().unwrap(),
        other => panic!("{other:?}"),
    };
    commands.iter().map(text).collect()
}

fn reference_of(state: State) -> u64 {
    if let State::InFlight { reference, .. } = state { reference } else { 0 }
}

/// The `ref` that this message is in flight under; one that nothing has if it is not.
fn reference(outbox: &Outbox, number: u8) -> u64 {
    let entry = outbox.entries.iter().find(|entry| entry.row.client_id == id(number));
    entry.map_or(0, |entry| reference_of(entry.state))
}

fn reply(outbox: &mut Outbox, number: u8) -> bool {
    outbox.replied(reference(outbox, number), &mut Vec::new()).is_some()
}

fn refuse(outbox: &mut Outbox, number: u8, code: ErrorCode) -> Option<u64> {
    let reference = reference(outbox, number);
    outbox.refused(&Refusal::new(Some(reference), code), 0, &mut Jitter::new(1), &mut Vec::new())
}

fn shown(outbox: &mut Outbox) -> Vec<(String, RowState)> {
    let (rows, _) = outbox.rows(LOBBY, true);
    rows.iter().map(|row| (row.text.to_string(), row.state)).collect()
}

fn retry(outbox: &mut Outbox, number: u8) {
    outbox.retry(key(1, number), 0, &mut Vec::new());
    outbox.kept(id(number), true);
}

fn discard(outbox: &mut Outbox, number: u8) {
    outbox.discard(key(1, number), &mut Vec::new());
}

fn welcomed(outbox: &mut Outbox, epoch: Epoch, you: &Member) -> (Shelf, Vec<Effect>) {
    let (mut shelf, mut out) = (Shelf::default(), Vec::new());
    outbox.welcomed(owner(epoch, you), you, 0, &mut shelf, &mut out);
    (shelf, out)
}

#[test]
fn one_post_of_a_room_is_in_flight_and_the_next_leaves_when_it_is_settled() {
    let mut outbox = outbox(1..=3);
    assert_eq!(send(&mut outbox), [1]);
    assert_eq!(send(&mut outbox), [] as [u64; 0]);
    assert!(reply(&mut outbox, 1));
    assert_eq!(send(&mut outbox), [2]);
    outbox.settle(|room, settled, _| (room, settled) == (LOBBY, key(1, 2)), &mut Vec::new());
    assert_eq!(send(&mut outbox), [3]);
    assert!(!reply(&mut outbox, 2), "settled by its event: its reply finds nothing");
}

#[test]
fn rooms_do_not_wait_for_each_other() {
    let mut outbox = outbox([1, 2]);
    push(&mut outbox, id(3), OTHER, "3", 0);
    push(&mut outbox, id(4), OTHER, "4", 0);
    assert_eq!(send(&mut outbox), [1, 3]);
    assert!(refuse(&mut outbox, 1, ErrorCode::StoreRefused).is_some());
    assert!(reply(&mut outbox, 3));
    assert_eq!(send(&mut outbox), [4]);
}

#[test]
fn what_was_in_flight_on_a_lost_connection_goes_first_on_the_next_with_the_same_id() {
    let mut outbox = outbox(1..=2);
    assert_eq!(send(&mut outbox), [1]);
    outbox.disconnected();
    assert_eq!(reference(&outbox, 1), 0, "its answer cannot come any more");
    let again = outbox.take_ready(0, || 9, &mut Vec::new());
    assert!(matches!(&again[..], [Command::Post(post)] if post.client_id == id(1)), "{again:?}");
}

#[test]
fn a_post_refused_for_now_keeps_its_place() {
    let mut outbox = outbox(1..=2);
    send(&mut outbox);
    assert!(refuse(&mut outbox, 1, ErrorCode::StoreRefused).is_some());
    assert_eq!(send(&mut outbox), [] as [u64; 0], "the room waits with it");
    assert_eq!(shown(&mut outbox)[0], ("1".to_owned(), RowState::Waiting));
    outbox.rested();
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn a_post_refused_for_good_steps_aside_and_the_rest_go_on() {
    let mut outbox = outbox(1..=3);
    send(&mut outbox);
    assert_eq!(refuse(&mut outbox, 1, ErrorCode::BadField), None);
    assert_eq!(send(&mut outbox), [2]);
    let rows = shown(&mut outbox);
    assert_eq!(rows[0], ("2".to_owned(), RowState::Sending));
    assert_eq!(rows[1], ("3".to_owned(), RowState::Sending));
    assert_eq!(rows[2], ("1".to_owned(), RowState::Failed(ErrorCode::BadField)));
}

#[test]
fn a_number_that_this_build_does_not_know_is_told_by_the_server_to_be_temporary_or_not() {
    for (temporary, again) in [(true, true), (false, false)] {
        let mut outbox = outbox(1..=1);
        send(&mut outbox);
        let mut refusal = Refusal::new(Some(reference(&outbox, 1)), ErrorCode::Other(1999));
        refusal.temporary = temporary;
        assert_eq!(outbox.refused(&refusal, 0, &mut Jitter::new(1), &mut Vec::new()).is_some(), again);
    }
}

#[test]
fn a_refusal_of_something_else_touches_no_post() {
    let mut outbox = outbox(1..=1);
    send(&mut outbox);
    let nothings = Refusal::new(None, ErrorCode::Unparsable);
    assert_eq!(outbox.refused(&nothings, 0, &mut Jitter::new(1), &mut Vec::new()), None);
    assert_eq!(refuse(&mut outbox, 77, ErrorCode::BadField), None);
    assert!(outbox.awaits(reference(&outbox, 1)));
}

#[test]
fn a_failed_row_is_sent_again_at_the_end_or_dropped() {
    let mut outbox = outbox(1..=3);
    send(&mut outbox);
    refuse(&mut outbox, 1, ErrorCode::BadField);
    retry(&mut outbox, 1);
    assert_eq!(send(&mut outbox), [2]);
    retry(&mut outbox, 3);
    discard(&mut outbox, 3);
    assert_eq!(shown(&mut outbox).len(), 3, "a row that has not failed is left alone");
    assert!(reply(&mut outbox, 2));
    assert_eq!(send(&mut outbox), [3]);
    assert!(reply(&mut outbox, 3));
    assert_eq!(send(&mut outbox), [1]);
    refuse(&mut outbox, 1, ErrorCode::BadField);
    discard(&mut outbox, 1);
    assert_eq!(shown(&mut outbox), []);
}

#[test]
fn it_takes_as_many_as_the_limit_says() {
    let mut outbox = outbox([]);
    for number in 0..=OUTBOX_ROWS_MAX {
        assert_eq!(outbox.is_full(), number == OUTBOX_ROWS_MAX, "{number}");
        push(&mut outbox, ClientId((number as u128).to_be_bytes()), LOBBY, "x", 0);
    }
    assert_eq!(shown(&mut outbox).len(), OUTBOX_ROWS_MAX);
}

#[test]
fn no_message_is_taken_twice() {
    let mut outbox = outbox([1, 1]);
    assert_eq!(shown(&mut outbox).len(), 1);
}

#[test]
fn what_no_frame_may_carry_is_never_sent() {
    let mut outbox = outbox([]);
    push(&mut outbox, id(1), LOBBY, &"x".repeat(shared::limits::TEXT_BYTES_MAX + 1), 0);
    push(&mut outbox, id(2), LOBBY, " ", 0);
    push(&mut outbox, id(3), LOBBY, "3", 0);
    assert_eq!(send(&mut outbox), [3]);
    retry(&mut outbox, 1);
    let states: Vec<RowState> = shown(&mut outbox).into_iter().map(|(_, state)| state).collect();
    let failed = [RowState::Failed(ErrorCode::TextEmpty), RowState::Failed(ErrorCode::TextTooLong)];
    assert_eq!(states[1..], failed);
}

#[test]
fn rows_go_along_with_a_person_who_came_back_under_the_same_name() {
    let mut outbox = outbox(1..=2);
    send(&mut outbox);
    outbox.disconnected();
    let (shelf, out) = welcomed(&mut outbox, Epoch(2), &member(5, "Ann"));
    let (rows, _) = outbox.rows(LOBBY, true);
    assert_eq!(rows.iter().map(|row| row.key).collect::<Vec<_>>(), [key(5, 1), key(5, 2)]);
    assert!(
        matches!(&out[..2], [Effect::Keep(one), Effect::Keep(two)] if [one.key(), two.key()] == [key(5, 1), key(5, 2)])
    );
    assert_eq!(shelf.left_behind(None), []);
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn rows_of_somebody_else_are_put_away_and_are_theirs_who_asks_for_them() {
    for (epoch, you) in [(EPOCH, member(2, "Bo")), (Epoch(2), member(2, "Bo")), (Epoch(2), member(1, "Bo"))] {
        let mut outbox = Outbox::default();
        push(&mut outbox, id(1), LOBBY, "1", 0);
        let (mut shelf, _) = welcomed(&mut outbox, epoch, &you);
        assert_eq!((send(&mut outbox), shown(&mut outbox)), (vec![], vec![]));
        let ann = owner(EPOCH, &ann());
        let left = shelf.left_behind(Some(owner(epoch, &you)));
        assert_eq!(left.iter().map(|left| (left.owner, left.rows)).collect::<Vec<_>>(), [(ann, 1)]);
        let (rows, _) = shelf.take_of(ann, OUTBOX_ROWS_MAX);
        let mut out = Vec::new();
        outbox.adopt(rows, owner(epoch, &you), &you, 0, &mut out);
        assert_eq!(send(&mut outbox), [1]);
        let (rows, _) = outbox.rows(LOBBY, true);
        assert_eq!((&*rows[0].name, rows[0].key.author), ("Bo", you.id));
    }
}

#[test]
fn what_may_have_been_sent_is_not_sent_by_another_member_of_the_same_log_unasked() {
    // Refused for good, it is not there.
    for (epoch, sent, refused, again) in [
        (EPOCH, true, false, false),
        (EPOCH, false, false, true),
        (EPOCH, true, true, true),
        (Epoch(2), true, false, true),
    ] {
        for name in ["Ann", "Bo"] {
            let you = member(5, name);
            let mut outbox = if sent { outbox([1]) } else { Outbox::default() };
            push(&mut outbox, id(1), LOBBY, "1", 0);
            if sent {
                send(&mut outbox);
            }
            if refused {
                refuse(&mut outbox, 1, ErrorCode::TooManyRooms);
            }
            outbox.disconnected();
            let (mut shelf, _) = welcomed(&mut outbox, epoch, &you);
            let (rows, _) = shelf.take_of(owner(EPOCH, &ann()), OUTBOX_ROWS_MAX);
            outbox.adopt(rows, owner(epoch, &you), &you, 0, &mut Vec::new());
            if refused && name == "Ann" {
                assert_eq!(shown(&mut outbox)[0].1, RowState::Failed(ErrorCode::TooManyRooms));
                continue;
            }
            assert_eq!(send(&mut outbox).len(), usize::from(again), "{epoch:?} {sent} {refused} {name}");
            if !again {
                assert_eq!(shown(&mut outbox)[0].1, RowState::Failed(MAY_HAVE_ARRIVED));
                outbox.retry(key(5, 1), 0, &mut Vec::new());
                outbox.kept(id(1), true);
                assert_eq!(send(&mut outbox), [1], "the person says so");
            }
        }
    }
}

#[test]
fn what_asks_for_no_message_is_asked_for_by_whoever_is_here() {
    let mut outbox = live();
    outbox.push(owner(EPOCH, &ann()), &ann(), id(1), Body::Join { room: OTHER }, 0, &mut Vec::new());
    outbox.kept(id(1), true);
    assert_eq!(outbox.take_ready(0, || 1, &mut Vec::new()).len(), 1);
    outbox.disconnected();
    welcomed(&mut outbox, EPOCH, &member(5, "Ann"));
    assert_eq!(outbox.take_ready(0, || 2, &mut Vec::new()).len(), 1);
}

#[test]
fn what_was_stored_as_never_sent_is_stored_anew_before_it_leaves() {
    let mut outbox = Outbox::default();
    let out = push(&mut outbox, id(1), LOBBY, "1", 0);
    assert!(matches!(&out[..], [Effect::Keep(row)] if row.unsent));
    welcomed(&mut outbox, EPOCH, &ann());
    let mut out = Vec::new();
    assert_eq!(outbox.take_ready(7, || 1, &mut out), []);
    assert!(matches!(&out[..], [Effect::Keep(row)] if !row.unsent && row.lease == 7 + LEASE_MS));
    outbox.kept(id(1), false);
    assert_eq!(send(&mut outbox), [1], "stored or not");
    assert!(matches!(&push(&mut outbox, id(2), LOBBY, "2", 0)[..], [Effect::Keep(row)] if !row.unsent));
}

#[test]
fn a_member_who_was_renamed_elsewhere_keeps_the_rows() {
    let mut outbox = outbox(1..=1);
    welcomed(&mut outbox, EPOCH, &member(1, "Anna"));
    assert_eq!(send(&mut outbox), [1]);
    let (rows, _) = outbox.rows(LOBBY, true);
    assert_eq!(&*rows[0].name, "Anna");
    outbox.renamed(&member(1, "Annie"));
    let (rows, _) = outbox.rows(LOBBY, true);
    assert_eq!(&*rows[0].name, "Annie");
}

#[test]
fn rows_written_before_the_first_welcome_are_the_members() {
    let mut outbox = Outbox::default();
    let unnumbered = Owner { epoch: None, member: MemberId(1) };
    let body = Body::Post { room: LOBBY, text: "1".to_owned() };
    outbox.push(unnumbered, &ann(), id(1), body, 0, &mut Vec::new());
    outbox.kept(id(1), true);
    welcomed(&mut outbox, EPOCH, &member(1, "Anna"));
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn a_row_leaves_once_it_is_stored_or_cannot_be() {
    for ok in [true, false] {
        let mut outbox = live();
        let body = Body::Post { room: LOBBY, text: "1".to_owned() };
        let mut out = Vec::new();
        outbox.push(owner(EPOCH, &ann()), &ann(), id(1), body, 0, &mut out);
        assert!(matches!(&out[..], [Effect::Keep(row)] if row.lease == LEASE_MS));
        assert_eq!(send(&mut outbox), [] as [u64; 0]);
        assert!(outbox.kept(id(1), ok));
        assert!(!outbox.kept(id(1), ok), "once");
        assert_eq!((send(&mut outbox), outbox.renew_at().is_some()), (vec![1], ok));
    }
}

#[test]
fn rows_of_an_earlier_life_go_first_and_wait_for_what_is_in_flight() {
    let mut outbox = outbox([]);
    push(&mut outbox, id(2), LOBBY, "2", 9_000);
    assert_eq!(send(&mut outbox), [2]);
    let mut earlier = live();
    push(&mut earlier, id(1), LOBBY, "1", 5_000);
    let mut shelf = Shelf::default();
    earlier.put_away(&mut shelf, &mut Vec::new());
    let (rows, _) = shelf.take_mine(owner(EPOCH, &ann()), &ann(), 9);
    outbox.adopt(rows, owner(EPOCH, &ann()), &ann(), 0, &mut Vec::new());
    assert_eq!(send(&mut outbox), [] as [u64; 0]);
    assert_eq!(shown(&mut outbox)[0].0, "1");
    assert!(reply(&mut outbox, 2));
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn leases_are_renewed_before_they_end_and_ended_when_the_page_goes() {
    let mut outbox = outbox([1]);
    let at = outbox.renew_at().unwrap();
    assert_eq!(at, LEASE_MS - LEASE_RENEW_MS);
    let mut out = Vec::new();
    outbox.renew(at - 1, &mut out);
    assert_eq!(out, []);
    outbox.renew(at, &mut out);
    assert_eq!(out, [Effect::Lease { keys: vec![key(1, 1)], until: at + LEASE_MS }]);
    out.clear();
    outbox.release(&mut out);
    assert_eq!(out, [Effect::Lease { keys: vec![key(1, 1)], until: 0 }]);
}

#[test]
fn a_settled_row_is_forgotten_by_the_store() {
    let mut outbox = outbox(1..=2);
    let mut out = Vec::new();
    send(&mut outbox);
    outbox.replied(reference(&outbox, 1), &mut out);
    outbox.settle(|_, _, _| true, &mut out);
    assert_eq!(out, [Effect::Drop(key(1, 1)), Effect::Drop(key(1, 2))]);
}

#[test]
fn a_row_that_does_not_change_stays_the_same() {
    let mut outbox = outbox(1..=2);
    let (before, waiting) = outbox.rows(LOBBY, false);
    assert_eq!(waiting, 2);
    let (after, _) = outbox.rows(LOBBY, false);
    assert!(before.iter().zip(&after).all(|(before, after)| Rc::ptr_eq(before, after)));
    let (after, waiting) = outbox.rows(LOBBY, true);
    assert_eq!((after[0].state, waiting), (RowState::Sending, 0));
}

#[test]
fn only_the_open_rooms_rows_are_shown_and_all_that_wait_are_counted() {
    let mut outbox = outbox([1]);
    push(&mut outbox, id(2), OTHER, "2", 0);
    let (rows, waiting) = outbox.rows(LOBBY, false);
    assert_eq!((rows.len(), waiting), (1, 2));
}

#[test]
fn an_answer_is_overdue_half_a_minute_after_the_oldest_post_in_flight() {
    let mut outbox = outbox([1]);
    assert_eq!(outbox.overdue_at(), None);
    send_at(&mut outbox, 500);
    push(&mut outbox, id(2), OTHER, "2", 600);
    send_at(&mut outbox, 600);
    assert_eq!(outbox.overdue_at(), Some(500 + SETTLE_MS));
    assert!(reply(&mut outbox, 1));
    assert_eq!(outbox.overdue_at(), Some(600 + SETTLE_MS));
    outbox.disconnected();
    assert_eq!(outbox.overdue_at(), None);
}
