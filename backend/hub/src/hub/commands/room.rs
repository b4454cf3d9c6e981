//! Commands on rooms: create, change, join, leave, archive, restore, and list.
//!
//! These functions check the texts and emit a [`Change`]. The store then executes the change in
//! `house/transaction.rs`, which creates the room.

use crate::house::access::{self, Action, Actor, Target};
use crate::house::change::Change;
use crate::house::names::Name;
use crate::house::rooms::parse_description;
use crate::hub::{Hub, pending_append::Origin, refuse};
use crate::output::Output;
use crate::session::SessionId;
use shared::{
    ErrorCode, Event, MemberId,
    command::{self, RoomChange, RoomCreate, RoomMove},
    event,
    limits::ROOMS_PAGE,
};

impl Hub {
    pub(super) fn create_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        create: RoomCreate,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomCreate { reference, client_id, name, description } = create;
        if let Err(code) = self.limit_posts(session, author, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        let texts = check_texts(&name, &description);
        match texts.and_then(|texts| self.limit_rooms_made(author, now).map(|()| texts)) {
            Ok((name, description)) => {
                let change = Change::CreateRoom { author, client_id, name, description };
                self.append(Origin::CreateRoom { session, reference, author }, change, out);
            }
            Err(code) => refuse(session, Some(reference), code, out),
        }
    }

    pub(super) fn change_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        change: RoomChange,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomChange { reference, client_id, room, name, description } = change;
        if let Err(code) = self.limit_posts(session, author, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        match check_texts(&name, &description) {
            Ok((name, description)) => {
                let change = Change::ChangeRoom { author, client_id, room, name, description };
                self.append(Origin::Command { session, reference }, change, out);
            }
            Err(code) => refuse(session, Some(reference), code, out),
        }
    }

    pub(super) fn join_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        target: RoomMove,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomMove { reference, client_id, room } = target;
        if let Err(code) = self.limit_posts(session, author, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        self.append(
            Origin::Command { session, reference },
            Change::JoinRoom { author, client_id, room },
            out,
        );
    }

    pub(super) fn leave_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        target: RoomMove,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomMove { reference, client_id, room } = target;
        if let Err(code) = self.limit_posts(session, author, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        self.append(
            Origin::Command { session, reference },
            Change::LeaveRoom { author, client_id, room },
            out,
        );
    }

    /// Archives a room, or restores it.
    pub(super) fn archive_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        target: RoomMove,
        archived: bool,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomMove { reference, client_id, room } = target;
        if let Err(code) = self.limit_posts(session, author, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        let change = Change::ArchiveRoom { author, client_id, room, archived };
        self.append(Origin::Command { session, reference }, change, out);
    }

    pub(super) fn list_rooms(
        &mut self,
        session: SessionId,
        member: MemberId,
        query: command::RoomsQuery,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let command::RoomsQuery { reference, find, after } = query;
        if let Err(code) = self.limit_posts(session, member, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        let actor = Actor::Member(member);
        if let Err(code) = access::may(&self.house, actor, Action::ListRooms, Target::House) {
            return refuse(session, Some(reference), code, out);
        }
        let may_find = |room| access::may(&self.house, actor, Action::FindRoom, Target::Room(room)).is_ok();
        let mut found =
            self.directory.search(without_number_sign(&find), after).filter(|room| may_find(*room));
        let listed = |room| self.house.rooms.listed(member, room);
        let rooms = found.by_ref().take(ROOMS_PAGE).filter_map(listed).collect();
        let more = found.next().is_some();
        out.push(Output::Send(session, Event::Rooms(event::RoomsPage { reference, rooms, more })));
    }
}

/// Checks name and description of a room.
fn check_texts(name: &str, description: &str) -> Result<(Name, String), ErrorCode> {
    Ok((Name::parse(without_number_sign(name))?, parse_description(description)?))
}

/// The name of a room without the number signs at its beginning. Pages show one before each name, so people type
/// it too.
fn without_number_sign(name: &str) -> &str {
    name.trim_start_matches(|letter: char| matches!(letter, '#' | '＃') || letter.is_whitespace())
}
