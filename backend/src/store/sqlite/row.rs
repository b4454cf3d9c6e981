//! An event as a row. Columns hold the fields of all kinds, `body` holds the fields of one kind as JSON, and
//! `text` holds the text of a message. So a text can be erased without touching the rest.

use super::{log_error::LogError, partition::Partition};
use crate::hex;
use hub::house::{
    commit::LogEntry,
    mark::{self, MarkAt},
    members::DeviceKey,
};
use rusqlite::{Connection as Database, OptionalExtension, Row};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    Address, ClientId, Event, Member, MemberId, Room, RoomId,
    event::{MemberJoined, MemberLeft, Position, Posted, Renamed, RoomArchived, RoomChanged, RoomCreated},
};

/// The columns that [`decode`] reads, in order, with this expression for the text.
macro_rules! columns {
    ($text:literal) => {
        concat!("e.n, e.partition, e.prev, e.kind, e.author, e.client_id, e.at, e.body, ", $text)
    };
}

/// The columns that [`decode`] reads, in order. The table must be named `e`.
pub(super) const COLUMNS: &str = columns!("e.text");

/// [`COLUMNS`] of messages as they are now, and the rest of the query up to its condition. The text of a changed message
/// is that of the event that made its newest version; a deletion has none. `messages` has rows of changed messages
/// only, so a message that is as it was posted costs one search in a small table.
pub(super) const PRESENT_MESSAGES: &str = concat!(
    columns!("iif(m.n IS NULL, e.text, (SELECT v.text FROM events v WHERE v.n = m.last_edit))"),
    " FROM events e LEFT JOIN messages m ON m.n = e.n"
);

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
/// Kind of an event that a repair has blanked, except for messages.
pub(super) const BLANK: &str = "unreadable";

/// Converts a number for SQLite. A number beyond its range becomes the greatest, which is never assigned.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a number from SQLite.
pub(super) fn from_sql(number: i64) -> Result<u64, LogError> {
    u64::try_from(number).map_err(|_| LogError::Damaged(format!("{number} must not be negative")))
}

/// Fields of a message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PostedBody {
    pub(super) seq: u64,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<u32>,
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
        Event::Posted(posted) => {
            (POSTED, posted.author, posted.at, message_body(posted)?, Some(posted.text.as_str()))
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

/// The body of a message.
pub(super) fn message_body(posted: &Posted) -> Result<String, LogError> {
    json(&PostedBody { seq: posted.seq, name: posted.name.clone(), tag: posted.tag })
}

fn room_body(room: &Room) -> RoomBody {
    RoomBody { name: room.name.clone(), description: room.description.clone() }
}

fn json(body: &impl Serialize) -> Result<String, LogError> {
    serde_json::to_string(body).map_err(|error| LogError::Damaged(error.to_string()))
}

/// Columns of a row whose content cannot be decoded: its kind, body or text is damaged.
#[derive(Debug)]
pub(super) struct UnreadableRow {
    pub(super) position: Position,
    pub(super) partition: Partition,
    pub(super) at: u64,
    pub(super) author: MemberId,
    /// None if it is damaged too.
    pub(super) client_id: Option<ClientId>,
    /// Body of a message; none if it is damaged.
    pub(super) body: Option<PostedBody>,
    /// Text of a message; none if it is damaged.
    pub(super) text: Option<String>,
    /// Whether an earlier repair has blanked the row.
    pub(super) is_blank: bool,
    /// What is wrong, in a few words.
    pub(super) reason: String,
}

/// Content of a row, with the fields that never leave the server; or its columns, if the content cannot be decoded.
pub(super) type DecodedRow = Result<LogEntry, UnreadableRow>;

/// Number of the message whose body this is; none if the body cannot be decoded.
pub(super) fn message_seq(body: &str) -> Option<u64> {
    Some(serde_json::from_str::<PostedBody>(body).ok()?.seq)
}

/// Decodes a row of [`COLUMNS`].
///
/// # Errors
///
/// A column of every kind of event does not hold what it must, so that the event has no position.
pub(super) fn decode(row: &Row<'_>) -> Result<DecodedRow, LogError> {
    let number = |column: usize| from_sql(row.get(column)?);
    let (n, prev) = (number(0)?, number(2)?);
    let partition = Partition(row.get(1)?);
    let position = Position { n, to: partition.address()?, prev };
    let client_id = row.get::<_, Option<[u8; 16]>>(5).unwrap_or(None).map(ClientId);
    let event_row = EventRow { row, position, at: number(6)?, author: MemberId(number(4)?), client_id };
    Ok(event_row.decode().map_err(|reason| UnreadableRow {
        position,
        partition,
        at: event_row.at,
        author: event_row.author,
        client_id,
        body: event_row.body().ok().filter(|_| partition.holds_messages()),
        text: event_row.text().ok().filter(|_| partition.holds_messages()),
        is_blank: event_row.kind().is_ok_and(|kind| kind == BLANK),
        reason,
    }))
}

/// A row, with the columns that every kind of event has.
struct EventRow<'a> {
    row: &'a Row<'a>,
    position: Position,
    at: u64,
    author: MemberId,
    client_id: Option<ClientId>,
}

