//! Appends that wait for the store's outcome, and outcomes that wait for the tail.
//!
//! The hub answers the author of a change only when the change's events have come from the tail. So an
//! author never has a reply before the house, and with it every query, holds the change.

use super::{Hub, refuse};
use crate::house::change::{Change, NewReceipts, Outcome, Receipt};
use crate::house::members::DeviceKey;
use crate::house::names::Name;
use crate::input::Unstored;
use crate::limits::{APPEND_BYTES_WAITING_MAX, APPENDS_WAITING_MAX};
use crate::output::{Answer, Output};
use crate::session::{RequestId, SessionId};
use shared::{Address, CloseCode, ErrorCode, Event, MemberId, event::Reply};
use std::collections::{HashSet, VecDeque};

/// Origin of an append, which receives its outcome.
#[derive(Debug)]
pub(super) enum Origin {
    /// Command of a member.
    Command { session: SessionId, reference: u64 },
    /// Command of a member to create a room.
    CreateRoom { session: SessionId, reference: u64, author: MemberId },
    /// Text of the text dialect.
    Text { session: SessionId },
    /// Not an append, but a message that keeps its place among the appends.
    Unstored(Unstored),
    /// HTTP request to join the house.
    Join { request: RequestId, name: Name, device: DeviceKey },
    /// HTTP request for a new name.
    Rename { request: RequestId, member: MemberId, name: Name },
    /// HTTP request to sign out.
    SignOut { request: RequestId },
    /// Not an append, but the close of a session whose member has left the house. It follows the answers to
    /// the session's appends.
    Close { session: SessionId },
}

/// Append whose origin has no answer yet.
#[derive(Debug)]
struct PendingAppend {
    origin: Origin,
    /// Bytes of text in the change.
    bytes: usize,
    /// Outcome of the store, once it is known.
    outcome: Option<Outcome>,
}

/// Appends whose origins have no answer yet, in the order of the appends.
#[derive(Debug)]
pub(super) struct PendingAppends {
    queue: VecDeque<PendingAppend>,
    /// Count of the entries at the front that wait for no outcome of the store.
    answered: usize,
    /// Bytes of text in all entries.
    bytes: usize,
    new_receipts: NewReceipts,
}

impl Origin {
    /// Whether the entry waits for no outcome of the store.
    fn is_answered(&self) -> bool {
        matches!(self, Origin::Unstored(_) | Origin::Close { .. })
    }

    /// Returns the session that gets the answer.
    fn session(&self) -> Option<SessionId> {
        match self {
            Origin::Command { session, .. } | Origin::CreateRoom { session, .. } => Some(*session),
            _ => None,
        }
    }
}

impl PendingAppends {
    /// Makes the empty queue of a log that ends at this position.
    pub(super) fn new(head: u64) -> Self {
        PendingAppends {
            queue: VecDeque::new(),
            answered: 0,
            bytes: 0,
            new_receipts: NewReceipts::after(head),
        }
    }

    /// Whether one more append may wait.
    pub(super) fn has_space(&self) -> bool {
        self.queue.len() < APPENDS_WAITING_MAX && self.bytes < APPEND_BYTES_WAITING_MAX
    }

    fn push(&mut self, origin: Origin, bytes: usize) {
        self.bytes += bytes;
        self.queue.push_back(PendingAppend { origin, bytes, outcome: None });
    }

    /// Records the outcome of the first append that has none. Returns the member whom a room was counted for that
    /// was not made: it was refused, or the command was a retry.
    fn record(&mut self, outcome: Outcome) -> Option<MemberId> {
        let is_new = self.new_receipts.is_new(&outcome);
        while let Some(pending) = self.queue.get_mut(self.answered) {
            self.answered += 1;
            if !pending.origin.is_answered() {
                pending.outcome = Some(outcome);
                return match pending.origin {
                    Origin::CreateRoom { author, .. } if !is_new => Some(author),
                    _ => None,
                };
            }
        }
        None
    }

    /// Takes the first entry, if it waits for nothing: its events were applied up to `head`.
    fn take_due(&mut self, head: u64) -> Option<(Origin, Option<Outcome>)> {
        let is_due = |pending: &mut PendingAppend| match (&pending.origin, &pending.outcome) {
            (origin, _) if origin.is_answered() => true,
            (_, Some(Err(_))) => true,
            (_, Some(Ok(receipt))) => receipt.n <= head,
            (_, None) => false,
        };
        let PendingAppend { origin, bytes, outcome } = self.queue.pop_front_if(is_due)?;
        self.bytes -= bytes;
        self.answered = self.answered.saturating_sub(1);
        Some((origin, outcome))
    }
}

