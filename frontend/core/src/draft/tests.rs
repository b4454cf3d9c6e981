use super::*;
use shared::{Epoch, MemberId};

const LOBBY: RoomId = RoomId::LOBBY;

fn id(number: u8) -> ClientId {
    ClientId([number; 16])
}

fn ann() -> Owner {
    Owner { epoch: Some(Epoch(1)), member: MemberId(1) }
}

fn types(drafts: &mut Drafts, text: &str) -> Vec<Effect> {
    let mut out = Vec::new();
    drafts.typed(LOBBY, text, 1_000, &mut out);
    out
}

/// What is stored now.
fn flush(drafts: &mut Drafts) -> Vec<String> {
    let mut out = Vec::new();
    drafts.flush(ann(), "Ann", &mut out);
    let text = |effect| if let Effect::KeepDraft(draft) = effect { Some(draft.text) } else { None };
    out.into_iter().filter_map(text).collect()
}

#[test]
fn a_draft_is_stored_a_moment_after_it_changed() {
    let mut drafts = Drafts::default();
    assert_eq!(types(&mut drafts, "a"), [Effect::Set(Timer::Draft, 1_000 + DRAFT_MS)]);
    assert_eq!(types(&mut drafts, "ab"), [], "the first change is not put off by the next");
    assert_eq!(flush(&mut drafts), ["ab"]);
    assert_eq!(types(&mut drafts, "ab"), [], "no change");
    assert_eq!(flush(&mut drafts), [""; 0]);
}

#[test]
fn typing_is_no_turn_and_sending_is() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "a");
    let turn = drafts.show(LOBBY).turn;
    assert_eq!(&*drafts.sends(LOBBY, id(1), "a"), "a");
    assert_eq!(drafts.show(LOBBY).turn, turn);
    drafts.stored(id(1));
    assert_eq!((&*drafts.show(LOBBY).text, drafts.show(LOBBY).turn), ("", turn + 1));
    assert_eq!(flush(&mut drafts), [""], "and the stored one is gone");
    assert!(!drafts.has(LOBBY));
}

#[test]
fn a_draft_that_was_changed_into_something_else_stays() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "a");
    drafts.sends(LOBBY, id(1), "a");
    types(&mut drafts, "other");
    drafts.stored(id(1));
    assert_eq!(&*drafts.show(LOBBY).text, "other");
}

#[test]
fn what_is_sent_and_is_no_draft_is_sent_as_it_is() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "half");
    assert_eq!(&*drafts.sends(LOBBY, id(1), "x"), "x");
    drafts.stored(id(1));
    assert_eq!(&*drafts.show(LOBBY).text, "half");
}

#[test]
fn a_draft_that_is_too_long_is_held_and_not_stored() {
    for (bytes, stored) in
        [(DRAFT_BYTES_MAX - 1, true), (DRAFT_BYTES_MAX, true), (DRAFT_BYTES_MAX + 1, false)]
    {
        let mut drafts = Drafts::default();
        types(&mut drafts, &"x".repeat(bytes));
        assert_eq!(!flush(&mut drafts)[0].is_empty(), stored, "{bytes}");
        assert_eq!(drafts.show(LOBBY).text.len(), bytes);
    }
}

#[test]
fn as_many_drafts_are_held_as_the_limit_says() {
    let mut drafts = Drafts::default();
    for room in 0..=DRAFTS_MAX as u64 {
        drafts.typed(RoomId(room), "x", 0, &mut Vec::new());
        assert_eq!(drafts.has(RoomId(room)), room < DRAFTS_MAX as u64);
    }
    drafts.load(RoomId(u64::MAX), "x");
    assert!(!drafts.has(RoomId(u64::MAX)));
}
