//! Time of a start with 100,000 members, 9,999 rooms and 1,000,000 messages. Run it in a release build:
//! `cargo test --release -p backend --test store start_at_size -- --ignored --nocapture`.

use crate::lock::lock_with_retry;
use crate::temp_folder::TempFolder;
use crate::test_store::{LOBBY, create, enter, id, join, post};
use backend::store::{Store, sqlite};
use hub::house::change::Change;
use shared::{MemberId, RoomId};
use std::{path::PathBuf, time::Instant};

const MEMBERS: u64 = 100_000;
const ROOMS: u64 = 9_999;
const MESSAGES: u64 = 1_000_000;

/// Name of the variable with a folder that keeps the log for the next run.
const FOLDER: &str = "TEAHOUSE_TEST_LARGE_FOLDER";

/// Change number `index` of a house of this size. Every fourth name is Chinese.
fn change(index: u64) -> Change {
    let client_id = id(u32::try_from(index).unwrap());
    if let Some(index) = index.checked_sub(2 * MEMBERS + ROOMS) {
        let author = MemberId(1 + index % MEMBERS);
        // Half of the messages are in the lobby.
        let room = if index.is_multiple_of(2) { LOBBY } else { RoomId(2 + (author.0 - 1) % ROOMS) };
        return post(author, room, client_id, "Shall we have tea in the garden, while the sun is out?");
    }
    if let Some(index) = index.checked_sub(MEMBERS + ROOMS) {
        return enter(MemberId(1 + index), client_id, RoomId(2 + index % ROOMS));
    }
    match index.checked_sub(MEMBERS) {
        Some(index) => create(MemberId(1 + index), client_id, &format!("Room {index}")),
        None if index.is_multiple_of(4) => join(&format!("林小满{index}")),
        None => join(&format!("Jonas Okafor {index}")),
    }
}

#[tokio::test]
#[ignore = "a measurement, which needs a release build"]
async fn a_large_house_starts_within_a_second() {
    let temporary = TempFolder::new();
    let path = std::env::var_os(FOLDER).map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let mut store = sqlite::SqliteStore::open(lock_with_retry(&path)).unwrap();
    if store.snapshot().unwrap().head() == 0 {
        let indices: Vec<u64> = (0..2 * MEMBERS + ROOMS + MESSAGES).collect();
        for group in indices.chunks(4_000) {
            let changes = group.iter().map(|index| change(*index)).collect();
            for outcome in store.append(changes, 1_000 + group[0]).await {
                outcome.unwrap();
            }
        }
    }
    drop(store);
    for _ in 0..3 {
        let begun = Instant::now();
        let mut store = sqlite::SqliteStore::open(lock_with_retry(&path)).unwrap();
        let house = store.snapshot().unwrap();
        println!("started in {:?}: {} events", begun.elapsed(), house.head());
        assert_eq!(house.members.all().count() as u64, MEMBERS);
    }
}
