//! Admission: which member a session belongs to, on every transport.

use super::{Hub, refuse};
use crate::house::access;
use crate::house::members::DeviceKey;
use crate::input::{ExpectedIdentity, Poll};
use crate::limits::SESSIONS_PER_MEMBER_MAX;
use crate::output::{Audience, Output};
use crate::session::{Session, SessionId, SessionKind};
use shared::{CloseCode, ErrorCode, Event, MemberId, command::Hello};

impl Hub {
    /// Handles the `hello` of a WebSocket.
    pub(super) fn open_socket(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        hello: &Hello,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let reference = Some(hello.reference);
        if let Some(member) = self.admit(session, member, None, SessionKind::WebSocket, reference, out) {
            self.presence.open(member);
            self.begin_recovery(session, member, hello, None, true, now, out);
        }
    }

    /// Handles the request for an event stream.
    pub(super) fn open_stream(
        &mut self,
        session: SessionId,
        device: Option<DeviceKey>,
        hello: &Hello,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let member = self.find_member(device);
        let reference = Some(hello.reference);
        if let Some(member) = self.admit(session, member, device, SessionKind::EventStream, reference, out) {
            self.limit_requests(session, member, now, out);
            self.presence.open(member);
            self.begin_recovery(session, member, hello, None, true, now, out);
        }
    }

    /// Handles a poll, long or short.
    pub(super) fn handle_poll(
        &mut self,
        session: SessionId,
        device: Option<DeviceKey>,
        poll: &Poll,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let member = self.find_expected_member(device, poll.identity);
        let reference = Some(poll.hello.reference);
        let admitted = self.admit(session, member, device, SessionKind::Poll, reference, out);
        let (Some(member), Some(device)) = (admitted, device) else { return };
        self.limit_requests(session, member, now, out);
        self.pollers.begin_poll(device, member, [poll.is_first, poll.away], &mut self.presence);
        let is_resumed =
            self.begin_recovery(session, member, &poll.hello, poll.markers, poll.is_first, now, out);
        // A `welcome` lists the members present, so only a poll without one needs `present`.
        if is_resumed
            && !poll.is_first
            && poll.presence_revision != self.presence.revision()
            && access::may_see_presence(&self.house, member)
        {
            let members = &self.house.members;
            let present = self.presence.list_all(self.house.head(), |id| members.get(id));
            out.push(Output::Publish(Audience::Session(session), Event::Present(present), None));
        }
    }

    /// Returns the member who owns a device.
    pub(super) fn find_member(&self, device: Option<DeviceKey>) -> Option<MemberId> {
        device.and_then(|device| self.house.members.find_by_device(&device))
    }

    /// Returns the member who owns a device, if it is the member that the client expects to be.
    pub(super) fn find_expected_member(
        &self,
        device: Option<DeviceKey>,
        expected: ExpectedIdentity,
    ) -> Option<MemberId> {
        if expected.epoch.is_some_and(|epoch| epoch != self.epoch) {
            return None;
        }
        let is_expected = |found: &MemberId| expected.member.is_none_or(|member| member == *found);
        self.find_member(device).filter(is_expected)
    }

    /// Makes a session one of this member. Closes it if there is no member, or if the member has too many
    /// sessions.
    pub(super) fn admit(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        device: Option<DeviceKey>,
        kind: SessionKind,
        reference: Option<u64>,
        out: &mut Vec<Output>,
    ) -> Option<MemberId> {
        // The member may have left after the connection was opened.
        let Some(member) = member.filter(|id| self.house.members.contains(*id)) else {
            refuse(session, reference, ErrorCode::SignInRequired, out);
            out.push(Output::Close(session, CloseCode::SignedOut));
            return None;
        };
        let sessions = self.sessions_by_member.entry(member).or_default();
        if sessions.len() >= SESSIONS_PER_MEMBER_MAX {
            out.push(Output::Close(session, CloseCode::Full));
            return None;
        }
        sessions.push(session);
        self.sessions
            .insert(session, Session::Member { member, away: false, reads: Vec::new(), kind, device });
        Some(member)
    }
}
