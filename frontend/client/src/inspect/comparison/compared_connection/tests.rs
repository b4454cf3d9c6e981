use super::super::ComparisonStep;
use super::*;
use crate::http_session::Traffic;
use crate::ready_state::ReadyState;
use shared::command::Hello;
use shared::event::Posted;
use shared::event::trace::{ByteCounts, DirectionCount, Trace, TraceItem};
use shared::{Address, ClientId, MemberId, RoomId};

const WELCOME: &str = r#"{"type":"welcome","ref":1,"build":"dev","through":"000000000000000a.7","you":{"id":4,"name":"Tom"},"resumed":true,"as_of":7,"rooms":[],"present":[],"present_count":0}"#;

fn cursor(n: u64) -> Cursor {
    format!("000000000000000a.{n}").parse().unwrap()
}

fn begin(transport: Transport) -> (ComparedConnection, Comparison) {
    let mut comparison = Comparison::default();
    assert!(comparison.start());
    comparison.begin_reading(0);
    (ComparedConnection::new(transport, cursor(7)), comparison)
}

fn greeting(n: u64) -> Option<ComparedConnectionEffect> {
    let cursor = Some(cursor(n));
    let hello = Hello { reference: 1, build: "inspector".into(), cursor, held: vec![], room: None };
    Some(ComparedConnectionEffect::Send(Command::Hello(hello)))
}

fn closed(code: u16) -> SocketEvent {
    SocketEvent::Closed { code, reason: String::new(), clean: true }
}

#[test]
fn the_next_session_continues_after_what_was_read() {
    let (mut connection, mut comparison) = begin(Transport::LongPoll);
    assert_eq!(connection.session(&comparison, 1).ready_state(), ReadyState::Connecting);
    let mut handle = |event| connection.handle_session_event(event, &mut comparison, 5);
    assert_eq!(handle(SessionEvent::Opened), greeting(7));
    assert_eq!(handle(SessionEvent::Through(cursor(9))), None);
    let closed = SessionEvent::Closed { code: 1006, reason: String::new() };
    assert_eq!(handle(closed), Some(ComparedConnectionEffect::Reopen(AGAIN_MS)));
    assert_eq!(handle(SessionEvent::Opened), greeting(9));
    assert_eq!(comparison.figures(ComparedTransport::Reading(Transport::LongPoll)).breaks, 1);
}

#[test]
fn reports_about_a_stream_count_from_its_beginning() {
    let traced = |up, down| SessionEvent::Traced(Traffic { up, down });
    for (transport, requests, up, down) in [(Transport::EventStream, 2, 23, 67), (Transport::Poll, 3, 33, 87)]
    {
        let (mut connection, mut comparison) = begin(transport);
        connection.handle_session_event(traced(10, 20), &mut comparison, 0);
        connection.handle_session_event(traced(10, 50), &mut comparison, 0);
        connection.begin_opening();
        connection.handle_session_event(traced(13, 17), &mut comparison, 0);
        let cost = comparison.figures(ComparedTransport::Reading(transport)).cost;
        assert_eq!(cost, TransferCost { requests, up, down });
    }
}

#[test]
fn a_welcome_marks_reading_and_a_post_marks_its_arrival() {
    let (mut connection, mut comparison) = begin(Transport::WebSocket);
    for transport in &Transport::ALL {
        if *transport != Transport::WebSocket {
            comparison.record_reading(*transport);
        }
    }
    let message = |text: &str| SocketEvent::Message(text.to_owned());
    assert!(matches!(comparison.clone().next_step(1), ComparisonStep::Wait(_)));
    assert_eq!(connection.handle_socket_event(message(WELCOME), &mut comparison, 1), None);
    assert_eq!(comparison.next_step(1), ComparisonStep::Send);
    let client_id = ClientId([3; 16]);
    comparison.record_sent(client_id, 100);
    let posted = serde_json::to_string(&Event::Posted(Posted {
        n: 8,
        to: Address::Room(RoomId(5)),
        prev: 0,
        seq: 1,
        at: 1,
        author: MemberId(4),
        name: "Tom".into(),
        tag: None,
        client_id,
        text: "#01".into(),
    }));
    for text in [&posted.unwrap(), "{}", "<h1>"] {
        assert_eq!(connection.handle_socket_event(message(text), &mut comparison, 350), None);
    }
    let figures = comparison.figures(ComparedTransport::Reading(Transport::WebSocket));
    assert_eq!((figures.received, figures.p50), (1, Some(250)));
}

#[test]
fn a_ping_is_answered() {
    let (mut connection, mut comparison) = begin(Transport::WebSocket);
    assert_eq!(connection.handle_socket_event(SocketEvent::Opened, &mut comparison, 0), greeting(7));
    let ping = SocketEvent::Message(r#"{"type":"ping","through":"000000000000000a.9"}"#.into());
    let pong = Some(ComparedConnectionEffect::Send(Command::Pong));
    assert_eq!(connection.handle_socket_event(ping, &mut comparison, 0), pong);
    assert_eq!(connection.handle_socket_event(SocketEvent::Failed, &mut comparison, 0), None);
}

#[test]
fn each_web_socket_is_counted_from_zero() {
    let (mut connection, mut comparison) = begin(Transport::WebSocket);
    let trace = |client: u64, server: u64| {
        let count = |bytes| DirectionCount { frames: 1, bytes };
        let seen = TraceItem::Counted(ByteCounts { client: count(client), server: count(server) });
        SocketEvent::Message(serde_json::to_string(&Event::Trace(Trace { at: 1, seen })).unwrap())
    };
    let cost = |comparison: &Comparison| {
        let cost = comparison.figures(ComparedTransport::Reading(Transport::WebSocket)).cost;
        (cost.up, cost.down)
    };
    for (event, expected) in [(trace(10, 20), (10, 20)), (trace(15, 40), (15, 40)), (closed(1006), (15, 40))]
    {
        connection.handle_socket_event(event, &mut comparison, 0);
        assert_eq!(cost(&comparison), expected);
    }
    connection.begin_opening();
    connection.handle_socket_event(trace(4, 5), &mut comparison, 0);
    assert_eq!(cost(&comparison), (19, 45));
}

#[test]
fn a_signed_out_connection_is_not_opened_again() {
    for (code, effect, breaks) in [
        (CloseCode::SignedOut.number(), ComparedConnectionEffect::Fail(ComparisonFault::SignedOut), 0),
        (CloseCode::Restart.number(), ComparedConnectionEffect::Reopen(AGAIN_MS), 1),
        (1006, ComparedConnectionEffect::Reopen(AGAIN_MS), 1),
    ] {
        let (mut connection, mut comparison) = begin(Transport::WebSocket);
        assert_eq!(connection.handle_socket_event(closed(code), &mut comparison, 0), Some(effect));
        let figures = comparison.figures(ComparedTransport::Reading(Transport::WebSocket));
        assert_eq!(figures.breaks, breaks, "{code}");
    }
    let (connection, mut comparison) = begin(Transport::WebSocket);
    connection.record_refusal(&mut comparison);
    assert_eq!(comparison.figures(ComparedTransport::Reading(connection.transport())).breaks, 1);
}
