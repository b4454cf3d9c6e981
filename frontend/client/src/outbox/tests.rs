use super::*;
use crate::limits::LEASE_RENEW_MS;
use crate::persisted::MAY_HAVE_ARRIVED;
use crate::test_clock::at;
use crate::view::RowState;
use shared::{Epoch, MemberId};
use std::rc::Rc;

mod owner;
mod stored;

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

/// Adds a message of Ann's and saves it.
fn push(outbox: &mut Outbox, client_id: ClientId, room: RoomId, text: &str, now: u64) -> Vec<Effect> {
    let mut out = Vec::new();
    let body = CommandBody::post(room, text.to_owned());
    outbox.add(owner(EPOCH, &ann()), &ann(), client_id, body, at(now), &mut out);
    outbox.note_saved(client_id, true);
    out
}

/// An outbox with a live session.
fn live() -> Outbox {
    Outbox { is_live: true, ..Outbox::default() }
}

/// An outbox with these messages of Ann's; the text of each is its number.
fn outbox(numbers: impl IntoIterator<Item = u8>) -> Outbox {
    let mut outbox = live();
    for number in numbers {
        push(&mut outbox, id(number), LOBBY, &number.to_string(), 0);
    }
    outbox
}

/// Sends what may be sent and returns the texts.
fn send(outbox: &mut Outbox) -> Vec<u64> {
    send_at(outbox, 0)
}

fn send_at(outbox: &mut Outbox, now: u64) -> Vec<u64> {
    let mut reference = outbox.entries.iter().map(|entry| reference_of(entry.state)).max().unwrap_or(0);
    let number = || {
        reference += 1;
        reference
    };
    let commands = outbox.take_ready(at(now), number, &mut Vec::new());
    let text = |command: &Command| match command {
        Command::Post(post) => post.text.parse().unwrap(),
        other => panic!("{other:?}"),
    };
    commands.iter().map(text).collect()
}

fn reference_of(state: EntryState) -> u64 {
    if let EntryState::InFlight { reference, .. } = state { reference } else { 0 }
}

/// The `ref` of this message if it is in flight, or else an unused one.
fn reference(outbox: &Outbox, number: u8) -> u64 {
    let entry = outbox.entries.iter().find(|entry| entry.row.client_id == id(number));
    entry.map_or(0, |entry| reference_of(entry.state))
}

fn reply(outbox: &mut Outbox, number: u8) -> bool {
    outbox.take_replied(reference(outbox, number)).is_some()
}

fn refuse(outbox: &mut Outbox, number: u8, code: ErrorCode) -> Option<u64> {
    let reference = reference(outbox, number);
    outbox.note_refused(&Refusal::new(Some(reference), code), at(0), &mut Jitter::new(1), &mut Vec::new())
}

fn visible_rows(outbox: &mut Outbox) -> Vec<(String, RowState)> {
    let (rows, _) = outbox.rows(LOBBY.into(), true);
    rows.iter().map(|row| (row.text.to_string(), row.state)).collect()
}

fn retry(outbox: &mut Outbox, number: u8) {
    outbox.retry(key(1, number), at(0), &mut Vec::new());
    outbox.note_saved(id(number), true);
}

fn discard(outbox: &mut Outbox, number: u8) {
    outbox.discard(key(1, number), &mut Vec::new());
}

fn welcomed(outbox: &mut Outbox, epoch: Epoch, you: &Member) -> (ForeignRows, Vec<Effect>) {
    let (mut foreign_rows, mut out) = (ForeignRows::default(), Vec::new());
    outbox.begin_session(owner(epoch, you), you, at(0), &mut foreign_rows, &mut out);
    (foreign_rows, out)
}

