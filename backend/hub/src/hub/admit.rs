//! Who may read or say something, by whatever carries it.

use super::{Hub, refuse};
use crate::house::members::DeviceKey;
use crate::input::{ExpectedIdentity, Poll};
use crate::limits::SESSIONS_PER_MEMBER_MAX;
use crate::output::{Audience, Output};
use crate::session::{Session, SessionId, TransportKind};
use shared::{CloseCode, ErrorCode, Event, MemberId, command::Hello};

impl Hub {
    pub(super) fn hello(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        hello: &Hello,
        out: &mut Vec<Output>,
    ) {
        let admitted = self.admit(session, member, None, TransportKind::Socket, Some(hello.reference), out);
        if let Some(member) = admitted {
            self.presence.open(member);
            self.begin(session, member, hello, true, out);
        }
    }

    /// Somebody reads by a connection that lasts.
    pub(super) fn streamed(
        &mut self,
        session: SessionId,
        device: Option<DeviceKey>,
        hello: &Hello,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let member = self.member_of(device);
        let reference = Some(hello.reference);
        if let Some(member) = self.admit(session, member, device, TransportKind::Stream, reference, out) {
            self.pace_request(session, member, now, out);
            self.presence.open(member);
            self.begin(session, member, hello, true, out);
        }
    }

    /// Somebody asks for what is new.
    pub(super) fn polled(
        &mut self,
        session: SessionId,
        device: Option<DeviceKey>,
        poll: &Poll,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let member = self.member_as(device, poll.identity);
        let reference = Some(poll.hello.reference);
        let admitted = self.admit(session, member, device, TransportKind::Poll, reference, out);
        let (Some(member), Some(device)) = (admitted, device) else { return };
        self.pace_request(session, member, now, out);
        self.pollers.came(device, member, [poll.begins, poll.away], &mut self.presence);
        let is_resumed = self.begin(session, member, &poll.hello, poll.begins, out);
        // A welcome tells it too.
        if is_resumed && !poll.begins && poll.present != self.presence.revision() {
            let members = &self.house.members;
            let present = self.presence.all(self.house.head(), |id| members.get(id));
            out.push(Output::Publish(Audience::Session(session), Event::Present(present)));
        }
    }

    /// The member of a device, as far as the hub knows.
    pub(super) fn member_of(&self, device: Option<DeviceKey>) -> Option<MemberId> {
        device.and_then(|device| self.house.members.of_device(&device))
    }

    /// The same, if it is the one that is claimed.
    pub(super) fn member_as(&self, device: Option<DeviceKey>, claim: ExpectedIdentity) -> Option<MemberId> {
        let ExpectedIdentity { member: claimed, epoch } = claim;
        let is_it = |member: &MemberId| claimed.is_none_or(|claimed| claimed == *member);
        self.member_of(device).filter(|_| epoch.is_none_or(|epoch| epoch == self.epoch)).filter(is_it)
    }

    /// Makes it a session of this member, if it is one and has not too many.
    pub(super) fn admit(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        device: Option<DeviceKey>,
        carrier: TransportKind,
        reference: Option<u64>,
        out: &mut Vec<Output>,
    ) -> Option<MemberId> {
        // The member may have left since the connection was opened.
        let Some(member) = member.filter(|id| self.house.members.contains(*id)) else {
            refuse(session, reference, ErrorCode::SignInRequired, out);
            out.push(Output::Close(session, CloseCode::SignedOut));
            return None;
        };
        let theirs = self.of_member.entry(member).or_default();
        if theirs.len() >= SESSIONS_PER_MEMBER_MAX {
            out.push(Output::Close(session, CloseCode::Full));
            return None;
        }
        theirs.push(session);
        self.sessions.insert(session, Session::Member { member, away: false, reads: 0, carrier, device });
        Some(member)
    }
}
