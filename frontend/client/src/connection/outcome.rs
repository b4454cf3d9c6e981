//! What comes of what happens to a connection: words for the rest of the client.

use shared::CloseCode;

/// Whether a house of ours closed it, or a page of ours: what stands between them says something
/// else, or nothing.
pub(super) fn is_protocol_close(code: u16) -> bool {
    let said = [CloseCode::Restart, CloseCode::TryAgainLater, CloseCode::Internal, CloseCode::GoingAway];
    code >= 4_000 || said.iter().any(|word| word.number() == code)
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionEnd {
    /// It was not this one.
    Stale,
    /// It was the one that is tried beside it.
    Upgrade,
    /// The next attempt will come.
    WillRetry,
    /// No member is signed in: it rests until that is clear. True if it was
    /// welcome before, so that somebody signed out meanwhile.
    SignedOut(bool),
}

/// Whose frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameOutcome {
    /// An older connection's.
    Stale,
    /// The connection's.
    Apply,
    /// The connection's, which is to wait: see [`super::upgrade`].
    Buffer,
    /// The one's that is tried beside it.
    Upgrade,
}

/// What the timer of silence brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadlineAction {
    /// Nothing.
    Nothing,
    /// The connection is to be given up.
    GiveUp,
    /// The next transport is to be tried.
    FallBack,
    /// A WebSocket is to be tried beside it.
    BeginUpgrade,
    /// The one that was tried beside it is to be given up.
    FailUpgrade,
}

/// Whether a `ping` is to be sent: is this connection still alive?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Send one; silence after it ends the connection.
    SendPing,
    /// None is needed: another connection was opened.
    Reconnected,
    /// None is needed.
    Unneeded,
}
