//! Sessions that follow another tab, and their change to the leader.

use super::*;
use crate::limits::{LEASE_SLACK_MS, RELAYED_FRAMES_MAX};

/// A session that follows tab 9, and its first poll.
fn following(transport: Transport) -> (Shell, RequestId) {
    let mut shell = Shell::open(transport, Some(Lease { tab: Tab(9), until: at(NOW + 2_000).wall }));
    let out = shell.send(Command::Hello(hello()));
    let request = only_request(&out);
    let first = Call::FirstPoll { hello: hello(), is_away: true };
    assert_eq!((&out[0], &request.call), (&SessionOutput::Emit(SessionEvent::Follows), &first));
    assert!(!shell.session.leads());
    (shell, request.id)
}

/// Gives the session this message of the leader, and returns the outputs.
fn receive(shell: &mut Shell, message: TabMessage) -> Vec<SessionOutput> {
    shell.give(SessionInput::TabMessage(message.encode(Some(ANN))))
}

#[test]
fn a_follower_requests_missed_events_once_and_gets_the_rest_from_the_leader() {
    for transport in [Transport::EventStream, Transport::LongPoll, Transport::Poll] {
        let (mut shell, id) = following(transport);
        let frame = r#"{"type":"gone","members":[],"count":1}"#;
        assert_eq!(receive(&mut shell, TabMessage::Frame(frame.to_owned())), [], "it waits");
        let out = shell.answer(id, 200, &polled(&[RESUMED, CAUGHT_UP], 7, 2_000));
        let question = SessionOutput::Broadcast(TabMessage::WhoLeads.encode(Some(ANN)));
        assert_eq!(
            out,
            [event(RESUMED), event(CAUGHT_UP), through(7), question, event(frame)],
            "{transport}: no poll follows"
        );
        assert_eq!(receive(&mut shell, TabMessage::Frame(frame.to_owned())), [event(frame)]);
        assert_eq!(receive(&mut shell, TabMessage::Through(cursor(8).unwrap())), [through(8)]);
        let away = shell.send(Command::Presence(PresenceReport { away: true }));
        let message = TabMessage::Presence { tab: Tab(SEED), is_here: false };
        assert_eq!(away, [SessionOutput::Broadcast(message.encode(Some(ANN)))], "the leader reports it");
    }
}

#[test]
fn a_follower_sends_its_commands_itself() {
    let (mut shell, id) = following(Transport::EventStream);
    shell.answer(id, 200, &polled(&[WELCOME], 4, 0));
    let out = shell.send(post(5));
    assert_eq!(only_request(&out).call, Call::Command { identity: Some(ANN), command: post(5) });
}

#[test]
fn a_follower_restarts_when_the_leader_ends_or_begins() {
    for message in [TabMessage::Bye, TabMessage::Live] {
        let (mut shell, id) = following(Transport::Poll);
        shell.answer(id, 200, &polled(&[WELCOME], 4, 0));
        let out = receive(&mut shell, message);
        let absence = TabMessage::Presence { tab: Tab(SEED), is_here: false };
        assert_eq!(out, [SessionOutput::Broadcast(absence.encode(Some(ANN))), closed(1001, "")]);
    }
    let (mut shell, id) = following(Transport::Poll);
    let out = receive(&mut shell, TabMessage::Bye);
    assert_eq!(out[0], SessionOutput::Abort(id), "the answer would come too late");
}

#[test]
fn a_follower_restarts_and_then_leads_when_its_leader_is_silent() {
    let (mut shell, id) = following(Transport::LongPoll);
    shell.answer(id, 200, &polled(&[WELCOME], 4, 0));
    shell.now += 2_000;
    let question = SessionOutput::Broadcast(TabMessage::WhoLeads.encode(Some(ANN)));
    assert_eq!(shell.fire(SessionTimer::Election)[0], question);
    shell.now += ELECTION_TICK_MS;
    assert_eq!(shell.fire(SessionTimer::Election).last(), Some(&closed(1001, "")));
    let mut next = HttpSession::new(Transport::LongPoll, SEED);
    let opened = SessionInput::Opened { lease: shell.lease, is_alone: false, is_hidden: false };
    next.handle(opened, at(shell.now), &mut Vec::new());
    assert!(next.leads());
}

#[test]
fn a_follower_restarts_when_too_many_frames_arrive_before_it_has_begun() {
    for count in [RELAYED_FRAMES_MAX - 1, RELAYED_FRAMES_MAX, RELAYED_FRAMES_MAX + 1] {
        let (mut shell, _) = following(Transport::Poll);
        let effects = (0..count).map(|n| receive(&mut shell, TabMessage::Through(cursor(n as u64).unwrap())));
        let last = effects.last().unwrap_or_default();
        assert_eq!(last.contains(&closed(1001, "")), count > RELAYED_FRAMES_MAX, "{count}");
    }
}

