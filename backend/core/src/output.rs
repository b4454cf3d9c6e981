//! What the hub wants done.

use crate::{
    input::Unstored,
    log::Change,
    session::{SessionId, Ticket},
};
use shared::{CloseCode, ErrorCode, Event, Member, RoomId};

/// Who gets something: never a list of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every session that has this room open; in the lobby the plain clients too.
    Room(RoomId),
    /// One session.
    Session(SessionId),
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Give this to the store. Outcomes come back in the order of the appends.
    Append(Change),
    /// Read this room's snapshot for this session.
    Read(SessionId, RoomId),
    /// From here on the session gets what is published, but it is held back
    /// until [`Output::Welcome`].
    Attach(SessionId),
    /// Send this first, then what was held back, then what comes.
    Welcome(SessionId, Box<Event>),
    /// Send this.
    Send(SessionId, Event),
    /// Send this to everyone in the audience, encoded once for each dialect.
    Publish(Audience, Event),
    /// Send this to all plain clients.
    Pass(Unstored),
    /// Close the connection, after what was sent before.
    Close(SessionId, CloseCode),
    /// Read nothing more from this connection for so many milliseconds.
    Pause(SessionId, u64),
    /// Answer a question.
    Answer(Ticket, Answer),
}

/// The answer to a question over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Who the device is now; nobody after signing out.
    Me(Option<Member>),
    /// Refused, perhaps with a free name.
    Refused(ErrorCode, Option<String>),
}
