use super::*;
use crate::transport::Transport;
use shared::command::Hello;
use shared::{Epoch, ErrorCode, MemberId};

const ID: ClientId = ClientId([7; 16]);
const WELCOME: &str = r#"{"type":"welcome","ref":1,"build":"dev","through":"000000000000000a.7","you":{"id":4,"name":"Tom"},"as_of":7,"rooms":[],"present":[],"present_count":0}"#;

fn begin() -> (ComparisonRun, Comparison) {
    let mut comparison = Comparison::default();
    assert!(comparison.start());
    (ComparisonRun::new("Tom", "Tests".into()), comparison)
}

fn ok(body: &str) -> Option<Response> {
    Some(Response { status: 200, body: Some(body.to_owned()), traffic: None })
}

fn refused(status: u16, code: ErrorCode) -> Option<Response> {
    let problem = shared::api::Problem {
        kind: String::new(),
        status,
        title: String::new(),
        detail: None,
        code,
        temporary: false,
        suggestion: None,
        retry_after: None,
    };
    let body = serde_json::to_string(&problem).unwrap();
    Some(Response { status, body: Some(body), traffic: None })
}

fn page(rooms: &[(u64, &str)], more: bool) -> Option<Response> {
    let rooms: Vec<_> = rooms
        .iter()
        .map(|(id, name)| format!(r#"{{"id":{id},"name":"{name}","members":1,"joined":false}}"#))
        .collect();
    ok(&format!(r#"{{"type":"rooms","ref":1,"rooms":[{}],"more":{more}}}"#, rooms.join(",")))
}

fn reply(room: u64) -> Option<Response> {
    ok(&format!(r#"{{"type":"reply","ref":1,"n":7,"seq":0,"at":1,"room":{room}}}"#))
}

fn first_poll(events: &str) -> Option<Response> {
    ok(&format!(r#"{{"events":[{events}],"through":"000000000000000a.8","present":1,"again_ms":100}}"#))
}

/// The call of the next step, which must be a request.
fn call(run: &mut ComparisonRun, comparison: &mut Comparison, now: u64) -> Call {
    match run.next_step(comparison, now, ID) {
        RunStep::Request(request) => {
            let is_post = matches!(request.call, Call::Command { command: Command::Post(_), .. });
            assert_eq!(request.is_traced, is_post, "only the bytes of posts are counted");
            request.call
        }
        other => panic!("{other:?}"),
    }
}

/// The command of the next step, which must be sent outside a session.
fn command(run: &mut ComparisonRun, comparison: &mut Comparison) -> Command {
    match call(run, comparison, 0) {
        Call::Command { identity: None, command } => command,
        other => panic!("{other:?}"),
    }
}

/// A run in room 5 whose connections are open and read.
fn reading() -> (ComparisonRun, Comparison) {
    let (mut run, mut comparison) = begin();
    for response in [page(&[(5, "Inspector Tom")], false), reply(5), first_poll(WELCOME)] {
        call(&mut run, &mut comparison, 0);
        run.handle_response(&mut comparison, response, 0).unwrap();
    }
    let cursor = "000000000000000a.8".parse().unwrap();
    assert_eq!(run.next_step(&mut comparison, 0, ID), RunStep::OpenConnections(cursor));
    assert!(matches!(run.next_step(&mut comparison, 0, ID), RunStep::Wait(_)), "nobody reads yet");
    Transport::ALL.into_iter().for_each(|transport| comparison.record_reading(transport));
    (run, comparison)
}

/// Asserts that the run archives and leaves the room, and finishes.
fn assert_leaves(run: &mut ComparisonRun, comparison: &mut Comparison) {
    let archive = Command::RoomArchive(RoomMove { reference: 1, client_id: ID, room: RoomId(5) });
    assert_eq!(command(run, comparison), archive);
    let not_the_maker = refused(403, ErrorCode::Other(1));
    assert_eq!(run.handle_response(comparison, not_the_maker, 0), Ok(()), "another member made the room");
    let leave = Command::RoomLeave(RoomMove { reference: 1, client_id: ID, room: RoomId(5) });
    assert_eq!(command(run, comparison), leave);
    assert_eq!(run.handle_response(comparison, None, 0), Ok(()), "a failure to leave is no fault");
    assert_eq!(run.next_step(comparison, 0, ID), RunStep::Finish);
    assert_eq!(run.next_step(comparison, 0, ID), RunStep::Finish);
    assert!(!comparison.is_running());
}

#[test]
fn a_room_of_the_directory_is_joined() {
    let (mut run, mut comparison) = begin();
    let query = |after: Option<u64>| {
        Command::Rooms(RoomsQuery { reference: 1, find: "Inspector Tom".into(), after: after.map(RoomId) })
    };
    assert_eq!(command(&mut run, &mut comparison), query(None));
    let others = page(&[(2, "Inspector Tommy"), (3, "My Inspector Tom")], true);
    run.handle_response(&mut comparison, others, 0).unwrap();
    assert_eq!(command(&mut run, &mut comparison), query(Some(3)));
    run.handle_response(&mut comparison, page(&[(5, "Inspector Tom")], true), 0).unwrap();
    let join = Command::RoomJoin(RoomMove { reference: 1, client_id: ID, room: RoomId(5) });
    assert_eq!(command(&mut run, &mut comparison), join);
    run.handle_response(&mut comparison, reply(5), 0).unwrap();
    let hello =
        Hello { reference: 1, build: "inspector".into(), cursor: None, held: vec![], room: Some(RoomId(5)) };
    assert_eq!(call(&mut run, &mut comparison, 0), Call::FirstPoll { hello, is_away: false });
}

#[test]
fn a_room_is_created_when_the_directory_has_none() {
    let (mut run, mut comparison) = begin();
    call(&mut run, &mut comparison, 0);
    run.handle_response(&mut comparison, page(&[(2, "Inspector Tommy")], false), 0).unwrap();
    let (name, description) = ("Inspector Tom".into(), "Tests".into());
    let create = Command::RoomCreate(RoomCreate { reference: 1, client_id: ID, name, description });
    assert_eq!(command(&mut run, &mut comparison), create);
    run.handle_response(&mut comparison, reply(5), 0).unwrap();
    assert!(matches!(call(&mut run, &mut comparison, 0), Call::FirstPoll { .. }));
    comparison.finish();
    assert_leaves(&mut run, &mut comparison);
}

#[test]
fn a_room_gets_a_suffix_when_an_archived_room_has_the_name() {
    let (mut run, mut comparison) = begin();
    call(&mut run, &mut comparison, 0);
    run.handle_response(&mut comparison, page(&[], false), 0).unwrap();
    call(&mut run, &mut comparison, 0);
    run.handle_response(&mut comparison, refused(409, ErrorCode::NameTaken), 0).unwrap();
    let Command::RoomCreate(create) = command(&mut run, &mut comparison) else {
        panic!("no room is created")
    };
    assert_eq!(create.name, "Inspector Tom 0707");
    let taken = run.handle_response(&mut comparison, refused(409, ErrorCode::NameTaken), 0);
    assert_eq!(taken, Err(ComparisonFault::Room(ErrorCode::NameTaken)));
}

#[test]
fn a_room_with_a_suffix_is_found_again() {
    let long = room_name(&"x".repeat(32));
    for name in ["Inspector Tom", "Inspector 梅", &long] {
        let other = with_suffix(name, ClientId([0xaf; 16]));
        assert!(other.chars().count() <= COMPARE_NAME_CHARS_MAX && other.ends_with(" afaf"), "{other}");
        assert!(is_named(name, name) && is_named(&other, name), "{other}");
    }
    for room in ["Inspector Tommy", "Inspector Tom Riddle", "Inspector Tomas 0707", "Inspector Tom0707", ""] {
        assert!(!is_named(room, "Inspector Tom"), "{room}");
    }
}

#[test]
fn the_directory_is_searched_up_to_the_limit() {
    for (pages, is_full) in [(COMPARE_PAGES_MAX - 1, false), (COMPARE_PAGES_MAX, true)] {
        let (mut run, mut comparison) = begin();
        for _ in 0..pages {
            assert!(matches!(command(&mut run, &mut comparison), Command::Rooms(_)));
            run.handle_response(&mut comparison, page(&[(2, "b")], true), 0).unwrap();
        }
        let is_create = matches!(command(&mut run, &mut comparison), Command::RoomCreate(_));
        assert_eq!(is_create, is_full, "{pages}");
    }
    let (mut run, mut comparison) = begin();
    call(&mut run, &mut comparison, 0);
    run.handle_response(&mut comparison, page(&[], true), 0).unwrap();
    assert!(
        matches!(command(&mut run, &mut comparison), Command::RoomCreate(_)),
        "an empty page is the last"
    );
}

#[test]
fn a_refusal_ends_the_comparison_without_a_room_to_leave() {
    let cut = Some(Response { status: 200, body: None, traffic: None });
    let proxy = |status| Some(Response { status, body: Some("<h1>".into()), traffic: None });
    for (response, fault) in [
        (None, ComparisonFault::Unreachable),
        (cut, ComparisonFault::Unreachable),
        (ok("<h1>"), ComparisonFault::Unreachable),
        (reply(5), ComparisonFault::Unreachable),
        (proxy(502), ComparisonFault::Unreachable),
        (proxy(401), ComparisonFault::SignedOut),
        (refused(401, ErrorCode::SignInRequired), ComparisonFault::SignedOut),
        (refused(422, ErrorCode::NotFound), ComparisonFault::Room(ErrorCode::NotFound)),
        (refused(503, ErrorCode::Restarting), ComparisonFault::Room(ErrorCode::Restarting)),
    ] {
        let (mut run, mut comparison) = begin();
        call(&mut run, &mut comparison, 0);
        assert_eq!(run.handle_response(&mut comparison, response.clone(), 0), Err(fault), "{response:?}");
        comparison.fail(fault);
        assert_eq!(run.next_step(&mut comparison, 0, ID), RunStep::Finish);
    }
}

#[test]
fn a_first_poll_without_welcome_is_a_fault_and_the_room_is_left() {
    for response in [ok("{}"), first_poll(""), first_poll(r#"{"type":"song"}"#), None] {
        let (mut run, mut comparison) = begin();
        for response in [page(&[(5, "Inspector Tom")], false), reply(5)] {
            call(&mut run, &mut comparison, 0);
            run.handle_response(&mut comparison, response, 0).unwrap();
        }
        call(&mut run, &mut comparison, 0);
        let fault = run.handle_response(&mut comparison, response, 0).unwrap_err();
        assert_eq!(fault, ComparisonFault::Unreachable);
        comparison.fail(fault);
        assert_leaves(&mut run, &mut comparison);
    }
}

#[test]
fn messages_are_posted_as_the_member_of_the_first_poll() {
    let (mut run, mut comparison) = reading();
    let identity = Some(SessionIdentity { member: MemberId(4), epoch: Epoch(10) });
    let post = Post { reference: 1, client_id: ID, room: RoomId(5), text: "#01".into() };
    let first = call(&mut run, &mut comparison, 10);
    assert_eq!(first, Call::Command { identity, command: Command::Post(post) });
    assert_eq!(comparison.sent_count(), 1);
    let response = ok("{}").map(|it| Response { traffic: Some(Traffic { up: 3, down: 4 }), ..it });
    run.handle_response(&mut comparison, response, 260).unwrap();
    let figures = comparison.figures(ComparedTransport::Sending);
    assert_eq!((figures.received, figures.p50, figures.breaks), (1, Some(250), 0));
    assert_eq!(figures.cost, TransferCost::request(3, 4));
    assert!(matches!(run.next_step(&mut comparison, 300, ID), RunStep::Wait(_)));
}

#[test]
fn a_failed_post_is_a_break_and_a_signed_out_post_a_fault() {
    for (response, fault, breaks) in [
        (None, None, 1),
        (Some(Response { status: 200, body: None, traffic: None }), None, 1),
        (refused(429, ErrorCode::TooManyRequests), None, 1),
        (refused(401, ErrorCode::SignInRequired), Some(ComparisonFault::SignedOut), 0),
        (Some(Response { status: 401, body: None, traffic: None }), Some(ComparisonFault::SignedOut), 0),
    ] {
        let (mut run, mut comparison) = reading();
        call(&mut run, &mut comparison, 0);
        assert_eq!(run.handle_response(&mut comparison, response, 9).err(), fault);
        let figures = comparison.figures(ComparedTransport::Sending);
        assert_eq!((figures.received, figures.breaks), (0, breaks));
    }
}

#[test]
fn connections_are_closed_before_the_room_is_left() {
    let (mut run, mut comparison) = reading();
    comparison.stop();
    assert_eq!(run.next_step(&mut comparison, 0, ID), RunStep::CloseConnections);
    assert!(comparison.is_running(), "the room is not left yet");
    assert_leaves(&mut run, &mut comparison);
    // The section is no longer shown.
    let (mut run, mut comparison) = reading();
    comparison.finish();
    assert_eq!(run.next_step(&mut comparison, 0, ID), RunStep::CloseConnections);
    assert_leaves(&mut run, &mut comparison);
}

#[test]
fn a_room_is_named_within_the_limit() {
    assert_eq!(room_name("梅"), "Inspector 梅");
    let name = |count| "茶".repeat(count);
    for (count, length) in [(21, 31), (22, 32), (23, 32), (32, 32)] {
        assert_eq!(room_name(&name(count)).chars().count(), length, "{count}");
    }
    assert_eq!(
        room_name(&format!("{} b", name(21))),
        format!("Inspector {}", name(21)),
        "no space at its end"
    );
}
