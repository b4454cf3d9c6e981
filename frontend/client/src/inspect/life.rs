//! The life of one WebSocket on a time line: its states, its events, and what was called on it.

use crate::limits::INSPECT_ENTRIES_MAX;
use crate::ready_state::ReadyState;
use std::collections::VecDeque;
use std::rc::Rc;

/// A life, from the call that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// What happened, oldest first.
    pub moments: VecDeque<Rc<LifecycleEntry>>,
    /// Moments that are no longer held: the oldest.
    pub dropped: u32,
    /// `message` events that carried a trace: they are not on the time line.
    pub traces: u32,
    /// When each `readyState` was first read, by its number.
    pub reached: [Option<u64>; 4],
    begun: u64,
    state: Option<ReadyState>,
    /// Moments so far: the next one's number.
    count: u32,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleEntry {
    /// Its number, from 0.
    pub number: u32,
    /// Milliseconds since the life began.
    pub at: u64,
    /// What it was.
    pub what: LifecycleEvent,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// A method was called.
    Called(SocketCall),
    /// `readyState` is another.
    State(ReadyState),
    /// The event `open`.
    Opened,
    /// The event `message`.
    Message {
        /// Bytes of its text.
        bytes: usize,
        /// The text, as far as it is shown.
        text: Rc<str>,
    },
    /// The event `error`.
    Failed,
    /// The event `close`.
    Closed {
        /// Its `code`.
        code: u16,
        /// Its `reason`.
        reason: Rc<str>,
        /// Its `wasClean`.
        clean: bool,
    },
}

/// A method of the WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketCall {
    /// `new WebSocket(url)`.
    New,
    /// `send(text)`.
    Send {
        /// Bytes of the text.
        bytes: usize,
        /// The text, as far as it is shown.
        text: Rc<str>,
    },
    /// `close(code, reason)`.
    Close {
        /// The code, if any.
        code: Option<u16>,
        /// The reason, if any.
        reason: Rc<str>,
    },
}

impl Lifecycle {
    /// A life that begins now.
    pub(super) fn begun(now: u64) -> Self {
        let mut life = Lifecycle { begun: now, ..Lifecycle::default() };
        life.note(now, LifecycleEvent::Called(SocketCall::New));
        life
    }

    /// The `readyState` as it was last read: 3 before there was any.
    pub fn state(&self) -> ReadyState {
        self.state.unwrap_or(ReadyState::Closed)
    }

    /// Whether there is a WebSocket that is not closed.
    pub fn is_going_on(&self) -> bool {
        self.state() != ReadyState::Closed
    }

    pub(super) fn is_now(&mut self, state: ReadyState, now: u64) {
        if self.state.replace(state) != Some(state) {
            self.reached[state as usize].get_or_insert(now.saturating_sub(self.begun));
            self.note(now, LifecycleEvent::State(state));
        }
    }

    pub(super) fn traced(&mut self) {
        self.traces = self.traces.saturating_add(1);
    }

    pub(super) fn note(&mut self, now: u64, what: LifecycleEvent) {
        let at = now.saturating_sub(self.begun);
        self.moments.push_back(Rc::new(LifecycleEntry { number: self.count, at, what }));
        self.count = self.count.saturating_add(1);
        if self.moments.len() > INSPECT_ENTRIES_MAX {
            self.moments.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_moments_make_way() {
        for (noted, dropped) in [(-1, 0), (0, 0), (1, 1)] {
            let mut life = Lifecycle::begun(0);
            for _ in 1..i32::try_from(INSPECT_ENTRIES_MAX).unwrap() + noted {
                life.note(5, LifecycleEvent::Opened);
            }
            assert_eq!(life.dropped, dropped);
            assert_eq!(life.moments[0].number, dropped);
            assert!(life.moments.len() <= INSPECT_ENTRIES_MAX);
        }
    }

    #[test]
    fn a_state_is_noted_when_it_is_another() {
        let mut life = Lifecycle::begun(100);
        assert!(!life.is_going_on());
        for (state, at) in
            [(ReadyState::Connecting, 100), (ReadyState::Connecting, 105), (ReadyState::Open, 120)]
        {
            life.is_now(state, at);
        }
        assert_eq!(life.reached, [Some(0), Some(20), None, None]);
        assert_eq!(life.moments.len(), 3);
        assert!(life.is_going_on());
    }
}
