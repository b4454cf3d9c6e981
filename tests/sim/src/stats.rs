//! Counts of what happened in a run.

/// Counts of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Number of steps.
    pub steps: u64,
    /// Number of messages that users sent.
    pub sent: u64,
    /// Number of messages in the logs of all epochs.
    pub committed: u64,
    /// Number of retries that got the stored receipt.
    pub retries: u64,
    /// Number of `welcome` frames that pages received.
    pub welcomes: u64,
    /// Number of transport switches.
    pub switches: u64,
    /// Number of times that a tab became a follower.
    pub follows: u64,
    /// Number of frames relayed to followers.
    pub relayed: u64,
    /// Number of restarts of the server.
    pub restarts: u64,
    /// Number of times that the log was rolled back to an older copy.
    pub roll_backs: u64,
    /// Number of `welcome` frames that said so.
    pub rolled_back: u64,
    /// Number of times that a room was archived.
    pub archives: u64,
    /// Number of moves of read markers that the store saved.
    pub marks: u64,
    /// Number of steps of wall clocks.
    pub clock_steps: u64,
    /// Number of unacknowledged changes that a crash lost.
    pub lost_changes: u64,
    /// Number of sessions resumed from a cursor.
    pub resumed: u64,
    /// Number of sessions whose buffered frames passed the limit.
    pub overflows: u64,
    /// Number of saved rows that pages loaded.
    pub loaded_rows: u64,
    /// Number of messages that pages showed when paged to the start.
    pub shown_messages: u64,
    /// Milliseconds from the end of the fault phase to agreement.
    pub recovery_ms: u64,
}
