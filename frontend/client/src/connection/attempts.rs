//! Which transport is wanted, and what is remembered of those that worked.

use super::upgrade::UpgradeSchedule;
use super::{Connection, ConnectionState};
use crate::effect::Effect;
use crate::transport::{LastGood, Transport};
use shared::Event;

impl Connection {
    /// The user wants this transport and no other, or the best again.
    ///
    /// What was held back for a WebSocket that is not tried any more is to be taken now.
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
        // Nothing serves that what is wanted now would interrupt.
        let is_trying = !matches!(self.state, ConnectionState::Idle | ConnectionState::Live);
        let is_lesser = pinned.is_some_and(|pinned| pinned != self.selector.current());
        if (is_trying && is_another) || (self.is_live() && is_lesser) {
            self.open(now, out);
        } else if pinned.is_some() {
            return self.abandon_upgrade(out);
        }
        Vec::new()
    }

    /// What the user wants.
    pub(crate) fn pinned(&self) -> Option<Transport> {
        self.selector.pinned()
    }

    /// What an earlier visit found to work.
    pub(crate) fn set_last_good(&mut self, last_good: Option<LastGood>) {
        self.selector.set_last_good(last_good);
    }

    /// What worked for long enough is remembered: called after each input.
    pub(crate) fn remember_last_good(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.is_follower
            && let Some(last_good) = self.selector.take_last_good(now)
        {
            out.push(Effect::RememberTransport(Some(last_good)));
        }
    }

    /// It may be another network: what was learnt of the old one does not hold.
    pub(crate) fn forget_network(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.selector.forget_network() {
            out.push(Effect::RememberTransport(None));
        }
        self.schedule = UpgradeSchedule::immediate(now);
    }
}
