use super::*;
use shared::MemberId;

const LOBBY: RoomId = RoomId::LOBBY;
const OTHER: RoomId = RoomId(2);
const EPOCH: Epoch = Epoch(1);

fn member(id: u64, name: &str) -> Member {
    Member { id: MemberId(id), name: name.to_owned() }
}

fn ann() -> Member {
    member(1, "Ann")
}

fn id(number: u8) -> ClientId {
    ClientId([number; 16])
}

fn key(author: u64, number: u8) -> RowKey {
    RowKey { author: MemberId(author), client_id: id(number) }
}

/// An outbox of Ann's with these messages, their text being their number.
fn outbox(numbers: impl IntoIterator<Item = u8>) -> Outbox {
    let mut outbox = Outbox::default();
    outbox.welcomed(EPOCH, &ann());
    for number in numbers {
        outbox.push(&ann(), id(number), LOBBY, &number.to_string(), 0);
    }
    outbox
}

/// Sends what may leave, and tells the texts.
fn send(outbox: &mut Outbox) -> Vec<u64> {
    let mut reference = outbox.entries.iter().map(|entry| reference_of(entry.state)).max().unwrap_or(0);
    let posts = outbox.take_ready(0, || {
        reference += 1;
        reference
    });
    posts.iter().map(|post| post.text.parse().unwrap()).collect()
}

fn reference_of(state: State) -> u64 {
    if let State::InFlight { reference, .. } = state { reference } else { 0 }
}

/// The `ref` that this message is in flight under; one that nothing has if it is not.
fn reference(outbox: &Outbox, number: u8) -> u64 {
    let entry = outbox.entries.iter().find(|entry| entry.key.client_id == id(number));
    entry.map_or(0, |entry| reference_of(entry.state))
}

fn reply(outbox: &mut Outbox, number: u8) -> bool {
    outbox.replied(reference(outbox, number)).is_some()
}

fn refuse(outbox: &mut Outbox, number: u8, code: ErrorCode) -> Option<u64> {
    let reference = reference(outbox, number);
    outbox.refused(&Refusal::new(Some(reference), code), 0, &mut Jitter::new(1))
}

fn shown(outbox: &mut Outbox) -> Vec<(String, RowState)> {
    let (rows, _) = outbox.rows(LOBBY, true);
    rows.iter().map(|row| (row.text.to_string(), row.state)).collect()
}

#[test]
fn one_post_of_a_room_is_in_flight_and_the_next_leaves_when_it_is_settled() {
    let mut outbox = outbox(1..=3);
    assert_eq!(send(&mut outbox), [1]);
    assert_eq!(send(&mut outbox), [] as [u64; 0]);
    assert!(reply(&mut outbox, 1));
    assert_eq!(send(&mut outbox), [2]);
    outbox.settle(|settled| settled == key(1, 2));
    assert_eq!(send(&mut outbox), [3]);
    assert!(!reply(&mut outbox, 2), "settled by its event: its reply finds nothing");
}

#[test]
fn rooms_do_not_wait_for_each_other() {
    let mut outbox = outbox([1, 2]);
    outbox.push(&ann(), id(3), OTHER, "3", 0);
    outbox.push(&ann(), id(4), OTHER, "4", 0);
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
    let again = outbox.take_ready(0, || 9);
    assert_eq!((again.len(), again[0].client_id), (1, id(1)));
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
        assert_eq!(outbox.refused(&refusal, 0, &mut Jitter::new(1)).is_some(), again);
    }
}

#[test]
fn a_refusal_of_something_else_touches_no_post() {
    let mut outbox = outbox(1..=1);
    send(&mut outbox);
    assert_eq!(outbox.refused(&Refusal::new(None, ErrorCode::Unparsable), 0, &mut Jitter::new(1)), None);
    assert_eq!(refuse(&mut outbox, 77, ErrorCode::BadField), None);
    assert!(outbox.awaits(reference(&outbox, 1)));
}

