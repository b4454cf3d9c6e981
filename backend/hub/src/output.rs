//! Outputs: orders of the hub to its shell.

use crate::{
    house::change::Change,
    input::Unstored,
    query::Query,
    read_markers::MarkerMove,
    session::{ReadId, RequestId, SessionId},
};
use shared::{Address, CloseCode, Cursor, ErrorCode, Event, Member, MemberId, RoomId};

/// Recipients of an event: never a list of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every session of the members of this room; in the lobby also the sessions of the text dialect.
    Room(RoomId),
    /// Every session of one member.
    Member(MemberId),
    /// Only this session. A poll gets the list of present members in this way.
    Session(SessionId),
}

/// Order to the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Give a change to the store. Outcomes come back in the order of the appends, and the events of accepted
    /// changes with the tail.
    Append(Change),
    /// Ask the store. Results may come back in any order.
    Read(ReadId, Query),
    /// Save these moves of read markers, all or none, and report [`crate::Input::MarkersMoved`]. One such order is
    /// under way at a time.
    MoveMarkers(Vec<MarkerMove>),
    /// Cancel a read whose result is no longer needed.
    CancelRead(ReadId),
    /// Subscribe a session to these addresses, and buffer their events until [`Output::Release`]. A
    /// session that is attached already starts with an empty buffer. A session of the text dialect has no
    /// addresses and receives the lobby's messages at once.
    Attach(SessionId, Vec<Address>),
    /// Subscribe a session to one more address.
    Subscribe(SessionId, Address),
    /// End a session's subscription to an address.
    Unsubscribe(SessionId, Address),
    /// Send an event ahead of the buffered ones. Its frame tells this cursor ([`shared::event::EventFrame::answered`]).
    SendReplay(SessionId, Box<Event>, Option<Cursor>),
    /// Report [`crate::Input::Drained`] when all queued frames of the session were sent.
    NotifyDrained(SessionId),
    /// Send the buffered events, and buffer no more. If the buffer overflowed, report
    /// [`crate::Input::BufferOverflowed`] instead.
    Release(SessionId),
    /// Send an event to one session.
    Send(SessionId, Event),
    /// Send an event to an audience, encoded once for each dialect. Its frame tells this cursor
    /// ([`shared::event::EventFrame::published`]).
    Publish(Audience, Event, Option<Cursor>),
    /// Send a message to all sessions of the text dialect.
    PublishUnstored(Unstored),
    /// Close a session after the frames that were sent before.
    Close(SessionId, CloseCode),
    /// Read nothing from a session's connection for this many milliseconds.
    Pause(SessionId, u64),
    /// Answer an HTTP request.
    Answer(RequestId, Answer),
    /// Stop the server: the tail brought a commit that does not follow the last one. The next start reads
    /// the log anew.
    StopAtBrokenTail {
        /// Position up to which the hub has applied the tail.
        head: u64,
        /// Last position of the commit that does not follow.
        found: u64,
    },
}

/// Answer to an HTTP request about identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Member of the device; none after signing out.
    Me(Option<Member>),
    /// Refusal, with a free name if the wanted one is taken.
    Refused(ErrorCode, Option<String>),
}
