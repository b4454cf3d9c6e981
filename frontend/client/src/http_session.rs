//! A connection that consists of HTTP requests: an event stream or a chain of polls to read, and a request
//! for each command (PROTOCOL.md §14).
//!
//! [`HttpSession::handle`] takes one [`SessionInput`] and the time, and appends [`SessionOutput`]s. It
//! performs no I/O and reads no clock. The page, the simulation and the benchmarks are its shells: they make
//! the requests, store the lease, and own the timers and the channel between tabs.
//!
//! A session begins with the client's `hello`. The leader of a browser's tabs ([`LeaderElection`]) then reads
//! for all (`reading.rs`: begin, poll, answer, retry). A follower requests once the events that it missed,
//! and the leader relays the rest to it. Each command has a request of its own (`commands.rs`). Any failure
//! ends the session with a close code, as a WebSocket of the same server would end. The client then begins
//! another session.

mod commands;
mod event;
mod event_stream;
mod input;
mod output;
mod poll_answer;
mod poll_schedule;
mod reading;
mod request;

use crate::limits::ELECTION_TICK_MS;
use crate::ready_state::ReadyState;
use crate::tabs::leader_election::{Delivery, LeaderElection, Role, TabEffect};
use crate::tabs::{Lease, SessionIdentity, Tab, TabMessage};
use crate::transport::Transport;
use commands::Commands;
pub use event::{SessionEvent, Traffic};
pub use input::SessionInput;
pub use output::{SessionOutput, SessionTimer};
pub use poll_answer::PollAnswer;
use reading::Reading;
pub use request::{Call, Request, RequestId};
use shared::close::{Ending, RETRY_MS, retry_reason};
use shared::{CloseCode, ErrorCode, Now, api::Problem, json};

/// Close code of a connection that ended without one (RFC 6455 §7.1.5).
pub const ABNORMAL: u16 = 1006;

/// Progress of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The shell has not opened the session yet.
    New,
    /// The session takes commands and reads.
    Open,
    /// The session ends as soon as the shell has read the lease.
    Ending { code: u16, reason: String },
    /// The session has ended; further inputs are ignored.
    Closed,
}

/// The state machine of one connection over plain HTTP, from its opening to its end.
#[derive(Clone, Debug)]
pub struct HttpSession {
    transport: Transport,
    seed: u64,
    is_traced: bool,
    state: State,
    /// Whether the page was hidden when the session opened.
    is_hidden: bool,
    election: LeaderElection,
    reading: Reading,
    commands: Commands,
    last_request: u64,
    /// Input of an overdue leader, which waits until the lease is read.
    deferred: Option<SessionInput>,
    /// Request of a follower that asks whether the log has its positions.
    proof: Option<RequestId>,
}

impl HttpSession {
    /// Creates a session that reads by `transport`, which is not [`Transport::WebSocket`]. `seed` must be
    /// random: it distinguishes the tabs, and spreads the clients that return after a restart of the server.
    pub fn new(transport: Transport, seed: u64) -> Self {
        HttpSession {
            transport,
            seed,
            is_traced: false,
            state: State::New,
            is_hidden: false,
            election: LeaderElection::alone(Tab(seed)),
            reading: Reading::new(transport, None),
            commands: Commands::default(),
            last_request: 0,
            deferred: None,
            proof: None,
        }
    }

    /// Makes the server count the session's bytes. Polls that do not wait at the server are sent at this
    /// interval, in milliseconds, instead of the one that the server asks for.
    #[must_use]
    pub fn traced(mut self, interval_ms: u64) -> Self {
        self.is_traced = true;
        self.reading = Reading::new(self.transport, Some(interval_ms));
        self
    }

    /// State of the session, in the terms of a WebSocket. It is open from the server's `welcome` on.
    pub fn ready_state(&self) -> ReadyState {
        match self.state {
            State::New => ReadyState::Connecting,
            State::Open if self.election.identity().is_none() => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Ending { .. } | State::Closed => ReadyState::Closed,
        }
    }

