//! What a session wants done. The shell carries it out and nothing else.

use super::event::SessionEvent;
use super::request::{Request, RequestId};
use crate::tabs::Lease;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOutput {
    /// Make this request, and hand in what comes of it. It goes on if the session ends.
    Request(Request),
    /// Give up this request, if it is still under way. Nothing more is to be handed in of it.
    Abort(RequestId),
    /// Read the lease from the browser's storage and hand it in at once, before any other input.
    ReadLease,
    /// Keep this lease in the browser's storage, or drop the one that is there.
    SaveLease(Option<Lease>),
    /// Send this text to the other tabs.
    Broadcast(String),
    /// Hand in this timer after so many milliseconds, in place of an earlier one of its kind. After 0: without a timer
    /// of the browser, which comes late in a hidden page, but behind the inputs that wait already.
    ScheduleTimer(SessionTimer, u64),
    /// Tell the client.
    Emit(SessionEvent),
}

/// Timers that the shell keeps for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionTimer {
    /// Look which tab leads.
    Election,
    /// The next poll leaves.
    Poll,
}
