//! The `readyState` of a WebSocket, which the view and the inspector show.

/// The `readyState` of a WebSocket (WHATWG WebSockets §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ReadyState {
    /// The opening handshake is under way.
    Connecting = 0,
    /// Frames can pass.
    Open = 1,
    /// The closing handshake is under way.
    Closing = 2,
    /// There is no connection.
    Closed = 3,
}
