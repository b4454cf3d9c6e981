//! A database file and a write-ahead log that do not belong together.

use super::*;
use crate::store::sqlite::file_pair::{PairState, judge};

pub(super) const PAGE: usize = 4096;

/// Posts until the write-ahead log has restarted once more, so that the database file holds all that was before.
pub(super) async fn post_a_generation(log: &mut TestLog, first: u128) -> u128 {
    let wal = LogFiles::of(&log.path).wal;
    let salt = || fs::read(&wal).unwrap()[16..24].to_vec();
    let (before, mut id) = (salt(), first);
    while salt() == before {
        id = post_many(log, id).await;
        assert!(id < first + 20_000, "it never restarts");
    }
    id
}

pub(super) async fn post_many(log: &mut TestLog, first: u128) -> u128 {
    let text = "x".repeat(16 << 10);
    let group = (first..first + 64).map(|id| Change::Post {
        room: RoomId::LOBBY,
        author: MemberId(1),
        tag: None,
        client_id: ClientId(id.to_be_bytes()),
        text: text.clone(),
    });
    let group = group.collect();
    assert!(log.store().append(group, 1).await.iter().all(Result::is_ok));
    first + 64
}

/// Ends the log as a crash does: its write-ahead log stays, and so does the owner.
pub(super) fn crash(log: &mut TestLog) -> LogFiles {
    let files = LogFiles::of(&log.path);
    let saved = (fs::read(&files.log).unwrap(), fs::read(&files.wal).unwrap());
    log.store = None;
    // The file stays the same one, so it has the same identity.
    fs::write(&files.log, saved.0).unwrap();
    fs::write(&files.wal, saved.1).unwrap();
    files
}

fn is_suspect(files: &LogFiles) -> bool {
    judge(files).unwrap() != PairState::Trusted
}

pub(super) fn open(path: &Path) -> SqliteStore {
    SqliteStore::open_files(DataFolder::lock(path).unwrap(), LogFiles::of(path)).unwrap()
}

/// Checks that a log opens with the messages 1, 2, 3… up to some one, or is refused with the way out.
pub(super) async fn opens_whole_or_is_refused(path: &Path) -> Result<u64, String> {
    let log = SqliteStore::open_files(DataFolder::lock(path).unwrap(), LogFiles::of(path));
    let mut store = match log {
        Ok(store) => store,
        Err(refused) => {
            let refused = refused.to_string();
            assert!(refused.contains("teahouse restore FILE"), "{refused}");
            return Err(refused);
        }
    };
    let report = check(path).unwrap();
    assert!(report.is_sound(), "it opened damaged: {report}");
    let head = store.snapshot().unwrap().head();
    let query =
        Query::History { room: RoomId::LOBBY, at: PageAnchor::Newest, limit: usize::MAX, through: u64::MAX };
    let QueryResult::Page(page) = store.read(query).await.unwrap() else { panic!("no page") };
    // The member's joining comes before the messages.
    assert_eq!(page.messages.last().map_or(head.min(1), |last| last.seq + 1), head);
    Ok(head)
}

#[tokio::test]
async fn the_files_of_a_crash_are_trusted() {
    let mut log = TestLog::new().await;
    let id = post_a_generation(&mut log, 1).await;
    let files = crash(&mut log);
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    log.store = Some(open(&log.path));
    assert_eq!(log.messages().await.last().unwrap().seq, u64::try_from(id - 1).unwrap());
    // A start that crashes before anything is written.
    let files = crash(&mut log);
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    drop(open(&log.path));
    assert_eq!(judge(&files).unwrap(), PairState::Trusted, "it was closed");
    assert!(!files.wal.exists());
}

#[tokio::test]
async fn a_database_without_its_write_ahead_log_is_suspect() {
    let mut log = TestLog::new().await;
    log.post(1, "x").await.unwrap();
    let files = crash(&mut log);
    fs::remove_file(&files.wal).unwrap();
    assert!(is_suspect(&files));
    // It is whole, but for the message that only the write-ahead log held.
    assert_eq!(opens_whole_or_is_refused(&log.path).await, Ok(0));
}

#[tokio::test]
async fn an_old_write_ahead_log_beside_a_closed_database_is_suspect() {
    let mut log = TestLog::new().await;
    post_many(&mut log, 1).await;
    let old = fs::read(LogFiles::of(&log.path).wal).unwrap();
    post_a_generation(&mut log, 65).await;
    log.store = None;
    let files = LogFiles::of(&log.path);
    let newest = fs::read(&files.log).unwrap();
    fs::write(&files.wal, old).unwrap();
    assert!(is_suspect(&files));
    let refused = opens_whole_or_is_refused(&log.path).await.unwrap_err();
    assert!(refused.contains("-wal to another folder and start again"), "{refused}");
    assert_eq!(fs::read(&files.log).unwrap(), newest, "nothing is lost");
    fs::remove_file(&files.wal).unwrap();
    assert!(opens_whole_or_is_refused(&log.path).await.is_ok());
}

