//! What people say.

use crate::{ClientId, MemberId};
use serde::Serialize;

/// One message as it stands in a room's snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its position in the log.
    pub n: u64,
    /// Its number in the room: 1, 2, 3… without gaps.
    pub seq: u64,
    /// When it was committed: milliseconds since 1970, by the server's clock.
    pub at: u64,
    /// Who wrote it.
    pub author: MemberId,
    /// The author's name when it was written.
    pub name: String,
    /// Tells the connections of [`MemberId::PASSER_BY`] apart; absent for members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// With the author, the message's identity from local echo to history.
    pub client_id: ClientId,
    /// Plain text.
    pub text: String,
}

crate::read! {
    Message { n, seq, at, author, name, tag, client_id, text }
}
