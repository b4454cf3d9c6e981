use super::*;
use shared::ClientId;

fn segment(seqs: std::ops::RangeInclusive<u64>) -> Segment {
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
    Segment::from_messages(&messages, older, true, Viewer { me: None, members: &members })
}

fn seqs(segment: &Segment) -> Vec<u64> {
    segment.iter().map(|row| row.seq).collect()
}

#[test]
fn segments_touch_when_no_message_is_missing_between_them() {
    let middle = segment(10..=20);
    for (other, touches) in
        [(1..=8, false), (1..=9, true), (12..=15, true), (5..=30, true), (21..=25, true), (22..=25, false)]
    {
        assert_eq!(middle.touches(&segment(other.clone())), touches, "{other:?}");
    }
    assert!(Segment::unloaded(Some(9)).touches(&middle) && !Segment::unloaded(Some(8)).touches(&middle));
    assert!(!Segment::unloaded(None).touches(&middle));
}

#[test]
fn the_newest_segment_takes_only_earlier_messages() {
    let mut newest = segment(10..=20);
    newest.merge(segment(5..=30), false);
    assert_eq!((seqs(&newest), newest.end()), ((5..=20).collect(), Some(20)));
    newest.merge(segment(15..=30), true);
    assert_eq!(seqs(&newest), (5..=30).collect::<Vec<_>>());
    assert!(newest.has_older);
    newest.merge(segment(1..=4), false);
    assert!(!newest.has_older);
}

#[test]
fn evicted_messages_can_be_paged_in_on_their_side() {
    let mut segment = segment(1..=9);
    segment.has_newer = false;
    segment.trim_start(2);
    assert_eq!((seqs(&segment), segment.has_older, segment.has_newer), ((3..=9).collect(), true, false));
    segment.trim_end(2);
    assert_eq!((seqs(&segment), segment.has_newer, segment.end()), ((3..=7).collect(), true, Some(7)));
    let start = segment.split_start(2);
    assert_eq!((seqs(&start), start.end(), seqs(&segment)), (vec![3, 4], Some(4), vec![5, 6, 7]));
    segment.trim_start(usize::MAX);
    assert_eq!((segment.is_empty(), segment.start(), segment.end()), (true, Some(8), Some(7)));
}

#[test]
fn an_empty_segment_has_an_end_only_when_the_room_is_empty() {
    let members = Members::default();
    let viewer = Viewer { me: None, members: &members };
    assert_eq!(Segment::from_messages(&[], false, false, viewer).end(), Some(0));
    assert_eq!(Segment::from_messages(&[], true, false, viewer).end(), None);
}
