//! The identity, over restarts and refusals.

use crate::house::{House, client_id, member};
use crate::page::{Page, ann, bo, close_code, has_opened, posts, scheduled};
use client::effect::Effect;
use client::input::{Input, Timer, Unreachable};
use client::persisted::StoredRows;
use client::view::{IdentityView, NameRefusal, ReadyState, RowKey};
use shared::{ErrorCode, MemberId};

fn name_of(page: &mut Page) -> Option<String> {
    match &*page.view().identity {
        IdentityView::Somebody { me, .. } => Some(me.name.clone()),
        _ => None,
    }
}

/// The server restarts and has forgotten Ann.
fn forget_ann(page: &mut Page) -> Vec<Effect> {
    page.break_connection(1012);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    let out = page.frame(House::error(page.hello, ErrorCode::SignInRequired));
    assert!(out.contains(&Effect::FetchIdentity), "{out:?}");
    page.give(Input::ConnectionClosed { connection: page.socket, code: 4401, reason: String::new() });
    page.give(Input::IdentityFetched(Ok(None)))
}

#[test]
fn a_member_who_signed_out_in_another_tab_is_asked_for_a_name() {
    let mut page = Page::welcome_in(&House::new(1));
    assert!(page.break_connection(4401).contains(&Effect::FetchIdentity));
    assert_eq!(page.give(Input::IdentityFetched(Ok(None))), []);
    assert_eq!(
        *page.view().identity,
        IdentityView::Nobody { name: "Ann".into(), busy: false, refusal: None, retry_at: None }
    );
}

#[test]
fn a_page_that_was_cut_off_joins_nobody_after_signing_out_in_another_tab() {
    let house = House::new(1);
    // The tab was cut off, or frozen: it learns of the end at its next contact.
    for was_asked in [false, true] {
        let mut page = Page::welcome_in(&house);
        page.type_text("half a sentence");
        page.break_connection(1006);
        page.send(1, "unsent");
        page.retry();
        page.give(Input::ConnectionOpened(page.socket));
        if was_asked {
            page.frame(House::error(page.hello, ErrorCode::SignInRequired));
        }
        page.break_connection(4401);
        page.give(Input::NameRemembered(None));
        let out = page.give(Input::IdentityFetched(Ok(None)));
        assert!(!out.iter().any(|effect| matches!(effect, Effect::Join { .. })), "{out:?}");
        assert!(matches!(*page.view().identity, IdentityView::Nobody { busy: false, refusal: None, .. }));
        let out = page.give(Input::NetworkReported { online: true });
        assert!(!has_opened(&out) && posts(&out).is_empty(), "{out:?}");
    }
}

#[test]
fn an_unexplained_close_may_mean_a_forgotten_member() {
    let mut page = Page::welcome_in(&House::new(1));
    page.break_connection(1006);
    page.retry();
    page.give(Input::ConnectionOpened(page.socket));
    assert!(page.break_connection(4401).contains(&Effect::FetchIdentity));
    assert_eq!(
        page.give(Input::IdentityFetched(Ok(None))),
        [Effect::Join { name: "Ann".to_owned(), client_id: Some(client_id(10)) }]
    );
}

#[test]
fn an_unreachable_server_is_asked_again_at_once_on_request() {
    let mut page = Page::opened();
    let out = page.give(Input::IdentityFetched(Err(Unreachable)));
    assert_eq!(page.view().connection.retry_at, scheduled(&out, Timer::Retry));
    for wish in [
        Input::ReconnectNow,
        Input::NetworkReported { online: true },
        Input::VisibilityChanged(true),
        Input::TimerFired(Timer::Retry),
    ] {
        assert!(page.give(wish).contains(&Effect::FetchIdentity));
        page.give(Input::IdentityFetched(Err(Unreachable)));
    }
    assert!(
        has_opened(&page.give(Input::IdentityFetched(Ok(Some(ann())))))
            || page.view().connection.retry_at.is_some()
    );
}

#[test]
fn a_forgotten_member_rejoins_with_the_rows_after_a_restart() {
    let mut page = Page::welcome_in(&House::new(1));
    page.send(1, "said into the restart");
    let out = forget_ann(&mut page);
    assert_eq!(out, [Effect::Join { name: "Ann".to_owned(), client_id: Some(client_id(10)) }]);
    assert_eq!(name_of(&mut page).as_deref(), Some("Ann"));
    let again = member(9, "Ann");
    assert!(has_opened(&page.give(Input::Named(Ok(again.clone())))));
    let out = page.enter(&House::new(2), &again);
    assert_eq!(posts(&out)[0].client_id, client_id(1));
    assert_eq!(page.view().pane().rows[0].key, RowKey { author: again.id, client_id: client_id(1) });
    assert!(page.view().notices.new_epoch);
    page.give(Input::DismissEpoch);
    assert!(!page.view().notices.new_epoch);
}

