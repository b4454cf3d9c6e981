//! Read markers as rows. [`hub::read_markers`] says what they mean.

use super::{
    history,
    log_error::LogError,
    partition::Partition,
    projection::meta,
    row::{from_sql, to_sql},
};
use hub::house::commit::LogEntry;
use hub::read_markers::{MarkedRoom, MarkerMove, StoredMarker, UnreadReader};
use rusqlite::Connection as Database;
use shared::{
    Address, Event, MemberId, RoomId,
    event::{MemberLeft, ReadMarker},
};
use std::collections::HashMap;

/// Moves markers forward inside the open transaction.
pub(super) fn save(db: &Database, moves: &[MarkerMove]) -> Result<(), LogError> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO markers (member, room, n, version)
         SELECT ?1, ?2, ?3, 1 + coalesce((SELECT max(version) FROM markers WHERE member = ?1), 0)
         WHERE EXISTS (SELECT 1 FROM memberships WHERE member = ?1 AND room = ?2)
         ON CONFLICT (member, room) DO UPDATE SET n = excluded.n, version = excluded.version
         WHERE excluded.n > n",
    )?;
    for MarkerMove { member, room, n } in moves {
        upsert.execute((to_sql(member.0), to_sql(room.0), to_sql(*n)))?;
    }
    Ok(())
}

/// Deletes the markers of a member who leaves the house with this event.
pub(super) fn forget(db: &Database, entry: &LogEntry) -> Result<(), LogError> {
    if let Event::MemberLeft(MemberLeft { to: Address::Room(RoomId::LOBBY), member, .. }) = &entry.event {
        db.prepare_cached("DELETE FROM markers WHERE member = ?1")?.execute([to_sql(member.0)])?;
    }
    Ok(())
}

/// Reads the markers of a member, one for each room.
pub(super) fn read(
    db: &Database,
    member: MemberId,
    rooms: &[MarkedRoom],
    through: u64,
    counts: bool,
) -> Result<Vec<ReadMarker>, LogError> {
    let mut stored = HashMap::new();
    let mut select = db.prepare_cached("SELECT room, n, version FROM markers WHERE member = ?1")?;
    let mut rows = select.query([to_sql(member.0)])?;
    while let Some(row) = rows.next()? {
        let marker = StoredMarker { n: from_sql(row.get(1)?)?, version: from_sql(row.get(2)?)? };
        stored.insert(RoomId(from_sql(row.get(0)?)?), marker);
    }
    let since = from_sql(meta(db, "markers_since")?.unwrap_or(0))?;
    let reader = TransactionReader { db, through };
    let marker = |marked: &MarkedRoom| {
        let stored = stored.get(&marked.room).copied().unwrap_or_default();
        marked.marker(member, stored, since, counts, &reader)
    };
    rooms.iter().map(marker).collect()
}

/// Reads the messages of one state of the database.
struct TransactionReader<'a> {
    db: &'a Database,
    through: u64,
}

impl UnreadReader for TransactionReader<'_> {
    type Error = LogError;

    fn seq_at(&self, room: RoomId, n: u64) -> Result<u64, LogError> {
        let mut select =
            self.db.prepare_cached("SELECT max(n) FROM events WHERE partition = ?1 AND n <= ?2")?;
        let last: Option<i64> =
            select.query_row((Partition::messages(room).0, to_sql(n)), |row| row.get(0))?;
        history::count(self.db, room, last.map(from_sql).transpose()?)
    }

    fn count_others(&self, room: RoomId, n: u64, member: MemberId) -> Result<u64, LogError> {
        let mut count = self.db.prepare_cached(
            "SELECT count(*) FROM events WHERE partition = ?1 AND n > ?2 AND n <= ?3 AND author <> ?4",
        )?;
        let bounds = (Partition::messages(room).0, to_sql(n), to_sql(self.through), to_sql(member.0));
        from_sql(count.query_row(bounds, |row| row.get(0))?)
    }
}