#[test]
fn one_of_two_leaders_ends_and_the_other_announces_itself() {
    for (other, is_over) in [(SEED - 1, false), (SEED + 1, true)] {
        let mut shell = Shell::open(Transport::Poll, None);
        let out = receive(&mut shell, TabMessage::Leads(Tab(other)));
        assert_eq!(out.contains(&closed(1001, "")), is_over, "{out:?}");
        let leads = SessionOutput::Broadcast(TabMessage::Leads(Tab(SEED)).encode(None));
        assert_eq!(out.contains(&leads), !is_over, "{out:?}");
    }
}

#[test]
fn a_text_of_the_channel_is_ignored_when_it_is_no_tab_message() {
    let mut shell = Shell::open(Transport::Poll, None);
    assert_eq!(shell.give(SessionInput::TabMessage("tea".to_owned())), []);
}

/// A leader that has relayed a frame after its `welcome`, and its stream.
fn relaying() -> (Shell, RequestId) {
    let mut shell = Shell::open(Transport::EventStream, None);
    let id = shell.begin();
    shell.chunk(id, &format!("data: {WELCOME}\n\n"));
    assert_eq!(shell.chunk(id, &format!("data: {AWAY}\n\n")), relayed(), "the lease is new");
    (shell, id)
}

const AWAY: &str = r#"{"type":"away","members":[{"id":2,"name":"Bo"}],"as_of":4,"count":2}"#;

/// Outputs of a leader that reads [`AWAY`].
fn relayed() -> [SessionOutput; 2] {
    let frame = TabMessage::Frame(AWAY.to_owned());
    [SessionOutput::Broadcast(frame.encode(Some(ANN))), event(AWAY)]
}

#[test]
fn a_leader_relays_nothing_old_when_another_tab_took_the_lease_meanwhile() {
    for (ms, is_over) in [(LEADER_LEASE_MS - 1, false), (LEADER_LEASE_MS, true), (LEADER_LEASE_MS + 1, true)]
    {
        let (mut shell, id) = relaying();
        shell.now += ms;
        let others = Some(Lease { tab: Tab(9), until: at(shell.now + 1).wall });
        shell.lease = others;
        // The browser reports the bytes that came while the tab was frozen before it fires the timer.
        let out = shell.chunk(id, &format!("data: {AWAY}\n\n"));
        let ends = [SessionOutput::Abort(id), closed(1001, "")];
        assert_eq!(out, if is_over { ends } else { relayed() }, "{ms}");
        assert_eq!(shell.lease, others);
    }
}

#[test]
fn a_leader_that_was_late_relays_when_nobody_took_the_lease() {
    let (mut shell, id) = relaying();
    shell.now += LEADER_LEASE_MS;
    let (own, ended) = (shell.lease, Some(Lease { tab: Tab(9), until: at(shell.now).wall }));
    for lease in [own, ended, None] {
        shell.lease = lease;
        assert_eq!(shell.chunk(id, &format!("data: {AWAY}\n\n")), relayed(), "{lease:?}");
    }
}

#[test]
fn a_leader_does_not_answer_an_old_question_when_another_tab_took_the_lease() {
    let (mut shell, _) = relaying();
    shell.now += LEADER_LEASE_MS;
    let others = Some(Lease { tab: Tab(9), until: at(shell.now + 1).wall });
    shell.lease = others;
    let out = receive(&mut shell, TabMessage::WhoLeads);
    assert_eq!((out.last(), shell.lease), (Some(&closed(1001, "")), others));
    assert!(!out.iter().any(|output| matches!(output, SessionOutput::Broadcast(_))), "{out:?}");
}

#[test]
fn a_leader_reads_the_lease_first_when_the_wall_clock_ended_it() {
    for (step_ms, is_over) in [
        (i64::try_from(LEADER_LEASE_MS).unwrap() - 1, false),
        (i64::try_from(LEADER_LEASE_MS).unwrap(), true),
        (-i64::try_from(LEASE_SLACK_MS).unwrap(), false),
        (-i64::try_from(LEASE_SLACK_MS).unwrap() - 1, true),
    ] {
        let (mut shell, id) = relaying();
        let now = Now { mono: NOW, wall: at(NOW).wall.saturating_add_signed(step_ms) };
        let mut out = Vec::new();
        let chunk = SessionInput::Chunk { id, bytes: format!("data: {AWAY}\n\n").into_bytes() };
        shell.session.handle(chunk, now, &mut out);
        assert_eq!(out == [SessionOutput::ReadLease], is_over, "{step_ms}: {out:?}");
        let others = Lease { tab: Tab(9), until: now.wall + 1 };
        out.clear();
        shell.session.handle(SessionInput::LeaseRead(Some(others)), now, &mut out);
        assert!(!out.contains(&event(AWAY)), "{out:?}");
    }
}

