//! The owners of rows, and who may send them.

use super::*;

#[test]
fn rows_follow_a_person_who_joined_again_under_the_same_name() {
    let mut outbox = outbox(1..=2);
    send(&mut outbox);
    outbox.disconnected();
    let (mut foreign_rows, out) = welcomed(&mut outbox, Epoch(2), &member(5, "Ann"));
    let (rows, _) = outbox.rows(LOBBY.into(), true);
    assert_eq!(rows.iter().map(|row| row.key).collect::<Vec<_>>(), [key(5, 1), key(5, 2)]);
    assert!(
        matches!(&out[..2], [Effect::SaveRow(one), Effect::SaveRow(two)] if [one.key(), two.key()] == [key(5, 1), key(5, 2)])
    );
    assert!(foreign_rows.left_behind(None).is_empty());
    assert_eq!(send(&mut outbox), [1]);
}

#[test]
fn rows_of_another_member_are_set_aside_until_they_are_adopted() {
    for (epoch, you) in [(EPOCH, member(2, "Bo")), (Epoch(2), member(2, "Bo")), (Epoch(2), member(1, "Bo"))] {
        let mut outbox = Outbox::default();
        push(&mut outbox, id(1), LOBBY, "1", 0);
        let (mut foreign_rows, _) = welcomed(&mut outbox, epoch, &you);
        assert_eq!((send(&mut outbox), visible_rows(&mut outbox)), (vec![], vec![]));
        let ann = owner(EPOCH, &ann());
        let left = foreign_rows.left_behind(Some(owner(epoch, &you)));
        assert_eq!(left.iter().map(|left| (left.owner, left.rows)).collect::<Vec<_>>(), [(ann, 1)]);
        let (rows, _) = foreign_rows.take_owned_by(ann, OUTBOX_ROWS_MAX);
        let mut out = Vec::new();
        outbox.adopt(rows, owner(epoch, &you), &you, at(0), &mut out);
        assert_eq!(send(&mut outbox), [1]);
        let (rows, _) = outbox.rows(LOBBY.into(), true);
        assert_eq!((&*rows[0].name, rows[0].key.author), ("Bo", you.id));
    }
}

#[test]
fn a_post_that_may_have_arrived_is_not_sent_by_another_member_unasked() {
    // A permanently refused post is not in the log.
    for (epoch, sent, refused, again) in [
        (EPOCH, true, false, false),
        (EPOCH, false, false, true),
        (EPOCH, true, true, true),
        (Epoch(2), true, false, true),
    ] {
        for name in ["Ann", "Bo"] {
            let you = member(5, name);
            let mut outbox = if sent { outbox([1]) } else { Outbox::default() };
            push(&mut outbox, id(1), LOBBY, "1", 0);
            if sent {
                send(&mut outbox);
            }
            if refused {
                refuse(&mut outbox, 1, ErrorCode::TooManyRooms);
            }
            outbox.disconnected();
            let (mut foreign_rows, _) = welcomed(&mut outbox, epoch, &you);
            let (rows, _) = foreign_rows.take_owned_by(owner(EPOCH, &ann()), OUTBOX_ROWS_MAX);
            outbox.adopt(rows, owner(epoch, &you), &you, at(0), &mut Vec::new());
            if refused && name == "Ann" {
                assert_eq!(visible_rows(&mut outbox)[0].1, RowState::Failed(ErrorCode::TooManyRooms));
                continue;
            }
            assert_eq!(send(&mut outbox).len(), usize::from(again), "{epoch:?} {sent} {refused} {name}");
            if !again {
                assert_eq!(visible_rows(&mut outbox)[0].1, RowState::Failed(MAY_HAVE_ARRIVED));
                outbox.retry(key(5, 1), at(0), &mut Vec::new());
                outbox.note_saved(id(1), true);
                assert_eq!(send(&mut outbox), [1], "the person asked for it");
            }
        }
    }
}

#[test]
fn commands_other_than_posts_are_sent_by_any_member() {
    let mut outbox = live();
    outbox.add(owner(EPOCH, &ann()), &ann(), id(1), CommandBody::join(OTHER), at(0), &mut Vec::new());
    outbox.note_saved(id(1), true);
    assert_eq!(outbox.take_ready(at(0), || 1, &mut Vec::new()).len(), 1);
    outbox.disconnected();
    welcomed(&mut outbox, EPOCH, &member(5, "Ann"));
    assert_eq!(outbox.take_ready(at(0), || 2, &mut Vec::new()).len(), 1);
}

#[test]
fn a_member_who_was_renamed_elsewhere_keeps_the_rows() {
    let mut outbox = outbox(1..=1);
    welcomed(&mut outbox, EPOCH, &member(1, "Anna"));
    assert_eq!(send(&mut outbox), [1]);
    let (rows, _) = outbox.rows(LOBBY.into(), true);
    assert_eq!(&*rows[0].name, "Anna");
    outbox.set_name(&member(1, "Annie"));
    let (rows, _) = outbox.rows(LOBBY.into(), true);
    assert_eq!(&*rows[0].name, "Annie");
}

#[test]
fn rows_from_before_the_first_welcome_belong_to_the_member() {
    let mut outbox = Outbox::default();
    let unnumbered = Owner { epoch: None, member: MemberId(1) };
    let body = CommandBody::post(LOBBY, "1".to_owned());
    outbox.add(unnumbered, &ann(), id(1), body, at(0), &mut Vec::new());
    outbox.note_saved(id(1), true);
    welcomed(&mut outbox, EPOCH, &member(1, "Anna"));
    assert_eq!(send(&mut outbox), [1]);
}
