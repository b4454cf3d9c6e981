//! Commands: each is sent in a request of its own, and its answer is passed to the client.
//!
//! Presence reports are commands too, but only one at a time is in flight, because a later one must not
//! overtake an earlier one. Of several reports that wait, only the last is sent.

use super::{Call, HttpSession, RequestId, SessionEvent, SessionOutput};
use crate::sorted::Map;
use shared::api::Problem;
use shared::command::PresenceReport;
use shared::event::{EventFrame, Refusal};
use shared::{Command, ErrorCode, Event, Now, json};

/// Commands in flight. The client limits their number, because it limits its unanswered commands.
#[derive(Clone, Debug, Default)]
pub(super) struct Commands {
    /// Number (`ref`) of the command that each request carries.
    references: Map<RequestId, u64>,
    /// Request of the presence report in flight.
    report: Option<RequestId>,
    /// Presence report to send after that one: true for away.
    next_report: Option<bool>,
}

impl HttpSession {
    /// Sends a command of the client: `hello` begins reading, presence goes through the election, and every
    /// other command becomes a request.
    pub(super) fn send(&mut self, command: Command, now: Now, out: &mut Vec<SessionOutput>) {
        match command {
            Command::Hello(hello) => self.begin(hello, now, out),
            // The server sends no `ping` over HTTP, so there is nothing to answer.
            Command::Pong => {}
            Command::Presence(presence) => {
                self.elect(out, |election, effects| election.set_away(presence.away, now, effects));
            }
            command => {
                let (identity, reference) = (self.election.identity(), command.reference());
                let id = self.request(Call::Command { identity, command }, out);
                self.commands.references.insert(id, reference);
            }
        }
    }

    /// Reports to the server whether the person is away, after the report in flight if there is one.
    pub(super) fn report_presence(&mut self, is_away: bool, out: &mut Vec<SessionOutput>) {
        if self.commands.report.is_some() {
            self.commands.next_report = Some(is_away);
            return;
        }
        let command = Command::Presence(PresenceReport { away: is_away });
        let identity = self.election.identity();
        self.commands.report = Some(self.request(Call::Command { identity, command }, out));
    }

    /// Handles the response to a command: passes the reply or the refusal to the client. Status 401 ends the
    /// session.
    pub(super) fn command_answered(
        &mut self,
        id: RequestId,
        status: u16,
        body: &str,
        out: &mut Vec<SessionOutput>,
    ) {
        let is_report = self.commands.report.take_if(|report| *report == id).is_some();
        let reference = self.commands.references.remove(&id);
        if !is_report && reference.is_none() {
            return;
        }
        if status == 401 {
            // The browser's cookie now belongs to another member or to nobody.
            self.refused(status, body, out);
        } else if let Some(reference) = reference {
            let answer = if status == 200 { EventFrame::parse_untraced(body).ok() } else { None };
            let answer = answer.unwrap_or_else(|| refusal(body, reference).into());
            answer.held.into_iter().for_each(|held| self.election.own_positions.add(held));
            out.push(SessionOutput::Emit(SessionEvent::Answer(answer)));
        } else if let Some(is_away) = self.commands.next_report.take() {
            self.report_presence(is_away, out);
        }
    }

    /// Ends the session because the request of a command failed.
    pub(super) fn command_failed(&mut self, id: RequestId, out: &mut Vec<SessionOutput>) {
        let is_report = self.commands.report == Some(id);
        if is_report || self.commands.references.remove(&id).is_some() {
            self.end_abnormally(out);
        }
    }
}

/// Converts a problem (RFC 9457) of the server to the event with the same meaning.
///
/// Any other body comes from an intermediary, such as a proxy, and says nothing about the command or the
/// session. It becomes a temporary refusal, so that the client sends the command again.
fn refusal(body: &str, reference: u64) -> Event {
    let problem = json::from_str::<Problem>(body).ok().map(|problem| (problem.code, problem.temporary));
    let (code, temporary) = problem.unwrap_or((ErrorCode::StoreRefused, true));
    Event::Error(Refusal { reference: Some(reference), code, name: String::new(), temporary, detail: None })
}
