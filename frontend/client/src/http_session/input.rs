//! The inputs of a session: facts from its client, the browser, the server and the other tabs.

use super::output::SessionTimer;
use super::request::RequestId;
use crate::tabs::Lease;
use shared::Command;

/// A fact that the shell reports to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionInput {
    /// The client opened the session. This is the first input. Before it, only [`SessionInput::Close`] and
    /// [`SessionInput::Leave`] have an effect.
    Opened {
        /// Lease in the browser's storage.
        lease: Option<Lease>,
        /// Whether the tab cannot share its reading: the browser has no channel between tabs, or no storage.
        is_alone: bool,
        /// Whether the page is hidden.
        is_hidden: bool,
    },
    /// The client sends a command. The command is lost if the session is not open.
    Send(Command),
    /// The client closes the session.
    Close,
    /// The page is being left (`pagehide`).
    Leave,
    /// The whole response to a request arrived. A successful stream has chunks instead.
    Response {
        /// Id of the request that the response answers.
        id: RequestId,
        /// HTTP status of the response, such as 200.
        status: u16,
        /// Body of the response; empty if it could not be read after an error status.
        body: String,
    },
    /// The next bytes of a stream arrived.
    Chunk {
        /// Id of the stream's request.
        id: RequestId,
        /// The bytes, which may be cut anywhere, even within a character.
        bytes: Vec<u8>,
    },
    /// A request had no response, a cut one, or none within its timeout; or a stream ended.
    Failed(RequestId),
    /// Another tab sent this text over the channel.
    TabMessage(String),
    /// The answer to [`SessionOutput::ReadLease`](super::SessionOutput::ReadLease); `None` if no lease is
    /// stored.
    LeaseRead(Option<Lease>),
    /// A scheduled timer fired.
    TimerFired(SessionTimer),
}
