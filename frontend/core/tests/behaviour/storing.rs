//! What is written survives a reload, a crash and another page.

use crate::house::{House, LOBBY, client_id};
use crate::page::{Page, ann, bo, commands, posts, set};
use crate::store::Store;
use client::effect::Effect;
use client::input::{Input, Timer};
use client::limits::{DRAFT_MS, LEASE_MS};
use client::stored::{MAY_HAVE_ARRIVED, Owner, Stored, StoredDraft, StoredRow};
use client::view::{Identity, RowKey, RowState};
use shared::{ErrorCode, RoomId};

const TEA: RoomId = RoomId(7);

fn key(number: u64) -> RowKey {
    RowKey { author: ann().id, client_id: client_id(number) }
}

fn types(page: &mut Page, text: &str) -> Vec<Effect> {
    page.give(Input::Draft { room: LOBBY, text: text.to_owned() })
}

fn draft(page: &mut Page) -> String {
    page.view().draft.text.to_string()
}

/// Rows of the page that was closed are free after a while.
fn later(page: &Page) -> u64 {
    page.now + LEASE_MS
}

#[test]
fn a_message_leaves_when_it_is_stored_and_its_text_leaves_the_composer_then() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    types(&mut page, "hello");
    let out = page.send(1, "hello");
    assert!(matches!(&out[0], Effect::Keep(row) if row.key() == key(1)));
    assert_eq!(
        (posts(&out).len(), page.rows(), draft(&mut page).as_str()),
        (0, vec!["hello…".to_owned()], "hello")
    );
    let before = page.view().draft.turn;
    let out = page.stored(key(1), true);
    assert_eq!((posts(&out).len(), draft(&mut page).as_str()), (1, ""));
    assert_ne!(page.view().draft.turn, before, "the composer takes it");
    assert!(!page.view().memory_only);
}

#[test]
fn where_nothing_can_be_stored_it_leaves_all_the_same() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    page.send(1, "hello");
    assert_eq!(posts(&page.stored(key(1), false)).len(), 1);
    assert!(page.view().memory_only);
}

#[test]
fn what_is_typed_while_a_message_is_stored_stays_and_enter_twice_sends_once() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    types(&mut page, "one");
    page.send(1, "one");
    page.send(2, "one");
    assert_eq!(page.rows(), ["one…"], "the same key twice");
    types(&mut page, "one two");
    page.send(3, "one two");
    types(&mut page, "one two thr");
    page.stored(key(3), true);
    assert_eq!(draft(&mut page), "one two thr", "in their order");
    page.stored(key(1), true);
    assert_eq!(draft(&mut page), " thr");
    assert_eq!(page.rows(), ["one…", " two…"]);
}

#[test]
fn a_row_keeps_its_order_though_the_next_is_stored_first() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    page.send(1, "1");
    page.send(2, "2");
    assert_eq!(posts(&page.stored(key(2), true)), []);
    assert_eq!(posts(&page.stored(key(1), true))[0].text, "1");
}

#[test]
fn three_messages_and_half_a_draft_survive_the_closing_of_the_page() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    for number in 1..=3 {
        page.send(number, &number.to_string());
    }
    let out = types(&mut page, "half");
    assert_eq!(set(&out, Timer::Draft), Some(page.now + DRAFT_MS));
    page.ring(Timer::Draft);
    let mut again = Page::on(&page.store);
    again.now = later(&page);
    let mut again = again.start();
    assert_eq!(again.view().left_behind.len(), 0, "it is not known yet who is here");
    again.give(Input::Me(Ok(Some(ann()))));
    let mut sent = posts(&again.enter(&house, &ann()));
    assert_eq!(draft(&mut again), "half");
    for number in 1..=3 {
        assert_eq!((sent.len(), sent[0].client_id), (1, client_id(number)));
        house.post(&ann(), number, &number.to_string());
        sent = posts(&again.frame(house.reply(sent[0].reference)));
    }
    assert_eq!(again.texts(), [1, 2, 3]);
    assert_eq!((again.store.read().rows.len(), again.store.drafts()), (0, vec!["half".to_owned()]));
}

