use super::*;
use crate::house::members::DeviceKey;
use crate::house::names::Name;
use crate::limits::NAME_REST_MS;
use shared::{
    ErrorCode,
    event::Posted,
    limits::{SNAPSHOT_BYTES, SNAPSHOT_MESSAGES},
};

fn newest(log: &Log) -> MessagePage {
    let query = Query::History {
        room: RoomId::LOBBY,
        at: PageAnchor::Newest,
        limit: SNAPSHOT_MESSAGES,
        through: log.house().head(),
    };
    match log.read(&query) {
        QueryResult::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

fn log_with_members(names: &[&str]) -> Log {
    let mut log = Log::new(Epoch(7));
    for (i, name) in names.iter().enumerate() {
        log.append(join(name, u8::try_from(i).unwrap()), 1).unwrap();
    }
    log
}

fn join(name: &str, device: u8) -> Change {
    Change::Join { name: Name::parse(name).unwrap(), device: DeviceKey([device; 32]) }
}

fn post(author: u64, id: u32, text: &str) -> Change {
    let mut client_id = [0; 16];
    client_id[..4].copy_from_slice(&id.to_be_bytes());
    Change::Post {
        room: RoomId::LOBBY,
        author: MemberId(author),
        tag: None,
        client_id: ClientId(client_id),
        text: text.to_owned(),
    }
}

/// Appends a post and returns its event.
fn posted(log: &mut Log, change: Change, now: u64) -> Posted {
    let before = log.house().head();
    log.append(change, now).unwrap();
    match &log.commits_after(before).unwrap()[..] {
        [commit] => match commit.events().next() {
            Some(Event::Posted(posted)) => posted.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_event_names_the_one_before_it_with_the_same_address() {
    let mut log = log_with_members(&["Wei"]);
    let first = posted(&mut log, post(1, 1, "a"), 5);
    let second = posted(&mut log, post(1, 2, "b"), 6);
    assert_eq!((first.n, first.prev, first.seq, first.at), (2, 1, 1, 5));
    assert_eq!((second.n, second.prev, second.seq), (3, 2, 2));
    assert_eq!(second.name, "Wei");
}

#[test]
fn a_retry_gets_the_stored_receipt_and_no_events() {
    let mut log = log_with_members(&["Wei", "Lin"]);
    let first = log.append(post(1, 9, "once"), 5).unwrap();
    assert_eq!(log.append(post(1, 9, "twice?"), 6), Ok(first));
    assert_eq!(log.commits_after(first.n), Some(vec![]));
    let other = log.append(post(2, 9, "mine"), 7).unwrap();
    assert!(other.n > first.n, "another author may use the same id");
    assert_eq!(newest(&log).messages.len(), 2);
}

#[test]
fn a_refused_change_has_no_effect() {
    let mut log = log_with_members(&["Wei"]);
    assert_eq!(log.append(post(5, 1, "who"), 1), Err(ErrorCode::SignInRequired));
    let elsewhere = Change::Post {
        room: RoomId(2),
        author: MemberId(1),
        tag: None,
        client_id: ClientId([1; 16]),
        text: "x".into(),
    };
    assert_eq!(log.append(elsewhere, 1), Err(ErrorCode::RoomUnknown));
    let passer_by = Change::Post {
        room: RoomId(2),
        author: MemberId::PASSER_BY,
        tag: Some(1),
        client_id: ClientId([1; 16]),
        text: "x".into(),
    };
    assert_eq!(log.append(passer_by, 1), Err(ErrorCode::SignInRequired));
    assert_eq!(log.append(join("WEI", 9), 1), Err(ErrorCode::NameTaken));
    assert_eq!(log.house().head(), 1);
    assert_eq!(log.house().members.find_by_device(&DeviceKey([9; 32])), None);
}

#[test]
fn a_name_is_free_a_day_after_its_member_was_renamed_or_left() {
    let mut log = log_with_members(&["Wei", "Lin"]);
    let rename = |id, name| Change::Rename { member: MemberId(id), name: Name::parse(name).unwrap() };
    assert_eq!(log.append(rename(2, "wei"), 1), Err(ErrorCode::NameTaken));
    assert!(log.append(rename(1, "WEI"), 1).is_ok(), "the own name in other letters");
    assert!(log.append(rename(1, "Hao"), 1).is_ok());
    assert_eq!(log.append(rename(2, "Wei"), NAME_REST_MS), Err(ErrorCode::NameTaken));
    let day = NAME_REST_MS + 1;
    assert!(log.append(rename(2, "Wei"), day).is_ok());
    assert!(log.append(Change::Leave { member: MemberId(2) }, day).is_ok());
    assert_eq!(log.append(Change::Leave { member: MemberId(2) }, day), Err(ErrorCode::SignInRequired));
    assert_eq!(log.append(join("Wei", 7), day), Err(ErrorCode::NameTaken));
    log.append(join("Wei", 7), day + NAME_REST_MS).unwrap();
    let back = log.house().members.find_by_device(&DeviceKey([7; 32]));
    assert_eq!(back, Some(MemberId(3)), "an id is never another person's");
}

#[test]
fn a_retried_join_gives_the_same_member() {
    let mut log = log_with_members(&["Wei"]);
    let first = log.append(join("Lin", 7), 5).unwrap();
    assert_eq!(log.append(join("Lin", 7), 6).map(|receipt| receipt.n), Ok(first.n));
    // The retry answers as the first try did, whatever name it has.
    assert_eq!(log.append(join("Hao", 7), 6).map(|receipt| receipt.n), Ok(first.n));
    assert_eq!((log.house().members.all().count(), log.house().head()), (2, first.n));
    assert_eq!(log.append(join("Lin", 8), 7), Err(ErrorCode::NameTaken), "another device");
}

#[test]
fn commits_are_read_whole_and_give_the_same_house() {
    let mut log = log_with_members(&["Wei", "Lin"]);
    log.append(post(1, 1, "a"), 2).unwrap();
    let name = Name::parse("Kitchen").unwrap();
    let client_id = ClientId([2; 16]);
    let create = Change::CreateRoom { author: MemberId(1), client_id, name, description: String::new() };
    log.append(create, 3).unwrap();
    log.append(Change::Leave { member: MemberId(2) }, 4).unwrap();
    let commits = log.commits_after(0).unwrap();
    assert_eq!(commits.iter().map(|commit| commit.entries.len()).collect::<Vec<_>>(), [1, 1, 1, 3, 1]);
    let mut house = House::default();
    for commit in &commits {
        assert!(house.is_followed_by(commit));
        house.apply_commit(commit);
        assert_eq!(house.mark(), commit.mark);
        assert!(!house.is_followed_by(commit), "a commit follows once");
    }
    assert_eq!((house.head(), house.mark()), (log.house().head(), log.house().mark()));
    assert_eq!(house.members.find_by_device(&DeviceKey([0; 32])), Some(MemberId(1)));
    assert_eq!(log.commits_after(commits[2].last()).unwrap(), commits[3..]);
    // Without the commit before it, a commit does not follow.
    let mut house = House::default();
    house.apply_commit(&commits[0]);
    assert!(!house.is_followed_by(&commits[2]));
}

#[test]
fn a_snapshot_has_the_newest_hundred_messages() {
    let mut log = log_with_members(&["Wei"]);
    for count in [99_u32, 100, 101] {
        while newest(&log).messages.last().is_none_or(|last| last.seq < u64::from(count)) {
            let id = u32::try_from(log.house().head()).unwrap();
            log.append(post(1, id, "x"), 1).unwrap();
        }
        let snapshot = newest(&log);
        assert_eq!(snapshot.messages.len(), usize::try_from(count.min(100)).unwrap());
        assert_eq!(snapshot.older, count > 100);
    }
}

#[test]
fn the_log_forgets_the_oldest_events_when_it_has_too_many() {
    let mut log = log_with_members(&["Wei"]);
    let last = u32::try_from(LOG_EVENTS_MAX).unwrap();
    for id in 1..last {
        log.append(post(1, id, ""), 1).unwrap();
    }
    assert_eq!((log.events.len(), log.forgotten), (LOG_EVENTS_MAX, 0));
    log.append(post(1, last, ""), 1).unwrap();
    assert_eq!((log.events.len(), log.forgotten), (LOG_EVENTS_MAX, 1), "the join is forgotten");
    log.append(post(1, last + 1, ""), 1).unwrap();
    assert_eq!(log.receipts.len(), LOG_EVENTS_MAX);
    let head = log.house().head();
    assert!(log.append(post(1, 1, ""), 1).unwrap().n > head, "the first receipt is forgotten");
    assert_eq!(log.house().members.get(MemberId(1)).unwrap().name, "Wei", "the member stays");
}

#[test]
fn the_log_forgets_the_oldest_events_when_it_has_too_many_bytes() {
    let mut log = log_with_members(&["Wei"]);
    let half = "x".repeat(LOG_BYTES_MAX / 2);
    for (id, length) in [(1, 2), (2, 3), (3, 2)] {
        log.append(post(1, id, &half), 1).unwrap();
        assert_eq!(log.events.len(), length, "after {id}");
        assert!(log.bytes <= LOG_BYTES_MAX);
    }
}

#[test]
fn a_snapshot_drops_the_oldest_messages_when_it_has_too_many_bytes() {
    for (last, count) in [(SNAPSHOT_BYTES / 2 - 1, 2), (SNAPSHOT_BYTES / 2, 2), (SNAPSHOT_BYTES / 2 + 1, 1)] {
        let mut log = log_with_members(&["Wei"]);
        log.append(post(1, 1, &"x".repeat(SNAPSHOT_BYTES / 2)), 1).unwrap();
        log.append(post(1, 2, &"x".repeat(last)), 1).unwrap();
        let snapshot = newest(&log);
        assert_eq!(snapshot.messages.len(), count, "{last}");
        assert_eq!(snapshot.older, count < 2);
        assert_eq!(snapshot.messages.last().unwrap().seq, 2, "the newest");
    }
}

#[test]
fn a_change_finds_the_state_of_earlier_messages() {
    let mut log = log_with_members(&["Wei"]);
    let receipt = log.append(post(1, 1, "a"), 1).unwrap();
    let lookup = MemoryLookup { events: &log.events, receipts: &log.receipts };
    let posted = MessageState::as_posted(RoomId::LOBBY, MemberId(1));
    assert_eq!(lookup.message(receipt.n), Ok(Some(posted)));
    assert_eq!(lookup.message(1), Ok(None), "a member joined there");
    assert_eq!(lookup.message(receipt.n + 1), Ok(None));
    let client_id = post(1, 1, "a").key().unwrap().1;
    assert_eq!(lookup.receipt(MemberId(1), client_id), Ok(Some(receipt)));
    assert_eq!(lookup.receipt(MemberId(2), client_id), Ok(None));
}
