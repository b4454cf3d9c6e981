//! What was missed. Each address is looked up in the index by itself, so a quiet
//! one costs one look however busy the log is; then they are merged by position.

use super::{
    fault::Fault,
    row::{self, COLUMNS, address, ours, sql},
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
        if replayed.events.len() >= REPLAY_PART_EVENTS || bytes >= REPLAY_PART_BYTES {
            replayed.next = Some(ours(n - 1)?);
            break;
        }
        let event = select.query_row([n], |row| Ok(row::read(row)))??;
        bytes += weight(&event);
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
            "SELECT n FROM events WHERE address = ?1 AND n > ?2 AND n <= ?3 ORDER BY n LIMIT ?4",
        )?;
        let limit = REPLAY_PART_EVENTS + 1;
        let found =
            select.query_map((address(to), self.after, self.through, limit as i64), |row| row.get(0))?;
        for n in found {
            positions.push(n?);
        }
        Ok(())
    }

    fn is_too_much(&self, room: RoomId) -> Result<bool, Fault> {
        let to = address(Address::Room(room));
        let mut count = self.db.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE address = ?1 AND n > ?2 AND n <= ?3 LIMIT ?4)",
        )?;
        let limit = REPLAY_EVENTS_MAX + 1;
        let count: i64 = count.query_row((to, self.after, self.through, limit as i64), |row| row.get(0))?;
        if count == 0 || count as usize > REPLAY_EVENTS_MAX {
            return Ok(count != 0);
        }
        // `octet_length` reads a text's length without the text.
        let mut bytes = self.db.prepare_cached(
            "SELECT coalesce(sum(octet_length(text)), 0) FROM events WHERE address = ?1 AND n > ?2 AND n <= ?3",
        )?;
        let bytes: i64 = bytes.query_row((to, self.after, self.through), |row| row.get(0))?;
        Ok(bytes as usize > REPLAY_BYTES_MAX)
    }
}
