//! Rows and drafts survive a reload, a crash and another tab.

use crate::house::{House, LOBBY, client_id};
use crate::page::{Page, ann, posts, scheduled};
use client::effect::Effect;
use client::input::Conversation;
use client::input::{Input, Timer};
use client::limits::{DRAFT_MS, LEASE_MS};
use client::persisted::{Owner, StoredDraft, StoredRows};
use client::view::{AtRisk, RowKey};
use shared::{ErrorCode, RoomId};

const TEA: RoomId = RoomId(7);

fn key(number: u64) -> RowKey {
    RowKey { author: ann().id, client_id: client_id(number) }
}

#[test]
fn a_message_is_sent_at_once_and_leaves_the_composer_when_it_is_saved() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    page.type_text("hello");
    let out = page.send(1, "hello");
    assert!(matches!(&out[0], Effect::SaveRow(row) if row.key() == key(1)));
    assert_eq!(
        (posts(&out).len(), page.rows(), page.draft().as_str()),
        (1, vec!["hello…".to_owned()], "hello")
    );
    let before = page.view().composer.draft.revision;
    let out = page.stored(key(1), true);
    assert_eq!((posts(&out).len(), page.draft().as_str()), (0, ""));
    assert_ne!(page.view().composer.draft.revision, before, "the composer takes it");
    assert_eq!(page.view().composer.at_risk, AtRisk::Nothing);
}

#[test]
fn a_message_is_sent_when_it_cannot_be_saved() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    assert_eq!(posts(&page.send(1, "hello")).len(), 1);
    assert_eq!(posts(&page.stored(key(1), false)).len(), 0);
    assert_eq!(page.view().composer.at_risk, AtRisk::Commands);
}

#[test]
fn a_draft_that_cannot_be_stored_is_at_risk_until_it_can() {
    let mut page = Page::welcome_in(&House::new(1));
    page.type_text("half");
    assert_eq!(page.view().composer.at_risk, AtRisk::Nothing);
    page.give(Input::DraftSaved { conversation: Conversation::LOBBY, ok: false });
    assert_eq!(page.view().composer.at_risk, AtRisk::Drafts);
    page.type_text("");
    assert_eq!(page.view().composer.at_risk, AtRisk::Nothing, "there is nothing to lose");
    page.type_text("half");
    page.give(Input::DraftSaved { conversation: Conversation::LOBBY, ok: true });
    assert_eq!(page.view().composer.at_risk, AtRisk::Nothing);
    page.give(Input::StorageReported { usable: false });
    assert_eq!(page.view().composer.at_risk, AtRisk::Drafts);
    page.give(Input::StorageReported { usable: true });
    assert_eq!(page.view().composer.at_risk, AtRisk::Nothing);
}

#[test]
fn a_row_that_cannot_be_stored_is_at_risk_although_a_draft_can() {
    let mut page = Page::welcome_in(&House::new(1));
    page.slow = true;
    page.break_connection(1006);
    page.send(1, "1");
    page.stored(key(1), false);
    page.type_text("half");
    page.give(Input::DraftSaved { conversation: Conversation::LOBBY, ok: true });
    assert_eq!(page.view().composer.at_risk, AtRisk::Commands);
    page.send(2, "2");
    page.stored(key(2), true);
    assert_eq!(page.view().composer.at_risk, AtRisk::Commands);
}

#[test]
fn text_typed_during_a_save_stays_and_a_second_enter_sends_nothing() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    page.type_text("one");
    page.send(1, "one");
    page.send(2, "one");
    assert_eq!(page.rows(), ["one…"], "the same key twice");
    page.type_text("one two");
    page.send(3, "one two");
    page.type_text("one two thr");
    page.stored(key(3), true);
    assert_eq!(page.draft(), "one two thr", "in their order");
    page.stored(key(1), true);
    assert_eq!(page.draft(), " thr");
    assert_eq!(page.rows(), ["one…", " two…"]);
}

#[test]
fn a_message_that_is_answered_before_it_is_saved_leaves_composer_and_storage() {
    for is_reply in [true, false] {
        let mut house = House::new(1);
        let mut page = Page::welcome_in(&house);
        page.slow = true;
        page.type_text("hello");
        let sent = posts(&page.send(1, "hello"));
        let posted = house.post(&ann(), 1, "hello");
        let answer = if is_reply { house.reply(sent[0].reference) } else { posted };
        let out = page.frame(answer);
        // The draft is cleared before the row is deleted: between the two, another tab may read both.
        let at = |wanted: fn(&Effect) -> bool| out.iter().position(wanted);
        let cleared = at(|effect| matches!(effect, Effect::SaveDraft(draft) if draft.text.is_empty()));
        let deleted = at(|effect| *effect == Effect::DeleteRow(key(1)));
        assert!(cleared.is_some() && cleared < deleted, "{out:?}");
        assert_eq!((page.draft().as_str(), page.rows()), ("", vec!["hello".to_owned()]));
        page.stored(key(1), true);
        assert_eq!((page.draft().as_str(), page.rows()), ("", vec!["hello".to_owned()]));
    }
}

#[test]
fn a_message_of_a_lost_connection_is_sent_again_before_it_is_saved() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    let sent = posts(&page.send(1, "1"));
    page.break_connection(1006);
    page.retry();
    let again = posts(&page.enter(&house, &ann()));
    assert_eq!((sent[0].client_id, again[0].client_id), (client_id(1), client_id(1)));
    assert_eq!(posts(&page.stored(key(1), true)), []);
}

#[test]
fn a_row_keeps_its_order_when_the_next_is_saved_first() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    page.break_connection(1006);
    page.send(1, "1");
    page.send(2, "2");
    assert_eq!(posts(&page.stored(key(2), true)), []);
    page.stored(key(1), true);
    page.retry();
    assert_eq!(posts(&page.enter(&house, &ann())), [], "each is saved again as sent");
    assert_eq!(posts(&page.stored(key(1), true))[0].text, "1");
}

