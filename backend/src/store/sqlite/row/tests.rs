use super::*;
use crate::store::sqlite::database;

/// Writes events into an empty log and reads them back, in the order of their positions.
fn read_back(entries: &[(LogEntry, Option<ClientId>)]) -> Vec<(Event, u64)> {
    let folder = std::env::temp_dir().join(format!("teahouse-rows-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let db = database::writer(&folder.join("log")).unwrap();
    for (entry, client_id) in entries {
        write(&db, entry, *client_id, 0).unwrap();
    }
    let mut select = db.prepare(&format!("SELECT {COLUMNS} FROM events e ORDER BY e.n")).unwrap();
    let rows =
        select.query_map((), |row| Ok((decode(row).unwrap().unwrap().event, row.get::<_, i64>(4)?))).unwrap();
    let found = rows.map(|row| row.map(|(event, author)| (event, u64::try_from(author).unwrap())).unwrap());
    let found = found.collect();
    std::fs::remove_dir_all(&folder).unwrap();
    found
}

#[test]
fn the_author_of_a_membership_row_is_the_actor() {
    let (ann, bo) = (MemberId(1), MemberId(2));
    let (to, own) = (Address::Room(RoomId(2)), Address::Member(bo));
    let member = Member { id: bo, name: "Bo".to_owned() };
    let mut events = Vec::new();
    for (by, first) in [(None, 1), (Some(ann), 4)] {
        let joined = MemberJoined {
            n: first,
            to,
            prev: 0,
            at: 5,
            member: member.clone(),
            by,
            room: None,
            members: None,
        };
        let left = MemberLeft { n: first + 1, to, prev: first, at: 6, member: bo, by, room: None };
        let own_left =
            MemberLeft { n: first + 2, to: own, prev: 0, at: 6, member: bo, by, room: Some(RoomId(2)) };
        events.extend([Event::MemberJoined(joined), Event::MemberLeft(left), Event::MemberLeft(own_left)]);
    }
    let client_ids = [1, 2, 3, 1, 2, 3].map(|id| Some(ClientId([id; 16])));
    let entries = events.iter().map(|event| LogEntry { event: event.clone(), device: None });
    // The same ids as the members' own: a receipt is found by its actor.
    let found = read_back(&entries.zip(client_ids).collect::<Vec<_>>());
    let (read, authors): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    assert_eq!(read, events);
    assert_eq!(authors, [2, 2, 2, 1, 1, 1]);
}
