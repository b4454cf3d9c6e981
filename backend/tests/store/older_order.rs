//! A log of a build that put `room_created` before the creator's own event opens and is read as it is.

use crate::test_store::{LIN, TestStore, WEI, create, enter, id, positions, snapshot_of};
use backend::store::sqlite;
use rusqlite::Connection;
use shared::{Address, RoomId};

/// Puts the events 3 and 4, of the creation of room 2, into the older order.
const TO_OLDER_ORDER: &str = "
    UPDATE events SET n = -1 WHERE n = 3 AND kind = 'member_joined';
    UPDATE events SET n = 3 WHERE n = 4 AND kind = 'room_created';
    UPDATE events SET n = 4 WHERE n = -1;
    UPDATE events SET prev = 3 WHERE n = 5;
    UPDATE events SET body = json_remove(body, '$.members') WHERE kind = 'member_joined';
    UPDATE events SET mark = 0;
    UPDATE memberships SET readable_from = joined;
";

#[tokio::test]
async fn a_log_of_the_older_order_is_sound_and_keeps_its_receipts() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin"]).await;
    let created = store.commit(create(WEI, id(7), "Kitchen")).await;
    assert_eq!(positions(&created.events), [3, 4, 5]);
    store.commit(enter(LIN, id(8), RoomId(2))).await;
    store.post(WEI, RoomId(2), &["a"]).await;
    let now = snapshot_of(&store.house());
    let folder = store.close();
    let db = Connection::open(folder.path().join(sqlite::FILE)).unwrap();
    db.execute_batch(TO_OLDER_ORDER).unwrap();
    drop(db);
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound(), "{report}");
    let mut store = TestStore::at(folder);
    // The creator's own event is later, the creator may not read `room_created`, and there is no mark.
    let stay =
        |readable_from| format!("(RoomId(2), Membership {{ joined: 5, readable_from: {readable_from} }})]");
    let older = now.replace(&format!("{}, 3)", stay(4)), &format!("{}, 4)", stay(5)));
    let (older_header, older_rest) = older.split_once('\n').unwrap();
    let found = snapshot_of(&store.house());
    assert_eq!(found.split_once('\n').unwrap().1, older_rest);
    assert!(older_header.starts_with("(8, 3, ") && found.starts_with("(8, 3, 0)"), "{found}");
    let retried = store.commit(create(WEI, id(7), "Kitchen")).await;
    assert_eq!((retried.receipt.n, retried.receipt.room, retried.events), (3, Some(RoomId(2)), vec![]));
    let found = store.replay(&[Address::Member(WEI), Address::Room(RoomId(2))], 2, u64::MAX, true).await;
    assert_eq!(positions(&found.events), [3, 4, 5, 7, 8]);
    let room = store.commit(create(LIN, id(9), "Attic")).await;
    assert_eq!((positions(&room.events), room.receipt.n), (vec![9, 10, 11], 10));
    assert!(sqlite::check(store.close().path()).unwrap().is_sound());
}
