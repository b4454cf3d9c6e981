//! Reads the house from the projections: the writer starts from it. Events are not read, so a long log opens
//! as fast as a short one.

use super::{history, log_error::LogError, partition::Partition, row::from_sql};
use hub::House;
use hub::house::HouseHeader;
use hub::house::members::{DeviceKey, MemberTable};
use hub::house::names::Name;
use hub::house::rooms::{Membership, RoomState, RoomTable};
use rusqlite::{Connection as Database, OptionalExtension};
use shared::{Address, Epoch, MemberId, RoomId};
use std::collections::HashMap;

/// Position of the last event.
pub(super) fn head(db: &Database) -> Result<u64, LogError> {
    from_sql(db.query_row("SELECT coalesce(max(n), 0) FROM events", (), |row| row.get(0))?)
}

/// Reads the state of the house that is not in its tables.
pub(super) fn header(db: &Database) -> Result<HouseHeader, LogError> {
    let newest = "SELECT n, at, mark FROM events ORDER BY n DESC LIMIT 1";
    let newest: Option<(i64, i64, i64)> =
        db.query_row(newest, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let mut header = HouseHeader::default();
    if let Some((n, at, mark)) = newest {
        (header.head, header.at) = (from_sql(n)?, from_sql(at)?);
        header.mark = u32::try_from(mark)
            .map_err(|_| LogError::Damaged(format!("the last change ends before event {n}")))?;
    }
    if let Some(next_member) = meta::<i64>(db, "next_member")? {
        header.next_member = from_sql(next_member)?;
    }
    if let Some(last_tag) = meta::<i64>(db, "last_tag")? {
        header.last_tag = u32::try_from(last_tag).unwrap_or(u32::MAX);
    }
    Ok(header)
}

/// Reads the house.
pub(super) fn house(db: &Database) -> Result<House, LogError> {
    let header = header(db)?;
    let members = members(db)?;
    let rooms = rooms(db)?;
    let mut house = House::restore(members, rooms, header);
    restore_resting_names(db, &mut house)?;
    Ok(house)
}

fn restore_resting_names(db: &Database, house: &mut House) -> Result<(), LogError> {
    let mut select = db.prepare("SELECT name, member, freed_at FROM resting_names ORDER BY freed_at")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let name = Name::from_log(&name);
        // A name that was taken since then does not rest.
        if !house.members.is_taken(name.key()) {
            let (member, freed_at) = (MemberId(from_sql(row.get(1)?)?), from_sql(row.get(2)?)?);
            house.resting_names.insert(name.key().clone(), member, freed_at);
        }
    }
    Ok(())
}

/// Epoch of the log, if it is set.
pub(super) fn epoch(db: &Database) -> Result<Option<Epoch>, LogError> {
    let Some(text) = meta::<String>(db, "epoch")? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| LogError::Damaged("the epoch is not valid".to_owned()))
}

/// An entry of the table `meta`.
pub(super) fn meta<T: rusqlite::types::FromSql>(db: &Database, name: &str) -> Result<Option<T>, LogError> {
    Ok(db.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()?)
}

/// Sets an entry of the table `meta`.
pub(super) fn set_meta(db: &Database, name: &str, value: impl rusqlite::ToSql) -> Result<(), LogError> {
    db.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?.execute((name, value))?;
    Ok(())
}

fn members(db: &Database) -> Result<MemberTable, LogError> {
    let mut members = MemberTable::default();
    let mut select = db.prepare("SELECT id, name FROM members")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        members.insert(MemberId(from_sql(row.get(0)?)?), Name::from_log(&name));
    }
    let mut select = db.prepare("SELECT key, member FROM devices")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        members.add_device(MemberId(from_sql(row.get(1)?)?), DeviceKey(row.get(0)?));
    }
    Ok(members)
}

fn rooms(db: &Database) -> Result<RoomTable, LogError> {
    let mut rooms = RoomTable::default();
    let lasts = last_positions(db)?;
    let last = |to: Address| {
        let lasts = Partition::all(to).filter_map(|partition| lasts.get(&partition.0).copied());
        lasts.max().unwrap_or(0)
    };
    let mut counts: HashMap<RoomId, u32> = HashMap::new();
    let mut stays = Vec::new();
    let mut select = db.prepare("SELECT member, room, joined, readable_from FROM memberships")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let (member, room) = (MemberId(from_sql(row.get(0)?)?), RoomId(from_sql(row.get(1)?)?));
        *counts.entry(room).or_default() += 1;
        let stay = Membership { joined: from_sql(row.get(2)?)?, readable_from: from_sql(row.get(3)?)? };
        stays.push((member, room, stay));
    }
    let mut select = db.prepare("SELECT id, name, description, maker, archived FROM rooms ORDER BY id")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let id = RoomId(from_sql(row.get(0)?)?);
        let named: Option<String> = row.get(1)?;
        let state = RoomState {
            name: named.as_deref().map(Name::from_log),
            description: row.get(2)?,
            members: counts.get(&id).copied().unwrap_or(0),
            last: last(Address::Room(id)),
            seq: history::count(db, id)?,
            maker: row.get::<_, Option<i64>>(3)?.map(from_sql).transpose()?.map(MemberId),
            archived: row.get(4)?,
        };
        rooms.restore(id, state);
    }
    for (member, room, stay) in stays {
        rooms.restore_membership(member, room, stay);
        // Every member is in the lobby, so this runs once for each member.
        if room == RoomId::LOBBY {
            rooms.restore_last(member, last(Address::Member(member)));
        }
    }
    Ok(rooms)
}

/// The last position of each partition that has events. SQLite goes from the end of one partition to the start of
/// the next, so the time does not depend on the number of events.
fn last_positions(db: &Database) -> Result<HashMap<i64, u64>, LogError> {
    let mut select = db.prepare(
        "WITH RECURSIVE partitions (number) AS (
             SELECT min(partition) FROM events
             UNION ALL
             SELECT (SELECT min(partition) FROM events WHERE partition > number)
             FROM partitions WHERE number IS NOT NULL
         )
         SELECT number, (SELECT max(n) FROM events WHERE partition = number)
         FROM partitions WHERE number IS NOT NULL",
    )?;
    let mut rows = select.query(())?;
    let mut lasts = HashMap::new();
    while let Some(row) = rows.next()? {
        lasts.insert(row.get(0)?, from_sql(row.get(1)?)?);
    }
    Ok(lasts)
}
