//! Backup and restore of a log.

use crate::lock::lock_with_retry;
use crate::temp_folder::TempFolder;
use crate::test_store::{LOBBY, TestStore, WEI, fresh, post, snapshot_of};
use backend::store::data_folder::DataFolder;
use backend::store::sqlite;
use shared::command::PageAnchor;
use std::fs;

#[tokio::test]
async fn a_backup_of_an_open_log_is_one_state_of_it() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin"]).await;
    store.room(WEI, "Kitchen").await;
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    let file = backups.path().join("tea");
    let source = store.folder().to_owned();
    // Posts go on during the backup.
    let saving = std::thread::spawn({
        let file = file.clone();
        move || sqlite::backup(&source, &file).unwrap()
    });
    let mut posted = 0;
    while !saving.is_finished() || posted < 500 {
        store.append_all((0..10).map(|_| post(WEI, LOBBY, fresh(), &"x".repeat(2_000))).collect()).await;
        posted += 10;
    }
    let head = saving.join().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 1, "no other file");

    let epoch = store.store().epoch();
    let house_id = fs::read_to_string(store.folder().join("house")).unwrap();
    let other = TempFolder::new();
    let folder = DataFolder::lock(other.path()).unwrap();
    let restored = sqlite::restore(&folder, &file).unwrap();
    assert_eq!((restored.head, restored.is_other_house), (head, true));
    drop(folder);
    assert_eq!(fs::read_to_string(other.path().join("house")).unwrap(), house_id, "cookies stay valid");
    // A log that is copied by hand brings its house id along too.
    fs::write(other.path().join("house"), "00000000000000aa").unwrap();
    let mut back = TestStore::at(other);
    assert_eq!(fs::read_to_string(back.folder().join("house")).unwrap(), house_id);
    assert_ne!(back.store().epoch(), epoch, "a cursor of before means nothing any more");
    assert_eq!(back.house().head(), head);
    let (then, now) = (
        back.page(LOBBY, PageAnchor::Newest, 50, head).await,
        store.page(LOBBY, PageAnchor::Newest, 50, head).await,
    );
    assert_eq!(then, now);
    assert_eq!(back.post(WEI, LOBBY, &["on we go"]).await, [head + 1]);
    let report = sqlite::check(back.folder()).unwrap();
    assert!(report.is_sound(), "{report}");
}

#[tokio::test]
async fn a_restored_log_equals_its_backup() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin", "Hao"]).await;
    let room = store.room(WEI, "Kitchen").await;
    store.commit(crate::test_store::enter(crate::test_store::LIN, fresh(), room)).await;
    store.commit(hub::house::change::Change::Leave { member: shared::MemberId(3) }).await;
    let posted = post(WEI, room, fresh(), "once");
    let first = store.commit(posted.clone()).await;
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    sqlite::backup(store.folder(), &backups.path().join("tea")).unwrap();
    let other = TempFolder::new();
    sqlite::restore(&DataFolder::lock(other.path()).unwrap(), &backups.path().join("tea")).unwrap();
    let mut back = TestStore::at(other);
    assert_eq!(snapshot_of(&back.house()), snapshot_of(&store.house()));
    assert_eq!(back.commit(posted).await.receipt, first.receipt, "a retry is known");
}

#[tokio::test]
async fn backup_and_restore_never_overwrite_a_file() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei"]).await;
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    let file = backups.path().join("tea");
    fs::write(&file, "mine").unwrap();
    let refused = sqlite::backup(store.folder(), &file).unwrap_err().to_string();
    assert!(refused.contains("already exists"), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let good = backups.path().join("good");
    sqlite::backup(store.folder(), &good).unwrap();
    let folder = store.close();
    let locked = lock_with_retry(folder.path());
    let refused = sqlite::restore(&locked, &good).unwrap_err().to_string();
    assert!(refused.contains("first move all its files that begin with log.sqlite"), "{refused}");
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei"]).await;
    store.post(WEI, LOBBY, &["a", "b", "c"]).await;
    let backups = TempFolder::new();
    fs::create_dir_all(backups.path()).unwrap();
    let good = backups.path().join("good");
    sqlite::backup(store.folder(), &good).unwrap();
    let bytes = fs::read(&good).unwrap();
    let bad = backups.path().join("bad");
    let other = TempFolder::new();
    let folder = DataFolder::lock(other.path()).unwrap();
    for bytes in [&b"tea"[..], &[][..], &bytes[..bytes.len() / 2]] {
        fs::write(&bad, bytes).unwrap();
        assert!(sqlite::restore(&folder, &bad).is_err());
    }
    fs::write(&bad, &bytes).unwrap();
    let db = rusqlite::Connection::open(&bad).unwrap();
    db.execute("DELETE FROM events WHERE n = 3", ()).unwrap();
    drop(db);
    let refused = sqlite::restore(&folder, &bad).unwrap_err().to_string();
    assert!(refused.contains("event 4: mark"), "{refused}");
    assert!(sqlite::restore(&folder, &backups.path().join("missing")).is_err());
    let left: Vec<_> = fs::read_dir(other.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("log")), "{left:?}");
    assert!(sqlite::restore(&folder, &good).is_ok());
}
