//! Messages as snapshots and pages of history hold them.

use crate::{ClientId, MemberId};
use serde::Serialize;

/// Message as a snapshot or a page of history holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Position of the `posted` event in the log.
    pub n: u64,
    /// Number of the message in its room: 1, 2, 3… without gaps.
    pub seq: u64,
    /// Time of the commit by the server's clock: milliseconds since 1970.
    pub at: u64,
    /// Member who wrote the message.
    pub author: MemberId,
    /// Author's name at the time of writing.
    pub name: String,
    /// Number that distinguishes the connections of [`MemberId::PASSER_BY`]; absent for members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// Id from the author's client. Author and `client_id` identify the message from local echo to history.
    pub client_id: ClientId,
    /// Plain text of the message.
    pub text: String,
}

crate::read! {
    Message { n, seq, at, author, name, tag, client_id, text }
}
