//! Rates of members, and the turns of their reads.

use super::*;
use crate::limits::{DEBT_MAX_MS, PAGE_READS_MAX, READ_BURST_S, READS_PER_SESSION_MAX, ROOMS_MADE_PER_HOUR};
use crate::output::Output;
use crate::query::{Query, QueryResult};
use crate::session::ReadId;
use command::{EventsQuery, HistoryQuery, PageAnchor};

fn numbered_post(number: u32) -> Command {
    let client_id = ClientId(u128::from(number).to_be_bytes());
    let reference = u64::from(number);
    Command::Post(Post { reference, client_id, room: RoomId::LOBBY, text: "x".to_owned() })
}

fn history() -> Command {
    Command::History(HistoryQuery { reference: 3, room: RoomId::LOBBY, at: PageAnchor::Newest })
}

fn events() -> Command {
    Command::Events(EventsQuery { reference: 3, to: Address::Room(RoomId::LOBBY), after: 0 })
}

fn pause_in(out: &[Output]) -> Option<(u64, u64)> {
    out.iter().find_map(|output| match output {
        Output::Pause(session, wait) => Some((session.0, *wait)),
        _ => None,
    })
}

#[test]
fn a_session_is_paused_when_the_member_posts_too_fast() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.connect(2, 1);
    let burst = POSTS_PER_S * POST_BURST_S;
    for number in 0..burst {
        let out = test.send(u64::from(1 + number % 2), numbered_post(number));
        assert_eq!((out.len(), pause_in(&out)), (2, None), "{number}");
    }
    let out = test.send(2, numbered_post(burst));
    assert_eq!(pause_in(&out), Some((2, 50)), "one member, one rate");
    assert_eq!(out.len(), 3);
}

#[test]
fn a_post_is_refused_when_the_member_is_too_far_ahead_of_the_rate() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    (1..=2).for_each(|session| drop(test.connect(session, 1)));
    test.connect(3, 2);
    let most = POSTS_PER_S * POST_BURST_S + POSTS_PER_S * u32::try_from(DEBT_MAX_MS / 1000).unwrap();
    for number in 1..=most + 1 {
        let out = test.send(u64::from(1 + number % 2), numbered_post(number));
        let code = (number > most).then_some(ErrorCode::TooManyRequests);
        assert_eq!(refusal(&out), code, "{number}");
    }
    assert_eq!(refusal(&test.send(3, numbered_post(1))), None, "each member has a rate");
    // A refused post costs nothing, so the member goes on as soon as the rate allows.
    test.now.mono += 50;
    let out = test.send(1, numbered_post(most + 1));
    assert_eq!((refusal(&out), pause_in(&out)), (None, Some((1, DEBT_MAX_MS))));
}

#[test]
fn a_session_is_paused_when_the_member_reads_too_fast() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.connect(2, 1);
    let burst = POSTS_PER_S * READ_BURST_S;
    // A lower rate of posts does not slow the reads.
    test.hub.settings.posts.per_s = 1;
    for number in 1..=burst + 1 {
        let (session, command) = if number % 2 == 0 { (1, history()) } else { (2, events()) };
        let out = test.send(session, command);
        assert_eq!(pause_in(&out), (number > burst).then_some((session, 50)), "{number}");
        assert!(matches!(out.last(), Some(Output::Send(_, Event::History(_) | Event::Events(_)))), "{out:?}");
    }
    assert_eq!(pause_in(&test.send(1, post(1, "x"))), None, "posts have a rate of their own");
}

fn create(number: u32, name: &str) -> Command {
    let (client_id, name) = (ClientId(u128::from(number).to_be_bytes()), name.to_owned());
    let reference = u64::from(number);
    Command::RoomCreate(command::RoomCreate { reference, client_id, name, description: String::new() })
}

