//! The tail: every commit of the log in order, whoever made it. The hub applies the tail and nothing else.
//!
//! Everything that follows from a change follows from its events: publication, subscriptions, and the end of
//! the sessions of a member who left. So a hub whose log is written by another process behaves alike.

use super::Hub;
use crate::house::access;
use crate::house::commit::Commit;
use crate::output::{Audience, Output};
use crate::session::{Session, SessionId, SessionKind};
use shared::{
    Address, Cursor, Event, MemberId, RoomId,
    event::{MemberJoined, MemberLeft, RoomArchived, RoomChanged, RoomCreated},
};
use std::sync::Arc;

impl Hub {
    /// Applies a commit of the tail and publishes its events. A commit that was applied before has no effect.
    pub(super) fn apply_commit(&mut self, commit: Commit, out: &mut Vec<Output>) {
        if commit.last() <= self.house.head() {
            return;
        }
        let is_next = self.house.is_followed_by(&commit);
        if is_next {
            Arc::make_mut(&mut self.house).apply_commit(&commit);
        }
        if !is_next || self.house.mark() != commit.mark {
            // Clients would miss events that this hub has missed.
            return out.push(Output::StopAtBrokenTail { head: self.house.head(), found: commit.last() });
        }
        self.recent_marks.record(commit.last(), commit.mark);
        let left_house = find_left(&commit);
        let told = self.through();
        for entry in commit.entries {
            self.publish(entry.event, told, out);
        }
        for (member, rooms) in left_house {
            self.end_membership(member, &rooms, out);
        }
        self.resume_waiting_recoveries(out);
        self.answer_due_appends(out);
    }

    /// Publishes an event to its address. The member's own `member_joined` subscribes the member's sessions
    /// to the room, and the own `member_left` ends their subscription. `told` is the end of the event's change.
    fn publish(&mut self, event: Event, told: Cursor, out: &mut Vec<Output>) {
        let Some(position) = event.position() else { return };
        self.index_room(&event);
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
        out.push(Output::Publish(audience, event, Some(told)));
        // A later event of the tail may have ended the membership already.
        if let Some((member, room)) = joins
            && access::may_receive(&self.house, member, room)
        {
            self.for_each_recipient(member, |session| out.push(Output::Subscribe(session, room)));
        }
        if let Some((member, room)) = leaves {
            self.for_each_recipient(member, |session| out.push(Output::Unsubscribe(session, room)));
        }
    }

    /// Brings the directory up to date with an event.
    fn index_room(&mut self, event: &Event) {
        match event {
            Event::RoomCreated(RoomCreated { room, .. }) | Event::RoomChanged(RoomChanged { room, .. }) => {
                self.directory.put(room.id, &room.name);
            }
            Event::RoomArchived(RoomArchived { to: Address::Room(room), .. }) => self.directory.remove(*room),
            Event::RoomRestored(RoomArchived { to: Address::Room(room), .. }) => {
                let name = self.house.rooms.get(*room).and_then(|state| state.name.as_ref());
                self.directory.put(*room, name.map_or("", |name| name.as_str()));
            }
            _ => {}
        }
    }

    /// Calls `visit` with each session of a member that receives events. A session whose cursor the tail has
    /// not reached is attached later, with the rooms of that time.
    pub(super) fn for_each_recipient(&self, member: MemberId, visit: impl FnMut(SessionId)) {
        let is_recipient = |id: &SessionId| match self.sessions.get(id) {
            Some(Session::Member { kind, .. }) => {
                *kind != SessionKind::Command && !self.waiting_cursors.contains(*id)
            }
            _ => false,
        };
        let sessions = self.sessions_by_member.get(&member).into_iter().flatten().copied();
        sessions.filter(is_recipient).for_each(visit);
    }

    /// Forgets a member who has left the house and so these rooms, and closes the member's sessions. A
    /// connection that has not sent `hello` yet is refused then.
    fn end_membership(&mut self, member: MemberId, rooms: &[Address], out: &mut Vec<Output>) {
        self.rates.remove(member);
        self.marker_moves.remove(member);
        self.pollers.remove_member(member, &mut self.presence);
        let mut theirs = self.sessions_by_member.get(&member).cloned().unwrap_or_default();
        theirs.sort_unstable();
        self.close_left_sessions(theirs, rooms, out);
    }
}

/// Finds the members who leave the house with this commit, and the rooms that each leaves, the lobby included.
fn find_left(commit: &Commit) -> Vec<(MemberId, Vec<Address>)> {
    let left = |event: &Event| match event {
        Event::MemberLeft(MemberLeft { member, to: to @ Address::Room(_), .. }) => Some((*member, *to)),
        _ => None,
    };
    let lobby = Address::Room(RoomId::LOBBY);
    let members = commit.events().filter_map(left).filter(|(_, to)| *to == lobby).map(|(member, _)| member);
    let rooms_of = |member| commit.events().filter_map(left).filter(move |(other, _)| *other == member);
    members.map(|member| (member, rooms_of(member).map(|(_, to)| to).collect())).collect()
}
