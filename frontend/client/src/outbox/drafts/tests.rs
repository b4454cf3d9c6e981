use super::*;
use shared::{Epoch, MemberId};

const LOBBY: Conversation = Conversation::LOBBY;

fn in_room(room: u64) -> Conversation {
    RoomId(room).into()
}

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

/// The drafts that a flush saves.
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
fn the_revision_changes_by_sending_and_not_by_typing() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "a");
    let revision = drafts.view(LOBBY).revision;
    assert_eq!(&*drafts.begin_send(LOBBY, id(1), "a"), "a");
    assert_eq!(drafts.view(LOBBY).revision, revision);
    drafts.finish_send(id(1));
    assert_eq!((&*drafts.view(LOBBY).text, drafts.view(LOBBY).revision), ("", revision + 1));
    assert_eq!(flush(&mut drafts), [""], "the stored row is deleted");
    assert!(!drafts.rooms_with_text().contains(&RoomId::LOBBY));
}

#[test]
fn a_draft_stays_when_it_no_longer_begins_with_the_sent_text() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "a");
    drafts.begin_send(LOBBY, id(1), "a");
    types(&mut drafts, "other");
    drafts.finish_send(id(1));
    assert_eq!(&*drafts.view(LOBBY).text, "other");
}

#[test]
fn a_text_that_is_not_the_draft_is_sent_unchanged() {
    let mut drafts = Drafts::default();
    types(&mut drafts, "half");
    assert_eq!(&*drafts.begin_send(LOBBY, id(1), "x"), "x");
    drafts.finish_send(id(1));
    assert_eq!(&*drafts.view(LOBBY).text, "half");
}

#[test]
fn a_draft_that_is_too_long_is_held_and_counts_as_not_stored() {
    for (bytes, stored) in
        [(DRAFT_BYTES_MAX - 1, true), (DRAFT_BYTES_MAX, true), (DRAFT_BYTES_MAX + 1, false)]
    {
        let mut drafts = Drafts::default();
        types(&mut drafts, &"x".repeat(bytes));
        assert_eq!(
            (flush(&mut drafts).len(), drafts.has_unsaved()),
            (usize::from(stored), !stored),
            "{bytes}"
        );
        assert_eq!(drafts.view(LOBBY).text.len(), bytes);
    }
}

/// Saved drafts of this many rooms, each typed later than the one before.
fn many(many: usize) -> Drafts {
    let mut drafts = Drafts::default();
    for room in 0..many as u64 {
        drafts.set_text(in_room(room), "x", room, &mut Vec::new());
    }
    flush(&mut drafts);
    drafts
}

#[test]
fn the_draft_typed_longest_ago_is_dropped_past_the_limit() {
    const NEW: Conversation = Conversation { room: RoomId(u64::MAX), root: None };
    for count in [DRAFTS_MAX - 1, DRAFTS_MAX] {
        let mut drafts = many(count);
        // A draft that the person still writes stays.
        drafts.set_text(in_room(0), "x", u64::MAX, &mut Vec::new());
        drafts.set_text(NEW, "y", u64::MAX, &mut Vec::new());
        assert_eq!(
            (drafts.rooms_with_text().contains(&RoomId(1)), drafts.rooms_with_text().contains(&RoomId(0))),
            (count < DRAFTS_MAX, true),
            "{count}"
        );
        assert_eq!(drafts.drafts.len(), DRAFTS_MAX);
        drafts.begin_send(NEW, id(1), "y");
        drafts.finish_send(id(1));
        assert_eq!(&*drafts.view(NEW).text, "", "its text leaves the composer");
        drafts.load(in_room(u64::MAX - 1), "x", true);
        assert_eq!(drafts.drafts.len(), DRAFTS_MAX, "saved drafts stay stored");
    }
}

#[test]
fn empty_drafts_are_dropped_first_and_unsaved_ones_never() {
    let mut drafts = many(DRAFTS_MAX);
    drafts.set_text(in_room(7), "", u64::MAX, &mut Vec::new());
    assert_eq!(flush(&mut drafts), [""]);
    drafts.set_text(in_room(u64::MAX), "y", 0, &mut Vec::new());
    assert!(
        (0..DRAFTS_MAX as u64).all(|room| drafts.rooms_with_text().contains(&RoomId(room)) == (room != 7))
    );
    for room in 0..DRAFTS_MAX as u64 {
        drafts.set_text(in_room(room), "new", 0, &mut Vec::new());
    }
    drafts.set_text(in_room(u64::MAX - 1), "z", 0, &mut Vec::new());
    assert!(
        drafts.rooms_with_text().contains(&RoomId(u64::MAX)),
        "there is no space until the drafts are saved"
    );
    assert!(!drafts.rooms_with_text().contains(&RoomId(u64::MAX - 1)) && drafts.drafts.len() == DRAFTS_MAX);
    drafts.set_text(in_room(0), "zz", 0, &mut Vec::new());
    flush(&mut drafts);
    drafts.set_text(in_room(u64::MAX - 1), "z", 0, &mut Vec::new());
    assert!(drafts.rooms_with_text().contains(&RoomId(u64::MAX - 1)));
}
