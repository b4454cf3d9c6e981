mod copied_files;
mod present_messages;
mod recovery;
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

/// Checks the behaviour that every fault must have. `begin` and `end` switch the fault.
async fn survives_fault(why: &str, begin: impl Fn(&InjectedFaults), end: impl Fn(&InjectedFaults)) {
    let mut log = TestLog::new().await;
    let first = log.post(1, "kept").await.unwrap();
    assert_eq!(log.refusal(), None);

    begin(&log.faults);
    let long = "x".repeat(100_000);
    let group = vec![post(2, &long), post(1, "kept"), post(3, "neither")];
    let refused = log.store().append(group, 2).await;
    assert_eq!(refused, vec![Err(ErrorCode::StoreRefused); 3], "{why}: all of the group");
    assert_eq!(log.refusal(), Some(why));
    assert_eq!(texts(&log.messages().await), ["kept"], "{why}: reading goes on");
    assert_eq!(log.post(4, "nor this").await, Err(ErrorCode::StoreRefused), "{why}: at once");

    end(&log.faults);
    log.store().health().wait_until_writable().await;
    let receipt = log.post(2, &long).await.unwrap();
    assert_eq!((receipt.n, receipt.seq), (3, 2), "{why}: as if it had not been tried");
    assert_eq!(log.post(1, "kept").await, Ok(first));
    assert_eq!(texts(&log.messages().await), ["kept", &long]);
    let mut again = log.after_a_crash();
    assert_eq!(texts(&again.messages().await), ["kept", &long], "{why}: and after a start");
}

#[tokio::test]
async fn posts_are_refused_while_the_disk_is_full() {
    // The schema alone has more than two pages.
    let begin = |faults: &InjectedFaults| faults.pages_max.store(2, Ordering::SeqCst);
    survives_fault("the disk is full", begin, |faults| faults.pages_max.store(0, Ordering::SeqCst)).await;
}

#[tokio::test]
async fn posts_are_refused_while_the_log_is_read_only() {
    let set = |to| move |faults: &InjectedFaults| faults.is_read_only.store(to, Ordering::SeqCst);
    survives_fault("the database cannot be written to", set(true), set(false)).await;
}

#[tokio::test]
async fn posts_are_refused_while_syncs_fail() {
    let set = |to| move |faults: &InjectedFaults| faults.syncs_fail.store(to, Ordering::SeqCst);
    survives_fault("the disk reports an error", set(true), set(false)).await;
}

#[tokio::test]
async fn posts_are_refused_at_once_while_the_log_is_opened_again() {
    let mut log = TestLog::new().await;
    let faults = Arc::clone(&log.faults);
    faults.is_recovery_held.store(true, Ordering::SeqCst);
    faults.is_read_only.store(true, Ordering::SeqCst);
    assert_eq!(log.post(1, "refused").await, Err(ErrorCode::StoreRefused));
    faults.is_read_only.store(false, Ordering::SeqCst);
    while !faults.is_recovering.load(Ordering::SeqCst) {
        tokio::time::sleep(PAUSE_FIRST / 10).await;
    }
    // More than the writer's channel holds.
    for id in 2..10 {
        let refused = log.store().append(vec![post(id, "refused")], 1).now_or_never();
        assert_eq!(refused, Some(vec![Err(ErrorCode::StoreRefused)]), "post {id} waits");
    }
    assert!(log.messages().await.is_empty(), "reading goes on");
    faults.is_recovery_held.store(false, Ordering::SeqCst);
    log.store().health().wait_until_writable().await;
    assert_eq!(log.post(11, "kept").await.unwrap().seq, 1);
}

/// Waits until the store has ended, and checks the reason.
async fn ends(log: &mut TestLog, why: &str) {
    let health = log.store().health();
    let ended = tokio::time::timeout(Duration::from_secs(60), health.wait_for_end()).await;
    assert!(ended.is_ok(), "the end of the thread goes unnoticed");
    assert_eq!(health.refusal(), Some(why));
}

