//! Commands in HTTP requests of their own.

use crate::house::members::DeviceKey;
use crate::hub::{Hub, refuse};
use crate::output::Output;
use crate::session::{Session, SessionId, SessionKind};
use shared::{Command, Cursor, ErrorCode, Event, MemberId, event::Through};

impl Hub {
    /// Handles a command that came in a request of its own.
    pub(in crate::hub) fn handle_request(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        device: Option<DeviceKey>,
        command: Command,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.admit(session, member, device, SessionKind::Command, None, out) else {
            return;
        };
        self.limit_requests(session, member, now, out);
        match command {
            // The report concerns the sessions by which the same device reads, not this request.
            Command::Presence(report) => {
                self.set_away(device, member, report.away);
                self.answer_pong(session, out);
            }
            Command::Ping => self.answer_pong(session, out),
            Command::Hello(_) | Command::Pong => refuse(session, None, ErrorCode::NotByRequest, out),
            command => self.handle_member_command(session, member, command, now, out),
        }
    }

    /// Answers `pong` with position 0. The hub does not know what has left on the client's reading
    /// connection, so the answer must not advance the client's cursor.
    fn answer_pong(&self, session: SessionId, out: &mut Vec<Output>) {
        let through = Cursor::new(self.epoch, 0);
        out.push(Output::Send(session, Event::Pong(Through { through })));
    }

    /// Records that the person left or came back, for the streams and polls of a device.
    fn set_away(&mut self, device: Option<DeviceKey>, member: MemberId, is_away: bool) {
        for id in self.sessions_by_member.get(&member).into_iter().flatten() {
            if let Some(Session::Member { away, kind: SessionKind::EventStream, device: streaming, .. }) =
                self.sessions.get_mut(id)
                && *streaming == device
                && std::mem::replace(away, is_away) != is_away
            {
                self.presence.set_away(member, is_away);
            }
        }
        if let Some(device) = device {
            self.pollers.set_away(device, is_away, &mut self.presence);
        }
    }
}