    /// Whether the session is open and its tab is the leader, which reads for all tabs of the browser.
    pub fn leads(&self) -> bool {
        self.state == State::Open && self.election.role() == Role::Leader
    }

    /// Member and epoch of the session; `None` before its `welcome`.
    pub fn identity(&self) -> Option<SessionIdentity> {
        self.election.identity()
    }

    /// Takes one input and appends the resulting outputs to `out`.
    ///
    /// The wall clock is used for the lease alone, which other tabs read.
    pub fn handle(&mut self, input: SessionInput, now: Now, out: &mut Vec<SessionOutput>) {
        match (&self.state, input) {
            (State::New, SessionInput::Opened { lease, is_alone, is_hidden }) => {
                self.is_hidden = is_hidden;
                self.open(lease, is_alone, now, out);
            }
            (State::New | State::Open, SessionInput::Close) => self.end(CloseCode::Normal.number(), "", out),
            (State::New | State::Open, SessionInput::Leave) => {
                self.end(CloseCode::GoingAway.number(), "", out)
            }
            (State::Ending { .. }, SessionInput::LeaseRead(lease)) => self.close(lease, out),
            (State::Open, SessionInput::LeaseRead(lease)) => match self.deferred.take() {
                None => self.tick(lease, now, out),
                Some(_) if self.election.is_replaced(lease, now) => {
                    self.end(CloseCode::GoingAway.number(), "", out);
                }
                Some(input) => self.handle_open(input, now, out),
            },
            // Another tab may lead since this one was suspended. Its followers have newer frames than those that
            // wait here, and no later frame corrects an old one: presence events are not repeated.
            (State::Open, input) if self.election.is_overdue(now) => {
                self.deferred = Some(input);
                out.push(SessionOutput::ReadLease);
            }
            (State::Open, input) => self.handle_open(input, now, out),
            // Inputs that arrive late, after the session has ended.
            _ => {}
        }
    }

    fn handle_open(&mut self, input: SessionInput, now: Now, out: &mut Vec<SessionOutput>) {
        match input {
            SessionInput::Send(command) => self.send(command, now, out),
            SessionInput::Response { id, status, body } => {
                if self.reading.is(id) {
                    self.read_answer(status, &body, now, out);
                } else if self.proof == Some(id) {
                    self.read_proof(status, &body, out);
                } else {
                    self.command_answered(id, status, &body, out);
                }
            }
            SessionInput::Chunk { id, bytes } if self.reading.is(id) => self.read_chunk(&bytes, now, out),
            SessionInput::Failed(id) if self.reading.is(id) => self.read_failed(now, out),
            SessionInput::Failed(id) if self.proof == Some(id) => self.end_abnormally(out),
            SessionInput::Failed(id) => self.command_failed(id, out),
            SessionInput::TabMessage(text) => {
                if let Some((identity, message)) = TabMessage::decode(&text) {
                    self.elect(out, |election, effects| {
                        election.receive_message(identity, message, now, effects)
                    });
                }
            }
            SessionInput::TimerFired(SessionTimer::Poll) => self.poll(now, out),
            // Without a channel between tabs, there is no lease to read.
            SessionInput::TimerFired(SessionTimer::Election) if self.election.is_alone() => {
                self.tick(None, now, out);
            }
            SessionInput::TimerFired(SessionTimer::Election) => out.push(SessionOutput::ReadLease),
            _ => {}
        }
    }

    fn open(&mut self, lease: Option<Lease>, is_alone: bool, now: Now, out: &mut Vec<SessionOutput>) {
        self.state = State::Open;
        if !is_alone {
            let (tab, mut effects) = (Tab(self.seed), Vec::new());
            self.election = LeaderElection::new(tab, lease, now, &mut effects);
            self.perform(effects, out);
        }
        out.push(SessionOutput::ScheduleTimer(SessionTimer::Election, ELECTION_TICK_MS));
        out.push(SessionOutput::Emit(SessionEvent::Opened));
    }

