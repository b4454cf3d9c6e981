//! Drafts that the tabs of one browser share.

use crate::house::{House, client_id};
use crate::page::*;
use client::effect::Effect;
use client::input::Conversation;
use client::input::{Input, Timer};
use client::limits::{LEASE_MS, LOAD_RETRIES_MAX, LOAD_RETRY_MS};
use client::persisted::{StoredDraft, StoredRows};
use shared::Epoch;

fn type_draft(page: &mut Page, text: &str) {
    page.type_text(text);
    page.fire_timer(Timer::Draft);
}

/// Two tabs of Ann's in one browser; the second is hidden.
fn two_tabs(house: &House) -> (Page, Page) {
    let page = Page::welcome_in(house);
    let mut other = Page::again_in(house, &page.store);
    other.give(Input::VisibilityChanged(false));
    (page, other)
}

/// Hides one tab and shows another.
fn switch(from: &mut Page, to: &mut Page) {
    from.give(Input::VisibilityChanged(false));
    to.give(Input::VisibilityChanged(true));
}

#[test]
fn a_shown_tab_continues_the_draft_of_another() {
    let (mut page, mut other) = two_tabs(&House::new(1));
    type_draft(&mut page, "hel");
    switch(&mut page, &mut other);
    assert_eq!(other.draft(), "hel");
    type_draft(&mut other, "hello there");
    switch(&mut other, &mut page);
    assert_eq!(page.draft(), "hello there");
    // Sending here removes the draft from the other tab too.
    page.send(1, "hello there");
    switch(&mut page, &mut other);
    assert_eq!(other.draft(), "");
}

#[test]
fn a_draft_sent_in_another_tab_is_gone() {
    let (mut page, mut other) = two_tabs(&House::new(1));
    type_draft(&mut page, "hello");
    switch(&mut page, &mut other);
    other.send(1, "hello");
    switch(&mut other, &mut page);
    assert_eq!(page.draft(), "");
}

#[test]
fn text_typed_since_a_load_began_stays() {
    let (mut page, mut other) = two_tabs(&House::new(1));
    type_draft(&mut page, "another");
    page.give(Input::Leaving);
    let stored = page.store.read();
    other.slow = true;
    assert!(other.give(Input::VisibilityChanged(true)).contains(&Effect::LoadRows));
    type_draft(&mut other, "mine");
    other.give(Input::RowsLoaded(Some(stored)));
    assert_eq!(other.draft(), "mine");
}

#[test]
fn drafts_of_two_tabs_are_joined_when_one_is_shown() {
    let house = House::new(1);
    let (mut page, mut other) = two_tabs(&house);
    other.give(Input::VisibilityChanged(true));
    type_draft(&mut page, "long text");
    type_draft(&mut other, "ok");
    for _ in 0..2 {
        page.reconnect(&house, &ann());
        assert_eq!(page.draft(), "long text");
    }
    page.give(Input::VisibilityChanged(false));
    page.give(Input::VisibilityChanged(true));
    assert_eq!(page.draft(), "ok\nlong text");
    page.fire_timer_if_set(Timer::Draft);
    // The other tab takes the joined text as a continuation of its own.
    other.give(Input::VisibilityChanged(false));
    other.give(Input::VisibilityChanged(true));
    assert_eq!(other.draft(), "ok\nlong text");
}

#[test]
fn an_unsaved_draft_is_not_replaced_by_an_older_one() {
    for newer in ["hello", "oh, hel", "other"] {
        let mut page = Page::welcome_in(&House::new(1));
        type_draft(&mut page, "hel");
        let before = page.store.read().drafts.remove(0);
        page.give(Input::VisibilityChanged(false));
        page.give(Input::VisibilityChanged(true));
        type_draft(&mut page, newer);
        page.store.perform(&Effect::SaveDraft(before));
        page.give(Input::VisibilityChanged(false));
        page.give(Input::VisibilityChanged(true));
        assert_eq!(page.draft(), newer);
    }
}

#[test]
fn a_draft_is_loaded_once_when_the_first_load_failed() {
    let house = House::new(1);
    let mut page = Page::new();
    page.give(Input::Started { build: "build".to_owned(), name: None, join_id: client_id(9) });
    page.give(Input::RowsLoaded(None));
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.slow = true;
    page.enter(&house, &ann());
    page.give(Input::RowsLoaded(None));
    type_draft(&mut page, "hello");
    page.slow = false;
    page.reconnect(&house, &ann());
    assert_eq!(page.draft(), "hello");
}

#[test]
fn a_draft_is_loaded_when_the_storage_answers_after_some_failures() {
    let house = House::new(1);
    let mut earlier = Page::welcome_in(&house);
    type_draft(&mut earlier, "hello");
    earlier.give(Input::VisibilityChanged(false));
    for failures in [1, LOAD_RETRIES_MAX, LOAD_RETRIES_MAX + 1] {
        let mut page = Page::on(&earlier.store);
        page.slow = true;
        page.give(Input::Started { build: "build".to_owned(), name: None, join_id: client_id(9) });
        page.give(Input::IdentityFetched(Ok(Some(ann()))));
        // The welcome comes while the first read is under way, so it begins no other.
        page.enter(&house, &ann());
        let mut out = Vec::new();
        for failure in 0..failures {
            assert_eq!(page.draft(), "");
            let wait = LOAD_RETRY_MS << failure;
            out = page.give(Input::RowsLoaded(None));
            if failure < LOAD_RETRIES_MAX {
                assert_eq!(page.timers.get(&Timer::Lease), Some(&(page.now + wait)), "{failure}");
                out = page.fire_timer(Timer::Lease);
            }
        }
        assert_eq!(out.contains(&Effect::LoadRows), failures <= LOAD_RETRIES_MAX, "{failures}");
        if failures <= LOAD_RETRIES_MAX {
            page.give(Input::RowsLoaded(Some(page.store.read())));
            assert_eq!(page.draft(), "hello");
        }
    }
}

