//! The upgrade: a WebSocket that is tried while a lesser transport serves.
//!
//! The WebSocket starts from the client's cursor. From its `hello` on, events of the lesser
//! transport are buffered. On `welcome` they are dropped, because the server replays everything
//! after the cursor. If the upgrade fails, they are applied. So no event is lost or reordered.

use super::{Connection, ConnectionState};
use crate::connection_id::ConnectionId;
use crate::effect::Effect;
use crate::limits::{CONNECT_MS, FALL_BACK_MS, UPGRADE_CEILING_MS, UPGRADE_EVENTS_MAX, UPGRADE_FIRST_MS};
use crate::transport::Transport;
use shared::{CloseCode, event::EventFrame};

/// The WebSocket that the upgrade tries.
#[derive(Clone, Debug)]
pub(super) struct Upgrade {
    pub(super) id: ConnectionId,
    /// The time at which the WebSocket began to open, or opened.
    pub(super) since: u64,
    /// The `ref` of the WebSocket's `hello`, once the WebSocket is open.
    reference: Option<u64>,
    /// Events of the serving connection since the `hello`.
    buffered: Vec<EventFrame>,
}

impl Upgrade {
    /// A WebSocket that has been opening since then.
    pub(super) fn opening(socket: ConnectionId, since: u64) -> Self {
        Upgrade { id: socket, since, reference: None, buffered: Vec::new() }
    }
}

/// The time of the next upgrade.
#[derive(Clone, Copy, Debug)]
pub(super) struct UpgradeSchedule {
    pub(super) next_at: u64,
    wait: u64,
}

impl Default for UpgradeSchedule {
    fn default() -> Self {
        UpgradeSchedule { next_at: u64::MAX, wait: UPGRADE_FIRST_MS }
    }
}

impl UpgradeSchedule {
    /// Schedules an upgrade for now, if one is due at all.
    pub(super) fn immediate(now: u64) -> Self {
        UpgradeSchedule { next_at: now, wait: UPGRADE_FIRST_MS }
    }

    /// Records that an attempt with this transport began.
    pub(super) fn note_started(&mut self, transport: Transport) {
        if transport == Transport::WebSocket {
            self.next_at = u64::MAX;
        }
    }

    /// Records that the server welcomed this transport.
    pub(super) fn note_welcomed(&mut self, transport: Transport, now: u64) {
        if transport == Transport::WebSocket {
            *self = UpgradeSchedule::default();
        } else {
            self.next_at = self.next_at.min(now.saturating_add(self.wait));
        }
    }

    pub(super) fn note_failed(&mut self, now: u64) {
        self.next_at = now.saturating_add(self.wait);
        self.wait = self.wait.saturating_mul(2).min(UPGRADE_CEILING_MS);
    }
}

impl Connection {
    /// Opens a WebSocket next to the serving connection.
    pub(crate) fn begin_upgrade(&mut self, now: u64, out: &mut Vec<Effect>) {
        let socket = self.next_id();
        self.upgrade = Some(Upgrade::opening(socket, now));
        out.push(Effect::OpenConnection(socket, Transport::WebSocket));
    }

    /// Gives the upgrade up. Returns the buffered events, which the caller applies.
    pub(crate) fn fail_upgrade(&mut self, now: u64, out: &mut Vec<Effect>) -> Vec<EventFrame> {
        let buffered = self.abandon_upgrade(out);
        self.schedule.note_failed(now);
        buffered
    }

    /// Records that the WebSocket closed. Returns the buffered events, which the caller applies.
    pub(crate) fn note_upgrade_closed(&mut self, now: u64) -> Vec<EventFrame> {
        self.schedule.note_failed(now);
        self.upgrade.take().map(|upgrade| upgrade.buffered).unwrap_or_default()
    }

    /// Ends the upgrade without counting a failure. Returns the buffered events.
    pub(super) fn abandon_upgrade(&mut self, out: &mut Vec<Effect>) -> Vec<EventFrame> {
        let Some(upgrade) = self.upgrade.take() else { return Vec::new() };
        out.push(Effect::CloseConnection(upgrade.id, CloseCode::Normal.number()));
        upgrade.buffered
    }

    /// Whether this connection is the upgrade.
    pub(super) fn is_upgrade(&self, socket: ConnectionId) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.id == socket)
    }

    /// Whether this `ref` belongs to the upgrade's `hello`.
    pub(crate) fn is_upgrade_hello(&self, reference: u64) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.reference == Some(reference))
    }

    pub(super) fn is_upgrade_greeting(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.reference.is_some())
    }

    /// Buffers an event. Returns false if too many are buffered.
    pub(crate) fn buffer_event(&mut self, event: EventFrame) -> bool {
        let Some(upgrade) = &mut self.upgrade else { return false };
        upgrade.buffered.push(event);
        upgrade.buffered.len() <= UPGRADE_EVENTS_MAX
    }

    /// Records that the WebSocket opened. If no transport serves yet, the WebSocket replaces the
    /// attempt at once. Returns false for another connection.
    pub(super) fn note_upgrade_opened(
        &mut self,
        socket: ConnectionId,
        reference: u64,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> bool {
        let is_live = self.is_live();
        let Some(upgrade) =
            self.upgrade.as_mut().filter(|upgrade| upgrade.id == socket && upgrade.reference.is_none())
        else {
            return false;
        };
        (upgrade.reference, upgrade.since) = (Some(reference), now);
        if !is_live {
            self.complete_upgrade(now, out);
        }
        true
    }

    /// Makes the WebSocket the serving connection and closes the other one.
    pub(crate) fn complete_upgrade(&mut self, now: u64, out: &mut Vec<Effect>) {
        let Some(Upgrade { id: socket, reference: Some(reference), since, .. }) = self.upgrade.take() else {
            return;
        };
        out.push(Effect::CloseConnection(self.socket, CloseCode::Normal.number()));
        self.selector.mark_ended(false, now);
        self.selector.complete_upgrade();
        self.socket = socket;
        self.set_state(ConnectionState::Greeting { reference }, now);
        (self.attempt_began_at, self.has_fallback) = (since, self.selector.has_fallback(now));
    }

    /// The time at which the upgrade is given up, or the next one begins.
    pub(super) fn upgrade_deadline(&self) -> Option<u64> {
        if let Some(upgrade) = &self.upgrade {
            let timeout_ms = if upgrade.reference.is_some() { FALL_BACK_MS } else { CONNECT_MS };
            return Some(upgrade.since.saturating_add(timeout_ms));
        }
        let from = self.selector.upgrade_allowed_at().filter(|_| self.is_live() && !self.is_offline)?;
        Some(self.schedule.next_at.max(from)).filter(|at| *at < u64::MAX)
    }
}
