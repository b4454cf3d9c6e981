//! What comes of what happens to a connection: words for the rest of the client.

use shared::CloseCode;

/// Whether a house of ours closed it, or a page of ours: what stands between them says something
/// else, or nothing.
pub(super) fn is_word_of_ours(code: u16) -> bool {
    let said = [CloseCode::Restart, CloseCode::TryAgainLater, CloseCode::Internal, CloseCode::GoingAway];
    code >= 4_000 || said.iter().any(|word| word.number() == code)
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionEnd {
    /// It was not this one.
    NotOurs,
    /// It was the one that is tried beside it.
    Beside,
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
    NotOurs,
    /// The connection's.
    Now,
    /// The connection's, which is to wait: see [`super::upgrade`].
    Later,
    /// The one's that is tried beside it.
    Beside,
}

/// What the timer of silence brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadlineAction {
    /// Nothing.
    Nothing,
    /// The connection is to be given up.
    End,
    /// The next transport is to be tried.
    Next,
    /// A WebSocket is to be tried beside it.
    BesideBegins,
    /// The one that was tried beside it is to be given up.
    BesideEnds,
}

/// Whether a `ping` is to be sent: is this connection still alive?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Send one; silence after it ends the connection.
    Send,
    /// None is needed: another connection was opened.
    Anew,
    /// None is needed.
    No,
}
