//! Questions about the log that [`super::House::execute`] asks while it executes a change.
//!
//! The house holds no events, so a store answers from its log. It answers inside the transaction of the change:
//! no other change comes between the answer and the commit.

use super::change::Receipt;
use shared::{ClientId, MemberId, RoomId};
use std::convert::Infallible;

/// The log of a store, as it is before the change.
pub trait LogLookup {
    /// Error of a log that cannot be read. The store then refuses the whole append.
    type Error;

    /// Returns the receipt of the change that this author has already made with this `client_id`; none if there
    /// is no such change.
    ///
    /// # Errors
    /// The log cannot be read.
    fn receipt(&self, author: MemberId, client_id: ClientId) -> Result<Option<Receipt>, Self::Error>;

    /// Returns the state of the message at position `n`; none if there is no message at this position.
    ///
    /// # Errors
    /// The log cannot be read.
    fn message(&self, n: u64) -> Result<Option<MessageState>, Self::Error>;
}

/// Log without events, for changes of which none repeats another one or refers to a message.
#[derive(Clone, Copy, Debug)]
pub struct EmptyLog;

impl LogLookup for EmptyLog {
    type Error = Infallible;

    fn receipt(&self, _: MemberId, _: ClientId) -> Result<Option<Receipt>, Infallible> {
        Ok(None)
    }

    fn message(&self, _: u64) -> Result<Option<MessageState>, Infallible> {
        Ok(None)
    }
}

/// State of a message. The text is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageState {
    /// Room of the message.
    pub room: RoomId,
    /// Member who wrote the message.
    pub author: MemberId,
    /// Number of the version: 1 as it was posted, and 1 more with each later change of the message.
    pub version: u32,
    /// Whether the message was deleted.
    pub is_deleted: bool,
}

impl MessageState {
    /// Returns the state of a message as it was posted.
    pub fn as_posted(room: RoomId, author: MemberId) -> Self {
        MessageState { room, author, version: 1, is_deleted: false }
    }
}