#[tokio::test]
async fn the_store_ends_when_a_reader_panics() {
    let mut log = TestLog::new().await;
    log.faults.reader_panics.store(true, Ordering::SeqCst);
    assert_eq!(log.page(PageAnchor::Newest).await, Err(ErrorCode::StoreRefused));
    ends(&mut log, "a database reader stopped").await;
}

#[tokio::test]
async fn the_store_ends_when_the_checkpointer_panics() {
    let mut log = TestLog::new().await;
    log.faults.checkpointer_panics.store(true, Ordering::SeqCst);
    let text = "x".repeat(16 << 10);
    let pages = usize::try_from(WAL_PAGES).unwrap();
    // Each message has more than four pages.
    for id in 0..pages / 4 {
        let client_id = ClientId((id as u128).to_be_bytes());
        let change = Change::Post {
            room: RoomId::LOBBY,
            author: MemberId(1),
            tag: None,
            client_id,
            text: text.clone(),
        };
        let _ = log.store().append(vec![change], 1).await;
        if !log.faults.checkpointer_panics.load(Ordering::SeqCst) {
            break;
        }
    }
    ends(&mut log, "the database checkpointer stopped").await;
}

#[tokio::test]
async fn no_checkpoint_runs_after_a_failed_sync_of_the_database() {
    let mut log = TestLog::new().await;
    log.faults.database_sync_fails.store(true, Ordering::SeqCst);
    let text = "x".repeat(16 << 10);
    let wal = LogFiles::of(&log.path).wal;
    // Write more pages than would restart the write-ahead log if they were checkpointed.
    let (mut id, mut sent) = (0_u128, 0);
    let long = u64::try_from(3 * WAL_PAGES).unwrap() * 4096;
    while fs::metadata(&wal).map_or(0, |file| file.len()) < long {
        let mut next = || {
            id += 1;
            let (client_id, text) = (ClientId(id.to_be_bytes()), text.clone());
            Change::Post { room: RoomId::LOBBY, author: MemberId(1), tag: None, client_id, text }
        };
        let group: Vec<_> = (0..64).map(|_| next()).collect();
        sent += group.len();
        assert!(sent < 5_000, "it began anew");
        assert!(log.store().append(group, 1).await.iter().all(Result::is_ok));
    }
    assert!(!log.faults.database_sync_fails.load(Ordering::SeqCst), "it was met");
    // No checkpoint at the end either.
    log.store = None;
    assert!(fs::metadata(&wal).unwrap().len() >= long);
    // The database's own pages may be lost: the write-ahead log alone holds everything.
    let mut again = log.after_a_crash();
    let found = again.page(PageAnchor::Newest).await.unwrap();
    assert_eq!(found.messages.last().unwrap().seq, u64::try_from(sent).unwrap());
}

#[tokio::test]
async fn the_next_start_does_not_find_pages_of_a_failed_sync() {
    let mut log = TestLog::new().await;
    log.post(1, "kept").await.unwrap();
    // Behind the last commit are pages from before the start's checkpoint.
    wal_end::cut(&LogFiles::of(&log.path)).unwrap();
    let before = log.wal();
    // Another log with the same files commits the same post. Its pages are the very pages that a commit with
    // a failed sync leaves.
    let unsynced_pages = {
        let twin = log.copied_files();
        let mut open = OpenLog::open(&twin).unwrap();
        open.commit(vec![post(2, "refused")], 1).unwrap();
        let wal = fs::read(&twin.wal).unwrap();
        drop(open);
        fs::remove_dir_all(twin.log.parent().unwrap()).unwrap();
        assert!(wal[..before.len()] == before);
        wal[before.len()..].to_owned()
    };
    assert!(!unsynced_pages.is_empty());
    // The writer cuts the pages again at each attempt to open the log. None may fall between the next lines.
    log.faults.is_recovery_held.store(true, Ordering::SeqCst);
    log.faults.unsynced_pages.lock().unwrap().clone_from(&unsynced_pages);
    log.faults.syncs_fail.store(true, Ordering::SeqCst);
    assert_eq!(log.post(2, "refused").await, Err(ErrorCode::StoreRefused));
    assert_eq!(texts(&log.messages().await), ["kept"]);
    assert_eq!(texts(&log.after_a_crash().messages().await), ["kept"]);

    // A start would have found the pages.
    let files = LogFiles::of(&log.path);
    fs::OpenOptions::new().append(true).open(&files.wal).unwrap().write_all(&unsynced_pages).unwrap();
    assert_eq!(texts(&log.after_a_crash().messages().await), ["kept", "refused"]);

    // They are cut before the next change is accepted.
    log.faults.is_recovery_held.store(false, Ordering::SeqCst);
    log.faults.syncs_fail.store(false, Ordering::SeqCst);
    log.store().health().wait_until_writable().await;
    assert_eq!(texts(&log.after_a_crash().messages().await), ["kept"]);
    log.post(3, "later").await.unwrap();
    assert_eq!(texts(&log.after_a_crash().messages().await), ["kept", "later"]);
}

