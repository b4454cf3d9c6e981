//! A row whose content cannot be decoded is shown as unreadable, and stops nothing else.

use crate::lock::lock_with_retry;
use crate::temp_folder::TempFolder;
use crate::test_store::{LIN, LOBBY, TestStore, WEI, enter, fresh, id, join, positions, post, snapshot_of};
use backend::store::sqlite;
use futures_util::StreamExt;
use hub::House;
use rusqlite::Connection;
use shared::{Address, ClientId, ErrorCode, Event, MemberId, RoomId, command::PageAnchor};

const KITCHEN: RoomId = RoomId(2);

/// Every way in which the content of a message can be damaged.
const DAMAGES: [&str; 7] = [
    "body = 'x'",
    "body = ''",
    "body = '{\"seq\":\"one\"}'",
    "kind = 'sung'",
    "kind = CAST(x'ff' AS TEXT)",
    "text = CAST(x'ff' AS TEXT)",
    "client_id = x'00'",
];

/// A log of two members and two rooms. The lobby has the messages 8, 9 and 10, the other room 11 and 12.
async fn log() -> TempFolder {
    let mut store = TestStore::on_disk();
    store.join(&["Wei", "Lin"]).await;
    let room = store.room(WEI, "Kitchen").await;
    store.commit(enter(LIN, fresh(), room)).await;
    store.commit(post(WEI, LOBBY, id(1), "a")).await;
    assert_eq!(store.post(LIN, LOBBY, &["b", "c"]).await, [9, 10]);
    assert_eq!(store.post(LIN, room, &["d", "e"]).await, [11, 12]);
    store.close()
}

fn change(folder: &TempFolder, sql: &str) {
    let db = Connection::open(folder.path().join(sqlite::FILE)).unwrap();
    db.execute_batch(sql).unwrap();
}

fn damage(folder: &TempFolder, set: &str, n: u64) {
    change(folder, &format!("UPDATE events SET {set} WHERE n = {n}"));
}

/// Number, position, author's name and text of each message.
async fn page(store: &mut TestStore, room: RoomId, at: PageAnchor) -> Vec<(u64, u64, String, String)> {
    let page = store.page(room, at, 100, u64::MAX).await;
    assert!(!page.older && !page.newer);
    let ids: std::collections::HashSet<_> = page.messages.iter().map(|message| message.client_id).collect();
    assert_eq!(ids.len(), page.messages.len(), "clients tell messages apart by their ids");
    page.messages.into_iter().map(|message| (message.seq, message.n, message.name, message.text)).collect()
}

