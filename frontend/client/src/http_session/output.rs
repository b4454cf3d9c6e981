//! The outputs of a session: orders to its shell, which executes them and does nothing else.

use super::event::SessionEvent;
use super::request::{Request, RequestId};
use crate::tabs::Lease;

/// An order of a session to its shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOutput {
    /// Make this request and report its result as inputs. The request continues if the session ends.
    Request(Request),
    /// Abort this request if it is in flight, and report nothing more of it.
    Abort(RequestId),
    /// Read the lease from the browser's storage and report it at once, before any other input.
    ReadLease,
    /// Store this lease in the browser's storage; `None` deletes the stored one.
    SaveLease(Option<Lease>),
    /// Send this text to the other tabs over the channel.
    Broadcast(String),
    /// Report [`SessionInput::TimerFired`](super::SessionInput::TimerFired) after this number of
    /// milliseconds. It replaces an earlier timer of the same kind.
    ///
    /// With 0, the shell queues the input behind the waiting inputs and sets no timer of the browser, because
    /// such a timer fires late in a hidden page.
    ScheduleTimer(SessionTimer, u64),
    /// Report this event to the client.
    Emit(SessionEvent),
}

/// A timer that the shell keeps for a session. There is at most one of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionTimer {
    /// The next check of the leader's lease.
    Election,
    /// The sending of the next poll.
    Poll,
}
