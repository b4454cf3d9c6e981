use super::*;
use crate::limits::LEADER_LEASE_MS;
use crate::test_clock::at;
use shared::command::{Hello, Post, PresenceReport};
use shared::event::EventFrame;
use shared::{Command, Cursor, Epoch, Event, MemberId, RoomId};

mod commands;
mod following;
mod reading;

const NOW: u64 = 1_000_000;
const SEED: u64 = 7;

/// Identity of [`WELCOME`].
const ANN: SessionIdentity = SessionIdentity { member: MemberId(1), epoch: Epoch(0xab) };

const WELCOME: &str = r#"{"type":"welcome","ref":1,"build":"dev","through":"00000000000000ab.4","you":{"id":1,"name":"Ann"},"as_of":4,"present":[],"present_count":1}"#;
const RESUMED: &str = r#"{"type":"welcome","ref":1,"build":"dev","through":"00000000000000ab.4","you":{"id":1,"name":"Ann"},"resumed":true,"as_of":4,"present":[],"present_count":1}"#;
const CAUGHT_UP: &str = r#"{"type":"caught_up","through":"00000000000000ab.7"}"#;

/// A session and its shell: the clock, and the lease in the browser's storage.
struct Shell {
    session: HttpSession,
    now: u64,
    lease: Option<Lease>,
}

impl Shell {
    /// A session that is open, in a browser without other tabs.
    fn alone(transport: Transport) -> Self {
        let mut shell = Shell { session: HttpSession::new(transport, SEED), now: NOW, lease: None };
        let opened = SessionInput::Opened { lease: None, is_alone: true, is_hidden: false };
        let tick = SessionOutput::ScheduleTimer(SessionTimer::Election, ELECTION_TICK_MS);
        assert_eq!(shell.give(opened), [tick, SessionOutput::Emit(SessionEvent::Opened)]);
        shell
    }

    /// A session that is open, where `lease` is in the storage.
    fn open(transport: Transport, lease: Option<Lease>) -> Self {
        let mut shell = Shell { session: HttpSession::new(transport, SEED), now: NOW, lease };
        shell.give(SessionInput::Opened { lease, is_alone: false, is_hidden: true });
        shell
    }

    /// Takes an input, answers what is asked of the storage, and returns the rest.
    fn give(&mut self, input: SessionInput) -> Vec<SessionOutput> {
        let mut out = Vec::new();
        self.session.handle(input, at(self.now), &mut out);
        if let Some(at) = out.iter().position(|output| *output == SessionOutput::ReadLease) {
            let lease = self.lease;
            let rest = self.give(SessionInput::LeaseRead(lease));
            out.splice(at..=at, rest);
        }
        for output in &out {
            if let SessionOutput::SaveLease(lease) = output {
                self.lease = *lease;
            }
        }
        out
    }

    fn send(&mut self, command: Command) -> Vec<SessionOutput> {
        self.give(SessionInput::Send(command))
    }

    /// Says `hello`: the number of the request by which it begins.
    fn begin(&mut self) -> RequestId {
        let out = self.send(Command::Hello(hello()));
        only_request(&out).id
    }

    fn answer(&mut self, id: RequestId, status: u16, body: &str) -> Vec<SessionOutput> {
        self.give(SessionInput::Response { id, status, body: body.to_owned() })
    }

    fn chunk(&mut self, id: RequestId, text: &str) -> Vec<SessionOutput> {
        self.give(SessionInput::Chunk { id, bytes: text.as_bytes().to_vec() })
    }

    fn fire(&mut self, timer: SessionTimer) -> Vec<SessionOutput> {
        self.give(SessionInput::TimerFired(timer))
    }
}

fn hello() -> Hello {
    Hello { reference: 1, build: "dev".to_owned(), cursor: cursor(4), held: vec![], room: Some(RoomId(2)) }
}

fn post(reference: u64) -> Command {
    let client_id = shared::ClientId([7; 16]);
    Command::Post(Post { reference, client_id, room: RoomId(1), text: "tea".to_owned() })
}

