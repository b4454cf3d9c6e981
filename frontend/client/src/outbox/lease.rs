//! The leases of stored rows: a tab renews them, and releases them when it closes.

use super::Outbox;
use crate::effect::Effect;
use crate::limits::{LEASE_MS, LEASE_RENEW_MS};

impl Outbox {
    /// The time of the next renewal.
    pub(crate) fn renew_at(&self) -> Option<u64> {
        let stored = self.entries.iter().filter(|entry| entry.is_saved);
        stored.map(|entry| entry.row.lease.saturating_sub(LEASE_RENEW_MS)).min()
    }

    /// Renews all leases if one of them ends soon: in one write, so that all end together.
    pub(crate) fn renew(&mut self, now: u64, out: &mut Vec<Effect>) {
        let until = now.saturating_add(LEASE_MS);
        // A clock that was set back must not stop the renewals.
        let is_due = |lease: u64| lease <= now.saturating_add(LEASE_RENEW_MS) || lease > until;
        if !self.entries.iter().any(|entry| entry.is_saved && is_due(entry.row.lease)) {
            return;
        }
        let mut keys = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.is_saved) {
            entry.row.lease = until;
            keys.push(entry.row.key());
        }
        out.push(Effect::RenewLease { keys, until });
    }

    /// Releases all rows, also those that are being saved, so that another tab may take them at
    /// once.
    pub(crate) fn release(&mut self, out: &mut Vec<Effect>) {
        let mut keys = Vec::new();
        for entry in &mut self.entries {
            entry.row.lease = 0;
            keys.push(entry.row.key());
        }
        if !keys.is_empty() {
            out.push(Effect::RenewLease { keys, until: 0 });
        }
    }
}
