//! Pages whose sync has failed.

use super::*;

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
