//! Commits a change: its events become rows, and their effects become projections.
//!
//! [`House::execute`] decides which events a change has. The projections follow [`House::apply`].

use super::{
    log_error::LogError,
    projection::set_meta,
    row::{self, COLUMNS, to_sql},
};
use hub::House;
use hub::house::change::{Change, Committed, Outcome, Receipt};
use hub::house::members::DeviceKey;
use rusqlite::{Connection as Database, OptionalExtension};
use shared::{Address, ClientId, Event, MemberId, RoomId};

/// Executes one change inside the open transaction. A refused change writes nothing.
pub(super) fn execute(
    db: &Database,
    house: &mut House,
    change: Change,
    now: u64,
) -> Result<Outcome, LogError> {
    let key = change.key();
    if let Some(receipt) = key.map(|key| receipt(db, key)).transpose()?.flatten() {
        return Ok(Ok(Committed { receipt, events: Vec::new() }));
    }
    let device = match &change {
        Change::Join { device, .. } => Some(*device),
        _ => None,
    };
    let committed = match house.execute(change, now) {
        Ok(committed) => committed,
        Err(code) => return Ok(Err(code)),
    };
    for event in &committed.events {
        let is_receipt = event.position().is_some_and(|position| position.n == committed.receipt.n);
        row::write(db, event, key.filter(|_| is_receipt).map(|(_, client_id)| client_id))?;
        project(db, event, device)?;
    }
    if device.is_some() {
        set_meta(db, "next_member", to_sql(house.next_member()))?;
    }
    Ok(Ok(committed))
}

/// The receipt of a change that was executed before.
fn receipt(db: &Database, (author, client_id): (MemberId, ClientId)) -> Result<Option<Receipt>, LogError> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events e WHERE e.author = ?1 AND e.client_id = ?2"
    ))?;
    let event = select
        .query_row((to_sql(author.0), client_id.0), |row| Ok(row::read(row)))
        .optional()?
        .transpose()?;
    event
        .map(|event| {
            row::receipt(&event).ok_or_else(|| LogError::Damaged("a receipt without a change".to_owned()))
        })
        .transpose()
}

fn project(db: &Database, event: &Event, device: Option<DeviceKey>) -> Result<(), LogError> {
    match event {
        Event::MemberJoined(joined) => {
            if let Address::Room(room) = joined.to {
                let id = to_sql(joined.member.id.0);
                db.prepare_cached(
                    "INSERT OR REPLACE INTO memberships (member, room, joined) VALUES (?1, ?2, ?3)",
                )?
                .execute((id, to_sql(room.0), to_sql(joined.n)))?;
                if let (RoomId::LOBBY, Some(DeviceKey(key))) = (room, device) {
                    db.prepare_cached("INSERT INTO members (id, name) VALUES (?1, ?2)")?
                        .execute((id, &joined.member.name))?;
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
                    db.prepare_cached("DELETE FROM members WHERE id = ?1")?.execute([id])?;
                    db.prepare_cached("DELETE FROM devices WHERE member = ?1")?.execute([id])?;
                }
            }
        }
        Event::Renamed(renamed) => {
            db.prepare_cached("UPDATE members SET name = ?2 WHERE id = ?1")?
                .execute((to_sql(renamed.member.id.0), &renamed.member.name))?;
        }
        Event::RoomCreated(shared::event::RoomCreated { room, .. })
        | Event::RoomChanged(shared::event::RoomChanged { room, .. }) => {
            db.prepare_cached("INSERT OR REPLACE INTO rooms (id, name, description) VALUES (?1, ?2, ?3)")?
                .execute((to_sql(room.id.0), &room.name, &room.description))?;
        }
        _ => {}
    }
    Ok(())
}
