//! The tail: every commit in order and whole, whoever made it.

use crate::{
    relayed_store::RelayedStore,
    test_store::{
        self, LIN, LOBBY, TestStore, WEI, create, enter, fresh, go, join, post, rename, snapshot_of,
    },
};
use backend::store::{Store, limits::TAIL_PART_EVENTS};
use futures_util::stream::StreamExt;
use hub::{House, house::change::Change, house::commit::Commit};
use shared::MemberId;
use std::sync::Arc;

/// Reads a new tail up to a position.
async fn read(store: &mut dyn Store, after: u64, head: u64) -> Vec<Commit> {
    let (mut tail, mut commits, mut last) = (store.tail(after), Vec::new(), after);
    while last < head {
        commits.extend(tail.next().await.unwrap());
        last = commits.last().map_or(last, Commit::last);
    }
    commits
}

/// Makes one change of each kind.
async fn fill(store: &mut TestStore) {
    store.join(&["Wei", "Lin"]).await;
    let room = store.room(WEI, "Kitchen").await;
    store.commit(enter(LIN, fresh(), room)).await;
    store.post(WEI, room, &["a", "b"]).await;
    store.commit(rename(LIN, "Linlin")).await;
    store.commit(go(LIN, fresh(), room)).await;
    store.commit(enter(LIN, fresh(), room)).await;
    store.post(MemberId::PASSER_BY, LOBBY, &["from a passer-by"]).await;
    store.commit(Change::Leave { member: LIN }).await;
}

#[tokio::test]
async fn the_tail_gives_the_same_commits_from_every_position() {
    for mut store in test_store::all() {
        fill(&mut store).await;
        let house = store.house();
        let all = read(store.store(), 0, house.head()).await;
        let mut folded = House::default();
        for (index, commit) in all.iter().enumerate() {
            assert!(folded.is_followed_by(commit), "{}: {commit:?}", store.name);
            folded.apply_commit(commit);
            assert_eq!(folded.mark(), commit.mark, "{}", store.name);
            let rest = read(store.store(), commit.last(), house.head()).await;
            assert_eq!(rest, all[index + 1..], "{}: after {}", store.name, commit.last());
        }
        assert_eq!(snapshot_of(&folded), snapshot_of(&house), "{}", store.name);
    }
}

#[tokio::test]
async fn the_tail_catches_up_in_parts_and_goes_on_with_new_commits() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        for _ in 0..3 {
            let texts = vec!["x"; TAIL_PART_EVENTS];
            store.post(WEI, LOBBY, &texts).await;
        }
        // A commit of several events lies across the end of a part.
        store.room(WEI, "Kitchen").await;
        let head = store.house().head();
        let mut tail = store.store().tail(0);
        let mut commits = tail.next().await.unwrap();
        // New commits come while the tail catches up.
        let group = (0..20).map(|_| post(WEI, LOBBY, fresh(), "meanwhile")).collect();
        let outcomes = store.store().append(group, 9_000).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        while commits.last().map_or(0, Commit::last) < head + 20 {
            commits.extend(tail.next().await.unwrap());
        }
        let mut folded = House::default();
        for commit in &commits {
            assert!(folded.is_followed_by(commit), "{}: {commit:?}", store.name);
            folded.apply_commit(commit);
        }
        assert_eq!(folded.mark(), store.store().snapshot().unwrap().mark(), "{}", store.name);
    }
}

#[tokio::test]
async fn commits_of_another_process_come_with_the_tail() {
    let mut here = RelayedStore::new();
    let elsewhere = here.other();
    let house = here.snapshot().unwrap();
    let mut tail = here.tail(house.head());
    elsewhere.append_elsewhere(vec![join("Wei"), join("Lin")], 1_000);
    elsewhere.append_elsewhere(vec![create(WEI, fresh(), "Kitchen")], 1_001);
    let (mut folded, mut commits) = (Arc::unwrap_or_clone(house), 0);
    while commits < 3 {
        for commit in tail.next().await.unwrap() {
            assert!(folded.is_followed_by(&commit));
            folded.apply_commit(&commit);
            commits += 1;
        }
    }
    let Change::Join { device, .. } = join("Lin") else { panic!() };
    assert_eq!(folded.members.find_by_device(&device), Some(LIN), "the device is in the log");
    assert_eq!(snapshot_of(&folded), snapshot_of(&here.snapshot().unwrap()));
}

#[tokio::test]
async fn a_retry_and_a_refused_change_give_no_commit() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let once = post(WEI, LOBBY, fresh(), "once");
        let first = store.commit(once.clone()).await;
        let group = vec![once, join("WEI"), join("Wei"), post(WEI, LOBBY, fresh(), "next")];
        let outcomes = store.append_all(group).await;
        let events = |index: usize| outcomes[index].as_ref().map_or(0, |committed| committed.events.len());
        assert_eq!([events(0), events(1), events(2), events(3)], [0, 0, 0, 1], "{}", store.name);
        assert_eq!(outcomes[0].as_ref().unwrap().receipt, first.receipt, "{}", store.name);
        assert!(outcomes[2].is_ok(), "{}: a join of a known device is a retry", store.name);
    }
}

#[tokio::test]
async fn names_rest_and_tags_go_on_when_a_log_is_reopened() {
    for mut store in test_store::all() {
        fill(&mut store).await;
        let house = store.house();
        for (name, is_free) in [("Lin", false), ("Linlin", false), ("wei", false), ("Hao", true)] {
            assert_eq!(house.is_free(test_store::name(name).key()), is_free, "{}: {name}", store.name);
        }
        assert_eq!(house.last_tag(), 3, "{}", store.name);
        // A name rests for a day.
        let later = 5_000 + hub::limits::NAME_REST_MS;
        store.append_all_at(vec![post(WEI, LOBBY, fresh(), "a day later")], later).await;
        assert!(store.house().is_free(test_store::name("Lin").key()), "{}", store.name);
    }
}