#[test]
fn a_page_that_is_left_gives_its_rows_away_at_once() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "1");
    types(&mut page, "half");
    page.give(Input::Leaving);
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!((again.rows(), draft(&mut again).as_str()), (vec!["1…".to_owned()], "half"));
}

#[test]
fn a_row_that_is_being_stored_when_the_page_is_left_is_free_too() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.slow = true;
    page.send(1, "1");
    page.give(Input::Leaving);
    let mut again = Page::on(&page.store).start();
    again.give(Input::Me(Ok(Some(ann()))));
    assert_eq!(posts(&again.enter(&house, &ann())).len(), 1, "at once");
    // The browser may have kept the page, and shows it again.
    assert_eq!(posts(&page.stored(key(1), true)).len(), 1);
    let out = page.give(Input::Timer(Timer::Lease));
    assert_eq!(out, [], "until then it takes nothing back");
    assert_eq!(page.store.read().rows[0].lease, again.now + LEASE_MS);
    page.give(Input::Visible(true));
    assert!(page.timers[&Timer::Lease] <= page.now);
    page.ring(Timer::Lease);
    assert_eq!(page.store.read().rows[0].lease, page.now + LEASE_MS);
    let posted = house.post(&ann(), 1, "1");
    page.frame(posted);
    assert_eq!(page.store.read().rows.len(), 0);
}

#[test]
fn a_hidden_page_stores_its_draft_at_once() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    types(&mut page, "half");
    page.give(Input::Visible(false));
    assert_eq!(page.store.drafts(), ["half"]);
    assert!(!page.timers.contains_key(&Timer::Draft));
}

#[test]
fn a_row_is_another_pages_while_that_lives_and_ours_when_it_does_not() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "1");
    let mut other = Page::on(&page.store);
    other.now = page.now;
    let mut other = other.start();
    other.give(Input::Me(Ok(Some(ann()))));
    assert_eq!(posts(&other.enter(&house, &ann())), []);
    for _ in 0..4 {
        page.ring(Timer::Lease);
        other.now = page.now.max(other.timers[&Timer::Lease]);
        assert_eq!(other.give(Input::Timer(Timer::Lease))[0], Effect::Load);
        let stored = other.store.read();
        assert_eq!(posts(&other.give(Input::Loaded(Some(stored)))), [], "it says that it lives");
    }
    assert_eq!(other.ring(Timer::Lease)[0], Effect::Load);
    let stored = other.store.read();
    let out = other.give(Input::Loaded(Some(stored)));
    assert_eq!(posts(&out)[0].client_id, client_id(1));
    assert!(other.store.read().rows[0].lease > other.now);
}

#[test]
fn a_page_that_was_left_takes_nothing_back() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "1");
    let until = page.timers[&Timer::Lease];
    page.give(Input::Leaving);
    page.give(Input::Visible(false));
    assert_eq!(page.timers[&Timer::Lease], until, "no other is set");
    page.ring(Timer::Lease);
    assert_eq!(page.store.read().rows[0].lease, 0);
}

/// Ann's page writes while the line is down, another of hers is open too.
fn two_pages(house: &House) -> (Page, Page) {
    let mut page = Page::welcome_in(house);
    let mut other = Page::again_in(house, &page.store);
    for page in [&mut page, &mut other] {
        page.breaks(1006);
    }
    page.send(1, "1");
    (page, other)
}

#[test]
fn what_a_closed_page_could_not_send_is_sent_by_one_that_is_open() {
    let house = House::new(1);
    let (mut page, mut other) = two_pages(&house);
    page.give(Input::Leaving);
    other.retry();
    assert_eq!(posts(&other.enter(&house, &ann()))[0].client_id, client_id(1));
}

#[test]
fn what_a_crashed_page_could_not_send_is_sent_by_one_that_is_open_once_its_lease_is_over() {
    let house = House::new(1);
    let (_, mut other) = two_pages(&house);
    other.retry();
    assert_eq!(posts(&other.enter(&house, &ann())), [], "it may live");
    assert_eq!(other.ring(Timer::Lease)[0], Effect::Load);
    let stored = other.store.read();
    let out = other.give(Input::Loaded(Some(stored)));
    assert_eq!(posts(&out)[0].client_id, client_id(1));
}

