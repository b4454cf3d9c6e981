//! The recorder: a script inside each document (`recorder.js`) that records errors, WebSockets and
//! shown `readyState`s since the browser was opened.

use serde::Deserialize;

/// The script, which runs in each document before the page's own scripts.
pub const SCRIPT: &str = include_str!("recorder.js");

/// A function body that returns the recorded entries. A document without storage has none.
pub const READ: &str = "try { return JSON.parse(sessionStorage.getItem('e2e') ?? '[]') } catch { return [] }";

/// One recorded entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecorderEntry {
    /// A page error.
    Error {
        /// Description of the error.
        text: String,
    },
    /// An event of one of the page's WebSockets.
    Socket {
        /// Number of the WebSocket in its document, from 1.
        id: u32,
        /// The event, with its fields.
        #[serde(flatten)]
        event: SocketEvent,
    },
    /// The connection badge changed to another `readyState`.
    ReadyState {
        /// The `readyState` that the page shows.
        shown: u16,
        /// The `readyState` of the newest WebSocket at that moment.
        actual: u16,
    },
}

/// An event of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SocketEvent {
    /// The constructor was called.
    New {
        /// URL of the connection.
        url: String,
    },
    /// The `open` event.
    Open,
    /// The `close` event.
    #[serde(rename_all = "camelCase")]
    Close {
        /// Close code of the connection (RFC 6455 §7.4).
        code: u16,
        /// Close reason, empty if there is none.
        reason: String,
        /// Whether the closing handshake was completed.
        was_clean: bool,
    },
}
