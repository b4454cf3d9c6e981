//! Reads the house from the projections: the writer starts from it. Events are not read, so a long log opens
//! as fast as a short one.

use super::{
    database, history, last_positions::LastPositions, log_error::LogError, partition::Partition,
    row::from_sql,
};
use hub::House;
use hub::house::HouseHeader;
use hub::house::members::{DeviceKey, MemberTable};
use hub::house::names::Name;
use hub::house::rooms::{Membership, RoomState, RoomTable};
use rusqlite::{Connection as Database, OptionalExtension};
use shared::{Address, Epoch, MemberId, RoomId};
use std::{
    panic::resume_unwind,
    path::Path,
    thread::{self, ScopedJoinHandle},
};

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
    let rooms = rooms(db, &memberships(db)?, &LastPositions::read(db)?)?;
    assemble(db, members(db)?, rooms)
}

/// Reads the house over several connections at once, so that each core of the machine takes part. Nobody may write
/// meanwhile.
pub(super) fn house_by_threads(db: &Database, log: &Path) -> Result<House, LogError> {
    thread::scope(|scope| {
        let read_members = thread::Builder::new().name("start: members".to_owned());
        let read_members = read_members.spawn_scoped(scope, || members(&database::reader(log)?))?;
        let read_lasts = thread::Builder::new().name("start: positions".to_owned());
        let read_lasts = read_lasts.spawn_scoped(scope, || LastPositions::read(&database::reader(log)?))?;
        let stays = memberships(db)?;
        let rooms = rooms(db, &stays, &result_of(read_lasts)?)?;
        assemble(db, result_of(read_members)?, rooms)
    })
}

/// Waits for a thread. A panic goes on in this one.
fn result_of<T>(thread: ScopedJoinHandle<'_, Result<T, LogError>>) -> Result<T, LogError> {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

fn assemble(db: &Database, members: MemberTable, rooms: RoomTable) -> Result<House, LogError> {
    let mut house = House::restore(members, rooms, header(db)?);
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
    let count = db.query_row("SELECT count(*) FROM members", (), |row| row.get::<_, i64>(0))?;
    let mut members = MemberTable::with_capacity(usize::try_from(count).unwrap_or(0));
    let mut select = db.prepare("SELECT id, name FROM members")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        members.insert(MemberId(from_sql(row.get(0)?)?), Name::from_log(name));
    }
    let mut select = db.prepare("SELECT key, member FROM devices")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        members.add_device(MemberId(from_sql(row.get(1)?)?), DeviceKey(row.get(0)?));
    }
    Ok(members)
}

/// A membership as it is stored.
type Stay = (MemberId, RoomId, Membership);

/// Reads the memberships, those of each member one after another.
fn memberships(db: &Database) -> Result<Vec<Stay>, LogError> {
    let mut stays = Vec::new();
    let mut select =
        db.prepare("SELECT member, room, joined, readable_from FROM memberships ORDER BY member, room")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let stay = Membership { joined: from_sql(row.get(2)?)?, readable_from: from_sql(row.get(3)?)? };
        stays.push((MemberId(from_sql(row.get(0)?)?), RoomId(from_sql(row.get(1)?)?), stay));
    }
    Ok(stays)
}

/// Reads the rooms, and adds the memberships.
fn rooms(db: &Database, stays: &[Stay], lasts: &LastPositions) -> Result<RoomTable, LogError> {
    let mut rooms = RoomTable::default();
    let mut select = db.prepare("SELECT id, name, description, maker, archived FROM rooms ORDER BY id")?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let id = RoomId(from_sql(row.get(0)?)?);
        let named: Option<String> = row.get(1)?;
        let state = RoomState {
            name: named.as_deref().map(Name::from_log),
            description: row.get(2)?,
            members: 0,
            last: lasts.of_address(Address::Room(id)),
            seq: history::count(db, id, lasts.of(Partition::messages(id)))?,
            maker: row.get::<_, Option<i64>>(3)?.map(from_sql).transpose()?.map(MemberId),
            archived: row.get(4)?,
        };
        rooms.restore(id, state);
    }
    for stays in stays.chunk_by(|(one, ..), (next, ..)| one == next) {
        let Some((member, ..)) = stays.first() else { continue };
        // Who has left the house has no position.
        let is_in_house = stays.iter().any(|(_, room, _)| *room == RoomId::LOBBY);
        let last = if is_in_house { lasts.of_address(Address::Member(*member)) } else { 0 };
        rooms.restore_member(*member, last, stays.iter().map(|(_, room, stay)| (*room, *stay)));
    }
    Ok(rooms)
}
