//! What was missed. Each address is looked up in the index by itself, so a quiet
//! one costs a look or two however busy the log is; then they are merged by position.

use super::{
    fault::Fault,
    row::{self, COLUMNS, ours, sql},
    shelf::Shelf,
};
use hub::{
    limits::{REPLAY_PART_BYTES, REPLAY_PART_EVENTS},
    log::weight,
    query::Replayed,
};
use rusqlite::Connection;
use shared::{
    Address, RoomId,
    limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX},
};

pub(super) fn read(
    db: &Connection,
    addresses: &[Address],
    after: u64,
    through: u64,
    is_first: bool,
) -> Result<Replayed, Fault> {
    let missed = Missed { db, after: sql(after), through: sql(through) };
    let mut replayed = Replayed::default();
    let mut positions = Vec::new();
    for to in addresses {
        match to {
            Address::Room(room) if is_first && missed.is_too_much(*room)? => replayed.resets.push(*room),
            _ => missed.positions(*to, &mut positions)?,
        }
    }
    positions.sort_unstable();
    let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM events e WHERE e.n = ?1"))?;
    let mut bytes = 0;
    for n in positions {
        let event = select.query_row([n], |row| Ok(row::read(row)))??;
        bytes += weight(&event);
        let is_first = replayed.events.is_empty();
        if !is_first && (replayed.events.len() >= REPLAY_PART_EVENTS || bytes > REPLAY_PART_BYTES) {
            replayed.next = Some(ours(n - 1)?);
            break;
        }
        replayed.events.push(event);
    }
    Ok(replayed)
}

struct Missed<'a> {
    db: &'a Connection,
    after: i64,
    through: i64,
}

impl Missed<'_> {
    /// The first positions of an address: as many as one part can need, and one to tell that there is more.
    fn positions(&self, to: Address, positions: &mut Vec<i64>) -> Result<(), Fault> {
        let mut select = self.db.prepare_cached(
            "SELECT n FROM events WHERE shelf = ?1 AND n > ?2 AND n <= ?3 ORDER BY n LIMIT ?4",
        )?;
        let limit = REPLAY_PART_EVENTS as i64 + 1;
        for shelf in Shelf::all(to) {
            let found = select.query_map((shelf.0, self.after, self.through, limit), |row| row.get(0))?;
            for n in found {
                positions.push(n?);
            }
        }
        Ok(())
    }

    fn is_too_much(&self, room: RoomId) -> Result<bool, Fault> {
        let mut select = self.db.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE shelf = ?1 AND n > ?2 AND n <= ?3 LIMIT ?4)",
        )?;
        let limit = REPLAY_EVENTS_MAX as i64 + 1;
        let mut count = 0;
        for shelf in Shelf::all(Address::Room(room)) {
            let bounds = (shelf.0, self.after, self.through, limit);
            count += select.query_row(bounds, |row| row.get::<_, i64>(0))?;
        }
        if count == 0 || count >= limit {
            return Ok(count != 0);
        }
        // Only messages have a text. `octet_length` tells its length without reading it.
        let mut select = self.db.prepare_cached(
            "SELECT coalesce(sum(octet_length(text)), 0) FROM events WHERE shelf = ?1 AND n > ?2 AND n <= ?3",
        )?;
        let bounds = (Shelf::messages(room).0, self.after, self.through);
        let bytes: i64 = select.query_row(bounds, |row| row.get(0))?;
        Ok(bytes > REPLAY_BYTES_MAX as i64)
    }
}
