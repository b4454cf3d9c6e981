//! A change that is sent twice is executed once.

use crate::test_store::{
    self, LIN, LOBBY, TestStore, WEI, archive, change, create, enter, go, id, post, snapshot_of,
};
use hub::house::change::Change;

/// One change of each kind that has a key, in an order in which all are executed.
async fn changes(store: &mut TestStore) -> Vec<Change> {
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
        archive(WEI, id(5), room, true),
        archive(WEI, id(6), room, false),
    ]
}

#[tokio::test]
async fn a_retry_gets_the_first_receipt_and_commits_nothing() {
    for mut store in test_store::all() {
        let mut receipts = Vec::new();
        for change in changes(&mut store).await {
            let first = store.commit(change.clone()).await;
            assert_ne!(first.events, [], "{}: {change:?}", store.name);
            let again = store.commit(change.clone()).await;
            assert_eq!(
                (again.receipt, again.events),
                (first.receipt, Vec::new()),
                "{}: {change:?}",
                store.name
            );
            receipts.push((change, first.receipt));
        }
        let before = snapshot_of(&store.house());
        for (change, receipt) in receipts {
            let again = store.commit(change.clone()).await;
            assert_eq!((again.receipt, again.events), (receipt, Vec::new()), "{}: {change:?}", store.name);
        }
        assert_eq!(snapshot_of(&store.house()), before, "{}", store.name);
    }
}

#[tokio::test]
async fn a_retry_in_the_same_group_is_recognised() {
    for mut store in test_store::all() {
        let changes = changes(&mut store).await;
        let twice = changes.iter().flat_map(|change| [change.clone(), change.clone()]).collect();
        let outcomes = store.append_all(twice).await;
        for (change, pair) in changes.iter().zip(outcomes.chunks(2)) {
            let [first, again] = [&pair[0], &pair[1]].map(|outcome| outcome.as_ref().unwrap());
            assert_eq!(first.receipt, again.receipt, "{}: {change:?}", store.name);
            assert!(!first.events.is_empty() && again.events.is_empty(), "{}: {change:?}", store.name);
        }
    }
}

#[tokio::test]
async fn a_retry_gets_its_receipt_when_the_change_would_be_refused_now() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Kitchen").await;
        store.commit(enter(LIN, id(1), room)).await;
        let posted = post(LIN, room, id(2), "and now I go");
        let first = store.commit(posted.clone()).await;
        store.commit(go(LIN, id(3), room)).await;
        assert_eq!(store.commit(posted).await.receipt, first.receipt, "{}", store.name);
    }
}

#[tokio::test]
async fn a_refused_change_leaves_its_client_id_unused() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let room = store.room(WEI, "Kitchen").await;
        // The member is in the room already.
        assert_eq!(store.commit(enter(WEI, id(1), room)).await.events, []);
        assert!(store.append(post(WEI, shared::RoomId(9), id(1), "x")).await.is_err());
        assert_eq!(store.commit(post(WEI, room, id(1), "x")).await.events.len(), 1, "{}", store.name);
    }
}