fn row(seq: u64, n: u64, name: &str, text: &str) -> (u64, u64, String, String) {
    (seq, n, name.to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_damaged_message_is_shown_in_its_place() {
    for set in DAMAGES {
        for n in [8, 9, 10] {
            let folder = log().await;
            damage(&folder, set, n);
            let mut store = TestStore::at(folder);
            let text = |at: u64, text| if at == n && set.starts_with("text") { "" } else { text };
            let wanted = [
                row(1, 8, "Wei", text(8, "a")),
                row(2, 9, "Lin", text(9, "b")),
                row(3, 10, "Lin", text(10, "c")),
            ];
            for at in [PageAnchor::Newest, PageAnchor::Around(n), PageAnchor::Date(0), PageAnchor::After(0)] {
                assert_eq!(page(&mut store, LOBBY, at).await, wanted, "{set} of {n}, {at:?}");
            }
            assert_eq!(store.post(WEI, LOBBY, &["f"]).await, [13], "{set} of {n}");
            assert_eq!(store.page(LOBBY, PageAnchor::Newest, 1, u64::MAX).await.messages[0].seq, 4);
        }
    }
}

#[tokio::test]
async fn a_house_opens_when_the_last_message_of_a_room_is_damaged() {
    for set in DAMAGES {
        let folder = log().await;
        damage(&folder, set, 12);
        let mut store = TestStore::at(folder);
        let state = store.house().rooms.get(KITCHEN).unwrap().clone();
        assert_eq!((state.last, state.seq), (12, 2), "{set}");
        store.post(WEI, KITCHEN, &["f"]).await;
        let text = if set.starts_with("text") { "" } else { "e" };
        let wanted = [row(1, 11, "Lin", "d"), row(2, 12, "Lin", text), row(3, 13, "Wei", "f")];
        assert_eq!(page(&mut store, KITCHEN, PageAnchor::Newest).await, wanted, "{set}");
    }
}

#[tokio::test]
async fn messages_keep_their_numbers_when_many_in_a_row_are_damaged() {
    let mut store = TestStore::on_disk();
    store.join(&["Wei"]).await;
    let texts: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    store.post(WEI, LOBBY, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let folder = store.close();
    // The numbers beyond the limit of neighbours are counted.
    change(&folder, "UPDATE events SET body = 'x', text = CAST(x'ff' AS TEXT) WHERE n > 20 AND n < 190");
    let mut store = TestStore::at(folder);
    let found = store.page(LOBBY, PageAnchor::Newest, 200, u64::MAX).await.messages;
    assert!(found.iter().map(|message| message.seq).eq(1..=200));
    assert!(found.iter().all(|message| message.n == message.seq + 1));
    assert_eq!(found.iter().filter(|message| message.text.is_empty()).count(), 169);
}

#[tokio::test]
async fn a_page_has_no_gap_when_a_row_is_missing_or_its_number_is_wrong() {
    for sql in
        ["DELETE FROM events WHERE n = 9", "UPDATE events SET body = replace(body, '\"seq\":2', '\"seq\":9')"]
    {
        let folder = log().await;
        change(&folder, sql);
        let mut store = TestStore::at(folder);
        for at in [PageAnchor::Newest, PageAnchor::Around(10), PageAnchor::Before(99), PageAnchor::After(0)] {
            let found = store.page(LOBBY, at, 100, u64::MAX).await.messages;
            let first = found[0].seq;
            assert!(found.iter().map(|message| message.seq).eq(first..first + found.len() as u64), "{sql}");
        }
        let found = store.page(LOBBY, PageAnchor::Before(8), 100, u64::MAX).await;
        assert!(found.messages.is_empty() && !found.older, "{sql}: a client would ask for ever");
    }
}

#[tokio::test]
async fn an_event_that_is_no_message_keeps_its_position_in_a_replay() {
    let addresses =
        [Address::Room(LOBBY), Address::Room(KITCHEN), Address::Member(WEI), Address::Member(LIN)];
    for (kind, n) in [("member_joined", 2), ("room_created", 4), ("member_joined", 5), ("member_joined", 7)] {
        for set in ["body = 'x'", "body = '{}'", "kind = 'sung'"] {
            let folder = log().await;
            damage(&folder, &format!("{set}, client_id = client_id"), n);
            let mut store = TestStore::at(folder);
            let found = store.replay(&addresses, 0, u64::MAX, true).await.events;
            assert_eq!(positions(&found), (1..=12).collect::<Vec<_>>(), "{kind}, {set}");
            let unreadable = found.iter().filter(|event| matches!(event, Event::UnknownDurable(_)));
            assert_eq!(unreadable.filter_map(Event::position).map(|found| found.n).collect::<Vec<_>>(), [n]);
            let mut last = std::collections::HashMap::new();
            for position in found.iter().filter_map(Event::position) {
                assert_eq!(last.insert(position.to, position.n).unwrap_or(0), position.prev, "{kind}, {set}");
            }
            assert_eq!(store.house().members.all().count(), 2);
        }
    }
}

#[tokio::test]
async fn a_tail_goes_on_over_damaged_rows() {
    for set in DAMAGES {
        let folder = log().await;
        change(&folder, &format!("UPDATE events SET {set} WHERE n IN (8, 12)"));
        damage(&folder, "body = 'x'", 7);
        let mut store = TestStore::at(folder);
        let head = store.house().head();
        let mut tail = store.store().tail(0);
        let mut house = House::default();
        while house.head() < head {
            for commit in tail.next().await.unwrap() {
                assert!(house.is_followed_by(&commit), "{set}: {commit:?}");
                house.apply_commit(&commit);
                assert_eq!(house.mark(), commit.mark, "{set}: {commit:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_retry_of_a_damaged_message_gets_the_receipt() {
    let folder = log().await;
    damage(&folder, "body = 'x', kind = 'sung'", 8);
    let mut store = TestStore::at(folder);
    let retried = store.commit(post(WEI, LOBBY, id(1), "a")).await;
    assert_eq!((retried.receipt.n, retried.receipt.seq, retried.events), (8, 1, vec![]));
}

#[tokio::test]
async fn the_check_names_each_damaged_row_and_a_repair_blanks_it() {
    let folder = log().await;
    change(&folder, "UPDATE events SET body = 'x' WHERE n IN (8, 12)");
    let report = sqlite::check(folder.path()).unwrap();
    let output = report.to_string();
    assert!(!report.is_sound());
    let named = "event 8: this message of 1970-01-01 00:00:01 UTC in room 1 cannot be read: expected value";
    assert!(output.contains(named) && output.contains("event 12: this message of"), "{output}");
    let last =
        "2 differences.\nTo blank what cannot be read, stop the server and run teahouse check --repair.\n";
    assert!(output.ends_with(last), "{output}");

    let mut store = TestStore::at(folder);
    let (before, house) = (page(&mut store, LOBBY, PageAnchor::Newest).await, snapshot_of(&store.house()));
    let folder = store.close();
    let repaired = sqlite::repair(&lock_with_retry(folder.path())).unwrap();
    assert_eq!((repaired.blanked, repaired.has_new_state), (2, false));
    assert!(repaired.report.is_sound(), "{}", repaired.report);
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound() && report.to_string().contains("A repair has blanked 2 events.\n"), "{report}");
    let again = sqlite::repair(&lock_with_retry(folder.path())).unwrap();
    assert_eq!((again.blanked, again.has_new_state), (0, false));
    let mut store = TestStore::at(folder);
    assert_eq!(page(&mut store, LOBBY, PageAnchor::Newest).await, before);
    assert_eq!(snapshot_of(&store.house()), house);
    store.commit(post(WEI, LOBBY, id(1), "a")).await;
}

#[tokio::test]
async fn a_repair_keeps_the_stored_state_when_other_events_are_lost() {
    let folder = log().await;
    damage(&folder, "body = 'x'", 2);
    let house = {
        let mut store = TestStore::at(folder);
        let house = snapshot_of(&store.house());
        (store.close(), house)
    };
    let (folder, house) = house;
    let repaired = sqlite::repair(&lock_with_retry(folder.path())).unwrap();
    assert_eq!((repaired.blanked, repaired.has_new_state), (1, false));
    let output = repaired.report.to_string();
    assert!(repaired.report.is_sound() && output.contains("were not compared"), "{output}");
    let mut store = TestStore::at(folder);
    assert_eq!(snapshot_of(&store.house()), house);
    assert_eq!(store.append(join("Lin")).await.map(|joined| joined.receipt.n), Ok(2), "the device is known");
}

#[tokio::test]
async fn a_repair_writes_the_stored_state_anew_when_the_events_are_sound() {
    let mut store = TestStore::at(log().await);
    store.commit(crate::test_store::rename(LIN, "Linlin")).await;
    store.commit(post(MemberId::PASSER_BY, LOBBY, fresh(), "hello")).await;
    let house = snapshot_of(&store.house());
    let folder = store.close();
    for sql in [
        "DELETE FROM members WHERE id = 2",
        "UPDATE members SET name = 'x'",
        "DELETE FROM rooms; DELETE FROM memberships",
        "DELETE FROM devices",
        "DELETE FROM resting_names",
        "UPDATE meta SET value = 1 WHERE name IN ('next_member', 'last_tag')",
    ] {
        change(&folder, sql);
        assert!(!sqlite::check(folder.path()).unwrap().is_sound(), "{sql}");
        let repaired = sqlite::repair(&lock_with_retry(folder.path())).unwrap();
        assert_eq!((repaired.blanked, repaired.has_new_state), (0, true), "{sql}");
        assert!(repaired.report.is_sound(), "{sql}: {}", repaired.report);
    }
    let mut store = TestStore::at(folder);
    assert_eq!(snapshot_of(&store.house()), house);
    assert_eq!(store.append(join("Wei")).await.map(|joined| joined.receipt.n), Ok(1), "the devices are back");
    assert_eq!(
        store.append(crate::test_store::rename(WEI, "Lin")).await.map(|_| ()),
        Err(ErrorCode::NameTaken)
    );
}

#[tokio::test]
async fn a_repair_leaves_damage_that_it_cannot_mend() {
    let folder = log().await;
    change(&folder, "DELETE FROM events WHERE n = 9; UPDATE members SET name = 'x' WHERE id = 1");
    let repaired = sqlite::repair(&lock_with_retry(folder.path())).unwrap();
    assert_eq!((repaired.blanked, repaired.has_new_state), (0, false));
    assert!(!repaired.report.is_sound());
    let db = Connection::open(folder.path().join(sqlite::FILE)).unwrap();
    let name: String = db.query_row("SELECT name FROM members WHERE id = 1", (), |row| row.get(0)).unwrap();
    assert_eq!(name, "x");
}

#[tokio::test]
async fn a_damaged_message_that_lost_its_client_id_gets_another() {
    let folder = log().await;
    damage(&folder, "client_id = NULL", 8);
    let mut store = TestStore::at(folder);
    let found = store.page(LOBBY, PageAnchor::Newest, 50, u64::MAX).await.messages;
    assert_eq!(found[0].client_id, ClientId(8_u128.to_be_bytes()));
}

#[tokio::test]
async fn a_backup_with_a_damaged_row_is_restored() {
    let folder = log().await;
    damage(&folder, "body = 'x'", 9);
    let backups = TempFolder::new();
    std::fs::create_dir_all(backups.path()).unwrap();
    let file = backups.path().join("tea");
    assert_eq!(sqlite::backup(folder.path(), &file).unwrap(), 12);
    let other = TempFolder::new();
    assert_eq!(sqlite::restore(&lock_with_retry(other.path()), &file).unwrap().head, 12);
    let mut store = TestStore::at(other);
    assert_eq!(page(&mut store, LOBBY, PageAnchor::Newest).await[1], row(2, 9, "Lin", "b"));
}

#[tokio::test]
async fn a_greater_next_member_is_sound_and_a_repair_keeps_it() {
    let folder = log().await;
    change(&folder, "UPDATE meta SET value = 9 WHERE name = 'next_member'");
    let report = sqlite::check(folder.path()).unwrap();
    assert!(report.is_sound(), "{report}");
    change(&folder, "UPDATE members SET name = 'x'");
    assert!(sqlite::repair(&lock_with_retry(folder.path())).unwrap().has_new_state);
    assert_eq!(TestStore::at(folder).house().next_member(), 9);
}

#[tokio::test]
async fn a_page_ends_at_its_last_position_when_a_row_is_missing() {
    let mut store = TestStore::at(log().await);
    store.post(WEI, LOBBY, &["f"]).await;
    let folder = store.close();
    change(&folder, "DELETE FROM events WHERE n = 9");
    let found = TestStore::at(folder).page(LOBBY, PageAnchor::After(0), 100, 10).await.messages;
    assert_eq!(found.iter().map(|message| message.n).collect::<Vec<_>>(), [8, 10]);
}

#[tokio::test]
async fn a_message_keeps_its_sound_column_when_the_other_is_damaged() {
    let mut store = TestStore::at(log().await);
    store.commit(post(MemberId::PASSER_BY, LOBBY, fresh(), "f")).await;
    store.commit(crate::test_store::rename(WEI, "Weiwei")).await;
    let tag = store.house().last_tag();
    assert!(tag > 0);
    let mut folder = store.close();
    change(&folder, "UPDATE events SET text = CAST(x'ff' AS TEXT) WHERE n IN (8, 13)");
    damage(&folder, "body = 'x'", 9);
    for blanked in [3, 0] {
        let mut store = TestStore::at(folder);
        let found = store.page(LOBBY, PageAnchor::Newest, 50, u64::MAX).await.messages;
        assert_eq!(found[3].tag, Some(tag));
        let found = page(&mut store, LOBBY, PageAnchor::Newest).await;
        assert_eq!(found[..2], [row(1, 8, "Wei", ""), row(2, 9, "Lin", "b")]);
        folder = store.close();
        let repaired = sqlite::repair(&lock_with_retry(folder.path())).unwrap();
        assert_eq!((repaired.blanked, repaired.report.is_sound()), (blanked, true));
    }
}
