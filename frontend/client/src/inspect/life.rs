//! The lifecycle of one WebSocket: its states, its events, and the calls of its methods.

use crate::limits::INSPECT_ENTRIES_MAX;
use crate::ready_state::ReadyState;
use std::collections::VecDeque;
use std::rc::Rc;

/// The life of a WebSocket from its constructor on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// The entries, oldest first.
    pub entries: VecDeque<Rc<LifecycleEntry>>,
    /// The number of old entries that were dropped.
    pub dropped: u32,
    /// The number of `message` events that carried a trace. They are not on the time line.
    pub traces: u32,
    /// The time at which each `readyState` was first read, by its number.
    pub reached: [Option<u64>; 4],
    begun: u64,
    state: Option<ReadyState>,
    /// The number of entries so far, which is the number of the next.
    count: u32,
}

/// An entry of the time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleEntry {
    /// The number, from 0.
    pub number: u32,
    /// Milliseconds since the call of the constructor.
    pub at: u64,
    /// Call, event or change of state that happened at this time.
    pub event: LifecycleEvent,
}

/// An event in the life of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// A method was called.
    Called(SocketCall),
    /// The `readyState` changed.
    State(ReadyState),
    /// The event `open`.
    Opened,
    /// The event `message`.
    Message {
        /// The length of the text in bytes.
        bytes: usize,
        /// The text, shortened.
        text: Rc<str>,
    },
    /// The event `error`.
    Failed,
    /// The event `close`.
    Closed {
        /// The event's `code`.
        code: u16,
        /// The event's `reason`.
        reason: Rc<str>,
        /// The event's `wasClean`.
        clean: bool,
    },
}

/// A method of the WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketCall {
    /// The constructor `new WebSocket(url)`, always the first entry.
    New,
    /// The method `send(text)`.
    Send {
        /// The length of the text in bytes.
        bytes: usize,
        /// The text, shortened.
        text: Rc<str>,
    },
    /// The method `close(code, reason)`.
    Close {
        /// Code that the person entered; `None` for a call without arguments.
        code: Option<u16>,
        /// Reason that the person entered; empty if there is none.
        reason: Rc<str>,
    },
}

impl Lifecycle {
    /// A life that begins now.
    pub(super) fn begin(now: u64) -> Self {
        let mut life = Lifecycle { begun: now, ..Lifecycle::default() };
        life.record(now, LifecycleEvent::Called(SocketCall::New));
        life
    }

    /// The `readyState` as last read; 3 before the first reading.
    pub fn state(&self) -> ReadyState {
        self.state.unwrap_or(ReadyState::Closed)
    }

    /// Whether there is a WebSocket that is not closed.
    pub fn is_alive(&self) -> bool {
        self.state() != ReadyState::Closed
    }

    pub(super) fn record_state(&mut self, state: ReadyState, now: u64) {
        if self.state.replace(state) != Some(state) {
            self.reached[state as usize].get_or_insert(now.saturating_sub(self.begun));
            self.record(now, LifecycleEvent::State(state));
        }
    }

    pub(super) fn count_trace(&mut self) {
        self.traces = self.traces.saturating_add(1);
    }

    pub(super) fn record(&mut self, now: u64, event: LifecycleEvent) {
        let at = now.saturating_sub(self.begun);
        self.entries.push_back(Rc::new(LifecycleEntry { number: self.count, at, event }));
        self.count = self.count.saturating_add(1);
        if self.entries.len() > INSPECT_ENTRIES_MAX {
            self.entries.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_are_dropped_past_the_limit() {
        for (noted, dropped) in [(-1, 0), (0, 0), (1, 1)] {
            let mut life = Lifecycle::begin(0);
            for _ in 1..i32::try_from(INSPECT_ENTRIES_MAX).unwrap() + noted {
                life.record(5, LifecycleEvent::Opened);
            }
            assert_eq!(life.dropped, dropped);
            assert_eq!(life.entries[0].number, dropped);
            assert!(life.entries.len() <= INSPECT_ENTRIES_MAX);
        }
    }

    #[test]
    fn a_ready_state_is_recorded_when_it_changes() {
        let mut life = Lifecycle::begin(100);
        assert!(!life.is_alive());
        for (state, at) in
            [(ReadyState::Connecting, 100), (ReadyState::Connecting, 105), (ReadyState::Open, 120)]
        {
            life.record_state(state, at);
        }
        assert_eq!(life.reached, [Some(0), Some(20), None, None]);
        assert_eq!(life.entries.len(), 3);
        assert!(life.is_alive());
    }
}