impl EventRow<'_> {
    fn kind(&self) -> Result<&str, String> {
        self.row.get_ref(3).map_err(|error| error.to_string())?.as_str().map_err(|error| error.to_string())
    }

    fn body<T: DeserializeOwned>(&self) -> Result<T, String> {
        let body = self.row.get_ref(7).map_err(|error| error.to_string())?;
        serde_json::from_str(body.as_str().map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())
    }

    fn text(&self) -> Result<String, String> {
        let text: Option<String> = self.row.get(8).map_err(|error| error.to_string())?;
        Ok(text.unwrap_or_default())
    }

    fn client_id(&self) -> Result<ClientId, String> {
        self.client_id.ok_or_else(|| "its client_id is missing".to_owned())
    }

    fn room(&self) -> Result<Room, String> {
        let RoomBody { name, description } = self.body()?;
        match self.position.to {
            Address::Room(id) => Ok(Room { id, name, description }),
            Address::Member(_) => Err("a room's event is addressed to a member".to_owned()),
        }
    }

    fn decode(&self) -> Result<LogEntry, String> {
        let EventRow { position: Position { n, to, prev }, at, author, .. } = *self;
        let mut joined_device = None;
        let event = match self.kind()? {
            POSTED => {
                let PostedBody { seq, name, tag } = self.body()?;
                let (client_id, text) = (self.client_id()?, self.text()?);
                Event::Posted(Posted { n, to, prev, seq, at, author, name, tag, client_id, text })
            }
            JOINED => {
                let JoinedBody { name, member, room, members, device } = self.body()?;
                let device = device.map(|text| hex::decode(&text).ok_or("its device is not valid"));
                joined_device = device.transpose()?.map(DeviceKey);
                let by = member.map(|_| author);
                let member = Member { id: member.unwrap_or(author), name };
                Event::MemberJoined(MemberJoined { n, to, prev, at, member, by, room, members })
            }
            LEFT => {
                let LeftBody { member, room } = self.body()?;
                let (member, by) = (member.unwrap_or(author), member.map(|_| author));
                Event::MemberLeft(MemberLeft { n, to, prev, at, member, by, room })
            }
            RENAMED => {
                let NameBody { name } = self.body()?;
                Event::Renamed(Renamed { n, to, prev, at, member: Member { id: author, name } })
            }
            CREATED => {
                let (client_id, room) = (self.client_id()?, self.room()?);
                Event::RoomCreated(RoomCreated { n, to, prev, at, author, client_id, room })
            }
            CHANGED => {
                let (client_id, room) = (self.client_id()?, self.room()?);
                Event::RoomChanged(RoomChanged { n, to, prev, at, author, client_id, room })
            }
            ARCHIVED => {
                let client_id = self.client_id()?;
                Event::RoomArchived(RoomArchived { n, to, prev, at, author, client_id })
            }
            RESTORED => {
                let client_id = self.client_id()?;
                Event::RoomRestored(RoomArchived { n, to, prev, at, author, client_id })
            }
            other => return Err(format!("its kind {other:?} is unknown")),
        };
        Ok(LogEntry { event, device: joined_device })
    }
}

#[cfg(test)]
mod tests;
