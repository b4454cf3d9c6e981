//! Rooms that people make, describe, join and leave.

use crate::change::Change;
use crate::house::names::Name;
use crate::house::rooms::description;
use crate::hub::{Hub, commit::Origin, refuse};
use crate::output::Output;
use crate::session::SessionId;
use shared::{
    ErrorCode, Event, MemberId,
    command::{self, RoomChange, RoomCreate, RoomMove},
    event,
};

impl Hub {
    pub(in crate::hub) fn create_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        create: RoomCreate,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomCreate { reference, client_id, name, description } = create;
        self.pace(session, author, now, out);
        match judge(&name, &description) {
            Ok((name, description)) => {
                let change = Change::CreateRoom { author, client_id, name, description };
                self.append(Origin::Command { session, reference }, change, out);
            }
            Err(code) => refuse(session, Some(reference), code, out),
        }
    }

    pub(in crate::hub) fn change_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        change: RoomChange,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomChange { reference, client_id, room, name, description } = change;
        self.pace(session, author, now, out);
        match judge(&name, &description) {
            Ok((name, description)) => {
                let change = Change::ChangeRoom { author, client_id, room, name, description };
                self.append(Origin::Command { session, reference }, change, out);
            }
            Err(code) => refuse(session, Some(reference), code, out),
        }
    }

    pub(in crate::hub) fn join_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        moved: RoomMove,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomMove { reference, client_id, room } = moved;
        self.pace(session, author, now, out);
        self.append(
            Origin::Command { session, reference },
            Change::JoinRoom { author, client_id, room },
            out,
        );
    }

    pub(in crate::hub) fn leave_room(
        &mut self,
        session: SessionId,
        author: MemberId,
        moved: RoomMove,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let RoomMove { reference, client_id, room } = moved;
        self.pace(session, author, now, out);
        self.append(
            Origin::Command { session, reference },
            Change::LeaveRoom { author, client_id, room },
            out,
        );
    }

    pub(in crate::hub) fn rooms(
        &mut self,
        session: SessionId,
        member: MemberId,
        asked: command::RoomsQuery,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let command::RoomsQuery { reference, find, after } = asked;
        self.pace(session, member, now, out);
        let (rooms, more) = self.house.rooms.page(member, &find, after);
        out.push(Output::Send(session, Event::Rooms(event::RoomsPage { reference, rooms, more })));
    }
}

fn judge(name: &str, about: &str) -> Result<(Name, String), ErrorCode> {
    Ok((Name::parse(name)?, description(about)?))
}
