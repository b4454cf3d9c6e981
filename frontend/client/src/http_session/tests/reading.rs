//! Reading over polls and streams, and the end of a session that cannot read.

use super::*;
use crate::limits::{EVENT_BYTES_MAX, POLL_CUT_AFTER_MS, POLL_CUTS_MAX, POLL_WAIT_S};

/// A session that polls, at its second poll.
fn polling(transport: Transport) -> (Shell, RequestId) {
    let mut shell = Shell::alone(transport);
    let id = shell.begin();
    shell.answer(id, 200, &polled(&[WELCOME], 4, 2_000));
    let out = shell.fire(SessionTimer::Poll);
    (shell, only_request(&out).id)
}

/// A session that has requested its event stream, and the request's id.
fn streaming() -> (Shell, RequestId) {
    let mut shell = Shell::open(Transport::EventStream, None);
    let out = shell.send(Command::Hello(hello()));
    let request = only_request(&out);
    assert_eq!(request.call, Call::Stream(hello()));
    (shell, request.id)
}

#[test]
fn a_polling_session_begins_with_hello_and_continues_from_each_answer() {
    let mut shell = Shell::open(Transport::LongPoll, None);
    let out = shell.send(Command::Hello(hello()));
    let first = only_request(&out);
    assert_eq!(first.call, Call::FirstPoll { hello: hello(), is_away: true }, "the page is hidden");
    let out = shell.answer(first.id, 200, &polled(&[RESUMED, CAUGHT_UP], 7, 0));
    let live = SessionOutput::Broadcast(TabMessage::Live.encode(Some(ANN)));
    let leads = SessionOutput::Broadcast(TabMessage::Leads(Tab(SEED)).encode(Some(ANN)));
    assert_eq!(out, [event(RESUMED), event(CAUGHT_UP), through(7), live, leads, poll_in(0)]);
    // The client has said that the page is hidden, before the next poll leaves.
    let out = shell.send(Command::Presence(PresenceReport { away: true }));
    assert_eq!(only_request(&out).path(), "/api/command?member=1&epoch=00000000000000ab");
    let out = shell.fire(SessionTimer::Poll);
    let expected = |n, wait_s| Call::Poll {
        cursor: cursor(n).unwrap(),
        held: vec![],
        present: 9,
        markers: 0,
        is_away: true,
        wait_s,
        identity: Some(ANN),
    };
    assert_eq!(only_request(&out).call, expected(7, POLL_WAIT_S));
    assert_eq!(shell.fire(SessionTimer::Poll), [], "one at a time");
}

#[test]
fn a_poll_names_the_positions_that_other_answers_told() {
    let (mut shell, poll) = polling(Transport::LongPoll);
    let id = only_request(&shell.send(post(5))).id;
    let reply = r#"{"type":"reply","ref":5,"n":6,"seq":1,"at":1,"held":"00000000000000ab.6.00000006"}"#;
    shell.answer(id, 200, reply);
    // The poll under way does not know the position, and its answer passes it: it is sent again.
    let posted = r#"{"type":"gone","members":[],"count":1}"#;
    let out = shell.answer(poll, 200, &polled_through(&[posted], marked(7), 0));
    let Request { id, call: Call::Poll { cursor, held, .. }, .. } = only_request(&out) else { panic!() };
    assert_eq!((out.len(), cursor, held), (1, super::cursor(4).unwrap(), vec![marked(6)]));
    // It stays named until an answer passes it.
    let out = shell.answer(id, 200, &polled_through(&[posted], marked(5), 0));
    assert_eq!(out[0], event(posted));
    for (through, expected) in [(7, vec![marked(6)]), (8, vec![])] {
        let out = shell.fire(SessionTimer::Poll);
        let Request { id, call: Call::Poll { held, .. }, .. } = only_request(&out) else { panic!() };
        assert_eq!(held, expected);
        shell.answer(id, 200, &polled_through(&[], marked(through), 0));
    }
}

#[test]
fn a_poll_is_not_repeated_when_its_answer_names_the_position() {
    let named = r#"{"type":"gone","members":[],"count":1,"held":"00000000000000ab.6.00000006"}"#;
    for (events, n) in [(vec![named], 7), (vec![], 6), (vec![], 5)] {
        let (mut shell, poll) = polling(Transport::LongPoll);
        let id = only_request(&shell.send(post(5))).id;
        let reply = r#"{"type":"reply","ref":5,"n":6,"seq":1,"at":1,"held":"00000000000000ab.6.00000006"}"#;
        shell.answer(id, 200, reply);
        let out = shell.answer(poll, 200, &polled_through(&events, marked(n), 0));
        assert_eq!(requests(&out), [], "{n}");
    }
}

#[test]
fn a_poll_that_does_not_wait_is_sent_after_the_servers_interval() {
    let mut shell = Shell::alone(Transport::Poll);
    let id = shell.begin();
    let out = shell.answer(id, 200, &polled(&[WELCOME], 4, 2_000));
    assert_eq!(out, [event(WELCOME), through(4), poll_in(2_000)]);
    let out = shell.fire(SessionTimer::Poll);
    let Call::Poll { wait_s: 0, .. } = only_request(&out).call else { panic!("{out:?}") };
}

