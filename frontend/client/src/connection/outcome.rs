//! The results of connection events, for the rest of the client.

/// The consequence of a connection's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionEnd {
    /// The connection was not the present one.
    Stale,
    /// The upgrade ended.
    Upgrade,
    /// Another attempt follows.
    WillRetry,
    /// No member is signed in, so no attempt follows until the identity is known. True if the
    /// session was live before: the member signed out elsewhere.
    SignedOut(bool),
}

/// The treatment of an event, depending on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameOutcome {
    /// Drop the event: its connection was replaced.
    Stale,
    /// Apply the event.
    Apply,
    /// Buffer the event until the upgrade succeeds or fails, see [`super::upgrade`].
    Buffer,
    /// Apply the event to the upgrade.
    Upgrade,
}

/// The action that is due when [`crate::timer::Timer::Silence`] fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadlineAction {
    /// Nothing is due.
    Nothing,
    /// Send a `ping`, because an answer is late.
    Probe,
    /// Give the connection up.
    GiveUp,
    /// Try the next transport.
    FallBack,
    /// Try a WebSocket next to the serving connection.
    BeginUpgrade,
    /// Give the upgrade up.
    FailUpgrade,
}

/// The result of a liveness check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Send a `ping`; silence after it ends the connection.
    SendPing,
    /// Another connection was opened instead.
    Reconnected,
    /// No check is needed.
    Unneeded,
}
