//! A WebSocket that is tried beside a lesser transport, which serves meanwhile.
//!
//! It begins where the client stands when it opens. From its `hello` on, what the other still tells is
//! held back: with the `welcome` it is dropped, for all of it comes again, behind the cursor of that
//! `hello`; without one it is taken as if nothing had been. So nothing is lost and nothing overtakes.

use super::{Connection, ConnectionState};
use crate::connection_id::ConnectionId;
use crate::effect::Effect;
use crate::limits::{BESIDE_CEILING_MS, BESIDE_FIRST_MS, BESIDE_FRAMES_MAX, CONNECT_MS, FIRST_WORD_MS};
use crate::transport::Transport;
use shared::{CloseCode, Event};

/// It.
#[derive(Clone, Debug)]
pub(super) struct Upgrade {
    pub(super) socket: ConnectionId,
    /// When it began to open, or was open.
    pub(super) since: u64,
    /// The `ref` of its `hello`, once it is open.
    reference: Option<u64>,
    /// What the connection that serves told since.
    held: Vec<Event>,
}

impl Upgrade {
    /// One that opens since then.
    pub(super) fn opening(socket: ConnectionId, since: u64) -> Self {
        Upgrade { socket, since, reference: None, held: Vec::new() }
    }
}

/// When the next is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct UpgradeSchedule {
    pub(super) at: u64,
    wait: u64,
}

impl Default for UpgradeSchedule {
    fn default() -> Self {
        UpgradeSchedule { at: u64::MAX, wait: BESIDE_FIRST_MS }
    }
}

impl UpgradeSchedule {
    /// Now, if there is cause at all.
    pub(super) fn at_once(now: u64) -> Self {
        UpgradeSchedule { at: now, wait: BESIDE_FIRST_MS }
    }

    /// An attempt begins with this one.
    pub(super) fn started(&mut self, transport: Transport) {
        if transport == Transport::WebSocket {
            self.at = u64::MAX;
        }
    }

    /// This one is welcome.
    pub(super) fn welcomed(&mut self, transport: Transport, now: u64) {
        if transport == Transport::WebSocket {
            *self = UpgradeSchedule::default();
        } else {
            self.at = self.at.min(now.saturating_add(self.wait));
        }
    }

    pub(super) fn failed(&mut self, now: u64) {
        self.at = now.saturating_add(self.wait);
        self.wait = self.wait.saturating_mul(2).min(BESIDE_CEILING_MS);
    }
}

impl Connection {
    /// Tries one.
    pub(crate) fn begin_beside(&mut self, now: u64, out: &mut Vec<Effect>) {
        let socket = self.next_socket();
        self.beside = Some(Upgrade::opening(socket, now));
        out.push(Effect::OpenConnection(socket, Transport::WebSocket));
    }

    /// It is given up. What was held back for it is to be taken now.
    pub(crate) fn beside_failed(&mut self, now: u64, out: &mut Vec<Effect>) -> Vec<Event> {
        let held = self.leave_beside(out);
        self.plan.failed(now);
        held
    }

    /// It was closed: the same.
    pub(crate) fn beside_closed(&mut self, now: u64) -> Vec<Event> {
        self.plan.failed(now);
        self.beside.take().map(|beside| beside.held).unwrap_or_default()
    }

    /// Ends it.
    pub(super) fn leave_beside(&mut self, out: &mut Vec<Effect>) -> Vec<Event> {
        let Some(beside) = self.beside.take() else { return Vec::new() };
        out.push(Effect::CloseConnection(beside.socket, CloseCode::Normal.number()));
        beside.held
    }

    /// Whether this is it.
    pub(super) fn is_beside(&self, socket: ConnectionId) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.socket == socket)
    }

    /// Whether this `ref` is its `hello`'s.
    pub(crate) fn is_beside_greeting_as(&self, reference: u64) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.reference == Some(reference))
    }

    pub(super) fn is_beside_greeting(&self) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.reference.is_some())
    }

    /// Holds an event back. False if that were too many.
    pub(crate) fn hold_back(&mut self, event: Event) -> bool {
        let Some(beside) = &mut self.beside else { return false };
        beside.held.push(event);
        beside.held.len() <= BESIDE_FRAMES_MAX
    }

    /// It is open. Where nothing serves yet it is the one at once. False for another.
    pub(super) fn opened_beside(
        &mut self,
        socket: ConnectionId,
        reference: u64,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> bool {
        let is_live = self.is_live();
        let Some(beside) = self.beside.as_mut().filter(|it| it.socket == socket && it.reference.is_none())
        else {
            return false;
        };
        (beside.reference, beside.since) = (Some(reference), now);
        if !is_live {
            self.take_over(now, out);
        }
        true
    }

    /// It is the one that serves from now on; the other is closed.
    pub(crate) fn take_over(&mut self, now: u64, out: &mut Vec<Effect>) {
        let Some(Upgrade { socket, reference: Some(reference), since, .. }) = self.beside.take() else {
            return;
        };
        out.push(Effect::CloseConnection(self.socket, CloseCode::Normal.number()));
        self.choice.ended(false, now);
        self.choice.complete_upgrade();
        self.socket = socket;
        self.enter(ConnectionState::Greeting { reference }, now);
        (self.began, self.has_next) = (since, self.choice.has_next(now));
    }

    /// When it is given up, or the next is tried.
    pub(super) fn beside_deadline(&self) -> Option<u64> {
        if let Some(beside) = &self.beside {
            let patience = if beside.reference.is_some() { FIRST_WORD_MS } else { CONNECT_MS };
            return Some(beside.since.saturating_add(patience));
        }
        let from = self.choice.upgrade_from().filter(|_| self.is_live() && !self.offline)?;
        Some(self.plan.at.max(from)).filter(|at| *at < u64::MAX)
    }
}
