//! A log that an older build wrote opens and loses nothing. In format 1 the column `partition` of the table
//! `events` was named `shelf`, and there were no marks. Format 2 had no table `messages`.

use crate::lock::lock_with_retry;
use crate::temp_folder::TempFolder;
use crate::test_store::{LIN, LOBBY, TestStore, WEI, create, id, post, snapshot_of};
use backend::store::sqlite;
use rusqlite::Connection;
use shared::{Address, Event, MemberId, RoomId, command::PageAnchor};
use std::{fs, path::Path};

/// A backup that an older build made. The log of format 2 continues that of format 1.
struct OlderLog {
    format: i64,
    bytes: &'static [u8],
    /// The events, one a line, as the build that made the backup read them.
    events: &'static str,
    /// What a check counts.
    count: &'static str,
    /// Numbers of the messages in room 2.
    messages: u64,
    next_member: u64,
}

const FORMAT_1: OlderLog = OlderLog {
    format: 1,
    bytes: include_bytes!("format_1.sqlite"),
    events: include_str!("format_1.json"),
    count: "22 events, 6 messages, 2 members, 3 rooms\n",
    messages: 3,
    next_member: 4,
};

const FORMAT_2: OlderLog = OlderLog {
    format: 2,
    bytes: include_bytes!("format_2.sqlite"),
    events: include_str!("format_2.json"),
    count: "35 events, 10 messages, 3 members, 4 rooms\n",
    messages: 6,
    next_member: 5,
};

const ALL: [OlderLog; 2] = [FORMAT_1, FORMAT_2];

/// Every address that has events in these logs.
fn addresses() -> Vec<Address> {
    let rooms = (1..=4).map(|number| Address::Room(RoomId(number)));
    rooms.chain([WEI, LIN, MemberId(3), MemberId(4)].map(Address::Member)).collect()
}

impl OlderLog {
    fn events(&self) -> Vec<Event> {
        let lines = self.events.lines().filter(|line| line.starts_with('{'));
        lines.map(|line| Event::parse(line.trim_end_matches(',')).unwrap()).collect()
    }

    fn head(&self) -> u64 {
        self.events().last().and_then(Event::position).unwrap().n
    }

    /// A folder that the older build has left.
    fn folder(&self) -> TempFolder {
        let folder = TempFolder::new();
        lock_with_retry(folder.path()).keep();
        fs::write(folder.path().join(sqlite::FILE), self.bytes).unwrap();
        folder
    }

    /// Checks that a store holds exactly the events of this log, and that it works.
    async fn assert_is_in(&self, mut store: TestStore) {
        let found = store.replay(&addresses(), 0, u64::MAX, false).await;
        assert_eq!((found.events, found.next), (self.events(), None));
        let posted = |event: Event| match event {
            Event::Posted(posted) if posted.to == Address::Room(RoomId(2)) => Some(posted.into_message()),
            _ => None,
        };
        let messages: Vec<_> = self.events().into_iter().filter_map(posted).collect();
        assert_eq!(messages.len() as u64, self.messages);
        assert_eq!(store.page(RoomId(2), PageAnchor::Newest, 50, u64::MAX).await.messages, messages);
        // Older builds kept no markers: everything counts as read.
        let read = store.marker(WEI, RoomId(2)).await;
        assert_eq!((read.read_to, read.version, read.unread), (self.messages, 0, Some(0)));
        // Retries are known.
        let retried = store.commit(post(WEI, LOBBY, id(3), "Hello")).await;
        assert_eq!((retried.receipt.n, retried.receipt.seq, retried.events), (9, 1, vec![]));
        let retried = store.commit(create(WEI, id(1), "Kitchen")).await;
        assert_eq!((retried.receipt.n, retried.receipt.room), (5, Some(RoomId(2))));
        assert_eq!(store.post(WEI, RoomId(2), &["and on"]).await, [self.head() + 1]);
        let newest = store.page(RoomId(2), PageAnchor::Newest, 50, u64::MAX).await.messages;
        assert_eq!(newest.last().unwrap().seq, self.messages + 1);
        let before = snapshot_of(&store.house());
        assert_eq!(store.house().next_member(), self.next_member);
        let folder = store.close();
        assert_eq!(format(&folder.path().join(sqlite::FILE)), present_format());
        let report = sqlite::check(folder.path()).unwrap();
        assert!(report.is_sound(), "{report}");
        assert_eq!(snapshot_of(&TestStore::at(folder).house()), before);
    }
}

