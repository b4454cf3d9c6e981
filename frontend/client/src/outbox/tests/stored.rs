//! The stored form of rows, and their leases.

use super::*;

#[test]
fn an_unsent_row_is_saved_again_before_it_is_sent() {
    let mut outbox = Outbox::default();
    let out = push(&mut outbox, id(1), LOBBY, "1", 0);
    assert!(matches!(&out[..], [Effect::SaveRow(row)] if row.unsent));
    welcomed(&mut outbox, EPOCH, &ann());
    let mut out = Vec::new();
    assert_eq!(outbox.take_ready(at(7), || 1, &mut out), []);
    assert!(matches!(&out[..], [Effect::SaveRow(row)] if !row.unsent && row.lease == at(7 + LEASE_MS).wall));
    outbox.note_saved(id(1), false);
    assert_eq!(send(&mut outbox), [1], "saved or not");
    assert!(matches!(&push(&mut outbox, id(2), LOBBY, "2", 0)[..], [Effect::SaveRow(row)] if !row.unsent));
}

#[test]
fn a_new_row_is_sent_while_it_is_being_saved() {
    for ok in [true, false] {
        let mut outbox = live();
        let body = CommandBody::post(LOBBY, "1".to_owned());
        let mut out = Vec::new();
        outbox.add(owner(EPOCH, &ann()), &ann(), id(1), body, at(0), &mut out);
        let is_saved_as_sent = |row: &StoredRow| !row.unsent && row.lease == at(LEASE_MS).wall;
        assert!(matches!(&out[..], [Effect::SaveRow(row)] if is_saved_as_sent(row)));
        assert_eq!(send(&mut outbox), [1]);
        outbox.note_saved(id(1), ok);
        assert_eq!((send(&mut outbox), outbox.renew_at().is_some()), (vec![], ok), "once");
    }
}

#[test]
fn rows_of_an_earlier_visit_come_first_after_commands_in_flight() {
    let mut outbox = outbox([]);
    push(&mut outbox, id(2), LOBBY, "2", 9_000);
    assert_eq!(send(&mut outbox), [2]);
    let mut earlier = live();
    push(&mut earlier, id(1), LOBBY, "1", 5_000);
    let mut foreign_rows = ForeignRows::default();
    earlier.set_aside(&mut foreign_rows, &mut Vec::new());
    let (rows, _) = foreign_rows.take_mine(owner(EPOCH, &ann()), &ann(), 9);
    outbox.adopt(rows, owner(EPOCH, &ann()), &ann(), at(0), &mut Vec::new());
    assert_eq!(send(&mut outbox), [] as [u64; 0]);
    assert_eq!(visible_rows(&mut outbox)[0].0, "1");
    assert!(reply(&mut outbox, 2));
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn leases_are_renewed_in_time_and_released_when_the_page_closes() {
    let mut outbox = outbox([1]);
    let due = outbox.renew_at().unwrap();
    assert_eq!(due, LEASE_MS - LEASE_RENEW_MS);
    let mut out = Vec::new();
    outbox.renew(at(due - 1), &mut out);
    assert_eq!(out, []);
    outbox.renew(at(due), &mut out);
    assert_eq!(out, [Effect::RenewLease { keys: vec![key(1, 1)], until: at(due + LEASE_MS).wall }]);
    out.clear();
    outbox.release(&mut out);
    assert_eq!(out, [Effect::RenewLease { keys: vec![key(1, 1)], until: 0 }]);
}

#[test]
fn a_settled_row_leaves_the_outbox() {
    let mut outbox = outbox(1..=2);
    send(&mut outbox);
    let replied = outbox.take_replied(reference(&outbox, 1)).map(|entry| entry.row.key());
    assert_eq!((replied, outbox.settle(|_, _, _| true)), (Some(key(1, 1)), vec![key(1, 2)]));
    assert_eq!(outbox.len(), 0);
}

#[test]
fn a_row_is_stored_with_the_field_names_of_earlier_builds() {
    let out = push(&mut Outbox::default(), id(1), LOBBY, "1", 5_000);
    let [Effect::SaveRow(row)] = &out[..] else { panic!("{out:?}") };
    let text = serde_json::to_string(row).unwrap();
    for name in ["owner", "client_id", "name", "body", "at", "place", "lease", "unsent"] {
        assert!(text.contains(&format!("\"{name}\":")), "{name} in {text}");
    }
    assert_eq!(shared::json::from_str::<StoredRow>(&text).as_ref(), Ok(row));
}
