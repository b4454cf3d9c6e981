//! Outcomes of appends: the events are published, and the author is answered.

use super::{Hub, refuse};
use crate::house::change::{Committed, Outcome, Receipt};
use crate::house::members::DeviceKey;
use crate::house::names::Name;
use crate::input::Unstored;
use crate::output::{Answer, Audience, Output};
use crate::session::{RequestId, Session, SessionId, SessionKind};
use shared::{
    Address, CloseCode, ErrorCode, Event, MemberId,
    event::{MemberJoined, MemberLeft, Reply},
};

/// Origin of an append, which receives its outcome.
#[derive(Debug)]
pub(super) enum Origin {
    /// Command of a member.
    Command { session: SessionId, reference: u64 },
    /// Text of the text dialect.
    Text { session: SessionId },
    /// Not an append, but a message that keeps its place among the appends.
    Unstored(Unstored),
    /// HTTP request to join the house.
    Join { request: RequestId, name: Name, device: DeviceKey },
    /// HTTP request for a new name.
    Rename { request: RequestId, name: Name },
    /// HTTP request to sign out.
    SignOut { request: RequestId, member: MemberId },
}

impl Hub {
    /// Handles the outcome of the append that was made first.
    pub(super) fn handle_outcome(&mut self, outcome: Outcome, out: &mut Vec<Output>) {
        self.publish_due_unstored(out);
        let Some(origin) = self.origins.pop_front() else { return };
        match outcome {
            Ok(committed) => self.apply_committed(origin, committed, out),
            Err(code) => self.refuse_origin(origin, code, out),
        }
        self.publish_due_unstored(out);
    }

    fn apply_committed(&mut self, origin: Origin, committed: Committed, out: &mut Vec<Output>) {
        let Committed { receipt, events } = committed;
        let device = match &origin {
            Origin::Join { device, .. } => Some(*device),
            _ => None,
        };
        let mut newcomer = None;
        for event in events {
            if let (Origin::Join { .. }, Event::MemberJoined(joined)) = (&origin, &event) {
                newcomer = Some(joined.member.clone());
            }
            self.house.apply(&event, device);
            self.publish(event, out);
        }
        match origin {
            Origin::Command { session, reference } => {
                let Receipt { n, seq, at, room } = receipt;
                out.push(Output::Send(session, Event::Reply(Reply { reference, n, seq, at, room })));
            }
            Origin::Join { request, .. } => out.push(Output::Answer(request, Answer::Me(newcomer))),
            Origin::Rename { request, name } => {
                let renamed = self.house.members.find_by_name(&name);
                let renamed = renamed.and_then(|id| self.house.members.get(id));
                out.push(Output::Answer(request, Answer::Me(renamed)));
            }
            Origin::SignOut { request, member } => {
                self.post_rates.remove(&member);
                self.request_rates.remove(&member);
                self.pollers.remove_member(member, &mut self.presence);
                self.close_sessions_of(member, out);
                out.push(Output::Answer(request, Answer::Me(None)));
            }
            Origin::Text { .. } | Origin::Unstored(_) => {}
        }
    }

    /// Publishes an event to its address. The member's own `member_joined` subscribes the member's sessions
    /// to the room, and the own `member_left` ends their subscription.
    fn publish(&mut self, event: Event, out: &mut Vec<Output>) {
        let Some(position) = event.position() else { return };
        let joins = match &event {
            Event::MemberJoined(MemberJoined { member, room: Some(room), .. }) => {
                Some((member.id, Address::Room(room.id)))
            }
            _ => None,
        };
        let leaves = match &event {
            Event::MemberLeft(MemberLeft { member, room: Some(room), .. }) => {
                Some((*member, Address::Room(*room)))
            }
            _ => None,
        };
        let audience = match position.to {
            Address::Room(room) => Audience::Room(room),
            Address::Member(member) => Audience::Member(member),
        };
        out.push(Output::Publish(audience, event));
        if let Some((member, room)) = joins {
            self.for_each_recipient(member, |session| out.push(Output::Subscribe(session, room)));
        }
        if let Some((member, room)) = leaves {
            self.for_each_recipient(member, |session| out.push(Output::Unsubscribe(session, room)));
        }
    }

    /// Calls `visit` with each session of a member that receives events.
    fn for_each_recipient(&self, member: MemberId, visit: impl FnMut(SessionId)) {
        let is_recipient = |id: &SessionId| match self.sessions.get(id) {
            Some(Session::Member { kind, .. }) => *kind != SessionKind::Command,
            _ => false,
        };
        let sessions = self.sessions_by_member.get(&member).into_iter().flatten().copied();
        sessions.filter(is_recipient).for_each(visit);
    }

    fn refuse_origin(&mut self, origin: Origin, code: ErrorCode, out: &mut Vec<Output>) {
        match origin {
            Origin::Command { session, reference } => refuse(session, Some(reference), code, out),
            Origin::Text { session } => out.push(Output::Close(session, CloseCode::TryAgainLater)),
            Origin::Join { request, name, .. } | Origin::Rename { request, name } => {
                self.refuse_name(request, name.as_str(), code, out)
            }
            Origin::SignOut { request, .. } => out.push(Output::Answer(request, Answer::Refused(code, None))),
            Origin::Unstored(_) => {}
        }
    }

    fn close_sessions_of(&mut self, leaver: MemberId, out: &mut Vec<Output>) {
        let mut theirs: Vec<SessionId> = Vec::new();
        for (id, session) in &self.sessions {
            match session {
                Session::Member { member, .. } | Session::Opened { member: Some(member) }
                    if *member == leaver =>
                {
                    theirs.push(*id)
                }
                _ => {}
            }
        }
        theirs.sort_unstable();
        out.extend(theirs.into_iter().map(|session| Output::Close(session, CloseCode::SignedOut)));
    }
}