/// A follower that is live, whose own requests told the position 10.
fn live_follower() -> Shell {
    let (mut shell, id) = following(Transport::LongPoll);
    shell.answer(id, 200, &polled_through(&[WELCOME], marked(10), 0));
    shell
}

/// The request by which a follower proves its position 10 and this one of the leader.
fn proof(read: Cursor) -> Call {
    let hello =
        Hello { reference: 0, build: String::new(), cursor: Some(read), held: vec![marked(10)], room: None };
    Call::FirstPoll { hello, is_away: true }
}

fn deliver(cursor: Cursor) -> SessionOutput {
    SessionOutput::Emit(SessionEvent::Through(cursor))
}

#[test]
fn a_follower_proves_its_position_before_the_leader_passes_it() {
    for read in [9, 10, 11].map(marked) {
        let mut shell = live_follower();
        let out = receive(&mut shell, TabMessage::Marked(read));
        if read.n <= 10 {
            assert_eq!(out, [deliver(read)]);
            continue;
        }
        let request = only_request(&out);
        assert_eq!((out.len(), &request.call), (1, &proof(read)));
        let gone = r#"{"type":"gone","members":[],"count":1}"#;
        assert_eq!(receive(&mut shell, TabMessage::Frame(gone.to_owned())), [], "in order");
        let out = shell.answer(request.id, 200, &polled_through(&[RESUMED, CAUGHT_UP], marked(12), 0));
        assert_eq!(out, [deliver(read), event(gone)], "the leader relays the events of the answer");
        assert_eq!(receive(&mut shell, TabMessage::Marked(marked(13))), [deliver(marked(13))], "once");
    }
}

#[test]
fn a_follower_proves_nothing_when_the_leader_names_its_position() {
    let mut shell = live_follower();
    receive(&mut shell, TabMessage::Marked(marked(10)));
    assert_eq!(receive(&mut shell, TabMessage::Marked(marked(11))), [deliver(marked(11))]);
}

#[test]
fn a_follower_proves_the_position_that_a_frame_names() {
    let posted = |more: &str| {
        format!(
            r#"{{"type":"posted","n":11,"to":{{"room":1}},"prev":10,"seq":3,"at":1,"author":1,"name":"Ann","client_id":"000000000000000000000000000000aa","text":"tea"{more}}}"#
        )
    };
    for (more, read) in [
        ("", marked(11).unmarked()),
        (r#","mark":"0000000b""#, marked(11)),
        (r#","held":"00000000000000ab.12.0000000c""#, marked(12)),
    ] {
        let out = receive(&mut live_follower(), TabMessage::Frame(posted(more)));
        assert_eq!(only_request(&out).call, proof(read), "{more}");
    }
}

#[test]
fn a_follower_proves_the_position_that_an_answer_to_a_command_told() {
    let mut shell = live_follower();
    receive(&mut shell, TabMessage::Marked(marked(10)));
    let id = only_request(&shell.send(post(5))).id;
    let reply = r#"{"type":"reply","ref":5,"n":12,"seq":1,"at":1,"held":"00000000000000ab.12.0000000c"}"#;
    shell.answer(id, 200, reply);
    assert_eq!(receive(&mut shell, TabMessage::Marked(marked(11))), [deliver(marked(11))]);
    let out = receive(&mut shell, TabMessage::Marked(marked(13)));
    let Call::FirstPoll { hello, .. } = only_request(&out).call else { panic!("{out:?}") };
    assert_eq!((hello.cursor, hello.held), (Some(marked(13)), vec![marked(12)]));
}

#[test]
fn a_follower_restarts_when_the_log_has_lost_its_position() {
    let of_another = RESUMED.replace(r#""id":1"#, r#""id":2"#);
    let refused = problem(401, ErrorCode::SignInRequired);
    for (status, body, code) in [
        (200, polled(&[WELCOME], 12, 0), 1001),
        (200, polled(&[&of_another, CAUGHT_UP], 12, 0), 1001),
        (200, "<h1>Sign in</h1>".to_owned(), 1001),
        (502, String::new(), 1001),
        (401, refused, 4401),
    ] {
        let mut shell = live_follower();
        let id = only_request(&receive(&mut shell, TabMessage::Marked(marked(11)))).id;
        let out = shell.answer(id, status, &body);
        assert_eq!(out.last(), Some(&closed(code, "")), "{status} {body}");
        assert!(!out.contains(&deliver(marked(11))));
    }
    let mut shell = live_follower();
    let id = only_request(&receive(&mut shell, TabMessage::Marked(marked(11)))).id;
    assert_eq!(shell.give(SessionInput::Failed(id)).last(), Some(&closed(ABNORMAL, "")));
}
