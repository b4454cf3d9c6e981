use super::*;
use crate::persisted::CommandBody;
use shared::{Epoch, MemberId, RoomId};

fn owner(epoch: u64, member: u64) -> Owner {
    Owner { epoch: Some(Epoch(epoch)), member: MemberId(member) }
}

fn row(number: u64, owner: Owner, lease: u64) -> StoredRow {
    StoredRow {
        owner,
        client_id: ClientId(u128::from(number).to_be_bytes()),
        name: "Ann".to_owned(),
        body: CommandBody::Join { room: RoomId(number) },
        at: 0,
        place: 1_000 - number,
        lease,
        unsent: false,
        failed: None,
    }
}

fn ann() -> Member {
    Member { id: MemberId(1), name: "Ann".to_owned() }
}

fn load(shelf: &mut ForeignRows, rows: Vec<StoredRow>, now: u64) {
    shelf.load(StoredRows { rows, drafts: Vec::new() }, |_| false, now);
}

#[test]
fn rows_are_taken_in_their_order_and_only_when_their_lease_is_over() {
    let mut shelf = ForeignRows::default();
    let me = owner(1, 1);
    load(&mut shelf, vec![row(1, me, 500), row(2, me, 100), row(3, me, 101), row(4, owner(1, 2), 0)], 100);
    assert_eq!(shelf.look_at(), Some(101));
    let (rows, _) = shelf.take_mine(me, &ann(), 9);
    assert_eq!(rows.iter().map(|shelved| shelved.row.place).collect::<Vec<_>>(), [998]);
    shelf.look(500);
    let (rows, _) = shelf.take_mine(me, &ann(), 1);
    assert_eq!(rows.iter().map(|shelved| shelved.row.place).collect::<Vec<_>>(), [997]);
    assert_eq!(shelf.left_behind(Some(me)).len(), 1, "the other waits for place, which is no question");
}

#[test]
fn what_was_written_before_the_welcome_keeps_its_place_in_the_room() {
    let mut shelf = ForeignRows::default();
    let (me, unnumbered) = (owner(1, 1), Owner { epoch: None, member: MemberId(1) });
    let body = CommandBody::Post { room: RoomId::LOBBY, text: "x".to_owned() };
    // The first is another page's still, which was welcomed and gave it a new lease.
    let first = StoredRow { body: body.clone(), ..row(2, me, 500) };
    let second = StoredRow { body, ..row(1, unnumbered, 100) };
    load(&mut shelf, vec![first, second], 100);
    assert!(shelf.take_mine(me, &ann(), 9).0.is_empty());
    shelf.look(500);
    let (rows, _) = shelf.take_mine(me, &ann(), 9);
    assert_eq!(rows.iter().map(|shelved| shelved.row.place).collect::<Vec<_>>(), [998, 999]);
}

#[test]
fn what_another_page_settled_is_gone_at_the_next_look() {
    let mut shelf = ForeignRows::default();
    load(&mut shelf, vec![row(1, owner(2, 2), 0)], 100);
    shelf.put(row(2, owner(3, 3), 0), false);
    load(&mut shelf, vec![], 100);
    let left: Vec<Owner> = shelf.left_behind(None).iter().map(|left| left.owner).collect();
    assert_eq!(left, [owner(3, 3)], "what only this page has stays");
}

#[test]
fn rows_written_before_the_log_was_known_are_theirs_who_have_id_and_name() {
    let unnumbered = Owner { epoch: None, member: MemberId(1) };
    for (name, taken) in [("Ann", 1), ("Bo", 0)] {
        let mut shelf = ForeignRows::default();
        load(&mut shelf, vec![row(1, unnumbered, 0)], 100);
        let me = Member { name: name.to_owned(), ..ann() };
        assert_eq!(shelf.take_mine(owner(1, 1), &me, 9).0.len(), taken);
    }
}

#[test]
fn as_many_rows_are_looked_at_as_the_limit_says() {
    for many in [SHELF_ROWS_MAX - 1, SHELF_ROWS_MAX, SHELF_ROWS_MAX + 1] {
        let mut shelf = ForeignRows::default();
        load(&mut shelf, (1..=many as u64).map(|number| row(number % 900, owner(1, number), 0)).collect(), 0);
        assert_eq!(shelf.rows.len(), many.min(SHELF_ROWS_MAX));
    }
}
