//! The log on disk against the log in memory: the same random changes and queries must give the same
//! results.

use crate::{
    rng::Rng,
    test_store::{self, TestStore, archive, change, create, enter, go, id, join, post, rename, snapshot_of},
};
use hub::{
    house::change::Change,
    limits::NAME_REST_MS,
    query::{Query, QueryResult},
};
use shared::{Address, MemberId, RoomId, command::PageAnchor};

const SEEDS: u64 = 3;
const STEPS: u64 = 800;

const NAMES: &[&str] =
    &["Wei", "Lin", "Hao", "Mei", "Ольга", "Jonas", "wei", "Kitchen", "Hall", "Lobby", "Küche", "3"];

fn some_change(rng: &mut Rng) -> Change {
    let author = MemberId(rng.below(12));
    let room = RoomId(rng.below(7));
    // Few enough ids that some come twice.
    let client_id = id(rng.below(4_000) as u32);
    let name = NAMES[rng.below(NAMES.len() as u64) as usize];
    match rng.below(40) {
        0..=2 => join(name),
        3 => rename(author, name),
        4 if rng.below(12) == 0 => Change::Leave { member: author },
        5..=6 => create(author, client_id, name),
        7 => change(author, client_id, room, name),
        8..=12 => enter(author, client_id, room),
        13 => go(author, client_id, room),
        14 => archive(author, client_id, room, rng.below(2) == 0),
        _ => {
            let length = match rng.below(60) {
                0 => 60_000,
                1..=3 => 4_000,
                _ => rng.below(20),
            };
            let letter = ["x", "茶", "\""][rng.below(3) as usize];
            post(
                author,
                if rng.below(2) == 0 { RoomId::LOBBY } else { room },
                client_id,
                &letter.repeat(length as usize),
            )
        }
    }
}

fn some_position(rng: &mut Rng, head: u64) -> u64 {
    match rng.below(12) {
        0 => 0,
        1 => u64::MAX,
        _ => rng.below(head + 2),
    }
}

fn some_query(rng: &mut Rng, head: u64, since: u64) -> Query {
    let through = if rng.below(3) == 0 { some_position(rng, head) } else { head };
    if rng.below(2) == 0 {
        let n = some_position(rng, head);
        let at = match rng.below(5) {
            0 => PageAnchor::Newest,
            1 => PageAnchor::Before(n),
            2 => PageAnchor::After(n),
            3 => PageAnchor::Around(n),
            _ => PageAnchor::Date(since + rng.below(STEPS * 12)),
        };
        let limit = [0, 1, 2, 7, 50, 100][rng.below(6) as usize];
        return Query::History { room: RoomId(rng.below(7)), at, limit, through };
    }
    let mut addresses = Vec::new();
    for number in 0..9 {
        if rng.below(2) == 0 {
            addresses.push(Address::Room(RoomId(number)));
        }
        if rng.below(4) == 0 {
            addresses.push(Address::Member(MemberId(number)));
        }
    }
    Query::Replay { addresses, after: some_position(rng, head), through, is_first: rng.below(2) == 0 }
}

async fn both(seed: u64) -> (u64, u64) {
    let mut rng = Rng::new(seed);
    let (mut memory, mut disk) = (test_store::memory(), test_store::sqlite());
    let (mut head, mut resets, mut since) = (0, 0, 0);
    for step in 0..STEPS {
        // Set the clock back now and then.
        let now = since + step * 10 + rng.below(30);
        let changes: Vec<_> = (0..rng.below(12)).map(|_| some_change(&mut rng)).collect();
        let wanted = memory.append_all_at(changes.clone(), now).await;
        assert_eq!(disk.append_all_at(changes, now).await, wanted, "seed {seed}, step {step}");
        for outcome in wanted.iter().flatten() {
            head = head.max(outcome.receipt.n);
            head = outcome.events.iter().map(|event| event.position().unwrap().n).fold(head, u64::max);
        }
        for _ in 0..rng.below(4) {
            let query = some_query(&mut rng, head, since);
            let (wanted, found) = (memory.read(query.clone()).await, disk.read(query.clone()).await);
            assert_eq!(found, wanted, "seed {seed}, step {step}: {query:?}");
            if let QueryResult::Replayed(replayed) = found {
                resets += replayed.resets.len() as u64;
            }
        }
        if rng.below(60) == 0 {
            compare(&mut memory, &mut disk);
            // Names that members gave up before are free again.
            since += NAME_REST_MS;
        }
    }
    compare(&mut memory, &mut disk);
    (head, resets)
}

fn compare(memory: &mut TestStore, disk: &mut TestStore) {
    assert_eq!(snapshot_of(&disk.house()), snapshot_of(&memory.house()));
}

#[tokio::test]
async fn both_stores_give_the_same_results_for_random_changes() {
    for seed in 0..SEEDS {
        let (events, resets) = both(seed).await;
        assert!(events > 1_000 && resets > 10, "seed {seed} tried little: {events} events, {resets} resets");
    }
}