#[test]
fn the_next_post_of_a_room_is_sent_when_the_first_is_settled() {
    let mut outbox = outbox(1..=3);
    assert_eq!(send(&mut outbox), [1]);
    assert_eq!(send(&mut outbox), [] as [u64; 0]);
    assert!(reply(&mut outbox, 1));
    assert_eq!(send(&mut outbox), [2]);
    outbox.settle(|room, settled, _| (room, settled) == (LOBBY, key(1, 2)));
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
fn commands_in_flight_are_sent_first_on_the_next_connection_with_the_same_id() {
    let mut outbox = outbox(1..=2);
    assert_eq!(send(&mut outbox), [1]);
    outbox.disconnected();
    assert_eq!(reference(&outbox, 1), 0, "the answer cannot arrive any more");
    let again = outbox.take_ready(at(0), || 9, &mut Vec::new());
    assert!(matches!(&again[..], [Command::Post(post)] if post.client_id == id(1)), "{again:?}");
}

#[test]
fn a_temporarily_refused_post_keeps_its_place() {
    let mut outbox = outbox(1..=2);
    send(&mut outbox);
    assert!(refuse(&mut outbox, 1, ErrorCode::StoreRefused).is_some());
    assert_eq!(send(&mut outbox), [] as [u64; 0], "the room waits with it");
    assert_eq!(visible_rows(&mut outbox)[0], ("1".to_owned(), RowState::Waiting));
    outbox.retry_refused();
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn a_permanently_refused_post_lets_the_rest_pass() {
    let mut outbox = outbox(1..=3);
    send(&mut outbox);
    assert_eq!(refuse(&mut outbox, 1, ErrorCode::BadField), None);
    assert_eq!(send(&mut outbox), [2]);
    let rows = visible_rows(&mut outbox);
    assert_eq!(rows[0], ("2".to_owned(), RowState::Sending));
    assert_eq!(rows[1], ("3".to_owned(), RowState::Sending));
    assert_eq!(rows[2], ("1".to_owned(), RowState::Failed(ErrorCode::BadField)));
}

#[test]
fn an_unknown_error_is_temporary_when_the_server_says_so() {
    for (temporary, again) in [(true, true), (false, false)] {
        let mut outbox = outbox(1..=1);
        send(&mut outbox);
        let mut refusal = Refusal::new(Some(reference(&outbox, 1)), ErrorCode::Other(1999));
        refusal.temporary = temporary;
        assert_eq!(
            outbox.note_refused(&refusal, at(0), &mut Jitter::new(1), &mut Vec::new()).is_some(),
            again
        );
    }
}

#[test]
fn a_refusal_of_another_request_changes_no_post() {
    let mut outbox = outbox(1..=1);
    send(&mut outbox);
    let nothings = Refusal::new(None, ErrorCode::Unparsable);
    assert_eq!(outbox.note_refused(&nothings, at(0), &mut Jitter::new(1), &mut Vec::new()), None);
    assert_eq!(refuse(&mut outbox, 77, ErrorCode::BadField), None);
    assert!(outbox.has_in_flight(reference(&outbox, 1)));
}

#[test]
fn a_failed_row_is_retried_at_the_end_or_discarded() {
    let mut outbox = outbox(1..=3);
    send(&mut outbox);
    refuse(&mut outbox, 1, ErrorCode::BadField);
    retry(&mut outbox, 1);
    assert_eq!(send(&mut outbox), [2]);
    retry(&mut outbox, 3);
    discard(&mut outbox, 3);
    assert_eq!(visible_rows(&mut outbox).len(), 3, "a row that has not failed is left alone");
    assert!(reply(&mut outbox, 2));
    assert_eq!(send(&mut outbox), [3]);
    assert!(reply(&mut outbox, 3));
    assert_eq!(send(&mut outbox), [1]);
    refuse(&mut outbox, 1, ErrorCode::BadField);
    discard(&mut outbox, 1);
    assert_eq!(visible_rows(&mut outbox), []);
}

#[test]
fn the_outbox_takes_commands_up_to_the_limit() {
    let mut outbox = outbox([]);
    for number in 0..=OUTBOX_ROWS_MAX {
        assert_eq!(outbox.is_full(), number == OUTBOX_ROWS_MAX, "{number}");
        push(&mut outbox, ClientId((number as u128).to_be_bytes()), LOBBY, "x", 0);
    }
    assert_eq!(visible_rows(&mut outbox).len(), OUTBOX_ROWS_MAX);
}

#[test]
fn a_message_is_taken_once() {
    let mut outbox = outbox([1, 1]);
    assert_eq!(visible_rows(&mut outbox).len(), 1);
}

#[test]
fn a_command_over_the_frame_limit_is_never_sent() {
    let mut outbox = outbox([]);
    push(&mut outbox, id(1), LOBBY, &"x".repeat(shared::limits::TEXT_BYTES_MAX + 1), 0);
    push(&mut outbox, id(2), LOBBY, " ", 0);
    push(&mut outbox, id(3), LOBBY, "3", 0);
    assert_eq!(send(&mut outbox), [3]);
    retry(&mut outbox, 1);
    let states: Vec<RowState> = visible_rows(&mut outbox).into_iter().map(|(_, state)| state).collect();
    let failed = [RowState::Failed(ErrorCode::TextEmpty), RowState::Failed(ErrorCode::TextTooLong)];
    assert_eq!(states[1..], failed);
}

#[test]
fn an_unchanged_row_keeps_its_pointer() {
    let mut outbox = outbox(1..=2);
    let (before, waiting) = outbox.rows(LOBBY.into(), false);
    assert_eq!(waiting, 2);
    let (after, _) = outbox.rows(LOBBY.into(), false);
    assert!(before.iter().zip(&after).all(|(before, after)| Rc::ptr_eq(before, after)));
    let (after, waiting) = outbox.rows(LOBBY.into(), true);
    assert_eq!((after[0].state, waiting), (RowState::Sending, 0));
}

#[test]
fn only_the_open_rooms_rows_are_shown_and_all_that_wait_are_counted() {
    let mut outbox = outbox([1]);
    push(&mut outbox, id(2), OTHER, "2", 0);
    let (rows, waiting) = outbox.rows(LOBBY.into(), false);
    assert_eq!((rows.len(), waiting), (1, 2));
}

#[test]
fn a_room_that_waits_to_be_created_is_no_waiting_message() {
    let mut outbox = outbox([1]);
    let body = CommandBody::create("tea".to_owned(), String::new());
    outbox.add(owner(EPOCH, &ann()), &ann(), id(2), body, at(0), &mut Vec::new());
    assert_eq!(outbox.pending(|_| true, false)[0].state, RowState::Waiting);
    assert_eq!(outbox.rows(LOBBY.into(), false).1, 1);
}

#[test]
fn an_answer_is_awaited_since_the_oldest_post_in_flight_was_sent() {
    let mut outbox = outbox([1]);
    assert_eq!(outbox.awaited_since(), None);
    send_at(&mut outbox, 500);
    push(&mut outbox, id(2), OTHER, "2", 600);
    send_at(&mut outbox, 600);
    assert_eq!(outbox.awaited_since(), Some(500));
    assert!(reply(&mut outbox, 1));
    assert_eq!(outbox.awaited_since(), Some(600));
    outbox.disconnected();
    assert_eq!(outbox.awaited_since(), None);
}