#[test]
fn a_failed_row_is_sent_again_at_the_end_or_dropped() {
    let mut outbox = outbox(1..=3);
    send(&mut outbox);
    refuse(&mut outbox, 1, ErrorCode::BadField);
    outbox.retry(key(1, 1), &ann(), 0);
    assert_eq!(send(&mut outbox), [2]);
    outbox.retry(key(1, 3), &ann(), 0);
    outbox.discard(key(1, 3));
    assert_eq!(shown(&mut outbox).len(), 3, "a row that has not failed is left alone");
    assert!(reply(&mut outbox, 2));
    assert_eq!(send(&mut outbox), [3]);
    assert!(reply(&mut outbox, 3));
    assert_eq!(send(&mut outbox), [1]);
    refuse(&mut outbox, 1, ErrorCode::BadField);
    outbox.discard(key(1, 1));
    assert_eq!(shown(&mut outbox), []);
}

#[test]
fn it_takes_as_many_as_the_limit_says() {
    let mut outbox = outbox([]);
    for number in 0..=OUTBOX_ROWS_MAX {
        assert_eq!(outbox.is_full(), number == OUTBOX_ROWS_MAX, "{number}");
        outbox.push(&ann(), ClientId((number as u128).to_be_bytes()), LOBBY, "x", 0);
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
    outbox.push(&ann(), id(1), LOBBY, &"x".repeat(shared::limits::TEXT_BYTES_MAX + 1), 0);
    outbox.push(&ann(), id(2), LOBBY, " ", 0);
    outbox.push(&ann(), id(3), LOBBY, "3", 0);
    assert_eq!(send(&mut outbox), [3]);
    outbox.retry(key(1, 1), &ann(), 0);
    let states: Vec<RowState> = shown(&mut outbox).into_iter().map(|(_, state)| state).collect();
    let failed = [RowState::Failed(ErrorCode::TextEmpty), RowState::Failed(ErrorCode::TextTooLong)];
    assert_eq!(states[1..], failed);
}

#[test]
fn rows_go_along_with_a_person_who_came_back_under_the_same_name() {
    let mut outbox = outbox(1..=2);
    send(&mut outbox);
    outbox.disconnected();
    outbox.welcomed(Epoch(2), &member(5, "Ann"));
    let (rows, _) = outbox.rows(LOBBY, true);
    assert_eq!(rows.iter().map(|row| row.key).collect::<Vec<_>>(), [key(5, 1), key(5, 2)]);
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn rows_of_somebody_else_wait_and_ask() {
    for (epoch, you) in [(EPOCH, member(2, "Bo")), (Epoch(2), member(2, "Bo")), (Epoch(2), member(1, "Bo"))] {
        let mut outbox = outbox(1..=1);
        outbox.welcomed(epoch, &you);
        assert_eq!(send(&mut outbox), [] as [u64; 0]);
        let failed = RowState::Failed(ErrorCode::SignInRequired);
        assert_eq!(shown(&mut outbox), [("1".to_owned(), failed)], "{you:?}");
        let (rows, _) = outbox.rows(LOBBY, true);
        assert_eq!((&*rows[0].name, rows[0].key), ("Ann", key(1, 1)));
        // Asked for, it is theirs who asked.
        outbox.retry(key(1, 1), &you, 0);
        assert_eq!(send(&mut outbox), [1]);
        let (rows, _) = outbox.rows(LOBBY, true);
        assert_eq!((&*rows[0].name, rows[0].key.author), ("Bo", you.id));
    }
}

#[test]
fn a_member_who_was_renamed_elsewhere_keeps_the_rows() {
    let mut outbox = outbox(1..=1);
    outbox.welcomed(EPOCH, &member(1, "Anna"));
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
    outbox.push(&ann(), id(1), LOBBY, "1", 0);
    outbox.welcomed(EPOCH, &ann());
    assert_eq!(send(&mut outbox), [1]);
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
    outbox.push(&ann(), id(2), OTHER, "2", 0);
    let (rows, waiting) = outbox.rows(LOBBY, false);
    assert_eq!((rows.len(), waiting), (1, 2));
}

#[test]
fn an_answer_is_overdue_half_a_minute_after_the_oldest_post_in_flight() {
    let mut outbox = outbox([1]);
    assert_eq!(outbox.overdue_at(), None);
    outbox.take_ready(500, || 1);
    outbox.push(&ann(), id(2), OTHER, "2", 600);
    outbox.take_ready(600, || 2);
    assert_eq!(outbox.overdue_at(), Some(500 + SETTLE_MS));
    outbox.replied(1);
    assert_eq!(outbox.overdue_at(), Some(600 + SETTLE_MS));
    outbox.disconnected();
    assert_eq!(outbox.overdue_at(), None);
}
