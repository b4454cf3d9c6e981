//! What the hub wants done.

use crate::{
    change::Change,
    input::Unstored,
    query::Query,
    session::{ReadId, RequestId, SessionId},
};
use shared::{Address, CloseCode, ErrorCode, Event, Member, MemberId, RoomId};

/// Who gets something: never a list of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every session of the members who are in this room; in the lobby the plain clients too.
    Room(RoomId),
    /// Every session of one member.
    Member(MemberId),
    /// One session.
    Session(SessionId),
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Give this to the store. Outcomes come back in the order of the appends.
    Append(Change),
    /// Ask the store. Answers may come in any order.
    Read(ReadId, Query),
    /// Nobody waits for this answer any more.
    CancelRead(ReadId),
    /// From here on the session gets what is published for these addresses, but it is held back
    /// until [`Output::Release`]. A plain client, which has none, gets the lobby's at once. Again
    /// for a session that is held back: what was held is dropped.
    Attach(SessionId, Vec<Address>),
    /// From here on the session gets what is published for this address too.
    Subscribe(SessionId, Address),
    /// And from here on no more.
    Unsubscribe(SessionId, Address),
    /// Send this, ahead of what is held back.
    SendReplay(SessionId, Box<Event>),
    /// Say [`crate::Input::Drained`] when what was sent has left.
    NotifyDrained(SessionId),
    /// Send what was held back, then what comes. If it was more than could be held, say
    /// [`crate::Input::Behind`] instead.
    Release(SessionId),
    /// Send this.
    Send(SessionId, Event),
    /// Send this to everyone in the audience, encoded once for each dialect.
    Publish(Audience, Event),
    /// Send this to all plain clients.
    PublishUnstored(Unstored),
    /// Close the connection, after what was sent before.
    Close(SessionId, CloseCode),
    /// Read nothing more from this connection for so many milliseconds.
    Pause(SessionId, u64),
    /// Answer a question.
    Answer(RequestId, Answer),
}

/// The answer to a question over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Who the device is now; nobody after signing out.
    Me(Option<Member>),
    /// Refused, perhaps with a free name.
    Refused(ErrorCode, Option<String>),
}