#[test]
fn a_taken_name_asks_the_person_and_sets_the_rows_aside() {
    let mut page = Page::welcome_in(&House::new(1));
    page.send(1, "mine");
    forget_ann(&mut page);
    let refusal =
        NameRefusal { code: ErrorCode::NameTaken, suggestion: Some("Ann2".to_owned()), retry_after_s: None };
    page.give(Input::Named(Err(refusal.clone())));
    let nobody =
        IdentityView::Nobody { name: "Ann".into(), busy: false, refusal: Some(refusal), retry_at: None };
    assert_eq!(*page.view().identity, nobody);
    assert!(!page.view().composer.can_send);
    page.give(Input::Join { name: "Bo".to_owned() });
    assert!(has_opened(&page.give(Input::Named(Ok(bo())))));
    assert_eq!(page.rows(), [""; 0], "at no time");
    assert_eq!(posts(&page.enter(&House::new(2), &bo())), []);
    assert_eq!(page.rows(), [""; 0], "no one reads another member's text");
    let left = page.view().notices.left_behind.to_vec();
    assert_eq!((left.len(), &*left[0].name, left[0].rows), (1, "Ann", 1));
    let out = page.give(Input::AdoptLeftBehind(left[0].owner));
    assert_eq!(posts(&out)[0].text, "mine");
    assert_eq!((page.rows(), page.view().notices.left_behind.len()), (vec!["mine…".to_owned()], 0));
    assert_eq!(page.view().pane().rows[0].key, RowKey { author: bo().id, client_id: client_id(1) });
}

#[test]
fn signing_out_hides_everything_from_the_next_person() {
    let mut house = House::new(1);
    house.post(&bo(), 7, "hello");
    let mut page = Page::welcome_in(&house);
    page.send(1, "unsettled");
    page.give(Input::SignOut);
    let out = page.give(Input::SignedOut(Ok(())));
    assert!(close_code(&out).is_some() && out.contains(&Effect::RememberName(None)));
    let view = page.view();
    assert_eq!((view.pane().rows.len(), view.people.list.len(), view.composer.waiting), (0, 0, 0));
    assert_eq!(
        view.notices.left_behind.iter().map(|left| (&*left.name, left.rows)).collect::<Vec<_>>(),
        [("Ann", 1)]
    );
    assert_eq!(
        *view.identity,
        IdentityView::Nobody { name: "".into(), busy: false, refusal: None, retry_at: None }
    );
    assert_eq!(view.connection.ready_state, ReadyState::Closing);
    page.give(Input::ConnectionClosed { connection: page.socket, code: 1000, reason: String::new() });
    assert_eq!(page.view().connection.ready_state, ReadyState::Closed);
    assert_eq!(page.give(Input::ReconnectNow), []);
    page.give(Input::Join { name: "Bo".to_owned() });
    assert!(has_opened(&page.give(Input::Named(Ok(bo())))));
    page.enter(&House::new(2), &bo());
    assert!(!page.view().notices.new_epoch, "Bo has seen no other");
    let left = page.view().notices.left_behind[0].owner;
    let out = page.give(Input::DiscardLeftBehind(left));
    let key = RowKey { author: MemberId(1), client_id: client_id(1) };
    assert_eq!(
        (out, page.view().notices.left_behind.len()),
        (vec![Effect::LoadRows, Effect::DeleteRow(key)], 0)
    );
    assert_eq!(page.store.read(), StoredRows::default());
}

#[test]
fn a_post_waits_until_the_identity_is_known() {
    let mut page = Page::welcome_in(&House::new(1));
    let sent = posts(&page.send(1, "x"))[0].reference;
    let out = page.frame(House::error(sent, ErrorCode::SignInRequired));
    assert!(close_code(&out).is_some() && out.contains(&Effect::FetchIdentity));
    assert_eq!(scheduled(&out, Timer::Retry), None, "one thing at a time");
    assert_eq!(page.rows(), ["x~"]);
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    page.retry();
    assert_eq!(posts(&page.enter(&House::new(1), &ann())).len(), 1);
}

#[test]
fn a_rename_of_an_unknown_member_fetches_the_identity() {
    let mut page = Page::welcome_in(&House::new(1));
    page.give(Input::Rename { name: "Anna".to_owned() });
    let refusal = NameRefusal { code: ErrorCode::SignInRequired, suggestion: None, retry_after_s: None };
    let out = page.give(Input::Named(Err(refusal)));
    assert!(out.contains(&Effect::FetchIdentity) && close_code(&out).is_some());
    page.give(Input::IdentityFetched(Err(Unreachable)));
    assert!(page.give(Input::TimerFired(Timer::Retry)).contains(&Effect::FetchIdentity));
    page.give(Input::IdentityFetched(Ok(Some(ann()))));
    assert!(has_opened(&page.retry()));
}

#[test]
fn the_member_in_the_welcome_replaces_the_identity() {
    let mut page = Page::welcome_in(&House::new(1));
    page.reconnect(&House::new(1), &bo());
    assert_eq!(name_of(&mut page).as_deref(), Some("Bo"));
}

#[test]
fn a_new_name_reaches_settled_and_waiting_rows() {
    let mut house = House::new(1);
    house.post(&ann(), 7, "old");
    let mut page = Page::welcome_in(&house);
    page.send(1, "new");
    page.give(Input::Rename { name: "Anna".to_owned() });
    page.give(Input::Named(Ok(member(1, "Anna"))));
    let names: Vec<String> = page.view().pane().rows.iter().map(|row| row.name.to_string()).collect();
    assert_eq!(names, ["Anna", "Anna"]);
    assert_eq!(&*page.view().people.list[0].name, "Anna");
}

#[test]
fn a_later_name_from_another_tab_wins_over_a_late_answer() {
    let mut house = House::new(1);
    let mut page = Page::welcome_in(&house);
    page.give(Input::Rename { name: "Anna".to_owned() });
    for name in ["Anna", "Annie"] {
        let renamed = house.rename(member(1, name));
        page.frame(renamed);
    }
    page.give(Input::Named(Ok(member(1, "Anna"))));
    assert_eq!(name_of(&mut page).as_deref(), Some("Annie"));
    assert_eq!(&*page.view().people.list[0].name, "Annie");
}