#[test]
fn messages_and_a_draft_survive_the_closing_of_the_page() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    for number in 1..=3 {
        page.send(number, &number.to_string());
    }
    let out = page.type_text("half");
    assert_eq!(scheduled(&out, Timer::Draft), Some(page.now + DRAFT_MS));
    page.fire_timer(Timer::Draft);
    let mut again = Page::on(&page.store);
    again.now = page.lease_end();
    let mut again = again.start();
    assert_eq!(again.view().notices.left_behind.len(), 0, "the identity is not known yet");
    again.sign_in(&house, &ann());
    let mut sent = posts(&again.look_until_sent());
    assert_eq!(again.draft(), "half");
    for number in 1..=3 {
        assert_eq!((sent.len(), sent[0].client_id), (1, client_id(number)));
        house.post(&ann(), number, &number.to_string());
        sent = posts(&again.frame(house.reply(sent[0].reference)));
    }
    assert_eq!(again.texts(), [1, 2, 3]);
    assert_eq!((again.store.read().rows.len(), again.store.drafts()), (0, vec!["half".to_owned()]));
}

#[test]
fn a_closed_page_releases_its_rows_at_once() {
    let house = House::new(1);
    let page = Page::left_in(&house, "1", "half");
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!((again.rows(), again.draft().as_str()), (vec!["1…".to_owned()], "half"));
}

#[test]
fn a_row_that_is_being_saved_is_released_when_the_page_closes() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    assert_eq!(posts(&page.send(1, "1")).len(), 1);
    page.give(Input::Leaving);
    let mut again = Page::on(&page.store).start();
    assert_eq!(posts(&again.sign_in(&house, &ann())).len(), 1, "at once");
    // The browser may have kept the page and shows it again.
    assert_eq!(posts(&page.stored(key(1), true)).len(), 0);
    let out = page.give(Input::TimerFired(Timer::Lease));
    assert_eq!(out, [], "until then the page takes no rows");
    assert_eq!(page.store.read().rows[0].lease, again.time().after(LEASE_MS).wall);
    page.give(Input::VisibilityChanged(true));
    assert!(page.timers[&Timer::Lease] <= page.now);
    page.fire_timer(Timer::Lease);
    assert_eq!(page.store.read().rows[0].lease, page.time().after(LEASE_MS).wall);
    let posted = house.post(&ann(), 1, "1");
    page.frame(posted);
    assert_eq!(page.store.read().rows.len(), 0);
}

#[test]
fn a_hidden_page_saves_its_draft_at_once() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.type_text("half");
    page.give(Input::VisibilityChanged(false));
    assert_eq!(page.store.drafts(), ["half"]);
    assert!(!page.timers.contains_key(&Timer::Draft));
}

#[test]
fn a_failed_row_is_still_failed_after_a_reload() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "1"));
    page.frame(House::error(sent[0].reference, ErrorCode::RoomUnknown));
    page.give(Input::Leaving);
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!(again.rows(), ["1!"]);
    again.give(Input::Discard(key(1)));
    assert_eq!(again.store.read(), StoredRows::default());
}

#[test]
fn each_room_has_its_own_draft() {
    let house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    page.type_text("in the lobby");
    page.give(Input::OpenRoom(TEA));
    assert_eq!(page.draft(), "");
    page.give(Input::DraftChanged { conversation: TEA.into(), text: "in the tea room".to_owned() });
    page.give(Input::OpenRoom(LOBBY));
    assert_eq!(page.draft(), "in the lobby");
    // The open room's draft is in the composer, so the list does not mark it.
    assert_eq!(page.view().rooms.iter().map(|room| room.draft).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn text_typed_before_the_load_follows_the_stored_draft() {
    let house = House::new(1);
    let owner = Owner { epoch: Some(house.epoch), member: ann().id };
    let stored = StoredDraft::new(owner, "Ann", Conversation::LOBBY, "old");
    let mut page = Page::new();
    page.give(Input::Started { build: "build".to_owned(), name: None, join_id: client_id(9) });
    page.sign_in(&house, &ann());
    page.type_text("new");
    let stored = StoredRows { rows: Vec::new(), drafts: vec![stored] };
    page.give(Input::RowsLoaded(Some(stored.clone())));
    assert_eq!(page.draft(), "old\nnew");
    page.give(Input::RowsLoaded(Some(stored)));
    assert_eq!(page.draft(), "old\nnew", "later, the own name is newer");
}

#[test]
fn a_row_settled_by_another_tab_is_not_sent_again() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "1");
    page.give(Input::Leaving);
    house.post(&ann(), 1, "1");
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!((again.rows(), again.store.read().rows.len()), (vec!["1".to_owned()], 0));
}

#[test]
fn a_new_message_waits_for_the_rows_of_an_earlier_visit() {
    for is_readable in [true, false] {
        let house = House::new(1);
        let mut page = Page::welcome_in(&house);
        page.break_connection(1006);
        page.send(1, "1");
        page.give(Input::Leaving);
        let mut again = Page::on(&page.store).start();
        again.give(Input::IdentityFetched(Ok(Some(ann()))));
        again.slow = true;
        assert_eq!(posts(&again.enter(&house, &ann())), []);
        again.now += 1;
        again.send(2, "2");
        assert_eq!(posts(&again.stored(key(2), true)), [], "the storage is being read");
        let stored = is_readable.then(|| again.store.read());
        again.give(Input::RowsLoaded(stored));
        let sent = posts(&again.stored(key(1), true));
        assert_eq!(sent.iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), ["1"]);
    }
}