fn cursor(n: u64) -> Option<Cursor> {
    Some(Cursor::new(Epoch(0xab), n))
}

/// A cursor whose mark is its position, in a log that was not rolled back.
fn marked(n: u64) -> Cursor {
    Cursor { mark: u32::try_from(n).ok(), ..cursor(n).unwrap() }
}

/// The body of an answer to a poll.
fn polled(events: &[&str], n: u64, again_ms: u64) -> String {
    polled_through(events, cursor(n).unwrap(), again_ms)
}

fn polled_through(events: &[&str], through: Cursor, again_ms: u64) -> String {
    let events = events.join(",");
    format!(r#"{{"events":[{events}],"through":"{through}","present":9,"again_ms":{again_ms}}}"#)
}

fn problem(status: u16, code: ErrorCode) -> String {
    serde_json::to_string(&Problem::new(status, code)).unwrap()
}

fn event(frame: &str) -> SessionOutput {
    SessionOutput::Emit(SessionEvent::Event(EventFrame::parse_untraced(frame).unwrap()))
}

fn through(n: u64) -> SessionOutput {
    SessionOutput::Emit(SessionEvent::Through(cursor(n).unwrap()))
}

fn closed(code: u16, reason: &str) -> SessionOutput {
    SessionOutput::Emit(SessionEvent::Closed { code, reason: reason.to_owned() })
}

fn poll_in(ms: u64) -> SessionOutput {
    SessionOutput::ScheduleTimer(SessionTimer::Poll, ms)
}

fn requests(out: &[SessionOutput]) -> Vec<Request> {
    let request = |output: &SessionOutput| match output {
        SessionOutput::Request(request) => Some(request.clone()),
        _ => None,
    };
    out.iter().filter_map(request).collect()
}

fn only_request(out: &[SessionOutput]) -> Request {
    let requests = requests(out);
    assert_eq!(requests.len(), 1, "{out:?}");
    requests[0].clone()
}

#[test]
fn a_session_ends_once_and_sends_nothing_more_when_the_client_closes_it() {
    let mut shell = Shell::open(Transport::LongPoll, None);
    let id = shell.begin();
    let bye = SessionOutput::Broadcast(TabMessage::Bye.encode(None));
    let ends = [SessionOutput::Abort(id), SessionOutput::SaveLease(None), bye, closed(1000, "")];
    assert_eq!(shell.give(SessionInput::Close), ends);
    assert_eq!(shell.session.ready_state(), ReadyState::Closed);
    for late in [
        SessionInput::Close,
        SessionInput::Leave,
        SessionInput::Send(post(2)),
        SessionInput::Response { id, status: 200, body: polled(&[WELCOME], 4, 0) },
        SessionInput::Failed(id),
        SessionInput::TabMessage(TabMessage::WhoLeads.encode(None)),
        SessionInput::LeaseRead(None),
        SessionInput::TimerFired(SessionTimer::Election),
        SessionInput::TimerFired(SessionTimer::Poll),
        SessionInput::Opened { lease: None, is_alone: false, is_hidden: false },
    ] {
        assert_eq!(shell.give(late.clone()), [], "{late:?}");
    }
}

#[test]
fn a_session_tells_the_other_tabs_when_its_page_is_left() {
    let mut shell = Shell::open(Transport::Poll, None);
    let bye = SessionOutput::Broadcast(TabMessage::Bye.encode(None));
    assert_eq!(shell.give(SessionInput::Leave), [SessionOutput::SaveLease(None), bye, closed(1001, "")]);
}

#[test]
fn a_session_never_opens_when_it_is_closed_before() {
    let mut session = HttpSession::new(Transport::Poll, SEED);
    let mut out = Vec::new();
    session.handle(SessionInput::Send(Command::Hello(hello())), at(NOW), &mut out);
    assert_eq!((&out, session.ready_state()), (&vec![], ReadyState::Connecting));
    session.handle(SessionInput::Close, at(NOW), &mut out);
    assert_eq!(out, [closed(1000, "")]);
    session.handle(SessionInput::Opened { lease: None, is_alone: true, is_hidden: false }, at(NOW), &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn a_session_ends_only_after_the_lease_is_read() {
    let mut shell = Shell::open(Transport::Poll, None);
    let mut out = Vec::new();
    shell.session.handle(SessionInput::Close, at(NOW), &mut out);
    assert_eq!(out, [SessionOutput::ReadLease]);
    shell.session.handle(SessionInput::Send(post(2)), at(NOW), &mut out);
    shell.session.handle(SessionInput::Close, at(NOW), &mut out);
    assert_eq!(out.len(), 1, "nothing comes between");
    // Another tab took the lease while this one was frozen.
    let others = Some(Lease { tab: Tab(9), until: at(NOW + 1_000).wall });
    shell.session.handle(SessionInput::LeaseRead(others), at(NOW), &mut out);
    assert_eq!(out[1..], [closed(1000, "")]);
}

#[test]
fn a_session_is_shown_as_open_when_the_server_has_welcomed_it() {
    let mut shell = Shell::alone(Transport::Poll);
    assert_eq!(shell.session.ready_state(), ReadyState::Connecting);
    let id = shell.begin();
    assert_eq!((shell.session.ready_state(), shell.session.identity()), (ReadyState::Connecting, None));
    shell.answer(id, 200, &polled(&[WELCOME], 4, 2_000));
    assert_eq!((shell.session.ready_state(), shell.session.identity()), (ReadyState::Open, Some(ANN)));
}

#[test]
fn a_refusal_ends_the_session_as_the_server_would_close_a_socket() {
    for (status, code, ends) in [
        (401, ErrorCode::SignInRequired, 4401),
        (401, ErrorCode::NotFound, 4401),
        (503, ErrorCode::StoreRefused, 1013),
        (503, ErrorCode::Full, 1013),
        (500, ErrorCode::Internal, 1011),
        (429, ErrorCode::TooManyRequests, 4429),
        (404, ErrorCode::NotFound, ABNORMAL),
    ] {
        for transport in [Transport::EventStream, Transport::LongPoll, Transport::Poll] {
            let mut shell = Shell::alone(transport);
            let id = shell.begin();
            assert_eq!(shell.answer(id, status, &problem(status, code)), [closed(ends, "")], "{code:?}");
        }
    }
    let mut shell = Shell::alone(Transport::Poll);
    let id = shell.begin();
    assert_eq!(shell.answer(id, 401, "<h1>Sign in</h1>"), [closed(4401, "")], "from anybody");
}

#[test]
fn clients_reconnect_at_different_times_after_a_restart() {
    for seed in [0, 1, 2_749, 2_750, u64::MAX] {
        let mut shell = Shell::alone(Transport::Poll);
        shell.session.seed = seed;
        let id = shell.begin();
        let out = shell.answer(id, 503, &problem(503, ErrorCode::Restarting));
        let [SessionOutput::Emit(SessionEvent::Closed { code: 1012, reason })] = &out[..] else {
            panic!("{out:?}");
        };
        assert!(RETRY_MS.contains(&shared::close::retry_ms(reason).unwrap()), "{reason}");
    }
}

#[test]
fn a_leader_reads_the_lease_at_intervals() {
    let mut shell = Shell::open(Transport::Poll, None);
    let tick = SessionOutput::ScheduleTimer(SessionTimer::Election, ELECTION_TICK_MS);
    assert_eq!(shell.fire(SessionTimer::Election), std::slice::from_ref(&tick), "it was just taken");
    shell.now += 1_000;
    let renewed = Some(Lease { tab: Tab(SEED), until: at(shell.now + LEADER_LEASE_MS).wall });
    assert_eq!(shell.fire(SessionTimer::Election), [SessionOutput::SaveLease(renewed), tick]);
    // Another tab took it while this one slept: no timer follows.
    shell.lease = Some(Lease { tab: Tab(9), until: at(shell.now + 1).wall });
    assert_eq!(shell.fire(SessionTimer::Election), [closed(1001, "")]);
}
