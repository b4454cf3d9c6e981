use super::*;
use crate::persisted::CommandBody;
use crate::test_clock::at;
use shared::{Epoch, MemberId, RoomId};

fn owner(epoch: u64, member: u64) -> Owner {
    Owner { epoch: Some(Epoch(epoch)), member: MemberId(member) }
}

/// A row whose lease ends when the monotonic clock shows `lease`; 0 for none.
fn row(number: u64, owner: Owner, lease: u64) -> StoredRow {
    let lease = if lease == 0 { 0 } else { at(lease).wall };
    StoredRow {
        owner,
        client_id: ClientId(u128::from(number).to_be_bytes()),
        name: "Ann".to_owned(),
        body: CommandBody::join(RoomId(number)),
        at: 0,
        send_order: 1_000 - number,
        lease,
        unsent: false,
        failed: None,
    }
}

fn post(number: u64, owner: Owner) -> StoredRow {
    StoredRow { body: CommandBody::post(RoomId::LOBBY, "x".to_owned()), ..row(number, owner, 0) }
}

fn ann() -> Member {
    Member { id: MemberId(1), name: "Ann".to_owned() }
}

fn load(foreign_rows: &mut ForeignRows, rows: Vec<StoredRow>, now: u64) {
    foreign_rows.load(StoredRows { rows, drafts: Vec::new() }, |_| false, at(now));
}

#[test]
fn rows_are_taken_in_order_after_their_lease_ended() {
    let mut foreign_rows = ForeignRows::default();
    let me = owner(1, 1);
    load(&mut foreign_rows, vec![row(1, me, 500), row(2, me, 0), row(3, me, 101), post(4, owner(1, 2))], 100);
    assert_eq!(foreign_rows.next_look(), Some(101));
    let (rows, _) = foreign_rows.take_mine(me, &ann(), 9);
    assert_eq!(rows.iter().map(|foreign| foreign.row.send_order).collect::<Vec<_>>(), [998]);
    foreign_rows.free_expired(500);
    let (rows, _) = foreign_rows.take_mine(me, &ann(), 1);
    assert_eq!(rows.iter().map(|foreign| foreign.row.send_order).collect::<Vec<_>>(), [997]);
    assert_eq!(
        foreign_rows.left_behind(Some(me)).len(),
        1,
        "the other waits for room in the outbox, and nobody is asked about it"
    );
}

#[test]
fn a_row_that_this_tab_held_waits_only_for_such_rows() {
    let me = owner(1, 1);
    let post = |number, lease| StoredRow {
        body: CommandBody::post(RoomId::LOBBY, "x".to_owned()),
        send_order: number,
        ..row(number, me, lease)
    };
    // Another tab holds the first row. This tab held the second, third and fifth, and a closed tab
    // the fourth.
    let stored = |third_lease| vec![post(1, 500), post(2, 0), post(3, third_lease), post(4, 0), post(5, 0)];
    for (third_lease, expected) in [(0, &[2, 3, 5][..]), (500, &[2])] {
        let mut foreign_rows = ForeignRows::default();
        for number in [2, 3, 5] {
            foreign_rows.add(post(number, 0), true);
        }
        load(&mut foreign_rows, stored(third_lease), 100);
        let (rows, _) = foreign_rows.take_mine(me, &ann(), 9);
        assert_eq!(rows.iter().map(|foreign| foreign.row.send_order).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn rows_from_before_the_welcome_keep_their_place_in_the_room() {
    let mut foreign_rows = ForeignRows::default();
    let (me, unnumbered) = (owner(1, 1), Owner { epoch: None, member: MemberId(1) });
    let body = CommandBody::post(RoomId::LOBBY, "x".to_owned());
    // Another tab holds the first row and has renewed its lease after a welcome.
    let first = StoredRow { body: body.clone(), ..row(2, me, 500) };
    let second = StoredRow { body, ..row(1, unnumbered, 0) };
    load(&mut foreign_rows, vec![first, second], 100);
    assert!(foreign_rows.take_mine(me, &ann(), 9).0.is_empty());
    foreign_rows.free_expired(500);
    let (rows, _) = foreign_rows.take_mine(me, &ann(), 9);
    assert_eq!(rows.iter().map(|foreign| foreign.row.send_order).collect::<Vec<_>>(), [998, 999]);
}

#[test]
fn rows_settled_by_another_tab_are_gone_after_the_next_load() {
    let mut foreign_rows = ForeignRows::default();
    load(&mut foreign_rows, vec![row(1, owner(2, 2), 0)], 100);
    foreign_rows.add(post(2, owner(3, 3)), false);
    foreign_rows.add(row(3, owner(4, 4), 0), false);
    load(&mut foreign_rows, vec![], 100);
    let left: Vec<Owner> = foreign_rows.left_behind(None).iter().map(|left| left.owner).collect();
    // A row of a bare command would stay in the browser for ever if nobody were asked about it.
    assert_eq!(left, [owner(3, 3), owner(4, 4)], "rows that only this page has stay");
}

#[test]
fn rows_without_a_log_belong_to_the_member_with_that_id_and_name() {
    let unnumbered = Owner { epoch: None, member: MemberId(1) };
    for (name, taken) in [("Ann", 1), ("Bo", 0)] {
        let mut foreign_rows = ForeignRows::default();
        load(&mut foreign_rows, vec![row(1, unnumbered, 0)], 100);
        let me = Member { name: name.to_owned(), ..ann() };
        assert_eq!(foreign_rows.take_mine(owner(1, 1), &me, 9).0.len(), taken);
    }
}

#[test]
fn foreign_rows_are_held_up_to_the_limit() {
    for many in [FOREIGN_ROWS_MAX - 1, FOREIGN_ROWS_MAX, FOREIGN_ROWS_MAX + 1] {
        let mut foreign_rows = ForeignRows::default();
        load(
            &mut foreign_rows,
            (1..=many as u64).map(|number| row(number % 900, owner(1, number), 0)).collect(),
            0,
        );
        assert_eq!(foreign_rows.rows.len(), many.min(FOREIGN_ROWS_MAX));
    }
}

#[test]
fn a_lease_is_believed_up_to_its_length_and_the_slack() {
    let me = owner(1, 1);
    for (left, free_after) in [
        (LEASE_MS, LEASE_MS),
        (LEASE_MS + LEASE_SLACK_MS - 1, LEASE_MS),
        (LEASE_MS + LEASE_SLACK_MS, LEASE_MS),
        (LEASE_MS + LEASE_SLACK_MS + 1, LEASE_WATCH_MS),
        (u64::MAX / 2, LEASE_WATCH_MS),
        // A lease that has passed may be that of a living tab whose clock was set.
        (0, LEASE_WATCH_MS),
    ] {
        let mut foreign_rows = ForeignRows::default();
        let stored = StoredRow { lease: at(100).wall + left, ..row(1, me, 0) };
        load(&mut foreign_rows, vec![stored.clone()], 100);
        let expected = Some(100 + LEASE_LOOK_MS.min(free_after));
        assert_eq!(foreign_rows.next_look(), expected, "{left}");
        // The clock is set back at each look, so that the lease seems never to end.
        for ms in (0..=free_after).step_by(1_000) {
            let now = Now { mono: 100 + ms, ..at(100) };
            foreign_rows.load(StoredRows { rows: vec![stored.clone()], drafts: Vec::new() }, |_| false, now);
            assert_eq!(foreign_rows.next_look().is_none(), ms >= free_after, "{left}, {ms}");
        }
    }
}
