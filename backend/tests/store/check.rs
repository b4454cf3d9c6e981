//! The check finds every difference from the events.

use crate::test_store::{LIN, LOBBY, TestStore, WEI, enter, fresh, go, post, rename};
use backend::store::sqlite;
use hub::house::change::Change;
use rusqlite::Connection;
use shared::MemberId;

async fn log() -> TestStore {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin", "Hao"]).await;
    let room = store.room(WEI, "Kitchen").await;
    store.commit(enter(LIN, fresh(), room)).await;
    store.post(WEI, room, &["a", "b"]).await;
    store.post(LIN, LOBBY, &["c", "d", "e"]).await;
    store.commit(rename(LIN, "Linlin")).await;
    store.commit(post(MemberId::PASSER_BY, LOBBY, fresh(), "f")).await;
    store.commit(go(LIN, fresh(), room)).await;
    store
}

#[tokio::test]
async fn a_sound_log_passes_the_check_open_or_closed() {
    let store = log().await;
    for report in [sqlite::check(store.folder()).unwrap(), sqlite::check(store.close().path()).unwrap()] {
        assert!(report.is_sound(), "{report}");
        let output = report.to_string();
        let (first, rest) = output.split_once('\n').unwrap();
        assert_eq!(first, "17 events, 6 messages, 3 members, 2 rooms");
        assert!(rest.starts_with("No damage found: SQLite's own check passed"), "{rest}");
    }
}

#[tokio::test]
async fn a_count_of_one_is_reported_in_the_singular() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei"]).await;
    store.post(WEI, LOBBY, &["a"]).await;
    let folder = store.close();
    let output = sqlite::check(folder.path()).unwrap().to_string();
    assert!(output.contains("1 message, 1 member, 1 room\n"), "{output}");
    let db = Connection::open(folder.path().join(sqlite::FILE)).unwrap();
    db.execute_batch("INSERT INTO devices VALUES (zeroblob(32), 9)").unwrap();
    drop(db);
    let output = sqlite::check(folder.path()).unwrap().to_string();
    assert!(output.ends_with("The database is damaged: 1 difference.\n"), "{output}");
}

#[tokio::test]
async fn every_difference_is_reported() {
    let folder = log().await.close();
    let file = folder.path().join(sqlite::FILE);
    let whole = std::fs::read(&file).unwrap();
    for (damage, difference) in [
        ("UPDATE events SET prev = prev - 1 WHERE n = 10", "event 10: prev"),
        ("UPDATE events SET at = 1 WHERE n = 10", "event 10: the time goes back"),
        ("UPDATE events SET kind = 'sung' WHERE n = 10", "room 2 cannot be read: its kind"),
        ("UPDATE events SET body = '{' WHERE n = 10", "room 2 cannot be read: EOF"),
        ("UPDATE events SET client_id = NULL WHERE kind = 'posted'", "its client_id is missing"),
        ("UPDATE events SET partition = 77 * 4 WHERE n = 12", "prev"),
        ("UPDATE events SET partition = partition + 1 WHERE n = 12", "event 12: partition"),
        ("UPDATE events SET partition = 3 WHERE n = 12", "there is no partition 3"),
        ("UPDATE events SET body = replace(body, '\"seq\":2', '\"seq\":3') WHERE kind = 'posted'", "seq"),
        ("DELETE FROM events WHERE n = 12", "event 13: mark"),
        ("UPDATE events SET mark = mark + 1 WHERE n = 13", "event 13: mark"),
        ("UPDATE events SET client_id = randomblob(16) WHERE n = 12", "event 12: mark"),
        // The head: its mark, its time and what it leaves in the stored state.
        ("UPDATE events SET mark = mark + 1 WHERE n = 17", "event 17: mark"),
        ("UPDATE events SET mark = 0 WHERE n = 17", "event 17: mark"),
        ("UPDATE events SET mark = -1 WHERE n = 17", "the last change ends before event 17"),
        ("UPDATE events SET at = at + 1 WHERE n = 17", "event 17: mark"),
        ("UPDATE meta SET value = 4 WHERE name = 'last_tag'", "the last tag: 3 from the events, but 4"),
        ("INSERT INTO messages VALUES (12, 2, 0, 14)", "message 12: MessageState { room: RoomId("),
        ("INSERT INTO messages VALUES (1, 2, 1, 14)", "a changed message that is no message: 1"),
        ("DELETE FROM resting_names", "the names that rest: 1 are not stored, and 0 are stored without"),
        ("UPDATE resting_names SET freed_at = freed_at + 1", "the names that rest: 1 are not stored, and 1"),
        ("INSERT INTO resting_names VALUES ('Ada', 3, 1000)", "the names that rest: 0 are not stored, and 1"),
        ("UPDATE memberships SET readable_from = 1 WHERE member = 3", "the rooms of member 3"),
        ("UPDATE rooms SET description = 'x' WHERE id = 2", "room 2"),
        ("DELETE FROM rooms WHERE id = 2", "a membership without a room: 2"),
        ("INSERT INTO rooms (id, name, description) VALUES (3, 'Attic', '')", "room 3"),
        ("UPDATE rooms SET maker = 3 WHERE id = 2", "room 2"),
        ("UPDATE rooms SET archived = 1 WHERE id = 2", "room 2"),
        ("UPDATE members SET name = 'Lin' WHERE id = 2", "member 2"),
        ("DELETE FROM members WHERE id = 3", "a membership without a member: 3"),
        ("DELETE FROM devices WHERE member = 3", "a member without a device: 3"),
        ("INSERT INTO devices VALUES (zeroblob(32), 9)", "a device without a member: 9"),
        ("DELETE FROM memberships WHERE member = 1 AND room = 2", "the rooms of member 1"),
        ("UPDATE memberships SET joined = joined + 1 WHERE member = 3", "the rooms of member 3"),
        ("UPDATE meta SET value = 3 WHERE name = 'next_member'", "the next member"),
        ("DELETE FROM meta WHERE name = 'epoch'", "the epoch is missing"),
        (
            "DROP INDEX receipts; UPDATE events SET client_id = zeroblob(16), author = 1 WHERE kind = 'posted'",
            "two receipts for one id",
        ),
    ] {
        let db = Connection::open(&file).unwrap();
        db.execute_batch(damage).unwrap();
        // Closing the last connection checkpoints everything into the one file.
        drop(db);
        let report = sqlite::check(folder.path()).unwrap();
        assert!(!report.is_sound(), "{damage}");
        assert!(report.to_string().contains(difference), "{damage}: {report}");
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(sqlite::check(folder.path()).unwrap().is_sound());
}

#[tokio::test]
async fn a_check_without_a_log_creates_no_file() {
    let folder = crate::temp_folder::TempFolder::new();
    assert!(sqlite::check(folder.path()).is_err());
    assert!(!folder.path().exists());
}

#[tokio::test]
async fn a_log_in_which_two_members_had_one_name_is_sound() {
    for leaves in [false, true] {
        let mut store = TestStore::on_disk();
        store.join(&["Wei", "Lin"]).await;
        let folder = store.close();
        let db = Connection::open(folder.path().join(sqlite::FILE)).unwrap();
        db.execute_batch(
            "UPDATE events SET body = replace(body, 'Lin', 'Wei'); UPDATE members SET name = 'Wei'",
        )
        .unwrap();
        drop(db);
        let mut store = TestStore::at(folder);
        store.commit(if leaves { Change::Leave { member: LIN } } else { rename(LIN, "Linlin") }).await;
        let report = sqlite::check(store.close().path()).unwrap();
        assert!(report.is_sound(), "leaves: {leaves}: {report}");
    }
}
