//! What comes back from the store: told to those whom it concerns, and to who asked for it.

use super::{Hub, refuse};
use crate::change::{Committed, Outcome, Receipt};
use crate::house::members::DeviceKey;
use crate::house::names::Name;
use crate::input::Unstored;
use crate::output::{Answer, Audience, Output};
use crate::session::{RequestId, Session, SessionId, TransportKind};
use shared::{
    Address, CloseCode, ErrorCode, Event, MemberId,
    event::{MemberJoined, MemberLeft, Reply},
};

/// Where a change came from, in the order of the appends.
#[derive(Debug)]
pub(super) enum Origin {
    Command {
        session: SessionId,
        reference: u64,
    },
    Plain {
        session: SessionId,
    },
    /// Not an append: it only waits for its turn.
    Pass(Unstored),
    Join {
        ticket: RequestId,
        name: Name,
        device: DeviceKey,
    },
    Rename {
        ticket: RequestId,
        name: Name,
    },
    SignOut {
        ticket: RequestId,
        member: MemberId,
    },
}

impl Hub {
    pub(super) fn outcome(&mut self, outcome: Outcome, out: &mut Vec<Output>) {
        self.let_pass(out);
        let Some(origin) = self.waiting.pop_front() else { return };
        match outcome {
            Ok(committed) => self.committed(origin, committed, out),
            Err(code) => self.refused(origin, code, out),
        }
        self.let_pass(out);
    }

    fn committed(&mut self, origin: Origin, committed: Committed, out: &mut Vec<Output>) {
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
            self.tell(event, out);
        }
        match origin {
            Origin::Command { session, reference } => {
                let Receipt { n, seq, at, room } = receipt;
                out.push(Output::Send(session, Event::Reply(Reply { reference, n, seq, at, room })));
            }
            Origin::Join { ticket, .. } => out.push(Output::Answer(ticket, Answer::Me(newcomer))),
            Origin::Rename { ticket, name } => {
                let renamed = self.house.members.of_name(&name).and_then(|id| self.house.members.get(id));
                out.push(Output::Answer(ticket, Answer::Me(renamed)));
            }
            Origin::SignOut { ticket, member } => {
                self.rates.remove(&member);
                self.asked.remove(&member);
                self.pollers.left(member, &mut self.presence);
                self.close_sessions_of(member, out);
                out.push(Output::Answer(ticket, Answer::Me(None)));
            }
            Origin::Plain { .. } | Origin::Pass(_) => {}
        }
    }

    /// Tells an event to those to whom it is addressed. Whoever joins a room hears of it from the
    /// event on that tells them so; whoever leaves, up to theirs.
    fn tell(&mut self, event: Event, out: &mut Vec<Output>) {
        let Some(position) = event.position() else { return };
        let enters = match &event {
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
        if let Some((member, room)) = enters {
            self.for_each_of(member, |session| out.push(Output::Subscribe(session, room)));
        }
        if let Some((member, room)) = leaves {
            self.for_each_of(member, |session| out.push(Output::Unsubscribe(session, room)));
        }
    }

    fn for_each_of(&self, member: MemberId, act: impl FnMut(SessionId)) {
        let hears = |id: &SessionId| match self.sessions.get(id) {
            Some(Session::Member { carrier, .. }) => *carrier != TransportKind::Request,
            _ => false,
        };
        self.of_member.get(&member).into_iter().flatten().copied().filter(hears).for_each(act);
    }

    fn refused(&mut self, origin: Origin, code: ErrorCode, out: &mut Vec<Output>) {
        match origin {
            Origin::Command { session, reference } => refuse(session, Some(reference), code, out),
            Origin::Plain { session } => out.push(Output::Close(session, CloseCode::TryAgainLater)),
            Origin::Join { ticket, name, .. } | Origin::Rename { ticket, name } => {
                self.refuse_name(ticket, name.as_str(), code, out)
            }
            Origin::SignOut { ticket, .. } => out.push(Output::Answer(ticket, Answer::Refused(code, None))),
            Origin::Pass(_) => {}
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
