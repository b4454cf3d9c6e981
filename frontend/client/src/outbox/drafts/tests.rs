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
    drafts.set_text(LOBBY, text, 1_000, &mut out);
    out
}

/// What is stored now.
fn flush(drafts: &mut Drafts) -> Vec<String> {
    let mut out = Vec::new();
    drafts.flush(ann(), "Ann", &mut out);
    let text = |effect| if let Effect::SaveDraft(draft) = effect { Some(draft.text) } else { None };
    out.into_iter().filter_map(text).collect()
}

#[test]
fn a_draft_is_stored_a_moment_after_it_changed() {
    let mut drafts = Drafts::default();
    assert_eq!(types(&mut drafts, "a"), [Effect::ScheduleTimer(Timer::Draft, 1_000 + DRAFT_MS)]);
    assert_eq!(types(&mut drafts, "ab"), [], "the first change is not put off by the next");
    assert_eq!(flush(&mut drafts), ["ab"]);
    assert_eq!(types(&mut drafts, "ab"), [], "no change");
    assert_eq!(flush(&mut drafts), [""; 0]);
}

#[test]
fn typing_is_no_turn_and_sending_is() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "a");
    let revision = drafts.view(LOBBY).revision;
    assert_eq!(&*drafts.begin_send(LOBBY, id(1), "a"), "a");
    assert_eq!(drafts.view(LOBBY).revision, revision);
    drafts.finish_send(id(1));
    assert_eq!((&*drafts.view(LOBBY).text, drafts.view(LOBBY).revision), ("", revision + 1));
    assert_eq!(flush(&mut drafts), [""], "and the stored one is gone");
    assert!(!drafts.has_text(LOBBY));
}

#[test]
fn a_draft_that_was_changed_into_something_else_stays() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "a");
    drafts.begin_send(LOBBY, id(1), "a");
    types(&mut drafts, "other");
    drafts.finish_send(id(1));
    assert_eq!(&*drafts.view(LOBBY).text, "other");
}

#[test]
fn what_is_sent_and_is_no_draft_is_sent_as_it_is() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "half");
    assert_eq!(&*drafts.begin_send(LOBBY, id(1), "x"), "x");
    drafts.finish_send(id(1));
    assert_eq!(&*drafts.view(LOBBY).text, "half");
}

#[test]
fn a_draft_that_is_too_long_is_held_and_not_stored() {
    for (bytes, stored) in
        [(DRAFT_BYTES_MAX - 1, true), (DRAFT_BYTES_MAX, true), (DRAFT_BYTES_MAX + 1, false)]
    {
        let mut drafts = Drafts::default();
        types(&mut drafts, &"x".repeat(bytes));
        assert_eq!(!flush(&mut drafts)[0].is_empty(), stored, "{bytes}");
        assert_eq!(drafts.view(LOBBY).text.len(), bytes);
    }
}

/// Drafts of so many rooms, each typed later than the one before, and stored.
fn many(many: usize) -> Drafts {
    let mut drafts = Drafts::default();
    for room in 0..many as u64 {
        drafts.set_text(RoomId(room), "x", room, &mut Vec::new());
    }
    flush(&mut drafts);
    drafts
}

#[test]
fn past_the_limit_the_draft_that_was_typed_longest_ago_makes_way() {
    const NEW: RoomId = RoomId(u64::MAX);
    for held in [DRAFTS_MAX - 1, DRAFTS_MAX] {
        let mut drafts = many(held);
        // Whoever writes there still keeps it.
        drafts.set_text(RoomId(0), "x", u64::MAX, &mut Vec::new());
        drafts.set_text(NEW, "y", u64::MAX, &mut Vec::new());
        assert_eq!(
            (drafts.has_text(RoomId(1)), drafts.has_text(RoomId(0))),
            (held < DRAFTS_MAX, true),
            "{held}"
        );
        assert_eq!(drafts.rooms.len(), DRAFTS_MAX);
        drafts.begin_send(NEW, id(1), "y");
        drafts.finish_send(id(1));
        assert_eq!(&*drafts.view(NEW).text, "", "its text leaves the composer");
        drafts.load(RoomId(u64::MAX - 1), "x", true);
        assert_eq!(drafts.rooms.len(), DRAFTS_MAX, "what was stored stays so");
    }
}

#[test]
fn an_empty_draft_makes_way_first_and_none_that_is_not_stored() {
    let mut drafts = many(DRAFTS_MAX);
    drafts.set_text(RoomId(7), "", u64::MAX, &mut Vec::new());
    assert_eq!(flush(&mut drafts), [""]);
    drafts.set_text(RoomId(u64::MAX), "y", 0, &mut Vec::new());
    assert!((0..DRAFTS_MAX as u64).all(|room| drafts.has_text(RoomId(room)) == (room != 7)));
    for room in 0..DRAFTS_MAX as u64 {
        drafts.set_text(RoomId(room), "new", 0, &mut Vec::new());
    }
    drafts.set_text(RoomId(u64::MAX - 1), "z", 0, &mut Vec::new());
    assert!(drafts.has_text(RoomId(u64::MAX)), "there is no place, until they are stored");
    assert!(!drafts.has_text(RoomId(u64::MAX - 1)) && drafts.rooms.len() == DRAFTS_MAX);
    drafts.set_text(RoomId(0), "zz", 0, &mut Vec::new());
    flush(&mut drafts);
    drafts.set_text(RoomId(u64::MAX - 1), "z", 0, &mut Vec::new());
    assert!(drafts.has_text(RoomId(u64::MAX - 1)));
}
