//! Pages of the database file that hold other bytes than were written.

use super::*;

/// Writes these bytes at a place of a database that SQLite may have open.
fn overwrite(file: &Path, start: usize, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(start as u64)).unwrap();
    file.write_all(bytes).unwrap();
    // Closing it would release SQLite's own locks.
    std::mem::forget(file);
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
    let write = |bytes: &[u8]| overwrite(&file, page, bytes);
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
    let write = |bytes: &[u8]| overwrite(&file, start, bytes);
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