#[test]
fn a_draft_from_before_a_new_log_survives_a_load_under_way() {
    let mut page = Page::welcome_in(&House::new(1));
    type_draft(&mut page, "hello");
    page.give(Input::VisibilityChanged(false));
    page.slow = true;
    page.give(Input::VisibilityChanged(true));
    let stored = page.store.read();
    page.reconnect(&House::new(2), &ann());
    page.give(Input::RowsLoaded(Some(stored)));
    assert_eq!(page.draft(), "hello");
}

#[test]
fn a_draft_equal_to_a_row_is_dropped_and_a_longer_one_stays() {
    let house = House::new(1);
    for (written, left) in [("ok", ""), ("okay then", "okay then")] {
        let mut page = Page::welcome_in(&house);
        page.break_connection(1006);
        page.send(1, "ok");
        page.give(Input::Leaving);
        let owner = page.store.read().rows[0].owner;
        let draft = StoredDraft::new(owner, "Ann", Conversation::LOBBY, written);
        page.store.perform(&Effect::SaveDraft(draft));
        // Both an open tab and a new one drop it.
        let mut again = Page::again_in(&house, &page.store);
        assert_eq!(again.draft(), left);
        again.give(Input::VisibilityChanged(false));
        again.give(Input::VisibilityChanged(true));
        assert_eq!(again.draft(), left);
    }
}

#[test]
fn a_closed_tab_takes_no_loaded_rows() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "1");
    page.slow = true;
    page.give(Input::VisibilityChanged(false));
    page.give(Input::Leaving);
    let stored: StoredRows = page.store.read();
    page.now += LEASE_MS;
    assert_eq!(page.give(Input::RowsLoaded(Some(stored))), []);
    assert_eq!(page.store.read().rows[0].lease, 0);
    assert_eq!(page.store.read().rows[0].owner.epoch, Some(Epoch(1)));
}

#[test]
fn rows_and_drafts_are_hidden_from_a_member_who_joined_in_another_tab() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.break_connection(1006);
    page.send(1, "secret");
    type_draft(&mut page, "more of it");
    page.retry();
    assert!(page.break_connection(4401).contains(&Effect::FetchIdentity));
    page.give(Input::IdentityFetched(Ok(Some(bo()))));
    assert_eq!((page.rows(), page.draft().as_str()), (vec![], ""));
    page.retry();
    page.enter(&house, &bo());
    assert_eq!((page.rows(), page.draft().as_str()), (vec![], ""));
    assert_eq!(
        page.view().notices.left_behind.iter().map(|left| (left.rows, left.drafts)).collect::<Vec<_>>(),
        [(1, 1)]
    );
}

#[test]
fn a_draft_follows_a_renamed_member_who_was_forgotten() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    let ada = crate::house::member(1, "Ada");
    let renamed = house.rename(ada.clone());
    page.frame(renamed);
    type_draft(&mut page, "half");
    page.break_connection(4401);
    page.give(Input::IdentityFetched(Ok(None)));
    let again = crate::house::member(9, "Ada");
    page.give(Input::Named(Ok(again.clone())));
    assert_eq!(page.draft(), "half");
    page.enter(&House::new(2), &again);
    assert_eq!((page.draft().as_str(), page.view().notices.left_behind.len()), ("half", 0));
}

#[test]
fn a_sent_text_typed_again_is_a_draft() {
    let mut page = Page::welcome_in(&House::new(1));
    let look_away = |page: &mut Page| {
        page.give(Input::VisibilityChanged(false));
        page.give(Input::VisibilityChanged(true));
    };
    type_draft(&mut page, "ok");
    look_away(&mut page);
    page.break_connection(1006);
    page.send(1, "ok");
    assert_eq!(page.draft(), "");
    type_draft(&mut page, "ok");
    look_away(&mut page);
    assert_eq!((page.draft().as_str(), page.rows()), ("ok", vec!["ok~".to_owned()]));
}

#[test]
fn a_draft_from_before_the_first_welcome_is_saved_and_moved() {
    let house = House::new(1);
    let mut page = Page::welcome_in(&house);
    type_draft(&mut page, "before");
    page.give(Input::Leaving);
    // A reload without a connection.
    let mut again = Page::on(&page.store).start();
    again.give(Input::IdentityFetched(Ok(Some(ann()))));
    type_draft(&mut again, "meanwhile");
    again.give(Input::Leaving);
    assert_eq!(again.store.read().drafts.len(), 2);
    for _ in 0..2 {
        let mut third = Page::again_in(&house, &page.store);
        let mut lines: Vec<String> = third.draft().lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["before", "meanwhile"]);
        assert_eq!(third.store.read().drafts.len(), 1, "one draft is stored under the new owner");
    }
    let mut third = Page::again_in(&house, &page.store);
    let text = third.draft();
    third.send(1, &text);
    third.give(Input::Leaving);
    let mut last = Page::again_in(&house, &page.store);
    assert_eq!(last.draft(), "");
}
