//! Reading: begin, poll, answer, retry.
//!
//! 1. **Begin.** `hello` opens the stream, or sends the first poll. A follower sends a first poll on every
//!    transport. Its answer contains the missed events, and the leader relays the rest.
//! 2. **Answer.** Each event goes to the leader election, which relays it to the other tabs and passes it to
//!    the client. The cursor follows. After the missed events, the session is *live*.
//! 3. **Poll.** [`PollSchedule`] determines the time of the next poll. Its cursor acknowledges the answer
//!    before.
//! 4. **Retry.** A poll that was cut while it waited is repeated with the same cursor. Any other failure, the
//!    end of a stream, and a refusal end the session.
//!
//! A chain of polls survives a restart of the server, and so does a follower. Both prove the positions that other
//! requests told ([`OwnPositions`](crate::tabs::own_positions::OwnPositions)). A stream ends with its server.

use super::event_stream::{EventStream, Message};
use super::poll_schedule::PollSchedule;
use super::{Call, HttpSession, PollAnswer, RequestId, SessionEvent, SessionOutput, SessionTimer, Traffic};
use crate::tabs::SessionIdentity;
use crate::tabs::leader_election::Role;
use crate::tabs::own_positions::position_of;
use crate::transport::Transport;
use shared::command::Hello;
use shared::event::EventFrame;
use shared::limits::HELD_MAX;
use shared::{CloseCode, Cursor, Event, Now, json};

/// The request that is being read, and the cursor up to which everything was read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    is_stream: bool,
    schedule: PollSchedule,
    /// Request in flight, and the time at which it was sent.
    request: Option<(RequestId, u64)>,
    stream: EventStream,
    /// Cursor and revision of presence from the last answer; `None` before the first.
    position: Option<(Cursor, u64)>,
    /// Positions past the cursor that the poll in flight names.
    named: Vec<Cursor>,
    /// Greatest version of a read marker that was read.
    markers: u64,
}

impl Reading {
    pub(super) fn new(transport: Transport, interval_ms: Option<u64>) -> Self {
        Reading {
            is_stream: transport == Transport::EventStream,
            schedule: PollSchedule::new(transport == Transport::LongPoll).every(interval_ms),
            request: None,
            stream: EventStream::default(),
            position: None,
            named: Vec::new(),
            markers: 0,
        }
    }

    /// Whether `id` is the request in flight.
    pub(super) fn is(&self, id: RequestId) -> bool {
        self.request.is_some_and(|(request, _)| request == id)
    }

    /// Records that the request in flight has ended, and returns the milliseconds that it took.
    fn answered(&mut self, now: u64) -> u64 {
        self.request.take().map_or(0, |(_, since)| now.saturating_sub(since))
    }

    /// Records the versions of the read markers in an event, which the next poll names.
    fn note_markers(&mut self, event: &Event) {
        let version = match event {
            Event::Welcome(welcome) => {
                let markers = welcome.rooms.iter().filter_map(|entry| entry.marker.as_ref());
                markers.map(|marker| marker.version).max()
            }
            Event::ReadMarker(told) => Some(told.marker.version),
            _ => None,
        };
        self.markers = self.markers.max(version.unwrap_or(0));
    }

    /// Stops reading, and returns the request in flight, if there is one, for the caller to abort.
    pub(super) fn stop(&mut self) -> Option<RequestId> {
        self.request.take().map(|(id, _)| id)
    }
}

impl HttpSession {
    /// Begins to read, because the client sent `hello`. A second `hello` is ignored.
    pub(super) fn begin(&mut self, hello: Hello, now: Now, out: &mut Vec<SessionOutput>) {
        if self.reading.request.is_some() || self.reading.position.is_some() {
            // A session begins with one `hello`.
            return;
        }
        let leads = self.election.role() == Role::Leader;
        if !leads {
            out.push(SessionOutput::Emit(SessionEvent::Follows));
        }
        let call = match self.reading.is_stream && leads {
            true => Call::Stream(hello),
            false => Call::FirstPoll { hello, is_away: self.is_hidden },
        };
        let id = self.request(call, out);
        self.reading.request = Some((id, now.mono));
    }

