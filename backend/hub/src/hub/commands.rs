//! Commands: dispatch to a file for each subject.
//!
//! * `member`: identity over HTTP.
//! * `post`: messages of members and of the text dialect.
//! * `room`: rooms.
//! * `history`: reads of the log.
//! * `request`: commands in HTTP requests of their own.

mod history;
mod member;
mod post;
mod request;
mod room;

use super::{Hub, refuse};
use crate::output::Output;
use crate::session::{Session, SessionId};
use shared::{CloseCode, Command, ErrorCode, Event, MemberId, event::Through};

impl Hub {
    /// Handles a command from a WebSocket.
    pub(super) fn handle_command(
        &mut self,
        session: SessionId,
        command: Command,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        match self.sessions.get_mut(&session) {
            None | Some(Session::Text { .. }) => {}
            Some(Session::Opened { member }) => {
                let member = *member;
                self.handle_first_command(session, member, command, now, out);
            }
            Some(Session::Member { member, away, .. }) => match command {
                Command::Presence(report) => {
                    if *away != report.away {
                        *away = report.away;
                        self.presence.set_away(*member, report.away);
                    }
                }
                command => {
                    let member = *member;
                    self.handle_member_command(session, member, command, now, out);
                }
            },
        }
    }

    /// Handles a command of a session that has not sent `hello` yet.
    fn handle_first_command(
        &mut self,
        session: SessionId,
        member: Option<MemberId>,
        command: Command,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let reference = match command {
            Command::Hello(hello) => return self.open_socket(session, member, &hello, now, out),
            Command::Pong => return,
            Command::Presence(_) | Command::Ping => None,
            command => Some(command.reference()),
        };
        refuse(session, reference, ErrorCode::HelloExpected, out);
    }

    /// Handles a command of an admitted member, except `presence`, which depends on the transport.
    fn handle_member_command(
        &mut self,
        session: SessionId,
        member: MemberId,
        command: Command,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        match command {
            Command::Ping => {
                out.push(Output::Send(session, Event::Pong(Through { through: self.through() })))
            }
            Command::Pong | Command::Presence(_) => {}
            Command::Hello(_) => out.push(Output::Close(session, CloseCode::Hello)),
            Command::Post(post) => self.post(session, member, post, now, out),
            Command::RoomCreate(create) => self.create_room(session, member, create, now, out),
            Command::RoomChange(change) => self.change_room(session, member, change, now, out),
            Command::RoomJoin(target) => self.join_room(session, member, target, now, out),
            Command::RoomLeave(target) => self.leave_room(session, member, target, now, out),
            Command::RoomArchive(target) => self.archive_room(session, member, target, true, now, out),
            Command::RoomRestore(target) => self.archive_room(session, member, target, false, now, out),
            Command::Rooms(query) => self.list_rooms(session, member, query, now, out),
            Command::History(query) => self.read_history(session, member, query, now, out),
            Command::Events(query) => self.read_events(session, member, query, now, out),
            Command::MarkRead(mark) => self.mark_read(session, member, mark, now, out),
        }
    }
}
