//! A crash during a checkpoint: the database file has old and new pages.

use super::{
    copied_files::{PAGE, crash, open, opens_whole_or_is_refused, post_a_generation, post_many},
    *,
};
use crate::store::sqlite::file_pair::{PairState, judge};

/// Number of the page that holds the table `meta`.
fn meta_page(log: &Path) -> usize {
    let db = database::reader(log).unwrap();
    let select = "SELECT rootpage FROM sqlite_schema WHERE name = 'meta'";
    usize::try_from(db.query_row(select, (), |row| row.get::<_, i64>(0)).unwrap()).unwrap()
}

/// The database file before a checkpoint and after it, and the write-ahead log that was copied.
struct Checkpointed {
    before: Vec<u8>,
    /// The write-ahead log when only its first pages were written.
    early_wal: Vec<u8>,
    after: Vec<u8>,
    wal: Vec<u8>,
}

impl Checkpointed {
    /// Writes the files as they are when `pages` pages of the checkpoint are on disk.
    fn tear(&self, files: &LogFiles, pages: usize) {
        let split = (pages * PAGE).min(self.after.len());
        let rest = self.before.get(split..).unwrap_or_default();
        fs::write(&files.log, [&self.after[..split], rest].concat()).unwrap();
        fs::write(&files.wal, &self.wal).unwrap();
    }

    fn pages(&self) -> usize {
        self.after.len() / PAGE
    }

    /// Numbers of pages at which to tear: the first ones, and some of the others.
    fn tears(&self) -> impl Iterator<Item = usize> {
        (0..14).chain((14..self.pages()).step_by(self.pages() / 8)).chain([self.pages()])
    }
}

/// Posts until the checkpointer has copied pages of the write-ahead log, and ends the log as a crash does.
async fn crash_after_a_checkpoint(log: &mut TestLog) -> (LogFiles, Checkpointed) {
    let mut id = post_a_generation(log, 1).await;
    let files = LogFiles::of(&log.path);
    // The write-ahead log has just restarted, so that the file holds all that was before.
    let before = fs::read(&files.log).unwrap();
    id = post_many(log, id).await;
    let early_wal = fs::read(&files.wal).unwrap();
    let db = database::index(&files.log).unwrap();
    // Pages of the write-ahead log, and those of them that are in the file.
    let pages = || -> (i64, i64) {
        db.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| Ok((row.get(1)?, row.get(2)?))).unwrap()
    };
    while pages().0 < WAL_PAGES {
        id = post_many(log, id).await;
    }
    // The next commit notes the checkpoint. The checkpointer may still be busy with the last one.
    let mut small = (1_000_000..).map(|id: u128| Change::Post {
        room: RoomId::LOBBY,
        author: MemberId(1),
        tag: None,
        client_id: ClientId(id.to_be_bytes()),
        text: "x".to_owned(),
    });
    while pages().1 == 0 {
        assert!(pages().0 < 2 * WAL_PAGES, "no checkpoint");
        log.store().append(vec![small.next().unwrap()], 1).await[0].unwrap();
        tokio::time::sleep(PAUSE_FIRST / 100).await;
    }
    drop(db);
    log.post(1, "the newest").await.unwrap();
    let files = crash(log);
    let (after, wal) = (fs::read(&files.log).unwrap(), fs::read(&files.wal).unwrap());
    assert_eq!(wal[16..24], early_wal[16..24], "the write-ahead log has restarted");
    (files, Checkpointed { before, early_wal, after, wal })
}

#[tokio::test]
async fn the_files_of_a_crash_during_a_checkpoint_are_trusted() {
    let mut log = TestLog::new().await;
    let (files, torn) = crash_after_a_checkpoint(&mut log).await;
    let meta_page = meta_page(&files.log);
    let (mut unreadable, mut head) = (0, None);
    for pages in torn.tears() {
        torn.tear(&files, pages);
        let read = database::without_wal(&files.log).and_then(|db| projection::head(&db));
        unreadable += usize::from(read.is_err());
        // Otherwise the start checks all of the log, with the same result.
        if pages >= meta_page {
            assert_eq!(judge(&files).unwrap(), PairState::Trusted, "{pages}");
        }
        let opened = opens_whole_or_is_refused(&log.path).await;
        assert_eq!(*head.get_or_insert(opened.clone()), opened, "{pages}");
    }
    assert!(head.is_some_and(|head| head.is_ok()));
    assert!(unreadable > 12, "the file alone can be read, so the test shows nothing: {unreadable}");
}

#[tokio::test]
async fn a_torn_database_beside_another_write_ahead_log_is_suspect() {
    let mut log = TestLog::new().await;
    let (files, torn) = crash_after_a_checkpoint(&mut log).await;
    log.store = Some(open(&log.path));
    // The start has copied all pages, so that the write-ahead log restarts.
    post_many(&mut log, 50_000).await;
    crash(&mut log);
    let other = fs::read(&files.wal).unwrap();
    let half = torn.pages() - 100;
    for (what, wal) in
        [("another generation", &other), ("before the note of the checkpoint", &torn.early_wal)]
    {
        torn.tear(&files, half);
        fs::write(&files.wal, wal).unwrap();
        assert_ne!(judge(&files).unwrap(), PairState::Trusted, "{what}");
    }
    torn.tear(&files, half);
    // A copy has another identity.
    let copies = log.copied_files();
    assert_ne!(judge(&copies).unwrap(), PairState::Trusted);
    fs::remove_dir_all(copies.log.parent().unwrap()).unwrap();
    assert_eq!(judge(&files).unwrap(), PairState::Trusted);
}

/// Ends a log in the midst of a close, or of a start after a crash: `note` is what each does before it copies pages.
async fn crash_while_all_is_copied(note: impl Fn(&OpenLog, &LogFiles)) {
    let mut log = TestLog::new().await;
    post_many(&mut log, 2).await;
    let files = crash(&mut log);
    // Without a checkpoint when the connection is closed.
    let open_log = OpenLog::open(&files).unwrap();
    let before = fs::read(&files.log).unwrap();
    note(&open_log, &files);
    let wal = fs::read(&files.wal).unwrap();
    open_log.db().query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())).unwrap();
    let (after, early_wal) = (fs::read(&files.log).unwrap(), Vec::new());
    let torn = Checkpointed { before, early_wal, after, wal };
    drop(open_log);
    let meta_page = {
        torn.tear(&files, torn.pages());
        meta_page(&files.log)
    };
    for pages in torn.tears() {
        torn.tear(&files, pages);
        if pages >= meta_page {
            assert_eq!(judge(&files).unwrap(), PairState::Trusted, "{pages}");
        }
        assert_eq!(opens_whole_or_is_refused(&log.path).await, Ok(65), "{pages}");
    }
}

#[tokio::test]
async fn the_files_of_a_crash_during_a_close_are_trusted() {
    crash_while_all_is_copied(|log, _| log.release().unwrap()).await;
}

#[tokio::test]
async fn the_files_of_a_crash_during_a_start_are_trusted() {
    crash_while_all_is_copied(|log, files| file_pair::note_checkpoint(log.db(), files, 65).unwrap()).await;
}