    /// Sends the next poll, unless one is in flight or none has been answered yet.
    pub(super) fn poll(&mut self, now: Now, out: &mut Vec<SessionOutput>) {
        let (Some((cursor, present)), None) = (self.reading.position, self.reading.request) else { return };
        let (is_away, identity) = (self.election.is_away(), self.election.identity());
        let (wait_s, markers) = (self.reading.schedule.wait_s(), self.reading.markers);
        let named = &mut self.reading.named;
        named.append(&mut self.election.own_positions.take());
        named.drain(..named.len().saturating_sub(HELD_MAX));
        let held = named.clone();
        let id = self.request(Call::Poll { cursor, held, present, markers, is_away, wait_s, identity }, out);
        self.reading.request = Some((id, now.mono));
    }

    /// Handles the answer to a poll, or the refusal of a stream.
    pub(super) fn read_answer(&mut self, status: u16, body: &str, now: Now, out: &mut Vec<SessionOutput>) {
        let took_ms = self.reading.answered(now.mono);
        if !(200..300).contains(&status) {
            if !self.refused(status, body, out) {
                self.retry(took_ms, now, out);
            }
            return;
        }
        match PollAnswer::read(body) {
            Ok(answer) => self.take_answer(answer, took_ms, now, out),
            // An intermediary has answered in the server's place.
            Err(_) => self.retry(took_ms, now, out),
        }
    }

    fn take_answer(&mut self, answer: PollAnswer<'_>, took_ms: u64, now: Now, out: &mut Vec<SessionOutput>) {
        let PollAnswer { events, through, present, again_ms, traced } = answer;
        if self.reading.position.is_some() && self.passes_own_position(&events, through) {
            // The poll did not name a position that was told meanwhile. The next one gets the same events.
            return self.poll(now, out);
        }
        self.reading.named.retain(|named| named.n > through.n);
        for (frame, text) in events {
            if !self.take_event(frame, text, out) {
                return;
            }
        }
        self.elect(out, |election, effects| election.through(through, effects));
        out.extend(traced.map(|traced| SessionOutput::Emit(SessionEvent::Traced(traced))));
        // Become live only after the whole answer, because the events that the leader relayed meanwhile are
        // newer.
        if self.reading.position.replace((through, present)).is_none() {
            self.elect(out, |election, effects| election.mark_live(now, effects));
        }
        if self.election.role() == Role::Leader {
            // Use the timer also for a wait of 0, so that the client's inputs about this answer are handled
            // first.
            let wait_ms = self.reading.schedule.answered(again_ms, took_ms);
            out.push(SessionOutput::ScheduleTimer(SessionTimer::Poll, wait_ms));
        }
    }

    /// Whether a poll's answer passes a position that was told since the poll was sent, and does not name it.
    fn passes_own_position(&mut self, events: &[(EventFrame, &str)], through: Cursor) -> bool {
        let own_positions = &mut self.election.own_positions;
        for (frame, _) in events {
            position_of(frame, through.epoch).map(|read| own_positions.note_read(read));
        }
        own_positions.note_read(through)
    }

    /// Asks the server whether its log has this position and these. As a first poll, the request says nothing about
    /// the person's presence.
    pub(super) fn prove(&mut self, cursor: Cursor, held: Vec<Cursor>, out: &mut Vec<SessionOutput>) {
        let hello = Hello { reference: 0, build: String::new(), cursor: Some(cursor), held, room: None };
        let is_away = self.is_hidden;
        self.proof = Some(self.request(Call::FirstPoll { hello, is_away }, out));
    }