#[tokio::test]
async fn an_older_or_newer_database_in_its_own_place_is_suspect() {
    let mut log = TestLog::new().await;
    let id = post_a_generation(&mut log, 1).await;
    let (older, older_wal) = {
        let files = LogFiles::of(&log.path);
        (fs::read(&files.log).unwrap(), fs::read(&files.wal).unwrap())
    };
    post_a_generation(&mut log, id).await;
    let files = crash(&mut log);
    let newer = fs::read(&files.log).unwrap();
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    // `cp` writes into the file that is there, which keeps its identity.
    fs::write(&files.log, &older).unwrap();
    assert!(is_suspect(&files));
    opens_whole_or_is_refused(&log.path).await.unwrap_err();
    fs::write(&files.log, &newer).unwrap();
    fs::write(&files.wal, &older_wal).unwrap();
    assert!(is_suspect(&files));
    opens_whole_or_is_refused(&log.path).await.unwrap_err();
    // Both are of one moment again.
    fs::write(&files.log, &older).unwrap();
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    assert!(opens_whole_or_is_refused(&log.path).await.is_ok());
}

#[tokio::test]
async fn a_copy_of_a_running_database_opens_whole_or_is_refused() {
    let mut log = TestLog::new().await;
    let mut id = 1;
    let mut copies = Vec::new();
    while copies.len() < 2 {
        id = post_a_generation(&mut log, id).await;
        copies.push(fs::read(LogFiles::of(&log.path).log).unwrap());
    }
    let at = |bytes: &[u8]| {
        let to = path();
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join(FILE), bytes).unwrap();
        to
    };
    let (mut opened, mut refused) = (0, 0);
    for pair in copies.windows(2) {
        let [before, after] = pair else { continue };
        let pages = before.len() / PAGE;
        // `cp` has read the first pages before a checkpoint, and the others after it.
        for split in [0, 1, pages / 2, pages - 2, pages] {
            let (first, rest) = (&before[..split * PAGE], &after[split * PAGE..]);
            let folder = at(&[first, rest].concat());
            assert!(is_suspect(&LogFiles::of(&folder)));
            match opens_whole_or_is_refused(&folder).await {
                Ok(_) => opened += 1,
                Err(_) => refused += 1,
            }
            fs::remove_dir_all(&folder).unwrap();
        }
    }
    assert!(opened >= copies.len() - 1 && refused > 0, "{opened} opened, {refused} refused");
}