#[test]
fn hello_begins_a_session_once() {
    let mut shell = Shell::alone(Transport::Poll);
    let id = shell.begin();
    assert_eq!(shell.send(Command::Hello(hello())), []);
    shell.answer(id, 200, &polled(&[WELCOME], 4, 2_000));
    assert_eq!(shell.send(Command::Hello(hello())), []);
}

#[test]
fn a_waiting_poll_is_sent_again_with_the_same_cursor_when_it_was_cut() {
    for (ms, is_asked) in
        [(POLL_CUT_AFTER_MS - 1, false), (POLL_CUT_AFTER_MS, true), (POLL_CUT_AFTER_MS + 1, true)]
    {
        let (mut shell, id) = polling(Transport::LongPoll);
        shell.now += ms;
        let out = shell.give(SessionInput::Failed(id));
        if !is_asked {
            assert_eq!(out, [closed(ABNORMAL, "")], "{ms}");
            continue;
        }
        let Call::Poll { cursor: again, wait_s: 2, .. } = only_request(&out).call else { panic!("{out:?}") };
        assert_eq!(Some(again), cursor(4), "{ms}");
    }
}

#[test]
fn a_session_breaks_when_its_polls_are_cut_repeatedly() {
    let (mut shell, mut id) = polling(Transport::LongPoll);
    for cut in 1..=POLL_CUTS_MAX {
        shell.now += 5_000;
        let out = shell.give(SessionInput::Failed(id));
        if cut == POLL_CUTS_MAX {
            assert_eq!(out, [closed(ABNORMAL, "")]);
        } else {
            id = only_request(&out).id;
        }
    }
}

#[test]
fn a_poll_counts_as_cut_when_an_intermediary_answers() {
    for (status, body) in [(502, "<h1>Bad gateway</h1>"), (200, "<h1>Sign in</h1>"), (404, "")] {
        let (mut shell, id) = polling(Transport::LongPoll);
        shell.now += 5_000;
        assert_eq!(requests(&shell.answer(id, status, body)).len(), 1, "{status}");
        let (mut shell, id) = polling(Transport::Poll);
        shell.now += 5_000;
        assert_eq!(shell.answer(id, status, body), [closed(ABNORMAL, "")], "{status}");
    }
}

#[test]
fn a_session_breaks_when_its_first_poll_fails_after_any_time() {
    for wrong in [None, Some((502, "")), Some((200, "{}"))] {
        let mut shell = Shell::alone(Transport::LongPoll);
        let id = shell.begin();
        shell.now += 5_000;
        let out = match wrong {
            None => shell.give(SessionInput::Failed(id)),
            Some((status, body)) => shell.answer(id, status, body),
        };
        assert_eq!(out, [closed(ABNORMAL, "")], "{wrong:?}");
    }
}

#[test]
fn a_session_ends_when_a_poll_is_refused_with_401() {
    let (mut shell, id) = polling(Transport::LongPoll);
    shell.now += 5_000;
    let out = shell.answer(id, 401, &problem(401, ErrorCode::SignInRequired));
    assert_eq!(out, [closed(4401, "")]);
}

#[test]
fn a_second_welcome_ends_the_session_with_1001() {
    let (mut shell, id) = polling(Transport::LongPoll);
    // Its cursor was of no use: what follows the `welcome` is not taken.
    assert_eq!(shell.answer(id, 200, &polled(&[WELCOME, CAUGHT_UP], 9, 0)), [closed(1001, "")]);
    let (mut shell, id) = streaming();
    shell.chunk(id, &format!("data: {WELCOME}\n\n"));
    let out =
        shell.chunk(id, &format!("data: {WELCOME}\n\ndata: {CAUGHT_UP}\n\nid: {}\n\n", cursor(9).unwrap()));
    assert_eq!((out.first(), out.last()), (Some(&SessionOutput::Abort(id)), Some(&closed(1001, ""))));
    assert!(!out.contains(&event(CAUGHT_UP)) && !out.contains(&through(9)));
}

