//! What happened in a window since it was opened, as a listener inside of it
//! noted it (`recorder.js`).

use serde::Deserialize;

/// Runs in each document before the page's own scripts.
pub const SCRIPT: &str = include_str!("recorder.js");

/// Returns what was noted so far. A document without storage has noted nothing.
pub const READ: &str = "try { return JSON.parse(sessionStorage.getItem('e2e') ?? '[]') } catch { return [] }";

/// One note.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// Something that must not happen.
    Fault {
        /// What.
        text: String,
    },
    /// A WebSocket of the page.
    Socket {
        /// Counts from 1 in each document.
        id: u32,
        /// What became of it.
        #[serde(flatten)]
        event: SocketEvent,
    },
    /// The page shows another readyState.
    Shown {
        /// The one that it shows.
        state: u16,
        /// The newest WebSocket's own at that moment.
        real: u16,
    },
}

/// What became of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SocketEvent {
    /// It was made.
    New {
        /// Where to.
        url: String,
    },
    /// It opened.
    Open,
    /// It closed.
    #[serde(rename_all = "camelCase")]
    Close {
        /// The close code.
        code: u16,
        /// The close reason.
        reason: String,
        /// Whether the closing handshake was done.
        was_clean: bool,
    },
}
