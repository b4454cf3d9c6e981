//! The deadline of a connection that speaks HTTP: for each request's head, for the rest of a body behind its
//! response, and for the time between two requests.
//!
//! actix-http has a deadline for the head of a connection's first request only, and its timer for idle
//! connections ends with the first byte of the next head. So the socket keeps the deadline. While a request is
//! served, its route is responsible.

use super::deadlines::Deadlines;
use super::request_bytes::Stage;
use std::{cell::RefCell, pin::Pin, task::Context};
use tokio::time::{Instant, Sleep, sleep_until};

/// The deadline of one connection.
#[derive(Debug)]
pub(super) struct HttpDeadline {
    deadlines: Deadlines,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// `None` while a request is served, and after the upgrade to a WebSocket.
    deadline: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Why a deadline ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// No request came, or its body did not end.
    Idle,
    /// A part of a head came, but not all of it.
    Head,
}

impl HttpDeadline {
    /// The deadline of a connection that was just accepted.
    pub(super) fn new(deadlines: Deadlines) -> Self {
        let deadline = Some(Instant::now() + deadlines.head);
        HttpDeadline { deadlines, state: RefCell::new(State { stage: Stage::Idle, deadline, timer: None }) }
    }

    /// Notes the stage of the connection. A new stage sets a new deadline.
    pub(super) fn note(&self, stage: Stage) {
        let mut state = self.state.borrow_mut();
        let last = std::mem::replace(&mut state.stage, stage);
        if last == stage {
            return;
        }
        let after = |time| Some(Instant::now() + time);
        state.deadline = match stage {
            Stage::Idle => after(self.deadlines.idle),
            // The first head of a connection has its time from the accept on.
            Stage::Head if last == Stage::Idle => state.deadline.min(after(self.deadlines.head)),
            Stage::Head => after(self.deadlines.head),
            Stage::RestOfBody => after(self.deadlines.body),
            Stage::Request => None,
            Stage::Upgraded => {
                state.timer = None;
                None
            }
        };
    }

    /// Whether the deadline has passed. If not, the task is woken when it does.
    pub(super) fn poll_expired(&self, cx: &mut Context<'_>) -> Option<Expired> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let deadline = state.deadline?;
        let expired = if state.stage == Stage::Head { Expired::Head } else { Expired::Idle };
        if Instant::now() >= deadline {
            return Some(expired);
        }
        let timer = state.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A timer that ends before the deadline stays: to set it costs more than to be woken once for nothing.
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(deadline);
            if Instant::now() >= deadline {
                return Some(expired);
            }
        }
        None
    }
}
