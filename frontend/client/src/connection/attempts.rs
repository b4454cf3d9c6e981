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
    pub(crate) fn pin(&mut self, pinned: Option<Transport>, now: u64, out: &mut Vec<Effect>) -> Vec<Event> {
        let is_another = self.choice.pinned() != pinned;
        if pinned.is_none() && is_another {
            self.plan = UpgradeSchedule::at_once(now);
        }
        self.choice.pin(pinned);
        // Nothing serves that what is wanted now would interrupt.
        let is_trying = !matches!(self.stage, ConnectionState::Resting | ConnectionState::Live);
        let is_lesser = pinned.is_some_and(|pinned| pinned != self.choice.current());
        if (is_trying && is_another) || (self.is_live() && is_lesser) {
            self.open(now, out);
        } else if pinned.is_some() {
            return self.leave_beside(out);
        }
        Vec::new()
    }

    /// What the user wants.
    pub(crate) fn pinned(&self) -> Option<Transport> {
        self.choice.pinned()
    }

    /// What an earlier visit found to work.
    pub(crate) fn remember(&mut self, worked: Option<LastGood>) {
        self.choice.remember(worked);
    }

    /// What worked for long enough is remembered: called after each input.
    pub(crate) fn note(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.is_led
            && let Some(worked) = self.choice.lasted(now)
        {
            out.push(Effect::RememberTransport(Some(worked)));
        }
    }

    /// It may be another network: what was learnt of the old one does not hold.
    pub(crate) fn forget(&mut self, now: u64, out: &mut Vec<Effect>) {
        if self.choice.forget() {
            out.push(Effect::RememberTransport(None));
        }
        self.plan = UpgradeSchedule::at_once(now);
    }
}