impl Hub {
    /// Gives a change to the store and remembers its origin until the answer.
    pub(super) fn append(&mut self, origin: Origin, change: Change, out: &mut Vec<Output>) {
        self.pending_appends.push(origin, change.text_bytes());
        out.push(Output::Append(change));
    }

    /// Passes on an unstored message after the appends that came before it.
    pub(super) fn publish_after_appends(&mut self, unstored: Unstored, out: &mut Vec<Output>) {
        let bytes = match &unstored {
            Unstored::EmptyText => 0,
            Unstored::Binary(bytes) => bytes.len(),
        };
        self.pending_appends.push(Origin::Unstored(unstored), bytes);
        self.answer_due_appends(out);
    }

    /// Closes the sessions of a member who has left the house. A session that waits for answers receives them
    /// first, but no more events: its subscriptions to `left` end now.
    pub(super) fn close_left_sessions(
        &mut self,
        sessions: Vec<SessionId>,
        left: &[Address],
        out: &mut Vec<Output>,
    ) {
        let waiting: HashSet<SessionId> =
            self.pending_appends.queue.iter().filter_map(|pending| pending.origin.session()).collect();
        for session in sessions {
            if waiting.contains(&session) {
                out.extend(left.iter().map(|room| Output::Unsubscribe(session, *room)));
                self.pending_appends.push(Origin::Close { session }, 0);
            } else {
                out.push(Output::Close(session, CloseCode::SignedOut));
            }
        }
    }

    /// Records outcomes, in the order of the appends.
    pub(super) fn record_outcomes(&mut self, outcomes: Vec<Outcome>, out: &mut Vec<Output>) {
        for outcome in outcomes {
            if let Some(author) = self.pending_appends.record(outcome) {
                self.give_back_room(author);
            }
        }
        self.answer_due_appends(out);
    }

    /// Answers the appends at the front of the queue that wait for nothing more.
    pub(super) fn answer_due_appends(&mut self, out: &mut Vec<Output>) {
        while let Some((origin, outcome)) = self.pending_appends.take_due(self.house.head()) {
            match (origin, outcome) {
                (Origin::Unstored(unstored), _) => out.push(Output::PublishUnstored(unstored)),
                (Origin::Close { session }, _) => out.push(Output::Close(session, CloseCode::SignedOut)),
                (origin, Some(Ok(receipt))) => self.answer_origin(origin, receipt, out),
                (origin, Some(Err(code))) => self.refuse_origin(origin, code, out),
                (_, None) => {}
            }
        }
    }

    fn answer_origin(&mut self, origin: Origin, receipt: Receipt, out: &mut Vec<Output>) {
        match origin {
            Origin::Command { session, reference } | Origin::CreateRoom { session, reference, .. } => {
                let Receipt { n, seq, at, room } = receipt;
                out.push(Output::Send(session, Event::Reply(Reply { reference, n, seq, at, room })));
            }
            // Another join of the device was under way with another name. The newer name counts.
            Origin::Join { request, device, name } if self.has_other_name(device, &name) => {
                self.rename(request, name.as_str(), device, out)
            }
            Origin::Join { request, device, .. } => self.answer_who_am_i(request, device, out),
            Origin::Rename { request, member, .. } => {
                out.push(Output::Answer(request, Answer::Me(self.house.members.get(member))));
            }
            Origin::SignOut { request } => out.push(Output::Answer(request, Answer::Me(None))),
            Origin::Text { .. } | Origin::Unstored(_) | Origin::Close { .. } => {}
        }
    }

    fn refuse_origin(&mut self, origin: Origin, code: ErrorCode, out: &mut Vec<Output>) {
        match origin {
            Origin::Command { session, reference } | Origin::CreateRoom { session, reference, .. } => {
                refuse(session, Some(reference), code, out)
            }
            Origin::Text { session } => out.push(Output::Close(session, CloseCode::TryAgainLater)),
            Origin::Join { request, name, .. } | Origin::Rename { request, name, .. } => {
                self.refuse_name(request, name.as_str(), code, out)
            }
            Origin::SignOut { request } => out.push(Output::Answer(request, Answer::Refused(code, None))),
            Origin::Unstored(_) | Origin::Close { .. } => {}
        }
    }
}