#[test]
fn a_page_that_is_shown_looks_for_what_another_left() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut other = Page::again_in(&house, &page.store);
    other.give(Input::Visible(false));
    page.breaks(1006);
    page.send(1, "1");
    page.give(Input::Leaving);
    assert_eq!(posts(&other.give(Input::Visible(true))).len(), 1);
}

#[test]
fn both_pages_may_send_and_the_store_keeps_one() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "1");
    let mut other = Page::on(&page.store);
    other.now = later(&page);
    let mut other = other.start();
    other.give(Input::Me(Ok(Some(ann()))));
    assert_eq!(posts(&other.enter(&house, &ann())).len(), 1);
    let posted = house.post(&ann(), 1, "1");
    for page in [&mut page, &mut other] {
        page.frame(posted.clone());
        assert_eq!(page.rows(), ["1"]);
    }
    assert_eq!(page.store.read().rows.len(), 0);
}

#[test]
fn what_failed_is_still_failed_after_a_reload() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let sent = posts(&page.send(1, "1"));
    page.frame(House::error(sent[0].reference, ErrorCode::RoomUnknown));
    page.give(Input::Leaving);
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!(again.rows(), ["1!"]);
    again.give(Input::Discard(key(1)));
    assert_eq!(again.store.read(), Stored::default());
}

#[test]
fn what_somebody_else_wrote_waits_and_asks_and_is_not_shown() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "secret");
    types(&mut page, "half a secret");
    page.give(Input::Leaving);
    // The same id in another log is somebody else; so is another member of this one.
    for (epoch, you) in [(2, bo()), (1, bo()), (2, crate::house::member(1, "Di"))] {
        let store = Store::default();
        let kept = page.store.read();
        kept.rows.iter().for_each(|row| store.perform(&Effect::Keep(row.clone())));
        kept.drafts.iter().for_each(|draft| store.perform(&Effect::KeepDraft(draft.clone())));
        let mut other = Page::on(&store).start();
        other.give(Input::Me(Ok(Some(you.clone()))));
        assert_eq!(posts(&other.enter(&House::new(epoch), &you)), []);
        let left = other.view().left_behind[0].clone();
        assert_eq!((&*left.name, left.rows, left.drafts), ("Ann", 1, 1));
        assert_eq!((other.rows().len(), draft(&mut other).as_str()), (0, ""));
        types(&mut other, "mine");
        let out = other.give(Input::TakeOver(left.owner));
        assert_eq!(posts(&out)[0].text, "secret");
        assert_eq!(draft(&mut other), "mine\nhalf a secret");
        let owners: Vec<Owner> = store.read().rows.iter().map(|row| row.owner).collect();
        assert_eq!(owners, [Owner { epoch: Some(shared::Epoch(epoch)), member: you.id }]);
        assert_eq!(other.view().left_behind.len(), 0);
    }
}

#[test]
fn what_somebody_else_may_have_said_is_not_said_again_by_who_takes_it_over() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "secret");
    house.post(&ann(), 1, "secret");
    // The answer never comes, and it is soon outside of what a welcome shows.
    page.breaks(1006);
    page.send(2, "never sent");
    page.give(Input::Leaving);
    house.talk(LOBBY, 1..=200);
    let mut other = Page::on(&page.store).start();
    other.give(Input::Me(Ok(Some(bo()))));
    other.enter(&house, &bo());
    let left = other.view().left_behind[0].clone();
    let out = other.give(Input::TakeOver(left.owner));
    assert_eq!(posts(&out).iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), ["never sent"]);
    let failed = other.view().rows.last().cloned().unwrap();
    assert_eq!((&*failed.text, failed.state), ("secret", RowState::Failed(MAY_HAVE_ARRIVED)));
    house.post(&bo(), 2, "never sent");
    other.frame(house.reply(posts(&out)[0].reference));
    // It is so in the next life of the page too.
    other.give(Input::Leaving);
    let mut again = Page::on(&other.store).start();
    again.give(Input::Me(Ok(Some(bo()))));
    assert_eq!(posts(&again.enter(&house, &bo())), []);
    assert_eq!(again.view().rows.last().map(|row| row.state), Some(failed.state));
    assert_eq!(posts(&again.give(Input::Retry(failed.key)))[0].text, "secret");
}

