//! Marks: a running hash over the log.
//!
//! Two logs that have the same mark at a position hold events of the same kinds, addresses, authors, times and
//! client ids up to there. So a mark tells a log that was rolled back, and then grew in another way, from the
//! log that a client knows. The hash leaves out names and texts: a text that is erased must not be guessed from
//! the mark.

use shared::{Address, Event, event::Position};

/// Offset basis of FNV-1a with 32 bits (RFC 9923 §2), the mark of an empty log.
pub const EMPTY: u32 = 0x811c_9dc5;

/// Mark of a log whose events have none, because an older build wrote them.
pub const UNKNOWN: u32 = 0;

/// Mark of the log at one position, as a reader of the log finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkAt {
    /// Mark after the commit that ends at the position.
    Known(u32),
    /// A commit ends at the position, but the log has no mark there.
    Unrecorded,
    /// No commit ends at the position, so no client of this log can have it as a marked cursor.
    NoCommit,
}

impl MarkAt {
    /// Reads a mark of the log, of which [`UNKNOWN`] says nothing.
    pub fn of(mark: u32) -> Self {
        if mark == UNKNOWN { MarkAt::Unrecorded } else { MarkAt::Known(mark) }
    }

    /// Whether a cursor with this mark can be a position of the log.
    pub fn admits(self, mark: u32) -> bool {
        match self {
            MarkAt::Known(known) => known == mark,
            MarkAt::Unrecorded => true,
            MarkAt::NoCommit => false,
        }
    }
}

/// Prime of FNV-1a with 32 bits (RFC 9923 §2).
const PRIME: u32 = 0x0100_0193;

/// Returns the mark after an event, from the mark before it.
pub fn advance(before: u32, event: &Event) -> u32 {
    let Some(Position { n, to, prev }) = event.position() else { return before };
    let (address_kind, of) = match to {
        Address::Room(room) => (0, room.0),
        Address::Member(member) => (1, member.0),
    };
    let (kind, author, at, client_id) = match event {
        Event::Posted(posted) => (1, posted.author.0, posted.at, Some(posted.client_id)),
        Event::MemberJoined(joined) => (2, joined.member.id.0, joined.at, None),
        Event::MemberLeft(left) => (3, left.member.0, left.at, None),
        Event::Renamed(renamed) => (4, renamed.member.id.0, renamed.at, None),
        Event::RoomCreated(created) => (5, created.author.0, created.at, Some(created.client_id)),
        Event::RoomChanged(changed) => (6, changed.author.0, changed.at, Some(changed.client_id)),
        Event::RoomArchived(archived) => (7, archived.author.0, archived.at, Some(archived.client_id)),
        Event::RoomRestored(restored) => (8, restored.author.0, restored.at, Some(restored.client_id)),
        _ => (0, 0, 0, None),
    };
    let numbers = [n, kind, address_kind, of, prev, author, at];
    let by = match event {
        Event::MemberJoined(joined) => joined.by,
        Event::MemberLeft(left) => left.by,
        _ => None,
    };
    let by = by.map(|by| by.0);
    let mark = numbers.iter().chain(&by).fold(before, |mark, number| add(mark, &number.to_be_bytes()));
    client_id.map_or(mark, |id| add(mark, &id.0))
}

fn add(mark: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(mark, |mark, byte| (mark ^ u32::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{
        ClientId, MemberId, RoomId,
        event::{MemberLeft, Posted},
    };

    fn posted(n: u64, id: u8, text: &str) -> Event {
        Event::Posted(Posted {
            n,
            to: Address::Room(RoomId::LOBBY),
            prev: n - 1,
            seq: n,
            at: 5,
            author: MemberId(1),
            name: "Wei".to_owned(),
            tag: None,
            client_id: ClientId([id; 16]),
            text: text.to_owned(),
        })
    }

    #[test]
    fn fnv_1a_gives_the_published_values() {
        assert_eq!(add(EMPTY, b""), 0x811c_9dc5);
        assert_eq!(add(EMPTY, b"a"), 0xe40c_292c);
        assert_eq!(add(EMPTY, b"foobar"), 0xbf9c_f968);
    }

    #[test]
    fn marks_differ_when_the_logs_differ() {
        let of = |ids: &[u8]| (1..).zip(ids).fold(EMPTY, |mark, (n, id)| advance(mark, &posted(n, *id, "x")));
        assert_eq!(of(&[1, 2, 3]), of(&[1, 2, 3]));
        // The logs grew apart, and then alike.
        assert_ne!(of(&[1, 2, 3]), of(&[1, 9, 3]));
        assert_ne!(of(&[1, 2]), of(&[1]));
    }

    #[test]
    fn marks_differ_when_another_member_made_the_change() {
        let to = Address::Room(RoomId::LOBBY);
        let left = |by| {
            let left = MemberLeft { n: 1, to, prev: 0, at: 5, member: MemberId(2), by, room: None };
            advance(EMPTY, &Event::MemberLeft(left))
        };
        assert_ne!(left(None), left(Some(MemberId(1))));
        assert_ne!(left(Some(MemberId(3))), left(Some(MemberId(1))));
    }

    #[test]
    fn a_mark_does_not_depend_on_the_text() {
        assert_eq!(advance(EMPTY, &posted(1, 1, "secret")), advance(EMPTY, &posted(1, 1, "")));
    }
}