    /// Lets the election check the lease, and schedules the next check.
    fn tick(&mut self, lease: Option<Lease>, now: Now, out: &mut Vec<SessionOutput>) {
        self.elect(out, |election, effects| election.tick(lease, now, effects));
        if self.state == State::Open {
            out.push(SessionOutput::ScheduleTimer(SessionTimer::Election, ELECTION_TICK_MS));
        }
    }

    /// Lets the election act, and performs its effects.
    fn elect(
        &mut self,
        out: &mut Vec<SessionOutput>,
        act: impl FnOnce(&mut LeaderElection, &mut Vec<TabEffect>),
    ) {
        let mut effects = Vec::new();
        act(&mut self.election, &mut effects);
        self.perform(effects, out);
    }

    fn perform(&mut self, effects: Vec<TabEffect>, out: &mut Vec<SessionOutput>) {
        for effect in effects {
            match effect {
                TabEffect::SaveLease(lease) => out.push(SessionOutput::SaveLease(lease)),
                TabEffect::Broadcast(message) => {
                    out.push(SessionOutput::Broadcast(message.encode(self.election.identity())));
                }
                TabEffect::Deliver(delivery) => out.push(SessionOutput::Emit(match delivery {
                    Delivery::Event(frame) => SessionEvent::Event(frame),
                    Delivery::Through(cursor) => SessionEvent::Through(cursor),
                })),
                TabEffect::Restart => return self.end(CloseCode::GoingAway.number(), "", out),
                TabEffect::ReportPresence(is_away) => self.report_presence(is_away, out),
                TabEffect::Prove(cursor, held) => self.prove(cursor, held, out),
            }
        }
    }

    /// Ends the session if the refusal of a request concerns the session. Returns false if it does not.
    fn refused(&mut self, status: u16, body: &str, out: &mut Vec<SessionOutput>) -> bool {
        let Some(ending) = Ending::of_refusal(status, problem_code(body)) else { return false };
        let is_restart = ending.code == CloseCode::Restart;
        // A server that restarts refuses all clients at once. Spread their return as its own retry hints
        // would.
        let spread_ms = RETRY_MS.start + self.seed % (RETRY_MS.end - RETRY_MS.start);
        let reason = if is_restart { retry_reason(spread_ms) } else { String::new() };
        self.end(ending.code.number(), &reason, out);
        true
    }

    /// Ends the session after a failure, with the close code of a broken connection.
    fn end_abnormally(&mut self, out: &mut Vec<SessionOutput>) {
        self.end(ABNORMAL, "", out);
    }

    /// Ends the session and stops reading. Requests of commands continue, but their answers are ignored.
    fn end(&mut self, code: u16, reason: &str, out: &mut Vec<SessionOutput>) {
        self.state = State::Ending { code, reason: reason.to_owned() };
        if let Some(id) = self.reading.stop() {
            out.push(SessionOutput::Abort(id));
        }
        if self.election.is_alone() { self.close(None, out) } else { out.push(SessionOutput::ReadLease) }
    }

    fn close(&mut self, lease: Option<Lease>, out: &mut Vec<SessionOutput>) {
        let State::Ending { code, reason } = std::mem::replace(&mut self.state, State::Closed) else {
            return;
        };
        let mut effects = Vec::new();
        self.election.end(lease, &mut effects);
        self.perform(effects, out);
        out.push(SessionOutput::Emit(SessionEvent::Closed { code, reason }));
    }

    fn request(&mut self, call: Call, out: &mut Vec<SessionOutput>) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        out.push(SessionOutput::Request(Request { id, call, is_traced: self.is_traced }));
        id
    }
}

/// Code of a problem (RFC 9457); `None` if the body is not one of this server's problems.
pub(crate) fn problem_code(body: &str) -> Option<ErrorCode> {
    json::from_str::<Problem>(body).ok().map(|problem| problem.code)
}

#[cfg(test)]
mod tests;
