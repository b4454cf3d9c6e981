//! Another tab adopts the rows that one tab left, unless they belong to another member.

use crate::house::{House, LOBBY, client_id};
use crate::page::{Page, ann, bo, commands, posts};
use crate::store::Store;
use client::effect::Effect;
use client::input::{Input, Timer};
use client::limits::{LEASE_MS, LEASE_WATCH_MS};
use client::persisted::{CommandBody, MAY_HAVE_ARRIVED, Owner, StoredRow, StoredRows};
use client::view::{IdentityView, RowState};
use shared::{ErrorCode, RoomId};

#[test]
fn a_row_is_adopted_when_its_tab_no_longer_lives() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "1");
    let mut other = Page::on(&page.store);
    other.now = page.now;
    let mut other = other.start();
    assert_eq!(posts(&other.sign_in(&house, &ann())), []);
    for _ in 0..4 {
        page.fire_timer(Timer::Lease);
        other.now = page.now.max(other.timers[&Timer::Lease]);
        assert_eq!(other.give(Input::TimerFired(Timer::Lease))[0], Effect::LoadRows);
        let stored = other.store.read();
        assert_eq!(posts(&other.give(Input::RowsLoaded(Some(stored)))), [], "the connection lives");
    }
    assert_eq!(posts(&other.look_until_sent())[0].client_id, client_id(1));
    assert_eq!(other.now, page.now + LEASE_MS);
    assert!(other.store.read().rows[0].lease > other.time().wall);
}

#[test]
fn a_closed_page_takes_no_rows_back() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "1");
    let until = page.timers[&Timer::Lease];
    page.give(Input::Leaving);
    page.give(Input::VisibilityChanged(false));
    assert_eq!(page.timers[&Timer::Lease], until, "no other timer is scheduled");
    page.fire_timer(Timer::Lease);
    assert_eq!(page.store.read().rows[0].lease, 0);
}

/// Ann writes in one tab without a connection; a second tab of hers is open.
fn two_pages(house: &House) -> (Page, Page) {
    let mut page = Page::welcome_in(house);
    let mut other = Page::again_in(house, &page.store);
    for page in [&mut page, &mut other] {
        page.break_connection(1006);
    }
    page.send(1, "1");
    (page, other)
}

#[test]
fn unsent_rows_of_a_closed_page_are_sent_by_an_open_one() {
    let house = House::new(1);
    let (mut page, mut other) = two_pages(&house);
    page.give(Input::Leaving);
    other.retry();
    assert_eq!(posts(&other.enter(&house, &ann()))[0].client_id, client_id(1));
}

#[test]
fn unsent_rows_of_a_crashed_page_are_sent_after_their_lease() {
    let house = House::new(1);
    let (_, mut other) = two_pages(&house);
    other.retry();
    assert_eq!(posts(&other.enter(&house, &ann())), [], "the connection may live");
    assert_eq!(posts(&other.look_until_sent())[0].client_id, client_id(1));
}

#[test]
fn rows_and_drafts_of_an_old_read_are_not_adopted() {
    let house = House::new(1);
    let page = Page::left_in(&house, "1", "half");
    // The page reads the free row and the draft long before it is welcome.
    let mut late = Page::on(&page.store).start();
    late.give(Input::IdentityFetched(Ok(Some(ann()))));
    let mut other = Page::again_in(&house, &page.store);
    assert_eq!((other.rows(), other.draft().as_str()), (vec!["1…".to_owned()], "half"));
    other.send(2, "half");
    assert_eq!(posts(&late.enter(&house, &ann())), [], "the other tab has taken the row");
    assert_eq!((late.rows(), late.draft()), (vec![], String::new()));
}

