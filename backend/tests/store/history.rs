//! Pages of a room's messages, at all their limits.

use crate::test_store::{self, LIN, LOBBY, TestStore, WEI, fresh, join, post};
use hub::query::MessagePage;
use shared::{RoomId, command::PageAnchor, limits::SNAPSHOT_BYTES};

fn numbers(page: &MessagePage) -> Vec<u64> {
    page.messages.iter().map(|message| message.seq).collect()
}

/// Posts seven messages to the lobby, 100 milliseconds apart, with other events between them. Returns their
/// positions.
async fn seven(store: &mut TestStore) -> Vec<u64> {
    store.append_all_at(vec![join("Wei"), join("Lin")], 50).await;
    let room = store.room(WEI, "Kitchen").await;
    let mut at = Vec::new();
    for number in 1..=7_u64 {
        // The first message has the time of the event before it.
        let now = 1_000 + 100 * number;
        let group =
            vec![post(WEI, room, fresh(), "elsewhere"), post(LIN, LOBBY, fresh(), &number.to_string())];
        at.push(store.append_all_at(group, now).await[1].as_ref().unwrap().receipt.n);
    }
    at
}

#[tokio::test]
async fn a_page_starts_at_its_anchor() {
    for mut store in test_store::all() {
        let at = seven(&mut store).await;
        let (first, middle, last) = (at[0], at[3], at[6]);
        let cases: &[(PageAnchor, usize, &[u64], bool, bool)] = &[
            (PageAnchor::Newest, 3, &[5, 6, 7], true, false),
            (PageAnchor::Newest, 7, &[1, 2, 3, 4, 5, 6, 7], false, false),
            (PageAnchor::Newest, 8, &[1, 2, 3, 4, 5, 6, 7], false, false),
            (PageAnchor::Before(middle), 2, &[2, 3], true, true),
            (PageAnchor::Before(middle), 3, &[1, 2, 3], false, true),
            (PageAnchor::Before(first), 3, &[], false, true),
            (PageAnchor::Before(0), 3, &[], false, true),
            (PageAnchor::Before(last + 1), 2, &[6, 7], true, false),
            (PageAnchor::Before(u64::MAX), 2, &[6, 7], true, false),
            (PageAnchor::After(middle), 2, &[5, 6], true, true),
            (PageAnchor::After(middle), 3, &[5, 6, 7], true, false),
            (PageAnchor::After(middle - 1), 2, &[4, 5], true, true),
            (PageAnchor::After(last), 3, &[], true, false),
            (PageAnchor::After(0), 3, &[1, 2, 3], false, true),
            (PageAnchor::After(u64::MAX), 3, &[], true, false),
            (PageAnchor::Around(middle), 4, &[2, 3, 4, 5], true, true),
            (PageAnchor::Around(middle), 3, &[3, 4, 5], true, true),
            (PageAnchor::Around(middle - 1), 3, &[3, 4, 5], true, true),
            (PageAnchor::Around(first), 4, &[1, 2, 3, 4], false, true),
            (PageAnchor::Around(last), 4, &[4, 5, 6, 7], true, false),
            (PageAnchor::Around(u64::MAX), 4, &[4, 5, 6, 7], true, false),
            (PageAnchor::Date(1_400), 3, &[3, 4, 5], true, true),
            (PageAnchor::Date(1_399), 3, &[3, 4, 5], true, true),
            (PageAnchor::Date(1_401), 3, &[4, 5, 6], true, true),
            (PageAnchor::Date(0), 3, &[1, 2, 3], false, true),
            (PageAnchor::Date(1_701), 3, &[5, 6, 7], true, false),
            (PageAnchor::Date(u64::MAX), 3, &[5, 6, 7], true, false),
            (PageAnchor::Newest, 0, &[], true, false),
        ];
        for (at, limit, wanted, older, newer) in cases {
            let page = store.page(LOBBY, *at, *limit, u64::MAX).await;
            let found = (numbers(&page), page.older, page.newer);
            assert_eq!(found, (wanted.to_vec(), *older, *newer), "{}: {at:?} {limit}", store.name);
        }
    }
}

#[tokio::test]
async fn a_page_holds_nothing_after_through() {
    for mut store in test_store::all() {
        let at = seven(&mut store).await;
        for (through, wanted) in
            [(at[0] - 1, vec![]), (at[0], vec![1]), (at[3], vec![3, 4]), (at[4] - 1, vec![3, 4])]
        {
            let page = store.page(LOBBY, PageAnchor::Newest, 2, through).await;
            assert_eq!((numbers(&page), page.newer), (wanted.clone(), false), "{}: {through}", store.name);
            let page = store.page(LOBBY, PageAnchor::Around(u64::MAX), 2, through).await;
            assert_eq!(numbers(&page), wanted, "{}: {through}", store.name);
            let page = store.page(LOBBY, PageAnchor::Date(u64::MAX), 2, through).await;
            assert_eq!(numbers(&page), wanted, "{}: {through}", store.name);
        }
        let page = store.page(LOBBY, PageAnchor::After(at[1]), 9, at[4]).await;
        assert_eq!((numbers(&page), page.newer), (vec![3, 4, 5], false), "{}", store.name);
    }
}

#[tokio::test]
async fn a_room_without_messages_has_an_empty_page() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let room = store.room(WEI, "Kitchen").await;
        for room in [room, LOBBY, RoomId(77), RoomId(u64::MAX)] {
            for at in [
                PageAnchor::Newest,
                PageAnchor::Before(9),
                PageAnchor::After(0),
                PageAnchor::Around(3),
                PageAnchor::Date(5),
            ] {
                assert_eq!(
                    store.page(room, at, 5, u64::MAX).await,
                    MessagePage::default(),
                    "{}: {at:?}",
                    store.name
                );
            }
        }
    }
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes_of_text() {
    let half = SNAPSHOT_BYTES / 2;
    for (last, count) in [(half - 1, 2), (half, 2), (half + 1, 1)] {
        for mut store in test_store::all() {
            store.join(&["Wei"]).await;
            let texts = ["x".repeat(half), "y".repeat(last)];
            let at = store.post(WEI, LOBBY, &[&texts[0], &texts[1]]).await;
            let newest = store.page(LOBBY, PageAnchor::Newest, 9, u64::MAX).await;
            let wanted: Vec<u64> = if count == 2 { vec![1, 2] } else { vec![2] };
            assert_eq!((numbers(&newest), newest.older), (wanted, count == 1), "{}: {last}", store.name);
            let oldest = store.page(LOBBY, PageAnchor::After(0), 9, u64::MAX).await;
            let wanted: Vec<u64> = if count == 2 { vec![1, 2] } else { vec![1] };
            assert_eq!((numbers(&oldest), oldest.newer), (wanted, count == 1), "{}: {last}", store.name);
            // The message that was asked for stays.
            let around = store.page(LOBBY, PageAnchor::Around(at[1]), 9, u64::MAX).await;
            assert!(numbers(&around).contains(&2), "{}: {last}", store.name);
        }
    }
}
