//! Commits a change: its events become rows, and their effects become projections.
//!
//! [`House::execute`] decides which events a change has. The projections follow [`House::apply`].

use super::{
    event_reader,
    log_error::LogError,
    log_lookup::TransactionLog,
    markers,
    projection::{self, set_meta},
    row::{self, COLUMNS, to_sql},
};
use hub::House;
use hub::house::change::Change;
use hub::house::commit::{Commit, ExecutedChange, LogEntry};
use hub::house::members::DeviceKey;
use hub::limits::NAME_REST_MS;
use rusqlite::Connection as Database;
use shared::event::{RoomArchived, RoomChanged, RoomCreated};
use shared::{Address, ErrorCode, Event, RoomId};

/// Executes one change inside the open transaction. A refused change and a retry write nothing.
pub(super) fn execute(
    db: &Database,
    house: &mut House,
    change: Change,
    now: u64,
) -> Result<Result<ExecutedChange, ErrorCode>, LogError> {
    let key = change.key();
    let (next_member, last_tag) = (house.next_member(), house.last_tag());
    let executed = match house.execute(change, now, &TransactionLog(db))? {
        Ok(executed) => executed,
        Err(code) => return Ok(Err(code)),
    };
    if let Some(Commit { entries, mark }) = &executed.commit {
        for (index, entry) in entries.iter().enumerate() {
            let n = entry.event.position().map_or(0, |position| position.n);
            let client_id = key.filter(|_| n == executed.receipt.n).map(|(_, client_id)| client_id);
            let is_last = index + 1 == entries.len();
            row::write(db, entry, client_id, if is_last { i64::from(*mark) } else { row::INNER })?;
            project(db, house, entry)?;
            markers::forget(db, entry)?;
        }
    }
    if house.next_member() != next_member {
        set_meta(db, "next_member", to_sql(house.next_member()))?;
    }
    if house.last_tag() != last_tag {
        set_meta(db, "last_tag", i64::from(house.last_tag()))?;
    }
    Ok(Ok(executed))
}

/// Writes the effect of an event to the projections. `house` has applied the whole change.
fn project(db: &Database, house: &House, entry: &LogEntry) -> Result<(), LogError> {
    match &entry.event {
        Event::MemberJoined(joined) => {
            if let Address::Room(room) = joined.to {
                let id = to_sql(joined.member.id.0);
                let stay = house.rooms.membership(joined.member.id, room);
                let readable_from = stay.map_or(joined.n, |stay| stay.readable_from);
                db.prepare_cached(
                    "INSERT OR REPLACE INTO memberships (member, room, joined, readable_from)
                     VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((id, to_sql(room.0), to_sql(joined.n), to_sql(readable_from)))?;
                if room == RoomId::LOBBY {
                    db.prepare_cached("INSERT OR REPLACE INTO members (id, name) VALUES (?1, ?2)")?
                        .execute((id, &joined.member.name))?;
                }
                if let (RoomId::LOBBY, Some(DeviceKey(key))) = (room, entry.device) {
                    db.prepare_cached("INSERT OR REPLACE INTO devices (key, member) VALUES (?1, ?2)")?
                        .execute((key, id))?;
                }
            }
        }
        Event::MemberLeft(left) => {
            if let Address::Room(room) = left.to {
                let id = to_sql(left.member.0);
                db.prepare_cached("DELETE FROM memberships WHERE member = ?1 AND room = ?2")?
                    .execute((id, to_sql(room.0)))?;
                if room == RoomId::LOBBY {
                    rest_name(db, id, left.at)?;
                    db.prepare_cached("DELETE FROM members WHERE id = ?1")?.execute([id])?;
                    db.prepare_cached("DELETE FROM devices WHERE member = ?1")?.execute([id])?;
                }
            }
        }
        Event::Renamed(renamed) => {
            rest_name(db, to_sql(renamed.member.id.0), renamed.at)?;
            db.prepare_cached("UPDATE members SET name = ?2 WHERE id = ?1")?
                .execute((to_sql(renamed.member.id.0), &renamed.member.name))?;
        }
        Event::RoomCreated(RoomCreated { author, room, .. }) => {
            db.prepare_cached("INSERT INTO rooms (id, name, description, maker) VALUES (?1, ?2, ?3, ?4)")?
                .execute((to_sql(room.id.0), &room.name, &room.description, to_sql(author.0)))?;
        }
        Event::RoomChanged(RoomChanged { room, .. }) => {
            db.prepare_cached("UPDATE rooms SET name = ?2, description = ?3 WHERE id = ?1")?.execute((
                to_sql(room.id.0),
                &room.name,
                &room.description,
            ))?;
        }
        Event::RoomArchived(RoomArchived { to: Address::Room(room), .. }) => archive(db, *room, true)?,
        Event::RoomRestored(RoomArchived { to: Address::Room(room), .. }) => archive(db, *room, false)?,
        _ => {}
    }
    Ok(())
}

fn archive(db: &Database, room: RoomId, archived: bool) -> Result<(), LogError> {
    db.prepare_cached("UPDATE rooms SET archived = ?2 WHERE id = ?1")?.execute((to_sql(room.0), archived))?;
    Ok(())
}

/// Records that a member gives up the present name, and forgets names that have rested long enough.
fn rest_name(db: &Database, member: i64, at: u64) -> Result<(), LogError> {
    db.prepare_cached("DELETE FROM resting_names WHERE freed_at <= ?1")?
        .execute([to_sql(at.saturating_sub(NAME_REST_MS))])?;
    db.prepare_cached("INSERT INTO resting_names SELECT name, id, ?2 FROM members WHERE id = ?1")?
        .execute((member, to_sql(at)))?;
    Ok(())
}

/// Writes the projections anew from the events, which must be sound. Devices stay: older builds did not put
/// them into the log.
pub(super) fn rebuild_projections(db: &Database) -> Result<(), LogError> {
    db.execute_batch(
        "DELETE FROM memberships; DELETE FROM members; DELETE FROM resting_names; DELETE FROM rooms;
         DELETE FROM messages;
         INSERT INTO rooms (id, name, description) VALUES (1, NULL, '');",
    )?;
    let (mut house, mut has_marks) = (House::default(), false);
    let mut select = db.prepare(&format!("SELECT {COLUMNS}, e.mark FROM events e ORDER BY e.n"))?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let entry = event_reader::read_entry(db, row)?;
        house.apply(&entry);
        project(db, &house, &entry)?;
        has_marks |= row.get::<_, i64>(9)? != row::UNKNOWN;
        if !has_marks && matches!(entry.event, Event::MemberLeft(_) | Event::Renamed(_)) {
            // The build that wrote this event let no name rest.
            db.execute("DELETE FROM resting_names", ())?;
        }
    }
    db.execute("DELETE FROM devices WHERE member NOT IN (SELECT id FROM members)", ())?;
    // A number that was given must not be given again, so a greater stored one stays.
    let next_member = projection::meta::<i64>(db, "next_member")?.unwrap_or(0);
    set_meta(db, "next_member", next_member.max(to_sql(house.next_member())))?;
    // The tags of messages that were blanked are lost, so a greater stored tag stays.
    let last_tag = projection::meta::<i64>(db, "last_tag")?.unwrap_or(0);
    set_meta(db, "last_tag", last_tag.max(i64::from(house.last_tag())))
}