#[test]
fn rows_and_drafts_of_another_member_are_read_again_before_they_are_adopted() {
    for is_adopted in [true, false] {
        let house = House::new(1);
        let page = Page::left_in(&house, "secret", "half a secret");
        let [mut other, mut late] = [0, 1].map(|_| {
            let mut page = Page::on(&page.store).start();
            page.sign_in(&house, &bo());
            page
        });
        let left = late.view().notices.left_behind[0].clone();
        assert_eq!(posts(&other.give(Input::AdoptLeftBehind(left.owner))).len(), 1);
        let stored = other.store.read();
        let choose = if is_adopted { Input::AdoptLeftBehind } else { Input::DiscardLeftBehind };
        assert_eq!(posts(&late.give(choose(left.owner))), []);
        assert_eq!((late.draft().as_str(), late.store.read()), ("", stored));
        assert_eq!(late.view().notices.left_behind.len(), 0);
    }
}

#[test]
fn a_shown_page_loads_rows_that_another_left() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let mut other = Page::again_in(&house, &page.store);
    other.give(Input::VisibilityChanged(false));
    page.break_connection(1006);
    page.send(1, "1");
    page.give(Input::Leaving);
    assert_eq!(posts(&other.give(Input::VisibilityChanged(true))).len(), 1);
}

#[test]
fn a_row_sent_by_two_pages_is_stored_once() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "1");
    let mut other = Page::on(&page.store);
    other.now = page.lease_end();
    let mut other = other.start();
    assert_eq!(posts(&other.sign_in(&house, &ann())), [], "a living page would renew its lease");
    assert_eq!(posts(&other.look_until_sent()).len(), 1);
    let posted = house.post(&ann(), 1, "1");
    for page in [&mut page, &mut other] {
        page.frame(posted.clone());
        assert_eq!(page.rows(), ["1"]);
    }
    assert_eq!(page.store.read().rows.len(), 0);
}

#[test]
fn rows_of_another_member_are_hidden_until_they_are_adopted() {
    let house = House::new(1);
    let page = Page::left_in(&house, "secret", "half a secret");
    // The same id in another log is another person, and so is another member of this log.
    for (epoch, you) in [(2, bo()), (1, bo()), (2, crate::house::member(1, "Di"))] {
        let store = Store::default();
        let rows = page.store.read();
        rows.rows.iter().for_each(|row| store.perform(&Effect::SaveRow(row.clone())));
        rows.drafts.iter().for_each(|draft| store.perform(&Effect::SaveDraft(draft.clone())));
        let mut other = Page::on(&store).start();
        other.give(Input::IdentityFetched(Ok(Some(you.clone()))));
        assert_eq!(posts(&other.enter(&House::new(epoch), &you)), []);
        let left = other.view().notices.left_behind[0].clone();
        assert_eq!((&*left.name, left.rows, left.drafts), ("Ann", 1, 1));
        let texts: Vec<(&str, bool)> = left.texts.iter().map(|left| (&*left.text, left.is_draft)).collect();
        assert_eq!(
            texts,
            [("secret", false), ("half a secret", true)],
            "they are shown before they are sent"
        );
        assert_eq!((other.rows().len(), other.draft().as_str()), (0, ""));
        other.type_text("mine");
        let out = other.give(Input::AdoptLeftBehind(left.owner));
        assert_eq!(posts(&out)[0].text, "secret");
        assert_eq!(other.draft(), "mine\nhalf a secret");
        let owners: Vec<Owner> = store.read().rows.iter().map(|row| row.owner).collect();
        assert_eq!(owners, [Owner { epoch: Some(shared::Epoch(epoch)), member: you.id }]);
        assert_eq!(other.view().notices.left_behind.len(), 0);
    }
}

#[test]
fn commands_without_a_text_are_dropped_when_rows_are_adopted() {
    let house = House::with_room(1, 7, "tea");
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    let (name, description) = ("mine".to_owned(), String::new());
    page.give(Input::CreateRoom { client_id: client_id(1), name, description });
    page.give(Input::LeaveRoom { client_id: client_id(2), room: RoomId(7) });
    page.send(3, "secret");
    page.give(Input::Leaving);
    let mut other = Page::on(&page.store).start();
    other.sign_in(&house, &bo());
    let left = other.view().notices.left_behind[0].clone();
    assert_eq!((left.rows, left.others, left.texts.len()), (1, 2, 1));
    let out = other.give(Input::AdoptLeftBehind(left.owner));
    assert_eq!((commands(&out).len(), posts(&out).len()), (1, 1), "only the message is sent");
    let left: Vec<_> = other.store.read().rows.iter().map(|row| row.client_id).collect();
    assert_eq!((left, other.view().pending.len()), (vec![client_id(3)], 0));
}

