//! A change that comes twice is carried out once.

use crate::subject::{self, LIN, LOBBY, Subject, WEI, change, create, enter, go, id, portrait, post};
use hub::house::change::Change;

/// One of each change that has a key, in an order in which all are carried out.
async fn changes(store: &mut Subject) -> Vec<Change> {
    store.join(&["Wei", "Lin"]).await;
    let room = store.room(WEI, "Kitchen").await;
    vec![
        post(WEI, LOBBY, id(1), "once"),
        post(LIN, LOBBY, id(1), "an id is the author's own"),
        create(WEI, id(2), "Hall"),
        change(WEI, id(3), room, "Cellar"),
        enter(LIN, id(2), room),
        post(LIN, room, id(3), "here"),
        go(LIN, id(4), room),
    ]
}

#[tokio::test]
async fn a_retry_gets_the_first_receipt_and_makes_nothing() {
    for mut store in subject::all() {
        let mut receipts = Vec::new();
        for change in changes(&mut store).await {
            let first = store.done(change.clone()).await;
            assert_ne!(first.events, [], "{}: {change:?}", store.name);
            let again = store.done(change.clone()).await;
            assert_eq!(
                (again.receipt, again.events),
                (first.receipt, Vec::new()),
                "{}: {change:?}",
                store.name
            );
            receipts.push((change, first.receipt));
        }
        let before = portrait(&store.house());
        for (change, receipt) in receipts {
            let again = store.done(change.clone()).await;
            assert_eq!((again.receipt, again.events), (receipt, Vec::new()), "{}: {change:?}", store.name);
        }
        assert_eq!(portrait(&store.house()), before, "{}", store.name);
    }
}

#[tokio::test]
async fn a_retry_is_known_in_its_own_batch() {
    for mut store in subject::all() {
        let changes = changes(&mut store).await;
        let twice = changes.iter().flat_map(|change| [change.clone(), change.clone()]).collect();
        let outcomes = store.batch(twice).await;
        for (change, pair) in changes.iter().zip(outcomes.chunks(2)) {
            let [first, again] = [&pair[0], &pair[1]].map(|outcome| outcome.as_ref().unwrap());
            assert_eq!(first.receipt, again.receipt, "{}: {change:?}", store.name);
            assert!(!first.events.is_empty() && again.events.is_empty(), "{}: {change:?}", store.name);
        }
    }
}

#[tokio::test]
async fn a_retry_is_answered_even_where_the_change_could_not_be_made_now() {
    for mut store in subject::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Kitchen").await;
        store.done(enter(LIN, id(1), room)).await;
        let said = post(LIN, room, id(2), "and now I go");
        let first = store.done(said.clone()).await;
        store.done(go(LIN, id(3), room)).await;
        assert_eq!(store.done(said).await.receipt, first.receipt, "{}", store.name);
    }
}

#[tokio::test]
async fn what_made_nothing_leaves_its_id_free() {
    for mut store in subject::all() {
        store.join(&["Wei"]).await;
        let room = store.room(WEI, "Kitchen").await;
        // Who is in it already stays so.
        assert_eq!(store.done(enter(WEI, id(1), room)).await.events, []);
        assert!(store.append(post(WEI, shared::RoomId(9), id(1), "x")).await.is_err());
        assert_eq!(store.done(post(WEI, room, id(1), "x")).await.events.len(), 1, "{}", store.name);
    }
}