fn format(file: &Path) -> i64 {
    Connection::open(file).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Format of the logs that this build writes.
fn present_format() -> i64 {
    format(&TestStore::on_disk().close().path().join(sqlite::FILE))
}

#[tokio::test]
async fn a_log_of_an_older_format_opens_with_every_event() {
    for older in ALL {
        let folder = older.folder();
        assert_eq!(format(&folder.path().join(sqlite::FILE)), older.format);
        older.assert_is_in(TestStore::at(folder)).await;
    }
}

/// Turns a log of the present format into one of format 2.
fn make_format_2(file: &Path) {
    let db = Connection::open(file).unwrap();
    db.execute_batch(
        "DROP TABLE markers;
         DELETE FROM meta WHERE name = 'markers_since';
         ALTER TABLE rooms DROP COLUMN maker;
         ALTER TABLE rooms DROP COLUMN archived;
         DROP TABLE messages;
         PRAGMA user_version = 2;",
    )
    .unwrap();
}

#[tokio::test]
async fn a_log_of_format_2_opens_with_the_makers_of_its_rooms() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin"]).await;
    let rooms = [store.room(WEI, "Kitchen").await, store.room(LIN, "Hall").await];
    let before = snapshot_of(&store.house());
    let folder = store.close();
    make_format_2(&folder.path().join(sqlite::FILE));
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound(), "{report}");
    let mut store = TestStore::at(folder);
    assert_eq!(snapshot_of(&store.house()), before);
    assert_eq!(rooms.map(|room| store.house().rooms.get(room).unwrap().maker), [Some(WEI), Some(LIN)]);
}

#[tokio::test]
async fn a_log_of_an_older_format_opens_when_its_last_commits_are_in_the_write_ahead_log() {
    for older in ALL {
        let folder = TempFolder::new();
        lock_with_retry(folder.path()).keep();
        let file = folder.path().join(sqlite::FILE);
        let running = TempFolder::new();
        fs::create_dir_all(running.path()).unwrap();
        let source = running.path().join(sqlite::FILE);
        fs::write(&source, older.bytes).unwrap();
        // Take the last event out and commit it again, so that only the write-ahead log holds it.
        let (db, last) = (Connection::open(&source).unwrap(), older.head());
        db.execute_batch(&format!(
            "CREATE TEMP TABLE last AS SELECT * FROM events WHERE n = {last};
             DELETE FROM events WHERE n = {last};
             PRAGMA journal_mode = WAL;
             INSERT INTO events SELECT * FROM temp.last;"
        ))
        .unwrap();
        for end in ["", "-wal"] {
            let name = |path: &Path| format!("{}{end}", path.display());
            fs::copy(name(&source), name(&file)).unwrap();
        }
        drop(db);
        older.assert_is_in(TestStore::at(folder)).await;
    }
}

#[tokio::test]
async fn a_backup_of_an_older_format_is_restored_in_the_present_format() {
    for older in ALL {
        let backups = TempFolder::new();
        fs::create_dir_all(backups.path()).unwrap();
        let file = backups.path().join("tea");
        fs::write(&file, older.bytes).unwrap();
        let folder = TempFolder::new();
        let locked = lock_with_retry(folder.path());
        assert_eq!(sqlite::restore(&locked, &file).unwrap().head, older.head());
        drop(locked);
        assert_eq!(fs::read(&file).unwrap(), older.bytes, "the backup stays as it is");
        older.assert_is_in(TestStore::at(folder)).await;
    }
}

#[tokio::test]
async fn a_log_of_an_older_format_is_checked_and_backed_up_without_a_migration() {
    for older in ALL {
        let folder = older.folder();
        let file = folder.path().join(sqlite::FILE);
        let report = sqlite::check(folder.path()).unwrap();
        assert!(report.is_sound(), "{report}");
        assert!(report.to_string().starts_with(older.count), "{report}");
        let backups = TempFolder::new();
        fs::create_dir_all(backups.path()).unwrap();
        let backup = backups.path().join("tea");
        assert_eq!(sqlite::backup(folder.path(), &backup).unwrap(), older.head());
        assert_eq!((format(&file), format(&backup)), (older.format, older.format));
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
        older.assert_is_in(TestStore::at(restored)).await;
    }
}

#[tokio::test]
async fn a_log_of_an_older_format_opens_when_a_row_is_damaged() {
    for older in ALL {
        let folder = older.folder();
        let file = folder.path().join(sqlite::FILE);
        let db = Connection::open(&file).unwrap();
        let damage = "UPDATE events SET body = 'x' WHERE kind = 'posted' AND author = 0";
        assert!(db.execute(damage, ()).unwrap() > 0);
        drop(db);
        let report = sqlite::check(folder.path()).unwrap().to_string();
        assert!(report.contains("cannot be read"), "{report}");
        let mut store = TestStore::at(folder);
        let found = store.replay(&addresses(), 0, u64::MAX, false).await.events;
        assert_eq!(found.len(), older.events().len());
        store.post(WEI, LOBBY, &["and on"]).await;
    }
}

#[tokio::test]
async fn a_log_of_a_newer_format_is_refused_by_every_task() {
    let newer = present_format() + 1;
    let folder = FORMAT_1.folder();
    let file = folder.path().join(sqlite::FILE);
    Connection::open(&file).unwrap().pragma_update(None, "user_version", newer).unwrap();
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
        assert!(refusal.contains(&format!("from a newer version of Teahouse (format {newer})")), "{refusal}");
    }
}
