//! A disk that takes no writes: what is refused, what the refusal leaves in memory, and what the recovery costs.

use super::*;
use shared::Address;

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

const MEMBERS: u8 = 200;

fn join(number: u8, name: &str) -> Change {
    Change::Join { name: Name::parse(name).unwrap(), device: DeviceKey([number; 32]) }
}

/// Tables that hold the stored house, apart from the events.
const TABLES: [&str; 5] = ["members", "devices", "memberships", "rooms", "resting_names"];

/// Renames the tables of the house, so that nobody can read a row of them.
fn rename_tables(log: &TestLog, rename: impl Fn(&str) -> (String, String)) {
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    for (from, to) in TABLES.iter().map(|table| rename(table)) {
        db.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}")).unwrap();
    }
}

#[tokio::test]
async fn a_recovery_reads_no_row_of_the_house() {
    let mut log = TestLog::new().await;
    let joins = (2..MEMBERS).map(|number| join(number, &format!("Wei {number}"))).collect();
    assert!(log.store().append(joins, 1).await.iter().all(Result::is_ok));
    log.faults.is_read_only.store(true, Ordering::SeqCst);
    assert_eq!(log.post(1, "refused").await, Err(ErrorCode::StoreRefused));
    rename_tables(&log, |table| (table.to_owned(), format!("hidden_{table}")));
    log.faults.is_read_only.store(false, Ordering::SeqCst);
    log.store().health().wait_until_writable().await;
    assert_eq!(log.post(2, "kept").await.unwrap().seq, 1);
    rename_tables(&log, |table| (format!("hidden_{table}"), table.to_owned()));
    assert_eq!(log.store().append(vec![join(250, "Lin")], 1).await[0].unwrap().seq, 0);
    assert!(check(&log.path).unwrap().is_sound());
}

#[tokio::test]
async fn the_house_is_as_before_a_refused_group() {
    let mut log = TestLog::new().await;
    let room = |id: u8, name: &str| Change::CreateRoom {
        author: MemberId(1),
        client_id: ClientId([id; 16]),
        name: Name::parse(name).unwrap(),
        description: String::new(),
    };
    log.store().append(vec![room(1, "Oolong"), join(2, "Lin"), post(2, "a")], 1).await;
    let before = projection::house(&database::reader(&LogFiles::of(&log.path).log).unwrap()).unwrap();
    log.faults.syncs_fail.store(true, Ordering::SeqCst);
    let lin = MemberId(2);
    let group = vec![
        room(3, "Pu'er"),
        join(3, "Mei"),
        Change::Rename { member: MemberId(1), name: Name::parse("Wu").unwrap() },
        Change::JoinRoom { author: lin, client_id: ClientId([4; 16]), room: RoomId(2) },
        Change::ArchiveRoom {
            author: MemberId(1),
            client_id: ClientId([5; 16]),
            room: RoomId(2),
            archived: true,
        },
        Change::Leave { member: lin },
        post(6, "b"),
    ];
    let refused = log.store().append(group.clone(), 2).await;
    assert_eq!(refused, vec![Err(ErrorCode::StoreRefused); group.len()]);
    log.faults.syncs_fail.store(false, Ordering::SeqCst);
    log.store().health().wait_until_writable().await;
    // The same group again is accepted as a whole, and what it leaves is what its events add up to.
    let accepted = log.store().append(group, 2).await;
    assert!(accepted.iter().all(Result::is_ok), "{accepted:?}");
    let first = accepted[0].unwrap();
    assert_eq!(first.room, Some(RoomId(3)), "the refused room has left no number behind");
    // The receipt is that of `room_created`, which follows the event of the maker.
    assert_eq!(before.head() + 2, first.n, "the positions go on");
    assert!(check(&log.path).unwrap().is_sound());
    let after = projection::house(&database::reader(&LogFiles::of(&log.path).log).unwrap()).unwrap();
    assert_eq!(after.rooms.last(Address::Room(RoomId(2))), accepted[5].unwrap().n - 1);
    assert_eq!(after.next_member(), before.next_member() + 1);
}

#[tokio::test]
async fn posts_stay_refused_when_the_log_ends_with_another_event() {
    let mut log = TestLog::new().await;
    let last = log.post(1, "a").await.unwrap();
    log.faults.is_read_only.store(true, Ordering::SeqCst);
    assert_eq!(log.post(2, "refused").await, Err(ErrorCode::StoreRefused));
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    db.execute("UPDATE events SET mark = mark + 1 WHERE n = ?1", [row::to_sql(last.n)]).unwrap();
    log.faults.is_read_only.store(false, Ordering::SeqCst);
    let damaged = "the database is damaged; run `teahouse check`";
    let health = log.store().health();
    while health.refusal() != Some(damaged) {
        tokio::time::sleep(PAUSE_FIRST / 10).await;
    }
    db.execute("UPDATE events SET mark = mark - 1 WHERE n = ?1", [row::to_sql(last.n)]).unwrap();
    drop(db);
    health.wait_until_writable().await;
    log.post(3, "kept").await.unwrap();
}
