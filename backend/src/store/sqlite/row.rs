//! An event as a row. Columns hold the fields of all kinds, `body` holds the fields of one kind as JSON, and
//! `text` holds the text of a message. So a text can be erased without touching the rest.

use super::{log_error::LogError, partition::Partition};
use crate::hex;
use hub::house::{
    change::Receipt,
    commit::{Commit, LogEntry},
    mark::{self, MarkAt},
    members::DeviceKey,
};
use rusqlite::{Connection as Database, OptionalExtension, Row};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    Address, ClientId, Event, Member, MemberId, Room, RoomId,
    event::{MemberJoined, MemberLeft, Posted, Renamed, RoomArchived, RoomChanged, RoomCreated},
};

/// The columns that [`read`] reads, in order. The table must be named `e`.
pub(super) const COLUMNS: &str =
    "e.n, e.partition, e.prev, e.kind, e.author, e.client_id, e.at, e.body, e.text";

/// Value of the column `mark` in an event that others of the same change follow. The last event of a change
/// has the mark of the log there.
pub(super) const INNER: i64 = -1;
/// Value of the column `mark` in an event that an older build wrote. Its successor's mark follows from
/// [`UNKNOWN_MARK`].
pub(super) const UNKNOWN: i64 = 0;
/// Mark that stands for [`UNKNOWN`].
pub(super) const UNKNOWN_MARK: u32 = mark::UNKNOWN;

/// Reads the mark of the log at a position.
pub(super) fn mark_at(db: &Database, at: u64) -> Result<MarkAt, LogError> {
    if at == 0 {
        return Ok(MarkAt::Known(mark::EMPTY));
    }
    let mut select = db.prepare_cached("SELECT mark FROM events WHERE n = ?1")?;
    let found: Option<i64> = select.query_row([to_sql(at)], |row| row.get(0)).optional()?;
    Ok(match found {
        None | Some(INNER) => MarkAt::NoCommit,
        Some(stored) => u32::try_from(stored).map_or(MarkAt::Unrecorded, MarkAt::of),
    })
}

const POSTED: &str = "posted";
const JOINED: &str = "member_joined";
const LEFT: &str = "member_left";
const RENAMED: &str = "renamed";
const CREATED: &str = "room_created";
const CHANGED: &str = "room_changed";
const ARCHIVED: &str = "room_archived";
const RESTORED: &str = "room_restored";
/// Body of an event that has no fields of its own.
const NO_FIELDS: &str = "{}";

/// Converts a number for SQLite. A number beyond its range becomes the greatest, which is never assigned.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a number from SQLite.
pub(super) fn from_sql(number: i64) -> Result<u64, LogError> {
    u64::try_from(number).map_err(|_| LogError::Damaged(format!("{number} must not be negative")))
}

