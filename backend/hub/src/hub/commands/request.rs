//! Commands in requests of their own.

use crate::house::members::DeviceKey;
use crate::hub::{Hub, count, refuse};
use crate::limits::PLAIN_POSTS_PER_POST;
use crate::output::Output;
use crate::rate::Rate;
use crate::session::{Session, SessionId, TransportKind};
use shared::{Command, Cursor, ErrorCode, Event, MemberId, event::Through};

impl Hub {
    /// A command in a request of its own.
    pub(in crate::hub) fn asked(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        device: Option<DeviceKey>,
        command: Command,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.admit(session, member, device, TransportKind::Request, None, out) else {
            return;
        };
        self.pace_request(session, member, now, out);
        match command {
            // Not for this request but for what the same device reads by.
            Command::Presence(told) => {
                self.set_away(device, member, told.away);
                self.pong_by_request(session, out);
            }
            Command::Ping => self.pong_by_request(session, out),
            Command::Hello(_) | Command::Pong => refuse(session, None, ErrorCode::NotByRequest, out),
            command => self.of(session, member, command, now, out),
        }
    }

    /// Counts a request of a member as a connection counts its messages. Over the rate its answer waits.
    pub(in crate::hub) fn pace_request(
        &mut self,
        session: SessionId,
        member: MemberId,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let per_s = self.settings.posts.per_s.saturating_mul(PLAIN_POSTS_PER_POST);
        let rate = Rate { per_s, burst: per_s };
        count(&mut self.asked, rate, session, member, now, out);
    }

    /// What has left on the connection that the client reads is not known here: no more than nothing
    /// is claimed.
    fn pong_by_request(&self, session: SessionId, out: &mut Vec<Output>) {
        let through = Cursor { epoch: self.epoch, n: 0 };
        out.push(Output::Send(session, Event::Pong(Through { through })));
    }

    fn set_away(&mut self, device: Option<DeviceKey>, who: MemberId, now_away: bool) {
        for id in self.of_member.get(&who).into_iter().flatten() {
            if let Some(Session::Member { away, carrier: TransportKind::Stream, device: its, .. }) =
                self.sessions.get_mut(id)
                && *its == device
                && std::mem::replace(away, now_away) != now_away
            {
                self.presence.set_away(who, now_away);
            }
        }
        if let Some(device) = device {
            self.pollers.set_away(device, now_away, &mut self.presence);
        }
    }
}
