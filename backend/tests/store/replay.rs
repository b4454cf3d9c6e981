//! Replays: in order, in parts, and within their limits.

use crate::test_store::{self, LIN, LOBBY, TestStore, WEI, enter, fresh, positions, post};
use backend::store::limits::MERGE_AHEAD;
use hub::limits::{REPLAY_PART_BYTES, REPLAY_PART_EVENTS};
use shared::{
    Address, Event, RoomId,
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};

async fn posts(store: &mut TestStore, room: RoomId, count: usize, text: &str) {
    let mut left = count;
    while left > 0 {
        let some = left.min(64);
        store.append_all((0..some).map(|_| post(WEI, room, fresh(), text)).collect()).await;
        left -= some;
    }
}

#[tokio::test]
async fn a_replay_merges_its_addresses_by_position() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let (one, two) = (store.room(WEI, "One").await, store.room(WEI, "Two").await);
        let after = store.house().head();
        let mut wanted = Vec::new();
        for round in 0..5 {
            wanted.extend(store.post(WEI, one, &["a"]).await);
            store.post(WEI, two, &["b"]).await;
            if round % 2 == 0 {
                wanted.extend(store.post(WEI, LOBBY, &["c", "d"]).await);
            }
        }
        let joined = store.commit(enter(LIN, fresh(), two)).await;
        wanted.push(joined.events[0].position().unwrap().n);
        let to =
            [Address::Member(LIN), Address::Room(one), Address::Room(RoomId(u64::MAX)), Address::Room(LOBBY)];
        for is_first in [true, false] {
            let found = store.replay(&to, after, u64::MAX, is_first).await;
            assert_eq!(positions(&found.events), wanted, "{}", store.name);
            assert_eq!((found.resets, found.next, found.is_lost), (vec![], None, false));
        }
        let some = store.replay(&to, wanted[1], wanted[4], true).await;
        assert_eq!(positions(&some.events), wanted[2..=4], "{}: after and through", store.name);
        assert_eq!(store.replay(&to, u64::MAX, u64::MAX, true).await.events, []);
        assert_eq!(store.replay(&[], 0, u64::MAX, true).await.events, []);
    }
}

#[tokio::test]
async fn a_replay_is_complete_across_lookups() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let room = store.room(WEI, "One").await;
        for (one, two) in
            [(MERGE_AHEAD - 1, MERGE_AHEAD), (MERGE_AHEAD, MERGE_AHEAD + 1), (1, 2 * MERGE_AHEAD)]
        {
            let after = store.house().head();
            posts(&mut store, LOBBY, one, "x").await;
            posts(&mut store, room, two, "y").await;
            posts(&mut store, LOBBY, 1, "z").await;
            let head = store.house().head();
            let found =
                store.replay(&[Address::Room(room), Address::Room(LOBBY)], after, u64::MAX, true).await;
            assert_eq!(positions(&found.events), (after + 1..=head).collect::<Vec<_>>(), "{}", store.name);
        }
    }
}

#[tokio::test]
async fn a_part_is_bounded_and_the_next_continues_it() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let after = store.house().head();
        let to = [Address::Room(LOBBY)];
        for count in [REPLAY_PART_EVENTS - 1, REPLAY_PART_EVENTS, REPLAY_PART_EVENTS + 1] {
            let posted = store.house().head() - after;
            posts(&mut store, LOBBY, count - usize::try_from(posted).unwrap(), "x").await;
            let part = store.replay(&to, after, u64::MAX, true).await;
            assert_eq!(part.events.len(), count.min(REPLAY_PART_EVENTS), "{}", store.name);
            let end = after + REPLAY_PART_EVENTS as u64;
            assert_eq!(part.next, (count > REPLAY_PART_EVENTS).then_some(end), "{}", store.name);
        }
        let end = after + REPLAY_PART_EVENTS as u64;
        let rest = store.replay(&to, end, u64::MAX, false).await;
        assert_eq!((positions(&rest.events), rest.next), (vec![end + 1], None), "{}", store.name);
    }
}