#[derive(Serialize, Deserialize)]
struct PostedBody {
    seq: u64,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct JoinedBody {
    name: String,
    /// Member who joined, if another member is the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<MemberId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<Room>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<u32>,
    /// Hash of the token of the device that joined the house, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct LeftBody {
    /// Member who left, if another member is the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<MemberId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomId>,
}

#[derive(Serialize, Deserialize)]
struct NameBody {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct RoomBody {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
}

/// Writes an event. `client_id` is set if the event is the subject of the change's receipt, and `mark` is the
/// mark after the change or [`INNER`].
pub(super) fn write(
    db: &Database,
    entry: &LogEntry,
    client_id: Option<ClientId>,
    mark: i64,
) -> Result<(), LogError> {
    let LogEntry { event, device } = entry;
    let Some(position) = event.position() else { return Ok(()) };
    let (kind, author, at, body, text) = match event {
        Event::Posted(Posted { seq, at, author, name, tag, text, .. }) => {
            let body = json(&PostedBody { seq: *seq, name: name.clone(), tag: *tag })?;
            (POSTED, *author, *at, body, Some(text.as_str()))
        }
        Event::MemberJoined(MemberJoined { at, member, by, room, members, .. }) => (
            JOINED,
            by.unwrap_or(member.id),
            *at,
            json(&JoinedBody {
                name: member.name.clone(),
                member: by.map(|_| member.id),
                room: room.clone(),
                members: *members,
                device: device.map(|DeviceKey(key)| hex::encode(&key)),
            })?,
            None,
        ),
        Event::MemberLeft(MemberLeft { at, member, by, room, .. }) => {
            let body = json(&LeftBody { member: by.map(|_| *member), room: *room })?;
            (LEFT, by.unwrap_or(*member), *at, body, None)
        }
        Event::Renamed(Renamed { at, member, .. }) => {
            (RENAMED, member.id, *at, json(&NameBody { name: member.name.clone() })?, None)
        }
        Event::RoomCreated(RoomCreated { at, author, room, .. }) => {
            (CREATED, *author, *at, json(&room_body(room))?, None)
        }
        Event::RoomChanged(RoomChanged { at, author, room, .. }) => {
            (CHANGED, *author, *at, json(&room_body(room))?, None)
        }
        Event::RoomArchived(RoomArchived { at, author, .. }) => {
            (ARCHIVED, *author, *at, NO_FIELDS.to_owned(), None)
        }
        Event::RoomRestored(RoomArchived { at, author, .. }) => {
            (RESTORED, *author, *at, NO_FIELDS.to_owned(), None)
        }
        _ => return Ok(()),
    };
    let mut insert = db.prepare_cached(
        "INSERT INTO events (n, partition, prev, kind, author, client_id, at, body, text, mark)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.execute((
        to_sql(position.n),
        Partition::of(event, position.to).0,
        to_sql(position.prev),
        kind,
        to_sql(author.0),
        client_id.map(|id| id.0),
        to_sql(at),
        body,
        text,
        mark,
    ))?;
    Ok(())
}

fn room_body(room: &Room) -> RoomBody {
    RoomBody { name: room.name.clone(), description: room.description.clone() }
}

fn json(body: &impl Serialize) -> Result<String, LogError> {
    serde_json::to_string(body).map_err(|error| LogError::Damaged(error.to_string()))
}

/// A row, with typed access to its columns.
struct EventRow<'a> {
    row: &'a Row<'a>,
    n: u64,
}

impl EventRow<'_> {
    fn number(&self, column: usize) -> Result<u64, LogError> {
        from_sql(self.row.get(column)?)
    }

    fn body<T: DeserializeOwned>(&self) -> Result<T, LogError> {
        let body = self.row.get_ref(7)?.as_str().map_err(|error| self.damaged(&error.to_string()))?;
        serde_json::from_str(body).map_err(|error| self.damaged(&error.to_string()))
    }

    fn client_id(&self) -> Result<ClientId, LogError> {
        let bytes: Option<[u8; 16]> = self.row.get(5)?;
        bytes.map(ClientId).ok_or_else(|| self.damaged("its client_id is missing"))
    }

    fn damaged(&self, why: &str) -> LogError {
        LogError::Damaged(format!("event {}: {why}", self.n))
    }
}