#[test]
fn a_member_makes_a_number_of_rooms_an_hour() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.connect(2, 2);
    let most = ROOMS_MADE_PER_HOUR;
    for number in 1..=most + 1 {
        let out = test.send(1, create(number, &format!("Room {number}")));
        let code = (number > most).then_some(ErrorCode::TooManyRequests);
        assert_eq!(refusal(&out), code, "{number}");
        // A name that is refused costs nothing.
        test.now.mono += 100;
        assert!(refusal(&test.send(1, create(1_000 + number, "Room 1"))).is_some());
        test.now.mono += 100;
        // So does a retry.
        if number < most {
            assert_eq!(refusal(&test.send(1, create(1, "Room 1"))), None, "{number}");
        }
    }
    assert_eq!(refusal(&test.send(2, create(1, "Lin's"))), None, "each member has a rate");
    // The bucket fills again at the rate, not at once.
    test.now.mono += 3_600_000 / u64::from(most);
    assert_eq!(refusal(&test.send(1, create(500, "Later"))), None);
    assert_eq!(refusal(&test.send(1, create(501, "Too soon"))), Some(ErrorCode::TooManyRequests));
}

#[test]
fn rooms_and_reads_have_no_rate_when_posts_have_none() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.hub.settings.posts = Rate::NONE;
    test.connect(1, 1);
    for number in 1..=ROOMS_MADE_PER_HOUR * 4 {
        assert_eq!(refusal(&test.send(1, create(number, &format!("Room {number}")))), None);
        assert_eq!(pause_in(&test.send(1, history())), None);
    }
}

/// Sends commands and collects the outputs, while the store answers nothing.
fn give_all(test: &mut TestHub, inputs: impl IntoIterator<Item = Input>) -> Vec<Output> {
    let mut out = Vec::new();
    inputs.into_iter().for_each(|input| test.hub.handle(input, test.now, &mut out));
    out
}

fn reads_in(out: &[Output]) -> Vec<ReadId> {
    let reads = out.iter().filter_map(|output| match output {
        Output::Read(id, Query::History { .. } | Query::Replay { .. } | Query::Markers { .. }) => Some(*id),
        _ => None,
    });
    reads.collect()
}

#[test]
fn a_session_that_opens_does_not_wait_for_the_pages_of_others() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    let sessions = 1..=16;
    sessions.clone().for_each(|session| drop(test.connect(session, 1)));
    let command = |session| Input::CommandReceived(SessionId(session), history());
    let all = sessions.flat_map(|session| std::iter::repeat_n(session, READS_PER_SESSION_MAX));
    let out = give_all(&mut test, all.map(command));
    let mut running = reads_in(&out);
    assert_eq!(running.len(), PAGE_READS_MAX);
    let session = SessionId(100);
    let opened = Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([2; 32])) };
    let out = give_all(&mut test, [opened, Input::CommandReceived(session, hello())]);
    assert_eq!(reads_in(&out).len(), 1, "the read of its welcome starts at once: {out:?}");
    // All reads are answered in the end, a few at a time.
    let mut answered = 0;
    while let Some(id) = running.pop() {
        let page = QueryResult::Page(crate::query::MessagePage::default());
        let out = give_all(&mut test, [Input::ReadFinished(id, Ok(page))]);
        answered += out.iter().filter(|output| matches!(output, Output::Send(_, Event::History(_)))).count();
        running.extend(reads_in(&out));
        assert!(running.len() <= PAGE_READS_MAX);
    }
    assert_eq!(answered, 16 * READS_PER_SESSION_MAX);
}

#[test]
fn the_reads_of_a_closed_session_make_room_for_others() {
    let mut test = TestHub::with_members(&["Wei"]);
    (1..=3).for_each(|session| drop(test.connect(session, 1)));
    let command = |session| Input::CommandReceived(SessionId(session), history());
    let started = give_all(&mut test, [1, 1, 1, 1, 2, 2, 2, 2, 3, 3].map(command));
    assert_eq!(reads_in(&started).len(), PAGE_READS_MAX);
    let out = give_all(&mut test, [Input::Closed(SessionId(1))]);
    let cancelled = out.iter().filter(|output| matches!(output, Output::CancelRead(_))).count();
    assert_eq!((cancelled, reads_in(&out).len()), (4, 2), "{out:?}");
    assert_eq!(test.hub.pending_reads.len(), 6);
}
