//! A log that a build of format 1 wrote opens and loses nothing. In format 1 the column `partition` of the
//! table `events` was named `shelf`.

use crate::lock::lock_with_retry;
use crate::temp_folder::TempFolder;
use crate::test_store::{LIN, LOBBY, TestStore, WEI, create, id, post, snapshot_of};
use backend::store::sqlite;
use rusqlite::Connection;
use shared::{Address, Event, MemberId, RoomId, command::PageAnchor};
use std::{fs, path::Path};

/// A backup that a build of format 1 made.
const FORMAT_1: &[u8] = include_bytes!("format_1.sqlite");

/// The events of [`FORMAT_1`], one a line, as the build that made it read them.
const EVENTS: &str = include_str!("format_1.json");

/// Every address that has events in [`FORMAT_1`].
const ADDRESSES: [Address; 5] = [
    Address::Room(LOBBY),
    Address::Room(RoomId(2)),
    Address::Room(RoomId(3)),
    Address::Member(WEI),
    Address::Member(LIN),
];

fn events() -> Vec<Event> {
    let lines = EVENTS.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| Event::parse(line.trim_end_matches(',')).unwrap()).collect()
}

/// A folder that a build of format 1 has left.
fn folder_of_format_1() -> TempFolder {
    let folder = TempFolder::new();
    lock_with_retry(folder.path()).keep();
    fs::write(folder.path().join(sqlite::FILE), FORMAT_1).unwrap();
    folder
}

fn format(file: &Path) -> i64 {
    Connection::open(file).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Checks that a store holds exactly the events of [`FORMAT_1`], and that it works.
async fn assert_holds_everything(mut store: TestStore) {
    let found = store.replay(&ADDRESSES, 0, u64::MAX, false).await;
    assert_eq!((found.events, found.next), (events(), None));
    let posted = |event: Event| match event {
        Event::Posted(posted) if posted.to == Address::Room(RoomId(2)) => Some(posted.into_message()),
        _ => None,
    };
    let messages: Vec<_> = events().into_iter().filter_map(posted).collect();
    assert_eq!(messages.len(), 3);
    assert_eq!(store.page(RoomId(2), PageAnchor::Newest, 50, u64::MAX).await.messages, messages);
    // Retries are known.
    let retried = store.commit(post(WEI, LOBBY, id(3), "Hello")).await;
    assert_eq!((retried.receipt.n, retried.receipt.seq, retried.events), (9, 1, vec![]));
    let retried = store.commit(create(WEI, id(1), "Kitchen")).await;
    assert_eq!((retried.receipt.n, retried.receipt.room), (5, Some(RoomId(2))));
    assert_eq!(store.post(WEI, RoomId(2), &["and on"]).await, [23]);
    assert_eq!(store.page(RoomId(2), PageAnchor::Newest, 50, u64::MAX).await.messages.last().unwrap().seq, 4);
    let before = snapshot_of(&store.house());
    assert_eq!(store.house().next_member(), MemberId(4).0);
    let folder = store.close();
    assert_eq!(format(&folder.path().join(sqlite::FILE)), 2);
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(snapshot_of(&TestStore::at(folder).house()), before);
}

#[tokio::test]
async fn a_log_of_format_1_opens_with_every_event() {
    let folder = folder_of_format_1();
    assert_eq!(format(&folder.path().join(sqlite::FILE)), 1);
    assert_holds_everything(TestStore::at(folder)).await;
}

#[tokio::test]
async fn a_log_of_format_1_opens_when_its_last_commits_are_in_the_write_ahead_log() {
    let folder = TempFolder::new();
    lock_with_retry(folder.path()).keep();
    let file = folder.path().join(sqlite::FILE);
    let running = TempFolder::new();
    fs::create_dir_all(running.path()).unwrap();
    let source = running.path().join(sqlite::FILE);
    fs::write(&source, FORMAT_1).unwrap();
    // Take the last event out and commit it again, so that only the write-ahead log holds it.
    let db = Connection::open(&source).unwrap();
    db.execute_batch(
        "CREATE TEMP TABLE last AS SELECT * FROM events WHERE n = 22;
         DELETE FROM events WHERE n = 22;
         PRAGMA journal_mode = WAL;
         INSERT INTO events SELECT * FROM temp.last;",
    )
    .unwrap();
    for end in ["", "-wal"] {
        let name = |path: &Path| format!("{}{end}", path.display());
        fs::copy(name(&source), name(&file)).unwrap();
    }
    drop(db);
    assert_holds_everything(TestStore::at(folder)).await;
}

#[tokio::test]
async fn a_backup_of_format_1_is_restored_in_the_present_format() {
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    let file = backups.path().join("tea");
    fs::write(&file, FORMAT_1).unwrap();
    let folder = TempFolder::new();
    let locked = lock_with_retry(folder.path());
    assert_eq!(sqlite::restore(&locked, &file).unwrap().head, 22);
    drop(locked);
    assert_eq!(fs::read(&file).unwrap(), FORMAT_1, "the backup stays as it is");
    assert_holds_everything(TestStore::at(folder)).await;
}

#[tokio::test]
async fn a_log_of_format_1_is_checked_and_backed_up_without_a_migration() {
    let folder = folder_of_format_1();
    let file = folder.path().join(sqlite::FILE);
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound(), "{report}");
    assert!(report.to_string().starts_with("22 events, 6 messages, 2 members, 3 rooms\n"), "{report}");
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    let backup = backups.path().join("tea");
    assert_eq!(sqlite::backup(folder.path(), &backup).unwrap(), 22);
    assert_eq!((format(&file), format(&backup)), (1, 1));
    // Damage is found in the older format too.
    let db = Connection::open(&file).unwrap();
    db.execute("UPDATE events SET prev = 7 WHERE n = 12", ()).unwrap();
    drop(db);
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.to_string().contains("event 12: prev"), "{report}");

    let restored = TempFolder::new();
    let locked = lock_with_retry(restored.path());
    sqlite::restore(&locked, &backup).unwrap();
    drop(locked);
    assert_holds_everything(TestStore::at(restored)).await;
}