#[test]
fn a_message_that_was_not_shown_is_not_adopted() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "shown");
    page.give(Input::Leaving);
    let mut other = Page::on(&page.store).start();
    other.sign_in(&house, &bo());
    let left = other.view().notices.left_behind[0].clone();
    // Another tab of Ann's leaves a message before Bo decides.
    let row = page.store.read().rows[0].clone();
    let body = CommandBody::post(LOBBY, "not shown".to_owned());
    let late = StoredRow { client_id: client_id(2), body, send_order: row.send_order + 1, ..row };
    page.store.perform(&Effect::SaveRow(late));
    let out = other.give(Input::AdoptLeftBehind(left.owner));
    assert_eq!(posts(&out).iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), ["shown"]);
    let left = other.view().notices.left_behind[0].clone();
    assert_eq!((left.rows, &*left.texts[0].text), (1, "not shown"), "it is shown now");
}

#[test]
fn deferred_rows_stay_until_the_next_load() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "secret");
    page.give(Input::Leaving);
    for _ in 0..2 {
        let mut other = Page::on(&page.store).start();
        other.sign_in(&house, &bo());
        let left = other.view().notices.left_behind[0].clone();
        assert_eq!(other.give(Input::DeferLeftBehind(left.owner)), []);
        assert_eq!(other.view().notices.left_behind.len(), 0);
        other.reconnect(&house, &bo());
        assert_eq!(other.view().notices.left_behind.len(), 0);
        assert_eq!(other.store.read().rows.len(), 1);
    }
}

#[test]
fn a_possibly_sent_post_fails_when_it_is_adopted() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "secret");
    house.post(&ann(), 1, "secret");
    // The answer never arrives, and the message is soon older than those of a welcome.
    page.break_connection(1006);
    page.send(2, "never sent");
    page.give(Input::Leaving);
    house.talk(LOBBY, 1..=200);
    let mut other = Page::on(&page.store).start();
    other.sign_in(&house, &bo());
    let left = other.view().notices.left_behind[0].clone();
    let out = other.give(Input::AdoptLeftBehind(left.owner));
    assert_eq!(posts(&out).iter().map(|post| post.text.as_str()).collect::<Vec<_>>(), ["never sent"]);
    let failed = other.view().pane().rows.last().cloned().unwrap();
    assert_eq!((&*failed.text, failed.state), ("secret", RowState::Failed(MAY_HAVE_ARRIVED)));
    house.post(&bo(), 2, "never sent");
    other.frame(house.reply(posts(&out)[0].reference));
    // The same holds after a reload.
    other.give(Input::Leaving);
    let mut again = Page::on(&other.store).start();
    assert_eq!(posts(&again.sign_in(&house, &bo())), []);
    assert_eq!(again.view().pane().rows.last().map(|row| row.state), Some(failed.state));
    assert_eq!(posts(&again.give(Input::Retry(failed.key)))[0].text, "secret");
}

#[test]
fn a_possibly_sent_post_is_removed_once_it_is_found() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.send(1, "secret");
    page.break_connection(1006);
    page.give(Input::Leaving);
    let mut other = Page::on(&page.store).start();
    other.sign_in(&house, &bo());
    let left = other.view().notices.left_behind[0].clone();
    assert_eq!(posts(&other.give(Input::AdoptLeftBehind(left.owner))), []);
    assert_eq!(other.view().pane().rows[0].state, RowState::Failed(MAY_HAVE_ARRIVED));
    // The post was committed meanwhile.
    let posted = house.post(&ann(), 1, "secret");
    other.frame(posted);
    let rows = other.view().pane().rows.clone();
    assert_eq!((rows.len(), rows[0].state, rows[0].key.author), (1, RowState::Settled, ann().id));
    assert!(other.store.read().rows.is_empty());
}

