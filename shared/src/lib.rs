//! The protocol of Teahouse: wire types, ids, limits, and the arithmetic that server and page both need.
//!
//! This crate performs no I/O, reads no clock and draws no random numbers. Its dependencies are small,
//! because the page contains every byte of them. Numbers cross the wire, not sentences: the page holds
//! the sentences of each language.
//!
//! * [`command`]: frames from client to server.
//! * [`event`]: frames from server to client; the durable ones are also the events of the log.
//! * [`api`]: bodies of the HTTP requests and answers under `/api`.
//! * [`error`]: numbered refusals, with advice in English.
//! * [`close`]: the codes with which a connection ends, and whether the client reconnects.
//! * [`id`]: ids of members, rooms and commands, and addresses of events.
//! * [`cursor`]: positions of a client in the log.
//! * [`member`]: members as frames name them.
//! * [`room`]: rooms as frames name them.
//! * [`message`]: messages as snapshots and pages of history hold them.
//! * [`limits`]: limits that server and client both know.
//! * [`now`]: the two clocks that a core receives with each input.
//! * [`json`]: a small JSON reader that keeps the page small.
//! * [`websocket`]: handshake key and frames of RFC 6455, for the inspector.
//! * [`version`]: names of the protocol and of builds.
//!
//! `PROTOCOL.md` describes the frames; `tests/golden/v1` holds an example of each.

pub mod api;
pub mod close;
pub mod command;
pub mod cursor;
pub mod error;
pub mod event;
pub mod id;
pub mod json;
pub mod limits;
pub mod member;
pub mod message;
pub mod now;
pub mod room;
pub mod version;
pub mod websocket;

pub use close::CloseCode;
pub use command::Command;
pub use cursor::{Cursor, Epoch, Mark};
pub use error::ErrorCode;
pub use event::Event;
pub use id::{Address, ClientId, MemberId, RoomId};
pub use member::Member;
pub use message::Message;
pub use now::Now;
pub use room::Room;