#[tokio::test]
async fn a_part_is_bounded_in_bytes() {
    for (first, count) in [(REPLAY_PART_BYTES - 1, 2), (REPLAY_PART_BYTES, 1), (REPLAY_PART_BYTES + 1, 1)] {
        for mut store in test_store::all() {
            store.join(&["Wei"]).await;
            let at = store.post(WEI, LOBBY, &[&"x".repeat(first), "y"]).await;
            let part = store.replay(&[Address::Room(LOBBY)], at[0] - 1, u64::MAX, true).await;
            assert_eq!(part.events.len(), count, "{}: {first}", store.name);
            assert_eq!(part.next, (count == 1).then_some(at[0]), "{}: {first}", store.name);
        }
    }
}

#[tokio::test]
async fn only_a_room_with_too_many_missed_events_is_reset() {
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let busy = store.room(WEI, "Busy").await;
        let quiet = store.room(WEI, "Quiet").await;
        let after = store.house().head();
        let word = store.post(WEI, quiet, &["word"]).await;
        let to = [Address::Room(busy), Address::Room(quiet)];
        posts(&mut store, busy, REPLAY_EVENTS_MAX - 1, "x").await;
        for (more, resets) in [(0, vec![]), (1, vec![]), (1, vec![busy])] {
            posts(&mut store, busy, more, "x").await;
            let found = store.replay(&to, after, u64::MAX, true).await;
            assert_eq!(found.resets, resets, "{}", store.name);
            assert!(positions(&found.events).contains(&word[0]), "{}", store.name);
            if !resets.is_empty() {
                assert_eq!(positions(&found.events), word, "{}", store.name);
                let head = store.house().head();
                assert_eq!(
                    store.replay(&to, after, head - 1, true).await.resets,
                    [],
                    "{}: through",
                    store.name
                );
                assert_eq!(
                    store.replay(&to, after + 2, head, true).await.resets,
                    [],
                    "{}: after",
                    store.name
                );
                let later = store.replay(&to, after, u64::MAX, false).await;
                assert_eq!(
                    (later.resets, later.events.len()),
                    (vec![], REPLAY_PART_EVENTS),
                    "{}",
                    store.name
                );
            }
        }
    }
}

#[tokio::test]
async fn a_room_with_too_many_bytes_is_reset() {
    let text = "x".repeat(64 << 10);
    let whole = REPLAY_BYTES_MAX / text.len();
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        let room = store.room(WEI, "Busy").await;
        let after = store.house().head();
        posts(&mut store, room, whole - 1, &text).await;
        store.post(WEI, room, &[&text[1..]]).await;
        let to = [Address::Room(room)];
        for (more, resets) in [("", vec![]), ("y", vec![]), ("y", vec![room])] {
            store.post(WEI, room, &[more]).await;
            assert_eq!(store.replay(&to, after, u64::MAX, true).await.resets, resets, "{}", store.name);
        }
    }
}

#[tokio::test]
async fn a_members_own_events_are_never_reset() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Door").await;
        let after = store.house().head();
        // Join and leave more often than a room may be replayed.
        for _ in 0..=REPLAY_EVENTS_MAX / 2 {
            store.append_all(vec![enter(LIN, fresh(), room), test_store::go(LIN, fresh(), room)]).await;
        }
        let found = store.replay(&[Address::Member(LIN), Address::Room(room)], after, u64::MAX, true).await;
        assert_eq!(found.resets, [room], "{}", store.name);
        assert_eq!(found.events.len(), REPLAY_PART_EVENTS, "{}", store.name);
        assert!(found.events.iter().all(|event| {
            matches!(event, Event::MemberJoined(_) | Event::MemberLeft(_))
                && event.position().unwrap().to == Address::Member(LIN)
        }));
    }
}
