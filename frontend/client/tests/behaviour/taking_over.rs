//! What one page left another takes over, and what is somebody else's it does not.

use crate::house::{House, LOBBY, client_id};
use crate::page::{Page, ann, bo, commands, posts};
use crate::store::Store;
use client::effect::Effect;
use client::input::{Input, Timer};
use client::persisted::{MAY_HAVE_ARRIVED, Owner, StoredRow, StoredRows};
use client::view::{IdentityView, RowState};
use shared::ErrorCode;

#[test]
fn a_row_is_another_pages_while_that_lives_and_ours_when_it_does_not() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "1");
    let mut other = Page::on(&page.store);
    other.now = page.now;
    let mut other = other.start();
    other.give(Input::IdentityFetched(Ok(Some(ann()))));
    assert_eq!(posts(&other.enter(&house, &ann())), []);
    for _ in 0..4 {
        page.ring(Timer::Lease);
        other.now = page.now.max(other.timers[&Timer::Lease]);
        assert_eq!(other.give(Input::TimerFired(Timer::Lease))[0], Effect::LoadRows);
        let stored = other.store.read();
        assert_eq!(posts(&other.give(Input::RowsLoaded(Some(stored)))), [], "it says that it lives");
    }
    assert_eq!(other.ring(Timer::Lease)[0], Effect::LoadRows);
    let stored = other.store.read();
    let out = other.give(Input::RowsLoaded(Some(stored)));
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
    page.give(Input::VisibilityChanged(false));
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
    assert_eq!(other.ring(Timer::Lease)[0], Effect::LoadRows);
    let stored = other.store.read();
    let out = other.give(Input::RowsLoaded(Some(stored)));
    assert_eq!(posts(&out)[0].client_id, client_id(1));
}

#[test]
fn a_page_that_is_shown_looks_for_what_another_left() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut other = Page::again_in(&house, &page.store);
    other.give(Input::VisibilityChanged(false));
    page.breaks(1006);
    page.send(1, "1");
    page.give(Input::Leaving);
    assert_eq!(posts(&other.give(Input::VisibilityChanged(true))).len(), 1);
}

#[test]
fn both_pages_may_send_and_the_store_keeps_one() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "1");
    let mut other = Page::on(&page.store);
    other.now = page.later();
    let mut other = other.start();
    other.give(Input::IdentityFetched(Ok(Some(ann()))));
    assert_eq!(posts(&other.enter(&house, &ann())).len(), 1);
    let posted = house.post(&ann(), 1, "1");
    for page in [&mut page, &mut other] {
        page.frame(posted.clone());
        assert_eq!(page.rows(), ["1"]);
    }
    assert_eq!(page.store.read().rows.len(), 0);
}

#[test]
fn what_somebody_else_wrote_waits_and_asks_and_is_not_shown() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "secret");
    page.types("half a secret");
    page.give(Input::Leaving);
    // The same id in another log is somebody else; so is another member of this one.
    for (epoch, you) in [(2, bo()), (1, bo()), (2, crate::house::member(1, "Di"))] {
        let store = Store::default();
        let kept = page.store.read();
        kept.rows.iter().for_each(|row| store.perform(&Effect::SaveRow(row.clone())));
        kept.drafts.iter().for_each(|draft| store.perform(&Effect::SaveDraft(draft.clone())));
        let mut other = Page::on(&store).start();
        other.give(Input::IdentityFetched(Ok(Some(you.clone()))));
        assert_eq!(posts(&other.enter(&House::new(epoch), &you)), []);
        let left = other.view().left_behind[0].clone();
        assert_eq!((&*left.name, left.rows, left.drafts), ("Ann", 1, 1));
        assert_eq!((other.rows().len(), other.draft().as_str()), (0, ""));
        other.types("mine");
        let out = other.give(Input::TakeOver(left.owner));
        assert_eq!(posts(&out)[0].text, "secret");
        assert_eq!(other.draft(), "mine\nhalf a secret");
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
    other.give(Input::IdentityFetched(Ok(Some(bo()))));
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
    again.give(Input::IdentityFetched(Ok(Some(bo()))));
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
    other.give(Input::IdentityFetched(Ok(Some(bo()))));
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
    other.give(Input::IdentityFetched(Ok(None)));
    // It would join again under the remembered name; that name is somebody's now.
    let refusal = client::view::NameRefusal { code: ErrorCode::NameTaken, suggestion: None };
    other.give(Input::Named(Err(refusal)));
    let view = other.view();
    assert!(matches!(view.identity, IdentityView::Nobody { .. }));
    assert_eq!((view.left_behind[0].rows, view.rows.len()), (1, 0));
    other.give(Input::DiscardLeftBehind(view.left_behind[0].owner));
    assert_eq!(other.store.read(), StoredRows::default());
}

#[test]
fn a_lease_of_a_clock_that_was_set_back_does_not_hold() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.breaks(1006);
    page.send(1, "1");
    let row: StoredRow = page.store.read().rows[0].clone();
    page.store.perform(&Effect::SaveRow(StoredRow { lease: u64::MAX, ..row }));
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!(again.rows(), ["1…"]);
    assert!(commands(&again.ring(Timer::Lease)).is_empty());
}
