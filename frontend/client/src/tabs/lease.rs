//! The lease of the leader, in the browser's storage, where every tab can read it.

use crate::limits::{LEADER_LEASE_MS, LEASE_SLACK_MS};
use std::fmt;
use std::str::FromStr;

/// A tab's random number, new with each session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tab(pub u64);

/// Claim of a tab to lead until a time, unless it renews the lease. Stored as `<tab> <until>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Tab that leads.
    pub tab: Tab,
    /// End of the lease, in milliseconds since 1970.
    pub until: u64,
}

impl Lease {
    /// Whether the lease is valid at `now`, by the wall clock, which all tabs share. A lease that ends too late was written before the clock was set
    /// back.
    pub(super) fn holds(self, now: u64) -> bool {
        now < self.until && self.until <= now.saturating_add(LEADER_LEASE_MS + LEASE_SLACK_MS)
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tab.0, self.until)
    }
}

impl FromStr for Lease {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (tab, until) = text.split_once(' ').ok_or(())?;
        Ok(Lease { tab: Tab(tab.parse().map_err(drop)?), until: until.parse().map_err(drop)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_read_back_as_written() {
        let lease = Lease { tab: Tab(42), until: 1_790_000_000_000 };
        assert_eq!(lease.to_string(), "42 1790000000000");
        assert_eq!(lease.to_string().parse(), Ok(lease));
        for wrong in ["", "42", "42 ", "x 1", "42 1 2"] {
            assert_eq!(wrong.parse::<Lease>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_lease_of_another_clock_is_not_valid() {
        let now = 1_000_000;
        for (until, holds) in [
            (now, false),
            (now + 1, true),
            (now + LEADER_LEASE_MS, true),
            (now + LEADER_LEASE_MS + LEASE_SLACK_MS - 1, true),
            (now + LEADER_LEASE_MS + LEASE_SLACK_MS, true),
            (now + LEADER_LEASE_MS + LEASE_SLACK_MS + 1, false),
        ] {
            assert_eq!(Lease { tab: Tab(1), until }.holds(now), holds, "{until}");
        }
    }
}