#[test]
fn what_may_have_arrived_is_gone_once_it_is_seen_to_have() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "secret");
    page.breaks(1006);
    page.give(Input::Leaving);
    let mut other = Page::on(&page.store).start();
    other.give(Input::Me(Ok(Some(bo()))));
    other.enter(&house, &bo());
    let left = other.view().left_behind[0].clone();
    assert_eq!(posts(&other.give(Input::TakeOver(left.owner))), []);
    assert_eq!(other.view().rows[0].state, RowState::Failed(MAY_HAVE_ARRIVED));
    // It was under way all the time.
    let posted = house.post(&ann(), 1, "secret");
    other.frame(posted);
    let rows = other.view().rows.clone();
    assert_eq!((rows.len(), rows[0].state, rows[0].key.author), (1, RowState::Settled, ann().id));
    assert!(other.store.read().rows.is_empty());
}

#[test]
fn nobody_sees_how_much_waits_but_not_what() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "secret");
    page.give(Input::Leaving);
    let mut other = Page::on(&page.store).start();
    other.give(Input::Me(Ok(None)));
    // It would join again under the remembered name; that name is somebody's now.
    let refusal = client::view::NameRefusal { code: ErrorCode::NameTaken, suggestion: None };
    other.give(Input::Named(Err(refusal)));
    let view = other.view();
    assert!(matches!(view.identity, Identity::Nobody { .. }));
    assert_eq!((view.left_behind[0].rows, view.rows.len()), (1, 0));
    other.give(Input::DropLeft(view.left_behind[0].owner));
    assert_eq!(other.store.read(), Stored::default());
}

#[test]
fn each_room_has_its_own_draft() {
    let house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    types(&mut page, "in the lobby");
    page.give(Input::Open(TEA));
    assert_eq!(draft(&mut page), "");
    page.give(Input::Draft { room: TEA, text: "in the tea room".to_owned() });
    page.give(Input::Open(LOBBY));
    assert_eq!(draft(&mut page), "in the lobby");
    assert_eq!(page.view().rooms.iter().map(|room| room.draft).collect::<Vec<_>>(), [true, true]);
}

#[test]
fn what_was_typed_before_the_store_was_read_stands_behind_what_was_there() {
    let house = House::new(1);
    let owner = Owner { epoch: Some(house.epoch), member: ann().id };
    let stored = StoredDraft { owner, name: "Ann".to_owned(), room: LOBBY, text: "old".to_owned() };
    let mut page = Page::new();
    page.give(Input::Started { build: "build".to_owned(), name: None });
    page.give(Input::Me(Ok(Some(ann()))));
    page.enter(&house, &ann());
    types(&mut page, "new");
    let stored = Stored { rows: Vec::new(), drafts: vec![stored] };
    page.give(Input::Loaded(Some(stored.clone())));
    assert_eq!(draft(&mut page), "old\nnew");
    page.give(Input::Loaded(Some(stored)));
    assert_eq!(draft(&mut page), "old\nnew", "later, ours is newer");
}

#[test]
fn a_lease_of_a_clock_that_was_set_back_does_not_hold() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "1");
    let row: StoredRow = page.store.read().rows[0].clone();
    page.store.perform(&Effect::Keep(StoredRow { lease: u64::MAX, ..row }));
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!(again.rows(), ["1…"]);
    assert!(commands(&again.ring(Timer::Lease)).is_empty());
}

#[test]
fn a_row_that_was_settled_elsewhere_meanwhile_is_not_sent_again() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "1");
    page.give(Input::Leaving);
    house.post(&ann(), 1, "1");
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!((again.rows(), again.store.read().rows.len()), (vec!["1".to_owned()], 0));
}
