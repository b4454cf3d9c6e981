use super::*;
use shared::ClientId;

fn stretch(seqs: std::ops::RangeInclusive<u64>) -> Segment {
    let (older, members) = (*seqs.start() > 1, Members::default());
    let message = |seq| Message {
        n: seq * 10,
        seq,
        at: 0,
        author: MemberId(1),
        name: "x".to_owned(),
        tag: None,
        client_id: ClientId(u128::from(seq).to_be_bytes()),
        text: "x".to_owned(),
    };
    let messages: Vec<Message> = seqs.map(message).collect();
    Segment::of(&messages, older, true, Viewer { me: None, members: &members })
}

fn seqs(stretch: &Segment) -> Vec<u64> {
    stretch.iter().map(|held| held.seq).collect()
}

#[test]
fn stretches_touch_when_nothing_is_missing_between_them() {
    let middle = stretch(10..=20);
    for (other, touches) in
        [(1..=8, false), (1..=9, true), (12..=15, true), (5..=30, true), (21..=25, true), (22..=25, false)]
    {
        assert_eq!(middle.touches(&stretch(other.clone())), touches, "{other:?}");
    }
    assert!(Segment::bare(Some(9)).touches(&middle) && !Segment::bare(Some(8)).touches(&middle));
    assert!(!Segment::bare(None).touches(&middle));
}

#[test]
fn a_live_stretch_takes_what_is_before_it_only() {
    let mut live = stretch(10..=20);
    live.join(stretch(5..=30), false);
    assert_eq!((seqs(&live), live.end()), ((5..=20).collect(), Some(20)));
    live.join(stretch(15..=30), true);
    assert_eq!(seqs(&live), (5..=30).collect::<Vec<_>>());
    assert!(live.older);
    live.join(stretch(1..=4), false);
    assert!(!live.older);
}

#[test]
fn what_is_let_go_is_missing_on_that_side() {
    let mut held = stretch(1..=9);
    held.newer = false;
    held.trim_start(2);
    assert_eq!((seqs(&held), held.older, held.newer), ((3..=9).collect(), true, false));
    held.trim_end(2);
    assert_eq!((seqs(&held), held.newer, held.end()), ((3..=7).collect(), true, Some(7)));
    let start = held.split_start(2);
    assert_eq!((seqs(&start), start.end(), seqs(&held)), (vec![3, 4], Some(4), vec![5, 6, 7]));
    held.trim_start(usize::MAX);
    assert_eq!((held.is_empty(), held.start(), held.end()), (true, Some(8), Some(7)));
}

#[test]
fn an_empty_room_has_an_end_and_an_empty_page_of_more_has_none() {
    let members = Members::default();
    let look = Viewer { me: None, members: &members };
    assert_eq!(Segment::of(&[], false, false, look).end(), Some(0));
    assert_eq!(Segment::of(&[], true, false, look).end(), None);
}