/// Reads an event from [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> Result<Event, LogError> {
    let n = from_sql(row.get(0)?)?;
    let event_row = EventRow { row, n };
    let (to, prev, at) = (Partition(row.get(1)?).address()?, event_row.number(2)?, event_row.number(6)?);
    let author = MemberId(event_row.number(4)?);
    let kind = row.get_ref(3)?.as_str().map_err(|error| event_row.damaged(&error.to_string()))?;
    let room = |body: RoomBody| match to {
        Address::Room(id) => Ok(Room { id, name: body.name, description: body.description }),
        Address::Member(_) => Err(event_row.damaged("a room's event is addressed to a member")),
    };
    Ok(match kind {
        POSTED => {
            let PostedBody { seq, name, tag } = event_row.body()?;
            let text: Option<String> = row.get(8)?;
            let (client_id, text) = (event_row.client_id()?, text.unwrap_or_default());
            Event::Posted(Posted { n, to, prev, seq, at, author, name, tag, client_id, text })
        }
        JOINED => {
            let JoinedBody { name, member, room, members, .. } = event_row.body()?;
            let by = member.map(|_| author);
            let member = Member { id: member.unwrap_or(author), name };
            Event::MemberJoined(MemberJoined { n, to, prev, at, member, by, room, members })
        }
        LEFT => {
            let LeftBody { member, room } = event_row.body()?;
            let (member, by) = (member.unwrap_or(author), member.map(|_| author));
            Event::MemberLeft(MemberLeft { n, to, prev, at, member, by, room })
        }
        RENAMED => {
            let NameBody { name } = event_row.body()?;
            Event::Renamed(Renamed { n, to, prev, at, member: Member { id: author, name } })
        }
        CREATED => {
            let (client_id, room) = (event_row.client_id()?, room(event_row.body()?)?);
            Event::RoomCreated(RoomCreated { n, to, prev, at, author, client_id, room })
        }
        CHANGED => {
            let (client_id, room) = (event_row.client_id()?, room(event_row.body()?)?);
            Event::RoomChanged(RoomChanged { n, to, prev, at, author, client_id, room })
        }
        ARCHIVED => {
            let client_id = event_row.client_id()?;
            Event::RoomArchived(RoomArchived { n, to, prev, at, author, client_id })
        }
        RESTORED => {
            let client_id = event_row.client_id()?;
            Event::RoomRestored(RoomArchived { n, to, prev, at, author, client_id })
        }
        other => return Err(event_row.damaged(&format!("its kind {other:?} is unknown"))),
    })
}

/// Reads an event with its server-only fields from [`COLUMNS`].
pub(super) fn read_entry(row: &Row<'_>) -> Result<LogEntry, LogError> {
    let event = read(row)?;
    let device = match &event {
        Event::MemberJoined(joined) if joined.room.is_none() => {
            let event_row = EventRow { row, n: joined.n };
            let JoinedBody { device, .. } = event_row.body()?;
            device
                .map(|text| {
                    hex::decode(&text)
                        .map(DeviceKey)
                        .ok_or_else(|| event_row.damaged("its device is not valid"))
                })
                .transpose()?
        }
        _ => None,
    };
    Ok(LogEntry { event, device })
}

/// Gathers entries into commits. Rows come in the order of their positions.
#[derive(Debug, Default)]
pub(super) struct CommitReader {
    entries: Vec<LogEntry>,
}

impl CommitReader {
    /// Adds the next event, with its column `mark`. Returns the commit that it completes.
    pub(super) fn add(&mut self, entry: LogEntry, mark: i64) -> Option<Commit> {
        self.entries.push(entry);
        let mark = u32::try_from(mark).ok()?;
        Some(Commit { entries: std::mem::take(&mut self.entries), mark })
    }
}

/// The receipt of the change that this event is the subject of.
pub(super) fn receipt(event: &Event) -> Option<Receipt> {
    let n = event.position()?.n;
    let about = |to: Address, at: u64| match to {
        Address::Room(room) => Some(Receipt { n, seq: 0, at, room: Some(room) }),
        Address::Member(_) => None,
    };
    match event {
        Event::Posted(posted) => Some(Receipt { n, seq: posted.seq, at: posted.at, room: None }),
        Event::MemberJoined(joined) => about(joined.to, joined.at),
        Event::MemberLeft(left) => about(left.to, left.at),
        Event::RoomCreated(created) => about(created.to, created.at),
        Event::RoomChanged(changed) => about(changed.to, changed.at),
        Event::RoomArchived(archived) | Event::RoomRestored(archived) => about(archived.to, archived.at),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
