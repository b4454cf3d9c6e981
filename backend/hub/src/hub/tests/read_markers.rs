//! Read markers: moved, told to the member's sessions, and counted.

use super::*;
use crate::input::{ExpectedIdentity, Poll};
use crate::limits::{MARKS_BURST, MARKS_GATHER_MS};
use shared::command::MarkRead;
use shared::event::{ReadMarker, RoomMarker};

const ROOM: RoomId = RoomId(2);

fn mark(reference: u64, room: RoomId, n: u64) -> Command {
    Command::MarkRead(MarkRead { reference, room, n })
}

/// The markers that each session is told, with the `ref` that an answer repeats.
fn told(out: &[Output]) -> Vec<(u64, Option<u64>, ReadMarker)> {
    let told = out.iter().filter_map(|output| match output {
        Output::Send(session, Event::ReadMarker(RoomMarker { reference, marker, .. })) => {
            Some((session.0, *reference, *marker))
        }
        _ => None,
    });
    told.collect()
}

impl TestHub {
    /// Sends a `mark_read` and waits until its batch is done.
    fn mark(&mut self, session: u64, room: RoomId, n: u64) -> Vec<Output> {
        let mut out = self.send(session, mark(9, room, n));
        self.now = self.now.after(MARKS_GATHER_MS);
        out.extend(self.give(Input::Tick));
        out
    }

    fn marker_of(&mut self, session: u64, device: u8) -> ReadMarker {
        let out = self.connect(session, device);
        welcome_in(&out).rooms[0].marker.unwrap()
    }
}

#[test]
fn a_marker_is_told_to_every_session_of_the_member_alone_when_it_moves() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    [(1, 1), (2, 1), (3, 2)].into_iter().for_each(|(session, device)| drop(test.connect(session, device)));
    (1..=3).for_each(|id| drop(test.post(3, id, "x")));
    test.post(1, 4, "mine");
    assert_eq!(told(&test.send(1, mark(7, RoomId::LOBBY, 4))), [], "moves are gathered");
    assert_eq!(test.hub.next_wake(), Some(test.now.mono + MARKS_GATHER_MS));
    test.now = test.now.after(MARKS_GATHER_MS);
    let marker = ReadMarker { n: 4, read_to: 2, version: 1, unread: Some(1) };
    assert_eq!(told(&test.give(Input::Tick)), [(1, Some(7), marker), (2, None, marker)]);
    assert_eq!(test.marker_of(4, 1), marker);
    // An earlier position moves nothing, but is answered.
    let again = told(&test.mark(2, RoomId::LOBBY, 3));
    assert!(again.contains(&(2, Some(9), marker)), "{again:?}");
    assert_eq!(test.marker_of(5, 2), ReadMarker { n: 2, read_to: 0, version: 0, unread: Some(1) });
}

#[test]
fn a_position_past_the_log_counts_as_its_end() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.post(1, 1, "x");
    let marker = ReadMarker { n: 2, read_to: 1, version: 1, unread: Some(0) };
    assert_eq!(told(&test.mark(1, RoomId::LOBBY, u64::MAX)), [(1, Some(9), marker)]);
}

#[test]
fn a_marker_is_asked_for_without_a_move() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    [(1, 1), (2, 1), (3, 2)].into_iter().for_each(|(session, device)| drop(test.connect(session, device)));
    test.post(3, 1, "x");
    let marker = ReadMarker { n: 1, read_to: 0, version: 0, unread: Some(1) };
    assert_eq!(told(&test.mark(1, RoomId::LOBBY, 0)), [(1, Some(9), marker)]);
}

#[test]
fn a_marker_is_refused_for_a_room_that_the_member_may_not_read() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    [(1, 1), (2, 2)].into_iter().for_each(|(session, device)| drop(test.connect(session, device)));
    let create = command::RoomCreate {
        reference: 1,
        client_id: ClientId([9; 16]),
        name: "tea".into(),
        description: String::new(),
    };
    test.send(1, Command::RoomCreate(create));
    for room in [ROOM, RoomId(77)] {
        assert_eq!(refusal(&test.mark(2, room, 5)), Some(ErrorCode::RoomUnknown));
    }
    // The member leaves before the batch is read.
    test.send(1, mark(7, ROOM, 5));
    let leave = command::RoomMove { reference: 2, client_id: ClientId([8; 16]), room: ROOM };
    test.send(1, Command::RoomLeave(leave));
    test.now = test.now.after(MARKS_GATHER_MS);
    assert_eq!(refusal(&test.give(Input::Tick)), Some(ErrorCode::RoomUnknown));
}

#[test]
fn a_marker_is_refused_when_the_store_refuses_it() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.send(1, mark(7, RoomId::LOBBY, 1));
    test.now = test.now.after(MARKS_GATHER_MS);
    let mut out = Vec::new();
    test.hub.handle(Input::Tick, test.now, &mut out);
    assert!(matches!(&out[..], [Output::MoveMarkers(moves)] if moves.len() == 1), "{out:?}");
    out.clear();
    // The next batch waits for this one.
    test.hub.handle(Input::CommandReceived(SessionId(1), mark(8, RoomId::LOBBY, 1)), test.now, &mut out);
    test.now = test.now.after(MARKS_GATHER_MS);
    test.hub.handle(Input::Tick, test.now, &mut out);
    assert_eq!(out, []);
    test.hub.handle(Input::MarkersMoved(Err(ErrorCode::StoreRefused)), test.now, &mut out);
    assert_eq!(refusal(&out), Some(ErrorCode::StoreRefused));
    assert!(out.iter().any(|output| matches!(output, Output::MoveMarkers(_))), "{out:?}");
}

#[test]
fn marks_are_refused_beyond_their_rate() {
    for (count, code) in
        [(MARKS_BURST - 1, None), (MARKS_BURST, None), (MARKS_BURST + 1, Some(ErrorCode::TooManyRequests))]
    {
        let mut test = TestHub::with_members(&["Wei"]);
        test.connect(1, 1);
        let out = (1..=count).map(|reference| test.send(1, mark(reference.into(), RoomId::LOBBY, 0)));
        assert_eq!(refusal(&out.last().unwrap()), code, "{count}");
    }
}

#[test]
fn a_poll_has_the_markers_that_moved_since_the_last() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.post(1, 1, "x");
    let device = Some(DeviceKey([1; 32]));
    let mut session = 10;
    let mut poll = |test: &mut TestHub, markers| {
        session += 1;
        let cursor = Some(Cursor::new(Epoch(1), test.hub.house.head()));
        let hello = Hello { reference: 1, build: String::new(), cursor, held: vec![], room: None };
        let (identity, presence_revision) = (ExpectedIdentity::default(), test.hub.presence_revision());
        let poll = Poll { hello, identity, is_first: false, presence_revision, markers, away: false };
        let out = test.give(Input::Polled { session: SessionId(session), device, poll });
        let versions = out.iter().filter_map(|output| match output {
            Output::SendReplay(_, event, _) => match &**event {
                Event::ReadMarker(told) => Some(told.marker.version),
                _ => None,
            },
            _ => None,
        });
        versions.collect::<Vec<_>>()
    };
    assert_eq!(poll(&mut test, Some(0)), [0; 0]);
    test.mark(1, RoomId::LOBBY, 2);
    assert_eq!(poll(&mut test, Some(0)), [1]);
    assert_eq!(poll(&mut test, Some(1)), [0; 0]);
    assert_eq!(poll(&mut test, None), [0; 0], "an older client knows no markers");
}
