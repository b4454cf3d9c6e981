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

fn posted(outcome: Outcome) -> Posted {
    match outcome.unwrap().events.pop() {
        Some(Event::Posted(posted)) => posted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_event_names_the_one_before_it_with_the_same_address() {
    let mut log = log_with_members(&["Wei"]);
    let first = posted(log.append(post(1, 1, "a"), 5));
    let second = posted(log.append(post(1, 2, "b"), 6));
    assert_eq!((first.n, first.prev, first.seq, first.at), (2, 1, 1, 5));
    assert_eq!((second.n, second.prev, second.seq), (3, 2, 2));
    assert_eq!(second.name, "Wei");
}

#[test]
fn a_retry_gets_the_stored_receipt_and_no_events() {
    let mut log = log_with_members(&["Wei", "Lin"]);
    let first = log.append(post(1, 9, "once"), 5).unwrap();
    let again = log.append(post(1, 9, "twice?"), 6).unwrap();
    assert_eq!((first.events.len(), again.events.len()), (1, 0));
    assert_eq!(first.receipt, again.receipt);
    let other = log.append(post(2, 9, "mine"), 7).unwrap();
    assert_eq!(other.events.len(), 1, "another author may use the same id");
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
    let back = log.append(join("Wei", 7), day + NAME_REST_MS).unwrap();
    let [Event::MemberJoined(joined)] = &back.events[..] else { panic!() };
    assert_eq!(joined.member.id, MemberId(3), "an id is never another person's");
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
    assert_eq!(log.append(post(1, 1, ""), 1).unwrap().events.len(), 1, "the first receipt is forgotten");
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
