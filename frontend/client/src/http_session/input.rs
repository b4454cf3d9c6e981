//! What a session is told: by its client, by the browser, by the server, by other tabs.

use super::output::SessionTimer;
use super::request::RequestId;
use crate::tabs::Lease;
use shared::Command;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionInput {
    /// The client opened the session. The first input: before it only [`SessionInput::Close`] and
    /// [`SessionInput::Leave`] have an effect.
    Opened {
        /// Lease in the browser's storage.
        lease: Option<Lease>,
        /// The browser has no channel between tabs, or no storage.
        is_alone: bool,
        /// The page is hidden.
        is_hidden: bool,
    },
    /// The client sends this. Lost unless the session is open.
    Send(Command),
    /// The client closes the session.
    Close,
    /// The page is left (`pagehide`).
    Leave,
    /// A request was answered: whole, but for a stream that was opened.
    Response {
        /// Its number.
        id: RequestId,
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The next bytes of a stream came.
    Chunk {
        /// Number of its request.
        id: RequestId,
        /// The bytes, cut anywhere.
        bytes: Vec<u8>,
    },
    /// A request got no answer, not all of it, or none in time; or a stream ended.
    Failed(RequestId),
    /// Another tab sent this text over the channel.
    TabMessage(String),
    /// The answer to [`SessionOutput::ReadLease`].
    LeaseRead(Option<Lease>),
    /// A timer that was scheduled fired.
    TimerFired(SessionTimer),
}
