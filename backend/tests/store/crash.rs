//! The log after a crash. SQLite writes the pages of a commit one by one into the write-ahead log. A crash
//! may end it between two pages or within one.

use crate::temp_folder::TempFolder;
use crate::test_store::{LIN, LOBBY, TestStore, WEI, create, enter, fresh, go, positions, post};
use backend::store::data_folder::DataFolder;
use backend::store::{
    Store,
    limits::WAL_PAGES_MAX,
    sqlite::{self, SqliteStore},
};
use hub::house::change::Change;
use shared::Address;
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

const WAL_HEADER: usize = 32;
const PAGE: usize = 24 + 4096;

const LOG: &str = "log.sqlite";
const WAL: &str = "log.sqlite-wal";

/// Both files of a log as they are on disk now.
struct LogCopy {
    log: Vec<u8>,
    wal: Vec<u8>,
}

impl LogCopy {
    fn of(folder: &Path) -> Self {
        LogCopy { log: fs::read(folder.join(LOG)).unwrap(), wal: fs::read(folder.join(WAL)).unwrap() }
    }

    fn whole(&self) -> TempFolder {
        self.cut(self.wal.len())
    }

    /// A folder with the log and the first bytes of the write-ahead log.
    fn cut(&self, wal: usize) -> TempFolder {
        let folder = TempFolder::new();
        fs::create_dir_all(folder.path()).unwrap();
        fs::write(folder.path().join(LOG), &self.log).unwrap();
        fs::write(folder.path().join(WAL), &self.wal[..wal]).unwrap();
        folder
    }
}

/// Bytes of the write-ahead log that count: a page belongs to it if its salt is the log's.
fn wal_end(folder: &Path) -> usize {
    let wal = fs::read(folder.join(WAL)).unwrap();
    let is_of_the_log = |page: &&[u8]| page.len() == PAGE && page[8..16] == wal[16..24];
    WAL_HEADER + PAGE * wal[WAL_HEADER..].chunks(PAGE).take_while(is_of_the_log).count()
}

/// Last position in the log after a crash. Checks the log.
fn head_after(folder: &TempFolder) -> u64 {
    let mut store = folder.open();
    let head = store.snapshot().unwrap().head();
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound(), "{report}");
    head
}

#[tokio::test]
async fn a_cut_write_ahead_log_holds_every_acknowledged_event_before_the_cut() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin"]).await;
    // After each group: length of the write-ahead log, and the last acknowledged position.
    let folder = store.folder().to_owned();
    let length = || wal_end(&folder);
    let mut acknowledged = vec![(length(), 2)];
    let mut head = 2;
    for round in 0..12 {
        let room = shared::RoomId(round + 2);
        let long = "x".repeat(6_000);
        let group: Vec<Change> = vec![
            create(WEI, fresh(), &format!("Room {round}")),
            enter(LIN, fresh(), room),
            post(LIN, room, fresh(), "hello"),
            post(WEI, LOBBY, fresh(), &long),
            go(LIN, fresh(), room),
        ];
        let outcomes = store.append_all(group).await;
        let events = outcomes.iter().flat_map(|outcome| positions(&outcome.as_ref().unwrap().events));
        head = events.fold(head, u64::max);
        acknowledged.push((length(), head));
    }
    let mut files = LogCopy::of(&folder);
    files.wal.truncate(length());
    let pages = (files.wal.len() - WAL_HEADER) / PAGE;
    assert!(pages > 60, "only {pages} pages");
    let first = (acknowledged[0].0 - WAL_HEADER) / PAGE;
    for page in first..=pages {
        let whole = WAL_HEADER + page * PAGE;
        // At the end of the page, and within the next one.
        for length in [whole, (whole + 24).min(files.wal.len()), (whole + PAGE / 2).min(files.wal.len())] {
            let wanted = acknowledged.iter().rev().find(|(end, _)| *end <= length).unwrap().1;
            assert_eq!(
                head_after(&files.cut(length)),
                wanted,
                "cut at byte {length}, page {page} of {pages}"
            );
        }
    }
}