#[test]
fn an_unreadable_event_of_a_poll_is_ignored() {
    let (mut shell, id) = polling(Transport::Poll);
    let out = shell.answer(id, 200, &polled(&[r#"{"type":"posted"}"#, CAUGHT_UP], 7, 2_000));
    let unknown = SessionOutput::Emit(SessionEvent::Event(Event::Unknown.into()));
    assert_eq!(out, [unknown, event(CAUGHT_UP), through(7), poll_in(2_000)]);
}

#[test]
fn a_stream_is_live_after_a_fresh_welcome() {
    let (mut shell, id) = streaming();
    let out = shell.chunk(id, &format!(":\n\ndata: {WELCOME}\n\nid: {}\n\n", cursor(4).unwrap()));
    let live = SessionOutput::Broadcast(TabMessage::Live.encode(Some(ANN)));
    let leads = SessionOutput::Broadcast(TabMessage::Leads(Tab(SEED)).encode(Some(ANN)));
    let relayed = SessionOutput::Broadcast(TabMessage::Through(cursor(4).unwrap()).encode(Some(ANN)));
    assert_eq!(out, [event(WELCOME), live, leads, relayed, through(4)]);
}

#[test]
fn a_resumed_stream_is_live_after_the_missed_events() {
    let (mut shell, id) = streaming();
    assert_eq!(shell.chunk(id, &format!("data: {RESUMED}\n\n")), [event(RESUMED)]);
    let text = format!("data: {CAUGHT_UP}\n\n");
    let (half, rest) = text.split_at(9);
    assert_eq!(shell.chunk(id, half), [], "it is cut");
    let out = shell.chunk(id, rest);
    let live = SessionOutput::Broadcast(TabMessage::Live.encode(Some(ANN)));
    assert_eq!(out[..2], [event(CAUGHT_UP), live], "and not relayed: followers ask for it themselves");
}

#[test]
fn a_session_breaks_when_its_stream_ends_or_breaks() {
    let (mut shell, id) = streaming();
    shell.chunk(id, &format!("data: {WELCOME}\n\n"));
    shell.now += 60_000;
    assert_eq!(shell.give(SessionInput::Failed(id)).last(), Some(&closed(ABNORMAL, "")));
    let (mut shell, id) = streaming();
    assert_eq!(shell.answer(id, 200, "").last(), Some(&closed(ABNORMAL, "")));
    let (mut shell, id) = streaming();
    let out = shell.give(SessionInput::Chunk { id, bytes: b"data: \xff\n\n".to_vec() });
    assert_eq!((out.first(), out.last()), (Some(&SessionOutput::Abort(id)), Some(&closed(ABNORMAL, ""))));
    for (bytes, is_over) in
        [(EVENT_BYTES_MAX - 1, false), (EVENT_BYTES_MAX, false), (EVENT_BYTES_MAX + 1, true)]
    {
        let (mut shell, id) = streaming();
        assert_eq!(!shell.chunk(id, &"x".repeat(bytes)).is_empty(), is_over, "{bytes}");
    }
}

#[test]
fn a_close_event_ends_the_session_with_its_code_and_reason() {
    for (data, code, reason) in [
        (r#"{"code":1012,"reason":"retry-ms=3"}"#, 1012, "retry-ms=3"),
        (r#"{"code":4401,"reason":""}"#, 4401, ""),
        (r#"{"code":70000,"reason":""}"#, ABNORMAL, ""),
        ("{}", ABNORMAL, ""),
    ] {
        let (mut shell, id) = streaming();
        shell.chunk(id, &format!("data: {WELCOME}\n\n"));
        let out = shell.chunk(id, &format!("event: close\ndata: {data}\n\nid: {}\n\n", cursor(9).unwrap()));
        assert_eq!((out.first(), out.last()), (Some(&SessionOutput::Abort(id)), Some(&closed(code, reason))));
        assert!(!out.contains(&through(9)), "nothing counts behind it");
    }
}

#[test]
fn a_message_of_another_type_and_an_invalid_cursor_are_ignored() {
    let (mut shell, id) = streaming();
    assert_eq!(shell.chunk(id, &format!("event: song\ndata: {WELCOME}\n\nid: tea\n\n")), []);
    let unknown = SessionOutput::Emit(SessionEvent::Event(Event::Unknown.into()));
    assert_eq!(shell.chunk(id, "data: tea\n\n"), [unknown], "a sign of life");
}

#[test]
fn a_traced_session_reports_the_counts_of_the_server() {
    let traced = |up, down| SessionOutput::Emit(SessionEvent::Traced(Traffic { up, down }));
    let mut shell = Shell::alone(Transport::Poll);
    shell.session = HttpSession::new(Transport::Poll, SEED).traced(100);
    shell.give(SessionInput::Opened { lease: None, is_alone: true, is_hidden: false });
    let out = shell.send(Command::Hello(hello()));
    let request = only_request(&out);
    assert!(request.path().ends_with("&trace=1"));
    shell.now += 40;
    let body = polled(&[WELCOME], 4, 2_000).replace("2000}", r#"2000,"traced":{"up":5,"down":6}}"#);
    assert_eq!(shell.answer(request.id, 200, &body), [event(WELCOME), through(4), traced(5, 6), poll_in(60)]);
    let (mut shell, id) = streaming();
    assert_eq!(shell.chunk(id, "event: traced\ndata: {\"up\":7,\"down\":8}\n\n"), [traced(7, 8)]);
}

#[test]
fn a_response_is_ignored_when_its_request_is_not_in_flight() {
    let (mut shell, id) = polling(Transport::LongPoll);
    for other in [RequestId(id.0 - 1), RequestId(id.0 + 1)] {
        assert_eq!(shell.answer(other, 200, &polled(&[CAUGHT_UP], 7, 0)), []);
        assert_eq!(shell.answer(other, 401, ""), []);
        assert_eq!(shell.chunk(other, "data: tea\n\n"), []);
        assert_eq!(shell.give(SessionInput::Failed(other)), []);
    }
}