#[tokio::test]
async fn a_log_of_format_1_opens_when_a_row_is_damaged() {
    let folder = folder_of_format_1();
    let file = folder.path().join(sqlite::FILE);
    let db = Connection::open(&file).unwrap();
    let damage = "UPDATE events SET body = 'x' WHERE kind = 'posted' AND author = 0";
    assert!(db.execute(damage, ()).unwrap() > 0);
    drop(db);
    let report = sqlite::check(folder.path()).unwrap().to_string();
    assert!(report.contains("cannot be read"), "{report}");
    let mut store = TestStore::at(folder);
    assert_eq!(store.replay(&ADDRESSES, 0, u64::MAX, false).await.events.len(), events().len());
    store.post(WEI, LOBBY, &["and on"]).await;
}

#[tokio::test]
async fn a_log_of_a_newer_format_is_refused_by_every_task() {
    let folder = folder_of_format_1();
    let file = folder.path().join(sqlite::FILE);
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    let other = TempFolder::new();
    let refusals = [
        sqlite::SqliteStore::open(lock_with_retry(folder.path())).map(|_| ()).unwrap_err(),
        sqlite::check(folder.path()).map(|_| ()).unwrap_err(),
        sqlite::backup(folder.path(), &backups.path().join("tea")).map(|_| ()).unwrap_err(),
        sqlite::restore(&lock_with_retry(other.path()), &file).map(|_| ()).unwrap_err(),
    ];
    for refusal in refusals {
        let refusal = refusal.to_string();
        assert!(refusal.contains("from a newer version of Teahouse (format 3)"), "{refusal}");
    }
}
