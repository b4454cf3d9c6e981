mod bad_pages;
mod commit_progress;
mod copied_files;
mod ended_threads;
mod failed_sync;
mod present_messages;
mod refused_writes;
mod torn_checkpoint;

use super::log_lookup::TransactionLog;
use super::{fault_injection::InjectedFaults, *};
use crate::store::limits::{PAUSE_FIRST, WAL_PAGES};
use hub::house::log_lookup::{LogLookup, MessageState};
use hub::house::members::DeviceKey;
use hub::house::names::Name;
use hub::query::MessagePage;
use shared::{ClientId, MemberId, Message, RoomId, command::PageAnchor};
use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// A log of its own for one test, with one member.
struct TestLog {
    path: PathBuf,
    store: Option<SqliteStore>,
    faults: Arc<InjectedFaults>,
}

impl TestLog {
    async fn new() -> Self {
        let mut log = TestLog::at(&path());
        let device = DeviceKey([1; 32]);
        let join = Change::Join { name: Name::parse("Wei").unwrap(), device };
        log.store().append(vec![join], 1).await[0].as_ref().unwrap();
        log
    }

    fn at(path: &Path) -> Self {
        let folder = DataFolder::lock(path).unwrap();
        let files = LogFiles::of(path);
        let faults = Arc::clone(&files.faults);
        let store = SqliteStore::open_files(folder, files).unwrap();
        TestLog { path: path.to_owned(), store: Some(store), faults }
    }

    fn store(&mut self) -> &mut SqliteStore {
        self.store.as_mut().unwrap()
    }

    fn refusal(&mut self) -> Option<&'static str> {
        self.store().health().refusal()
    }

    async fn post(&mut self, id: u8, text: &str) -> Outcome {
        self.store().append(vec![post(id, text)], 1).await.pop().unwrap()
    }

    async fn page(&mut self, at: PageAnchor) -> Result<MessagePage, ErrorCode> {
        let query = Query::History { room: RoomId::LOBBY, at, limit: 50, through: u64::MAX };
        self.store().read(query).await.map(|found| match found {
            QueryResult::Page(page) => page,
            other => panic!("{other:?}"),
        })
    }

    async fn messages(&mut self) -> Vec<Message> {
        self.page(PageAnchor::Newest).await.unwrap().messages
    }

    /// Copies the files as a crash would leave them, and opens the copy.
    fn after_a_crash(&self) -> TestLog {
        TestLog::at(self.copied_files().log.parent().unwrap())
    }

    /// Copies the files as a crash would leave them.
    fn copied_files(&self) -> LogFiles {
        let to = path();
        fs::create_dir_all(&to).unwrap();
        let (files, copies) = (LogFiles::of(&self.path), LogFiles::of(&to));
        fs::copy(&files.log, &copies.log).unwrap();
        fs::copy(&files.wal, &copies.wal).unwrap();
        copies
    }

    fn wal(&self) -> Vec<u8> {
        fs::read(LogFiles::of(&self.path).wal).unwrap()
    }
}

impl Drop for TestLog {
    fn drop(&mut self) {
        self.faults.is_recovery_held.store(false, Ordering::SeqCst);
        self.store = None;
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn path() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("teahouse-faults-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(name)
}

fn post(id: u8, text: &str) -> Change {
    let (client_id, text) = (ClientId([id; 16]), text.to_owned());
    Change::Post { room: RoomId::LOBBY, author: MemberId(1), tag: None, client_id, text }
}

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

#[tokio::test]
async fn a_file_of_another_program_is_not_changed() {
    let path = path();
    let folder = DataFolder::lock(&path).unwrap();
    let file = path.join(FILE);
    fs::write(
        &file,
        "my letters, and more of them than a header has bytes, so that it is read whole".repeat(9),
    )
    .unwrap();
    assert!(SqliteStore::open(folder).is_err());
    assert!(fs::read_to_string(&file).unwrap().starts_with("my letters"));
    fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE letters (text)").unwrap();
    drop(other);
    let refused = SqliteStore::open(DataFolder::lock(&path).unwrap()).err().unwrap();
    assert!(matches!(refused, LogError::Foreign), "{refused}");
    fs::remove_dir_all(&path).unwrap();
}

#[tokio::test]
async fn a_log_of_a_newer_build_is_refused() {
    let mut log = TestLog::new().await;
    log.store = None;
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    let present: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    db.pragma_update(None, "user_version", present + 1).unwrap();
    drop(db);
    let refused = SqliteStore::open(DataFolder::lock(&log.path).unwrap()).err().unwrap();
    assert!(matches!(refused, LogError::Newer(version) if version == present + 1), "{refused}");
}

#[tokio::test]
async fn a_change_finds_the_state_of_earlier_messages() {
    let mut log = TestLog::new().await;
    let first = log.post(1, "a").await.unwrap();
    let second = log.post(2, "b").await.unwrap();
    log.store = None;
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    db.execute("INSERT INTO messages VALUES (?1, 3, TRUE, 9)", [row::to_sql(second.n)]).unwrap();
    db.execute("UPDATE events SET body = 'x' WHERE n = ?1", [row::to_sql(first.n)]).unwrap();
    let lookup = TransactionLog(&db);
    let posted = MessageState::as_posted(RoomId::LOBBY, MemberId(1));
    assert_eq!(lookup.message(first.n).unwrap(), Some(posted), "a damaged message has a state too");
    let deleted = MessageState { version: 3, is_deleted: true, ..posted };
    assert_eq!(lookup.message(second.n).unwrap(), Some(deleted));
    assert_eq!(lookup.message(1).unwrap(), None, "a member joined there");
    assert_eq!(lookup.message(second.n + 1).unwrap(), None);
    assert_eq!(lookup.receipt(MemberId(1), ClientId([2; 16])).unwrap(), Some(second));
    assert_eq!(lookup.receipt(MemberId(2), ClientId([2; 16])).unwrap(), None);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let log = TestLog::new().await;
    for entry in fs::read_dir(&log.path).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[tokio::test]
async fn the_secret_for_new_devices_stays_when_the_log_is_reopened() {
    let mut first = TestLog::new().await;
    let secret = first.store().join_secret().0;
    first.store = None;
    assert_eq!(TestLog::at(&first.path).store().join_secret().0, secret);
    assert_ne!(TestLog::new().await.store().join_secret().0, secret);
}
