//! The pinned transport, and the memory of the transport that last worked.

use super::upgrade::UpgradeSchedule;
use super::{Connection, ConnectionState};
use crate::effect::Effect;
use crate::transport::{LastGood, Transport};
use shared::Event;

impl Connection {
    /// Uses only this transport, or the best one for `None`.
    ///
    /// Returns the events that were buffered for an upgrade that is given up; the caller applies
    /// them.
    pub(crate) fn pin_transport(
        &mut self,
        pinned: Option<Transport>,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> Vec<Event> {
        let is_another = self.selector.pinned() != pinned;
        if pinned.is_none() && is_another {
            self.schedule = UpgradeSchedule::immediate(now);
        }
        self.selector.pin(pinned);
        // No connection serves yet, so a new attempt interrupts nothing.
        let is_trying = !matches!(self.state, ConnectionState::Idle | ConnectionState::Live);
        let is_lesser = pinned.is_some_and(|pinned| pinned != self.selector.current());
        if (is_trying && is_another) || (self.is_live() && is_lesser) {
            self.open(now, out);
        } else if pinned.is_some() {
            return self.abandon_upgrade(out);
        }
        Vec::new()
    }

    /// The pinned transport.
    pub(crate) fn pinned(&self) -> Option<Transport> {
        self.selector.pinned()
    }

    /// Takes what an earlier visit remembered.
    pub(crate) fn set_last_good(&mut self, last_good: Option<LastGood>) {
        self.selector.set_last_good(last_good);
    }

    /// Stores the transport once it has worked for long enough. Called after each input.
    pub(crate) fn remember_last_good(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.is_follower
            && let Some(last_good) = self.selector.take_last_good(now)
        {
            out.push(Effect::RememberTransport(Some(last_good)));
        }
    }

    /// Forgets the failures and successes of the old network.
    pub(crate) fn forget_network(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.selector.forget_network() {
            out.push(Effect::RememberTransport(None));
        }
        self.schedule = UpgradeSchedule::immediate(now);
    }
}