#[tokio::test]
async fn a_flipped_bit_in_the_last_commit_loses_only_that_commit() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei"]).await;
    let before = store.post(WEI, LOBBY, &["first"]).await[0];
    let wal_length = wal_end(store.folder());
    store.post(WEI, LOBBY, &["second"]).await;
    let mut files = LogCopy::of(store.folder());
    files.wal[wal_length + 24 + 100] ^= 1;
    assert_eq!(head_after(&files.whole()), before);
}

#[tokio::test]
async fn a_crash_during_a_checkpoint_loses_nothing() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei"]).await;
    // Each restart of the write-ahead log sets another salt (bytes 16 to 24).
    let wal = store.folder().join(WAL);
    let salt = || {
        let mut header = [0; WAL_HEADER];
        fs::File::open(&wal).unwrap().read_exact(&mut header).unwrap();
        header[16..24].to_vec()
    };
    let text = "x".repeat(16 << 10);
    let (mut last, mut begun, mut count, mut longest) = (0, 0, 0, 0);
    let mut before = salt();
    while begun < 2 {
        let group = (0..32).map(|_| post(WEI, LOBBY, fresh(), &text)).collect();
        last = store.append_all(group).await.last().unwrap().as_ref().unwrap().receipt.n;
        let now = salt();
        begun += u32::from(now != before);
        before = now;
        longest = longest.max(fs::metadata(&wal).unwrap().len());
        count += 1;
        assert!(count < 1000, "it is never begun anew");
    }
    // One group may exceed the limit.
    let pages_max = u64::try_from(WAL_PAGES_MAX).unwrap() + 500;
    assert!(longest <= pages_max * PAGE as u64, "{longest} bytes");
    // The checkpointer may be copying pages right now. A crash may come at any moment.
    let files = LogCopy::of(store.folder());
    assert_eq!(head_after(&files.whole()), last);
    let found = store.replay(&[Address::Room(LOBBY)], last - 1, u64::MAX, false).await;
    assert_eq!(positions(&found.events), [last]);
}

/// Variable that names the folder to the process that is killed.
const KILLED_FOLDER: &str = "TEAHOUSE_TEST_KILLED_FOLDER";

#[tokio::test]
#[ignore = "the process that the next test kills"]
async fn append_until_killed() {
    let Some(path) = env::var_os(KILLED_FOLDER) else { return };
    let mut store = SqliteStore::open(DataFolder::lock(Path::new(&path)).unwrap()).unwrap();
    let mut out = std::io::stdout();
    let head = store.snapshot().unwrap().head();
    if head == 0 {
        store.append(vec![crate::test_store::join("Wei")], 1).await[0].as_ref().unwrap();
    }
    // Ids continue after the last one.
    let mut number = u32::try_from(head).unwrap();
    loop {
        let group = (0..8).map(|_| {
            number += 1;
            post(WEI, LOBBY, crate::test_store::id(number), &"x".repeat(3_000))
        });
        let group = group.collect();
        for outcome in store.append(group, 1).await {
            writeln!(out, "acknowledged {}", outcome.unwrap().n).unwrap();
        }
    }
}

#[test]
fn a_killed_writer_loses_no_acknowledged_event() {
    let folder = TempFolder::new();
    let mut most = 0;
    for round in 1..=6 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "crash::append_until_killed", "--ignored", "--nocapture"])
            .env(KILLED_FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acknowledged = lines.map_while(Result::ok).filter_map(|line| {
            // The test runner may print before the first line.
            line.split_once("acknowledged ")?.1.parse::<u64>().ok()
        });
        let mut received = 0;
        for n in acknowledged {
            received += 1;
            most = most.max(n);
            if received == round * 100 {
                child.kill().unwrap();
            }
        }
        assert!(received >= round * 100, "it ended by itself after {received}");
        child.wait().unwrap();
        // Check a copy now. The next round opens the folder itself.
        let head = head_after(&LogCopy::of(folder.path()).whole());
        assert!(head >= most, "acknowledged {most}, found {head}");
    }
}
