//! Commands in requests of their own, and reports of presence.

use super::*;
use crate::limits::COMMAND_MS;
use shared::event::Refusal;

/// A session that polls and has been welcomed.
fn welcomed() -> Shell {
    let mut shell = Shell::alone(Transport::Poll);
    let id = shell.begin();
    shell.answer(id, 200, &polled(&[WELCOME], 4, 2_000));
    shell
}

fn send(shell: &mut Shell, command: Command) -> RequestId {
    let out = shell.send(command.clone());
    let request = only_request(&out);
    assert_eq!(request.call, Call::Command { identity: shell.session.identity(), command });
    assert_eq!(request.timeout_ms(), Some(COMMAND_MS));
    request.id
}

fn answer_event(event: Event) -> SessionOutput {
    SessionOutput::Emit(SessionEvent::Answer(event.into()))
}

fn error_event(reference: u64, code: ErrorCode, temporary: bool) -> SessionOutput {
    let refusal = Refusal { reference: Some(reference), code, name: String::new(), temporary, detail: None };
    answer_event(Event::Error(refusal))
}

/// The report that a request carries.
fn report(out: &[SessionOutput]) -> (RequestId, bool) {
    let Request { id, call: Call::Command { command: Command::Presence(presence), .. }, .. } =
        only_request(out)
    else {
        panic!("{out:?}")
    };
    (id, presence.away)
}

fn away(is_away: bool) -> Command {
    Command::Presence(PresenceReport { away: is_away })
}

#[test]
fn answers_to_commands_are_delivered_once_in_any_order() {
    let mut shell = welcomed();
    let (first, second) = (send(&mut shell, post(5)), send(&mut shell, post(6)));
    let reply = |n: u64| format!(r#"{{"type":"reply","ref":{n},"n":{n},"seq":1,"at":0}}"#);
    assert_eq!(shell.answer(second, 200, &reply(6)), [answer_event(Event::parse(&reply(6)).unwrap())]);
    assert_eq!(shell.answer(first, 200, &reply(5)), [answer_event(Event::parse(&reply(5)).unwrap())]);
    assert_eq!(shell.answer(first, 200, &reply(5)), [], "once");
}

#[test]
fn a_refusal_of_a_command_is_an_error_with_its_number() {
    let mut shell = welcomed();
    for (status, code) in [
        (422, ErrorCode::TextTooLong),
        (503, ErrorCode::StoreRefused),
        (503, ErrorCode::Restarting),
        (429, ErrorCode::TooManyRequests),
    ] {
        let id = send(&mut shell, post(5));
        let out = shell.answer(id, status, &problem(status, code));
        assert_eq!(out, [error_event(5, code, code.is_temporary())]);
    }
}

#[test]
fn a_command_is_refused_temporarily_when_an_intermediary_answers() {
    let mut shell = welcomed();
    for (status, body) in [(200, "<h1>Sign in</h1>"), (502, ""), (404, r#"{"code":7}"#), (204, "")] {
        let id = send(&mut shell, post(5));
        let out = shell.answer(id, status, body);
        assert_eq!(out, [error_event(5, ErrorCode::StoreRefused, true)], "{status}");
    }
}

#[test]
fn a_session_ends_when_a_command_is_refused_with_401() {
    let mut shell = welcomed();
    let id = send(&mut shell, post(5));
    assert_eq!(shell.answer(id, 401, &problem(401, ErrorCode::SignInRequired)), [closed(4401, "")]);
}

#[test]
fn a_session_breaks_when_a_command_gets_no_answer() {
    let mut shell = welcomed();
    let poll = only_request(&shell.fire(SessionTimer::Poll)).id;
    let (first, second) = (send(&mut shell, post(5)), send(&mut shell, post(6)));
    let out = shell.give(SessionInput::Failed(first));
    assert_eq!(out, [SessionOutput::Abort(poll), closed(ABNORMAL, "")], "the other command goes on");
    assert_eq!(shell.give(SessionInput::Failed(second)), []);
}

#[test]
fn pong_is_not_sent() {
    assert_eq!(welcomed().send(Command::Pong), []);
}

#[test]
fn presence_reports_are_sent_one_at_a_time_and_the_latest_is_sent_last() {
    let mut shell = welcomed();
    let (first, is_away) = report(&shell.send(away(true)));
    assert!(is_away);
    for is_away in [false, true, false] {
        assert_eq!(shell.send(away(is_away)), [], "it waits");
    }
    let out = shell.answer(first, 200, r#"{"type":"pong","through":"00000000000000ab.0"}"#);
    let (second, is_away) = report(&out);
    assert!(!is_away, "those between are of no use");
    assert_eq!(shell.answer(second, 200, ""), []);
    let (_, is_away) = report(&shell.send(away(true)));
    assert!(is_away);
}

#[test]
fn the_next_presence_report_is_sent_when_one_is_refused() {
    let mut shell = welcomed();
    let (first, _) = report(&shell.send(away(true)));
    shell.send(away(false));
    let out = shell.answer(first, 503, &problem(503, ErrorCode::StoreRefused));
    assert!(!report(&out).1);
    let mut shell = welcomed();
    let (first, _) = report(&shell.send(away(true)));
    assert_eq!(shell.answer(first, 401, ""), [closed(4401, "")]);
}

#[test]
fn a_session_breaks_when_a_presence_report_gets_no_answer() {
    let mut shell = welcomed();
    let (first, _) = report(&shell.send(away(true)));
    assert_eq!(shell.give(SessionInput::Failed(first)), [closed(ABNORMAL, "")]);
}

#[test]
fn presence_is_reported_when_the_session_is_live() {
    let mut shell = Shell::alone(Transport::Poll);
    let id = shell.begin();
    assert_eq!(shell.send(away(true)), []);
    let out = shell.answer(id, 200, &polled(&[WELCOME], 4, 2_000));
    assert!(report(&out).1);
}
