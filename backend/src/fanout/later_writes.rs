//! Writes that nobody waits for: of presence, pings and comments.
//!
//! Presence goes to everybody in the lobby at once, so one event costs a worker a write for each of its connections.
//! Messages would wait behind all of them. So these frames are queued at once, in their order, and written a few
//! connections at a time, between the rounds and with pauses, in which the registry gets its part of a CPU core that it
//! shares with the worker. A message for a connection takes them along.

use crate::connection::Connection;
use crate::limits::LATER_WRITES_PER_TURN;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

/// The connections of one worker that are flushed later, each of them once. Their number bounds it.
#[derive(Default)]
pub(super) struct LaterWrites {
    waiting: RefCell<VecDeque<Rc<Connection>>>,
}

impl LaterWrites {
    /// Adds a connection on which frames were queued.
    pub(super) fn add(&self, connection: &Rc<Connection>) {
        if connection.mark_for_later_flush() {
            self.waiting.borrow_mut().push_back(Rc::clone(connection));
        }
    }

    /// Whether no connection waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Flushes the first connections that still have something to write, at most [`LATER_WRITES_PER_TURN`].
    pub(super) fn write_some(&self) {
        let mut written = 0;
        while written < LATER_WRITES_PER_TURN {
            let Some(next) = self.waiting.borrow_mut().pop_front() else { return };
            if next.flush_later_frames() {
                written += 1;
            }
        }
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            // A worker that had many connections once must not keep room for them.
            *waiting = VecDeque::new();
        }
    }
}