    /// Handles the answer to [`HttpSession::prove`]: the session goes on if the server would resume it. The leader
    /// relays the events of the answer too.
    pub(super) fn read_proof(&mut self, status: u16, body: &str, out: &mut Vec<SessionOutput>) {
        let identity = self.election.identity();
        let is_proof = |event: &Event| matches!(event, Event::Welcome(welcome) if welcome.resumed && identity == Some(SessionIdentity::of(welcome)));
        let answer = PollAnswer::read(body).ok().filter(|_| status == 200);
        if answer.is_some_and(|answer| answer.events.iter().any(|(frame, _)| is_proof(&frame.event))) {
            self.elect(out, |election, effects| election.mark_proved(effects));
        } else if !self.refused(status, body, out) {
            // The next `hello` names the position, and brings a snapshot if the log has lost it.
            self.end(CloseCode::GoingAway.number(), "", out);
        }
    }

    /// Handles the failure of a poll, or the end of a stream.
    pub(super) fn read_failed(&mut self, now: Now, out: &mut Vec<SessionOutput>) {
        let took_ms = self.reading.answered(now.mono);
        self.retry(took_ms, now, out);
    }

    /// Repeats a poll that was cut while it waited. After any other failure, ends the session.
    fn retry(&mut self, took_ms: u64, now: Now, out: &mut Vec<SessionOutput>) {
        if self.reading.position.is_some() && self.reading.schedule.failed(took_ms) {
            self.poll(now, out);
        } else {
            self.end_abnormally(out);
        }
    }

    /// Reads the next bytes of the stream.
    pub(super) fn read_chunk(&mut self, bytes: &[u8], now: Now, out: &mut Vec<SessionOutput>) {
        let mut messages = Vec::new();
        let pushed = self.reading.stream.push(bytes, |message| messages.push(message));
        for message in messages {
            if !self.take_message(message, now, out) {
                return;
            }
        }
        if pushed.is_err() {
            self.end_abnormally(out);
        }
    }

    /// Handles a message of the stream. Returns false if the session has ended with it.
    fn take_message(&mut self, message: Message, now: Now, out: &mut Vec<SessionOutput>) -> bool {
        let Message { event: kind, data, id } = message;
        match &*kind {
            "close" => {
                match json::from_str::<StreamClose>(&data) {
                    Ok(close) => self.end(close.code, &close.reason, out),
                    Err(_) => self.end_abnormally(out),
                }
                return false;
            }
            "" if !data.is_empty() => {
                let frame = EventFrame::parse_or_unknown(&data);
                let is_last_missed = match &frame.event {
                    Event::CaughtUp(_) => true,
                    Event::Welcome(welcome) => !welcome.resumed,
                    _ => false,
                };
                if !self.take_event(frame, &data, out) {
                    return false;
                }
                if is_last_missed {
                    self.elect(out, |election, effects| election.mark_live(now, effects));
                }
            }
            "traced" => {
                let traced = json::from_str::<Traffic>(&data).ok();
                out.extend(traced.map(|traced| SessionOutput::Emit(SessionEvent::Traced(traced))));
            }
            // A kind of message that a newer server sends.
            _ => {}
        }
        if let Some(through) = id.and_then(|id| id.parse().ok()) {
            self.elect(out, |election, effects| election.through(through, effects));
        }
        true
    }

    /// Passes an event that was read to the election. Returns false if the session has ended with it.
    fn take_event(&mut self, frame: EventFrame, text: &str, out: &mut Vec<SessionOutput>) -> bool {
        if let Event::Welcome(welcome) = &frame.event
            && !self.election.welcomed(SessionIdentity::of(welcome))
        {
            // The server could not continue from the cursor. End the session, so that a new `hello` brings a
            // snapshot.
            self.end(CloseCode::GoingAway.number(), "", out);
            return false;
        }
        self.reading.note_markers(&frame.event);
        self.elect(out, |election, effects| election.event(frame, text, effects));
        true
    }
}

/// Data of a stream's `close` message: the close code and reason of its end.
struct StreamClose {
    code: u16,
    reason: String,
}

shared::read! {
    StreamClose { code, reason }
}
