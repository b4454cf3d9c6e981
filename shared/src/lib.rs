//! The protocol of Teahouse: wire types, ids, limits and the arithmetic that
//! both sides need.
//!
//! Nothing here does IO, reads a clock or draws random numbers, and what it
//! takes from others is small, for every byte of it is in the page too.
//! Numbers, not sentences, cross the wire: the page holds the sentences, in
//! each language.
//!
//! `PROTOCOL.md` describes the frames; `tests/golden/v1` holds one of each.

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
pub mod room;
pub mod version;
pub mod websocket;

pub use close::CloseCode;
pub use command::Command;
pub use cursor::{Cursor, Epoch};
pub use error::ErrorCode;
pub use event::Event;
pub use id::{Address, ClientId, MemberId, RoomId};
pub use member::Member;
pub use message::Message;
pub use room::Room;
