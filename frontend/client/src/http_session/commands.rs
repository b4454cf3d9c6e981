//! Commands: each is a request of its own, and its answer is told to the client.
//!
//! Reports of presence are commands, too, but go one at a time: a later one must not overtake an earlier one, and of
//! several that wait only the last is sent.

use super::{Call, HttpSession, RequestId, SessionEvent, SessionOutput};
use crate::sorted::Map;
use shared::api::Problem;
use shared::command::PresenceReport;
use shared::event::Refusal;
use shared::{Command, ErrorCode, Event, json};

/// Commands under way. The client bounds them: it has a limit on what it leaves unanswered.
#[derive(Clone, Debug, Default)]
pub(super) struct Commands {
    /// Number (`ref`) of the command that each request carries.
    references: Map<RequestId, u64>,
    /// Report of presence under way.
    report: Option<RequestId>,
    /// Report to be sent once that is answered.
    next_report: Option<bool>,
}

impl HttpSession {
    /// The client sends a command.
    pub(super) fn send(&mut self, command: Command, now: u64, out: &mut Vec<SessionOutput>) {
        match command {
            Command::Hello(hello) => self.begin(hello, now, out),
            // Nothing is to be answered: no `ping` comes over HTTP.
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

    /// Reports whether the person is away, behind a report that is under way.
    pub(super) fn report_presence(&mut self, is_away: bool, out: &mut Vec<SessionOutput>) {
        if self.commands.report.is_some() {
            self.commands.next_report = Some(is_away);
            return;
        }
        let command = Command::Presence(PresenceReport { away: is_away });
        let identity = self.election.identity();
        self.commands.report = Some(self.request(Call::Command { identity, command }, out));
    }

    /// A command was answered.
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
            // The browser stands for another since, or for nobody.
            self.refused(status, body, out);
        } else if let Some(reference) = reference {
            let answer = if status == 200 { Event::parse(body).ok() } else { None };
            let answer = answer.unwrap_or_else(|| refusal(body, reference));
            out.push(SessionOutput::Emit(SessionEvent::Answer(answer)));
        } else if let Some(is_away) = self.commands.next_report.take() {
            self.report_presence(is_away, out);
        }
    }

    /// A command got no answer.
    pub(super) fn command_failed(&mut self, id: RequestId, out: &mut Vec<SessionOutput>) {
        let is_report = self.commands.report == Some(id);
        if is_report || self.commands.references.remove(&id).is_some() {
            self.broke(out);
        }
    }
}

/// A problem (RFC 9457) of the house's as the event that says the same. Anything else was sent by something on the
/// way: it tells nothing of the command, which is to be sent again, and nothing of the session.
fn refusal(body: &str, reference: u64) -> Event {
    let problem = json::from_str::<Problem>(body).ok().map(|problem| (problem.code, problem.temporary));
    let (code, temporary) = problem.unwrap_or((ErrorCode::StoreRefused, true));
    Event::Error(Refusal { reference: Some(reference), code, name: String::new(), temporary })
}
