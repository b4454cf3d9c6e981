//! Reads missed events. It looks up each address in the index by itself, so a quiet address costs one or two
//! lookups however busy the log is. The partitions are merged by position, a few positions at a time, so
//! reading a part costs little more than its events.

use super::{
    event_reader,
    log_error::LogError,
    partition::Partition,
    row::{COLUMNS, from_sql, to_sql},
};
use crate::store::limits::MERGE_AHEAD;
use hub::{
    limits::{REPLAY_PART_BYTES, REPLAY_PART_EVENTS},
    log::text_bytes,
    query::ReplayPart,
};
use rusqlite::Connection as Database;
use shared::{
    Address, RoomId,
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

pub(super) fn read(
    db: &Database,
    addresses: &[Address],
    after: u64,
    through: u64,
    is_first: bool,
) -> Result<ReplayPart, LogError> {
    let range = ReplayRange { db, after: to_sql(after), through: to_sql(through) };
    let mut replayed = ReplayPart::default();
    let mut merged = MergedPositions { range: &range, partitions: Vec::new(), firsts: BinaryHeap::new() };
    for to in addresses {
        match to {
            Address::Room(room) if is_first && range.exceeds_limits(*room)? => replayed.resets.push(*room),
            _ => Partition::all(*to).try_for_each(|partition| merged.add(partition))?,
        }
    }
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM events e WHERE e.n = ?1"))?;
    let mut bytes = 0;
    while let Some(n) = merged.next()? {
        let event = select.query_row([n], |row| Ok(event_reader::read(db, row)))??;
        bytes += text_bytes(&event);
        let is_first = replayed.events.is_empty();
        if !is_first && (replayed.events.len() >= REPLAY_PART_EVENTS || bytes > REPLAY_PART_BYTES) {
            replayed.next = Some(from_sql(n - 1)?);
            break;
        }
        replayed.events.push(event);
    }
    Ok(replayed)
}

/// The positions of many partitions, merged.
struct MergedPositions<'a> {
    range: &'a ReplayRange<'a>,
    partitions: Vec<(Partition, VecDeque<i64>)>,
    /// The first position of each partition that has one, with the partition's place in `partitions`.
    firsts: BinaryHeap<Reverse<(i64, usize)>>,
}

impl MergedPositions<'_> {
    fn add(&mut self, partition: Partition) -> Result<(), LogError> {
        let mut positions = VecDeque::new();
        self.range.positions(partition, self.range.after, &mut positions)?;
        if let Some(first) = positions.front() {
            self.firsts.push(Reverse((*first, self.partitions.len())));
            self.partitions.push((partition, positions));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<i64>, LogError> {
        let Some(Reverse((n, index))) = self.firsts.pop() else { return Ok(None) };
        let Some((partition, positions)) = self.partitions.get_mut(index) else { return Ok(None) };
        positions.pop_front();
        if positions.is_empty() {
            self.range.positions(*partition, n, positions)?;
        }
        self.firsts.extend(positions.front().map(|first| Reverse((*first, index))));
        Ok(Some(n))
    }
}

struct ReplayRange<'a> {
    db: &'a Database,
    after: i64,
    through: i64,
}

impl ReplayRange<'_> {
    /// Reads the next positions of a partition, at most [`MERGE_AHEAD`].
    fn positions(
        &self,
        partition: Partition,
        after: i64,
        positions: &mut VecDeque<i64>,
    ) -> Result<(), LogError> {
        let mut select = self.db.prepare_cached(
            "SELECT n FROM events WHERE partition = ?1 AND n > ?2 AND n <= ?3 ORDER BY n LIMIT ?4",
        )?;
        let found =
            select.query_map((partition.0, after, self.through, MERGE_AHEAD as i64), |row| row.get(0))?;
        for n in found {
            positions.push_back(n?);
        }
        Ok(())
    }

    fn exceeds_limits(&self, room: RoomId) -> Result<bool, LogError> {
        let mut select = self.db.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE partition = ?1 AND n > ?2 AND n <= ?3 LIMIT ?4)",
        )?;
        let limit = REPLAY_EVENTS_MAX as i64 + 1;
        let mut count = 0;
        for partition in Partition::all(Address::Room(room)) {
            let bounds = (partition.0, self.after, self.through, limit);
            count += select.query_row(bounds, |row| row.get::<_, i64>(0))?;
        }
        if count == 0 || count >= limit {
            return Ok(count != 0);
        }
        // Only messages have a text. `octet_length` does not read it.
        let mut select = self.db.prepare_cached(
            "SELECT coalesce(sum(octet_length(text)), 0) FROM events WHERE partition = ?1 AND n > ?2 AND n <= ?3",
        )?;
        let bounds = (Partition::messages(room).0, self.after, self.through);
        let bytes: i64 = select.query_row(bounds, |row| row.get(0))?;
        Ok(bytes > REPLAY_BYTES_MAX as i64)
    }
}