#[test]
fn a_signed_out_page_shows_only_the_number_of_waiting_rows() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "secret");
    page.give(Input::Leaving);
    let mut other = Page::on(&page.store).start();
    other.give(Input::IdentityFetched(Ok(None)));
    // The page would join again under the remembered name, which another member now has.
    let refusal =
        client::view::NameRefusal { code: ErrorCode::NameTaken, suggestion: None, retry_after_s: None };
    other.give(Input::Named(Err(refusal)));
    let view = other.view();
    assert!(matches!(*view.identity, IdentityView::Nobody { .. }));
    assert_eq!((view.notices.left_behind[0].rows, view.pane().rows.len()), (1, 0));
    assert!(view.notices.left_behind[0].texts.is_empty());
    other.give(Input::DiscardLeftBehind(view.notices.left_behind[0].owner));
    assert_eq!(other.store.read(), StoredRows::default());
}

/// Ann's page with a message that was refused permanently.
fn refused(house: &House) -> Page {
    let mut page = Page::welcome_in(house);
    let reference = posts(&page.send(1, "tea"))[0].reference;
    page.frame(House::error(reference, ErrorCode::TextTooLong));
    assert_eq!(page.rows(), ["tea!"]);
    page
}

#[test]
fn a_refused_row_is_neither_written_nor_read_again() {
    let house = House::new(1);
    let mut page = refused(&house);
    page.fire_timer_if_set(Timer::Lease);
    let mut other = Page::again_in(&house, &page.store);
    assert_eq!(other.rows(), ["tea!"], "every tab shows it");
    other.fire_timer_if_set(Timer::Lease);
    assert!(![page, other].iter().any(|page| page.timers.contains_key(&Timer::Lease)));
}

#[test]
fn a_refused_row_is_gone_in_every_tab_once_one_has_discarded_it() {
    let house = House::new(1);
    let mut page = refused(&house);
    let mut other = Page::again_in(&house, &page.store);
    let key = other.view().pane().rows[0].key;
    page.give(Input::VisibilityChanged(false));
    assert_eq!(page.rows(), ["tea!"], "it is still stored");
    other.give(Input::Discard(key));
    page.give(Input::VisibilityChanged(true));
    assert_eq!((page.rows(), page.store.read().rows.len()), (vec![], 0));
}

#[test]
fn a_refused_row_is_sent_by_the_tab_in_which_the_person_asked_for_it() {
    let house = House::new(1);
    let mut page = refused(&house);
    let mut other = Page::again_in(&house, &page.store);
    let key = other.view().pane().rows[0].key;
    assert_eq!(posts(&other.give(Input::Retry(key))).len(), 1);
    page.give(Input::VisibilityChanged(false));
    assert_eq!(page.rows(), [""; 0], "the other tab holds it");
    assert_eq!(page.store.read().rows.len(), 1);
}

#[test]
fn a_row_refused_during_a_read_of_the_storage_stays() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let reference = posts(&page.send(1, "tea"))[0].reference;
    page.slow = true;
    page.give(Input::VisibilityChanged(false));
    let stored = page.store.read();
    page.frame(House::error(reference, ErrorCode::TextTooLong));
    page.give(Input::RowsLoaded(Some(stored)));
    assert_eq!(page.rows(), ["tea!"]);
}

#[test]
fn a_lease_from_a_later_clock_does_not_hold() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "1");
    let row: StoredRow = page.store.read().rows[0].clone();
    page.store.perform(&Effect::SaveRow(StoredRow { lease: u64::MAX, ..row }));
    let mut again = Page::again_in(&house, &page.store);
    assert_eq!(again.rows(), [""; 0], "a living page would renew its lease");
    let begin = again.now;
    assert_eq!(posts(&again.look_until_sent()).len(), 1);
    assert_eq!(again.now - begin, LEASE_WATCH_MS);
}