#[tokio::test]
async fn a_bad_page_is_reported_and_other_pages_are_read() {
    let mut log = TestLog::new().await;
    for id in 1..=100 {
        let text = format!("message {id} {}", "x".repeat(1_000));
        log.post(id, &text).await.unwrap();
    }
    // Closing copies all pages into the database.
    log.store = None;
    let file = LogFiles::of(&log.path).log;
    let whole = fs::read(&file).unwrap();
    let needle = b"message 7 ";
    let place = whole.windows(needle.len()).position(|window| window == needle).unwrap();
    let page = place / 4096 * 4096;
    let write = |bytes: &[u8]| {
        let mut file = fs::OpenOptions::new().write(true).open(&file).unwrap();
        file.seek(SeekFrom::Start(page as u64)).unwrap();
        file.write_all(bytes).unwrap();
        // Closing it would release SQLite's own locks.
        std::mem::forget(file);
    };
    write(&[0xff; 64]);
    log.store = Some(SqliteStore::open(DataFolder::lock(&log.path).unwrap()).unwrap());
    assert_eq!(log.page(PageAnchor::After(0)).await, Err(ErrorCode::StoreRefused));
    assert_eq!(log.messages().await.len(), 50, "the newest are elsewhere");
    write(&whole[page..page + 64]);
    for _ in 0..READERS {
        assert_eq!(log.page(PageAnchor::After(0)).await.unwrap().messages.len(), 50);
    }
}

#[tokio::test]
async fn posts_are_refused_while_a_page_that_they_need_is_bad() {
    let mut log = TestLog::new().await;
    for id in 1..=100 {
        log.post(id, "x").await.unwrap();
    }
    let file = LogFiles::of(&log.path).log;
    let page: i64 = database::reader(&file)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'receipts'", (), |row| row.get(0))
        .unwrap();
    log.store = None;
    let start = usize::try_from((page - 1) * 4096).unwrap();
    let whole = fs::read(&file).unwrap();
    let write = |bytes: &[u8]| {
        let mut file = fs::OpenOptions::new().write(true).open(&file).unwrap();
        file.seek(SeekFrom::Start(start as u64)).unwrap();
        file.write_all(bytes).unwrap();
        // Closing it would release SQLite's own locks.
        std::mem::forget(file);
    };
    write(&[0xff; 64]);
    log.store = Some(SqliteStore::open(DataFolder::lock(&log.path).unwrap()).unwrap());
    assert_eq!(log.refusal(), None, "nobody has met it");
    assert_eq!(log.post(101, "x").await, Err(ErrorCode::StoreRefused));
    // Posts are refused steadily, and reading goes on.
    for _ in 0..20 {
        assert_eq!(log.refusal(), Some("the database is damaged; run `teahouse check`"));
        assert_eq!(log.messages().await.len(), 50);
        tokio::time::sleep(PAUSE_FIRST / 10).await;
    }
    write(&whole[start..start + 64]);
    log.store().health().wait_until_writable().await;
    log.post(101, "x").await.unwrap();
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