/// Repairs the log of this folder.
fn repair_at(path: &Path) -> Result<Repaired, String> {
    repair(&DataFolder::lock(path).unwrap()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_repair_changes_nothing_when_an_old_write_ahead_log_lies_beside_the_database() {
    let mut log = TestLog::new().await;
    post_many(&mut log, 1).await;
    let old = fs::read(LogFiles::of(&log.path).wal).unwrap();
    post_a_generation(&mut log, 65).await;
    log.store = None;
    let files = LogFiles::of(&log.path);
    let newest = fs::read(&files.log).unwrap();
    fs::write(&files.wal, &old).unwrap();
    let refused = repair_at(&log.path).unwrap_err();
    assert!(refused.contains("-wal to another folder and start again"), "{refused}");
    assert!(fs::read(&files.log).unwrap() == newest && fs::read(&files.wal).unwrap() == old);
}

#[tokio::test]
async fn a_refused_copy_opens_after_a_repair_when_only_its_state_is_wrong() {
    let mut log = TestLog::new().await;
    log.post(1, "x").await.unwrap();
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    db.execute("UPDATE members SET name = 'y'", ()).unwrap();
    drop(db);
    let files = log.copied_files();
    let to = files.log.parent().unwrap();
    let refused = opens_whole_or_is_refused(to).await.unwrap_err();
    assert!(refused.contains("Run teahouse check --repair and start again"), "{refused}");
    assert!(repair_at(to).unwrap().has_new_state);
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    assert_eq!(opens_whole_or_is_refused(to).await, Ok(2));
    fs::remove_dir_all(to).unwrap();
}

#[tokio::test]
async fn a_log_with_damage_that_stays_opens_after_a_repair_as_before() {
    let mut log = TestLog::new().await;
    log.post(1, "x").await.unwrap();
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    db.execute("UPDATE events SET prev = 0 WHERE n = 2", ()).unwrap();
    drop(db);
    let files = crash(&mut log);
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    assert!(!repair_at(&log.path).unwrap().report.is_sound());
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    drop(open(&log.path));
}

#[tokio::test]
async fn a_write_ahead_log_without_its_database_is_kept() {
    let mut log = TestLog::new().await;
    log.post(1, "x").await.unwrap();
    let files = crash(&mut log);
    let (whole, wal) = (fs::read(&files.log).unwrap(), fs::read(&files.wal).unwrap());
    for is_empty in [true, false] {
        if is_empty {
            fs::write(&files.log, "").unwrap()
        } else {
            fs::remove_file(&files.log).unwrap()
        }
        let refused = opens_whole_or_is_refused(&log.path).await.unwrap_err();
        assert!(refused.contains("is missing or empty"), "{refused}");
        assert!(check(&log.path).is_err() && repair_at(&log.path).is_err());
        assert!(super::backup(&log.path, &log.path.join("copy")).is_err());
        assert!(fs::read(&files.wal).unwrap() == wal, "no command deletes it");
        assert_eq!(files.log.exists(), is_empty);
    }
    fs::write(&files.log, whole).unwrap();
    assert_eq!(opens_whole_or_is_refused(&log.path).await, Ok(2));
}

#[tokio::test]
async fn a_write_ahead_log_with_newer_messages_is_not_to_be_moved_away() {
    let mut log = TestLog::new().await;
    log.store = None;
    let files = LogFiles::of(&log.path);
    let closed = fs::read(&files.log).unwrap();
    log.store = Some(open(&log.path));
    log.post(1, "x").await.unwrap();
    let db = rusqlite::Connection::open(&files.log).unwrap();
    db.execute("UPDATE events SET prev = 7 WHERE n = 2", ()).unwrap();
    drop(db);
    crash(&mut log);
    fs::write(&files.log, closed).unwrap();
    assert!(matches!(judge(&files).unwrap(), PairState::Suspect { was_closed: true, .. }));
    let refused = opens_whole_or_is_refused(&log.path).await.unwrap_err();
    assert!(!refused.contains("-wal to another folder"), "{refused}");
}

#[tokio::test]
async fn a_write_ahead_log_is_not_to_be_moved_away_when_the_database_alone_is_damaged() {
    let mut log = TestLog::new().await;
    post_many(&mut log, 1).await;
    let files = LogFiles::of(&log.path);
    let old = fs::read(&files.wal).unwrap();
    post_a_generation(&mut log, 65).await;
    log.store = None;
    let db = rusqlite::Connection::open(&files.log).unwrap();
    db.execute("DELETE FROM events WHERE n = 50", ()).unwrap();
    drop(db);
    fs::write(&files.wal, old).unwrap();
    let refused = opens_whole_or_is_refused(&log.path).await.unwrap_err();
    assert!(!refused.contains("-wal to another folder"), "{refused}");
}

#[tokio::test]
async fn a_claim_fails_when_the_database_file_does_not_get_it() {
    let mut log = TestLog::new().await;
    log.store = None;
    let files = LogFiles::of(&log.path);
    let db = database::writer(&files.log).unwrap();
    file_pair::set_base(&db, 0).unwrap();
    let reader = database::reader(&files.log).unwrap();
    let reading = reader.unchecked_transaction().unwrap();
    assert_eq!(projection::head(&reading).unwrap(), 1);
    assert!(file_pair::claim(&db, &files).is_err());
    drop(reading);
    file_pair::claim(&db, &files).unwrap();
}

#[tokio::test]
async fn a_copy_without_a_table_is_refused_with_advice() {
    let mut log = TestLog::new().await;
    log.store = None;
    let files = LogFiles::of(&log.path);
    let db = rusqlite::Connection::open(&files.log).unwrap();
    db.execute_batch("DROP TABLE events").unwrap();
    drop(db);
    assert_eq!(judge(&files).unwrap(), PairState::Suspect { head_alone: 0, was_closed: false });
    opens_whole_or_is_refused(&log.path).await.unwrap_err();
}

#[tokio::test]
async fn an_empty_write_ahead_log_of_the_owner_is_trusted() {
    let mut log = TestLog::new().await;
    log.post(1, "x").await.unwrap();
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    db.query_row("PRAGMA wal_checkpoint(RESTART)", (), |_| Ok(())).unwrap();
    drop(db);
    let files = crash(&mut log);
    fs::write(&files.wal, "").unwrap();
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
    assert_eq!(opens_whole_or_is_refused(&log.path).await, Ok(2));
}
