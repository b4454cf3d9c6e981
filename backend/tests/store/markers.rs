//! Read markers: moved, kept over a restart, and counted.

use crate::test_store::{self, LIN, LOBBY, TestStore, WEI, enter, fresh, go};
use hub::query::{Query, QueryResult};
use hub::read_markers::{MarkedRoom, MarkerMove};
use shared::{MemberId, RoomId, event::ReadMarker, limits::UNREAD_MAX};

impl TestStore {
    async fn mark(&mut self, member: MemberId, room: RoomId, n: u64) {
        let moves = vec![MarkerMove { member, room, n }];
        self.store().move_markers(moves).await.unwrap();
    }

    /// The markers of a member in these rooms, as of this position.
    async fn markers(&mut self, member: MemberId, rooms: &[RoomId], through: u64) -> Vec<ReadMarker> {
        let house = self.house();
        let entry = |room: &RoomId| MarkedRoom::from(&house.rooms.entry(member, *room).unwrap());
        let rooms = rooms.iter().map(entry).collect();
        match self.read(Query::Markers { member, rooms, through, counts: true }).await {
            QueryResult::Markers(markers) => markers,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn marker(&mut self, member: MemberId, room: RoomId) -> ReadMarker {
        self.markers(member, &[room], u64::MAX).await[0]
    }
}

fn marker(n: u64, read_to: u64, version: u64, unread: u32) -> ReadMarker {
    ReadMarker { n, read_to, version, unread: Some(unread) }
}

#[tokio::test]
async fn a_marker_moves_forward_only() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let at = store.post(LIN, LOBBY, &["1", "2", "3"]).await;
        store.post(WEI, LOBBY, &["own"]).await;
        let joined = marker(1, 0, 0, 3);
        assert_eq!(store.marker(WEI, LOBBY).await, joined, "{}: where Wei joined", store.name);
        let second = marker(at[1], 2, 1, 1);
        for (n, wanted) in
            [(at[1], second), (at[0], second), (at[1], second), (at[2], marker(at[2], 3, 2, 0))]
        {
            store.mark(WEI, LOBBY, n).await;
            assert_eq!(store.marker(WEI, LOBBY).await, wanted, "{}: {n}", store.name);
        }
        // Each has a marker of one's own.
        assert_eq!(store.marker(LIN, LOBBY).await, marker(2, 0, 0, 1), "{}", store.name);
    }
}

#[tokio::test]
async fn versions_grow_over_all_rooms_of_a_member() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Kitchen").await;
        let first = store.post(LIN, LOBBY, &["1", "2"]).await;
        let second = store.post(WEI, room, &["3"]).await;
        store.mark(WEI, LOBBY, first[0]).await;
        store.mark(WEI, room, second[0]).await;
        store.mark(LIN, LOBBY, first[1]).await;
        store.mark(WEI, LOBBY, first[1]).await;
        let markers = store.markers(WEI, &[LOBBY, room], u64::MAX).await;
        assert_eq!(markers.iter().map(|marker| marker.version).collect::<Vec<_>>(), [3, 2], "{}", store.name);
        assert_eq!(store.marker(LIN, LOBBY).await.version, 1, "{}", store.name);
    }
}

#[tokio::test]
async fn messages_past_the_query_do_not_count() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let at = store.post(LIN, LOBBY, &["1", "2", "3"]).await;
        for (through, unread) in [(at[0] - 1, 0), (at[0], 1), (at[1], 2), (at[2], 3)] {
            let found = store.markers(WEI, &[LOBBY], through).await;
            assert_eq!(found[0].unread, Some(unread), "{}: {through}", store.name);
        }
    }
}

#[tokio::test]
async fn a_marker_of_a_room_that_the_member_is_not_in_does_not_move() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Kitchen").await;
        let at = store.post(WEI, room, &["1", "2"]).await;
        store.mark(LIN, room, at[0]).await;
        store.commit(enter(LIN, fresh(), room)).await;
        let joined = store.house().rooms.joined(LIN, room).unwrap();
        assert_eq!(store.marker(LIN, room).await, marker(joined, 2, 0, 0), "{}", store.name);
        // Who comes back has read nothing since.
        store.mark(LIN, room, joined).await;
        store.commit(go(LIN, fresh(), room)).await;
        store.post(WEI, room, &["3"]).await;
        store.commit(enter(LIN, fresh(), room)).await;
        store.post(WEI, room, &["4"]).await;
        let joined = store.house().rooms.joined(LIN, room).unwrap();
        assert_eq!(store.marker(LIN, room).await, marker(joined, 3, 1, 1), "{}", store.name);
    }
}

#[tokio::test]
async fn unread_messages_are_counted_up_to_the_limit() {
    let most = u64::from(UNREAD_MAX);
    for (own, others, unread) in [
        (1, most - 2, most - 2),
        (1, most - 1, most - 1),
        (0, most, most),
        (1, most, most),
        (0, most + 1, most),
    ] {
        for mut store in test_store::all() {
            store.join(&["Wei", "Lin"]).await;
            store.post(WEI, LOBBY, &vec!["own"; own]).await;
            store.post(LIN, LOBBY, &vec!["x"; others as usize]).await;
            let found = store.marker(WEI, LOBBY).await.unread.map(u64::from);
            assert_eq!(found, Some(unread), "{}: {own} and {others}", store.name);
        }
    }
}
