//! The leases of stored rows: a tab renews them, and releases them when it closes. A refused row needs no lease,
//! because no tab sends it unasked: all tabs show it.
//!
//! Other tabs read the end of a lease, so it is a time of the wall clock, which all tabs share. The clock may
//! step. Therefore a tab renews by its monotonic clock, and each renewal corrects the end.

use super::Outbox;
use crate::effect::Effect;
use crate::limits::{LEASE_MS, LEASE_RENEW_MS};
use shared::Now;

/// The time at which a lease that begins `now` is to be renewed, by the monotonic clock.
pub(super) fn renewal_after(now: Now) -> u64 {
    now.mono.saturating_add(LEASE_MS - LEASE_RENEW_MS)
}

impl Outbox {
    /// The time of the next renewal, by the monotonic clock.
    pub(crate) fn renew_at(&self) -> Option<u64> {
        self.entries.iter().filter(|entry| entry.needs_lease()).map(|entry| entry.renew_at).min()
    }

    /// Renews all leases if one of them is due: in one write, so that all end together.
    pub(crate) fn renew(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.renew_at().is_none_or(|at| now.mono < at) {
            return;
        }
        let (renew_at, until) = (renewal_after(now), now.after(LEASE_MS).wall);
        let mut keys = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.needs_lease()) {
            (entry.renew_at, entry.row.lease) = (renew_at, until);
            keys.push(entry.row.key());
        }
        out.push(Effect::RenewLease { keys, until });
    }

    /// Releases all rows, also those that are being saved, so that another tab may take them at
    /// once.
    pub(crate) fn release(&mut self, out: &mut Vec<Effect>) {
        let mut keys = Vec::new();
        for entry in &mut self.entries {
            (entry.renew_at, entry.row.lease) = (0, 0);
            keys.push(entry.row.key());
        }
        if !keys.is_empty() {
            out.push(Effect::RenewLease { keys, until: 0 });
        }
    }
}
