//! The log on disk beside the log in memory: the same changes and questions, in
//! an order that chance has made, must have the same answers.

use crate::{
    chance::Chance,
    subject::{self, Subject, change, create, enter, go, id, join, portrait, post, rename},
};
use hub::{
    house::change::Change,
    query::{Query, QueryResult},
};
use shared::{Address, MemberId, RoomId, command::PageAnchor};

const SEEDS: u64 = 3;
const STEPS: u64 = 800;

const NAMES: &[&str] =
    &["Wei", "Lin", "Hao", "Mei", "Ольга", "Jonas", "wei", "Kitchen", "Hall", "Lobby", "Küche", "3"];

fn some_change(chance: &mut Chance) -> Change {
    let author = MemberId(chance.below(12));
    let room = RoomId(chance.below(7));
    // Few enough that some come twice.
    let client_id = id(chance.below(4_000) as u32);
    let name = NAMES[chance.below(NAMES.len() as u64) as usize];
    match chance.below(40) {
        0..=2 => join(name),
        3 => rename(author, name),
        4 if chance.below(12) == 0 => Change::Leave { member: author },
        5..=6 => create(author, client_id, name),
        7 => change(author, client_id, room, name),
        8..=12 => enter(author, client_id, room),
        13 => go(author, client_id, room),
        _ => {
            let length = match chance.below(60) {
                0 => 60_000,
                1..=3 => 4_000,
                _ => chance.below(20),
            };
            let letter = ["x", "茶", "\""][chance.below(3) as usize];
            post(
                author,
                if chance.below(2) == 0 { RoomId::LOBBY } else { room },
                client_id,
                &letter.repeat(length as usize),
            )
        }
    }
}

fn some_position(chance: &mut Chance, head: u64) -> u64 {
    match chance.below(12) {
        0 => 0,
        1 => u64::MAX,
        _ => chance.below(head + 2),
    }
}

fn some_query(chance: &mut Chance, head: u64) -> Query {
    let through = if chance.below(3) == 0 { some_position(chance, head) } else { head };
    if chance.below(2) == 0 {
        let n = some_position(chance, head);
        let at = match chance.below(5) {
            0 => PageAnchor::Newest,
            1 => PageAnchor::Before(n),
            2 => PageAnchor::After(n),
            3 => PageAnchor::Around(n),
            _ => PageAnchor::Date(chance.below(STEPS * 12)),
        };
        let limit = [0, 1, 2, 7, 50, 100][chance.below(6) as usize];
        return Query::History { room: RoomId(chance.below(7)), at, limit, through };
    }
    let mut addresses = Vec::new();
    for number in 0..9 {
        if chance.below(2) == 0 {
            addresses.push(Address::Room(RoomId(number)));
        }
        if chance.below(4) == 0 {
            addresses.push(Address::Member(MemberId(number)));
        }
    }
    Query::Replay { addresses, after: some_position(chance, head), through, is_first: chance.below(2) == 0 }
}

async fn both(seed: u64) -> (u64, u64) {
    let mut chance = Chance::new(seed);
    let (mut memory, mut disk) = (subject::memory(), subject::sqlite());
    let (mut head, mut resets) = (0, 0);
    for step in 0..STEPS {
        // Now and then the clock is set back.
        let now = step * 10 + chance.below(30);
        let changes: Vec<_> = (0..chance.below(12)).map(|_| some_change(&mut chance)).collect();
        let wanted = memory.batch_at(changes.clone(), now).await;
        assert_eq!(disk.batch_at(changes, now).await, wanted, "seed {seed}, step {step}");
        for outcome in wanted.iter().flatten() {
            head = head.max(outcome.receipt.n);
            head = outcome.events.iter().map(|event| event.position().unwrap().n).fold(head, u64::max);
        }
        for _ in 0..chance.below(4) {
            let query = some_query(&mut chance, head);
            let (wanted, found) = (memory.read(query.clone()).await, disk.read(query.clone()).await);
            assert_eq!(found, wanted, "seed {seed}, step {step}: {query:?}");
            if let QueryResult::Replayed(replayed) = found {
                resets += replayed.resets.len() as u64;
            }
        }
        if chance.below(60) == 0 {
            compare(&mut memory, &mut disk);
        }
    }
    compare(&mut memory, &mut disk);
    (head, resets)
}

fn compare(memory: &mut Subject, disk: &mut Subject) {
    assert_eq!(portrait(&disk.house()), portrait(&memory.house()));
}

#[tokio::test]
async fn the_log_on_disk_answers_as_the_one_in_memory() {
    for seed in 0..SEEDS {
        let (events, resets) = both(seed).await;
        assert!(events > 1_000 && resets > 10, "seed {seed} tried little: {events} events, {resets} resets");
    }
}
