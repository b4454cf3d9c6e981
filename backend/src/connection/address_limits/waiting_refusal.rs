//! Refusals that wait before they are sent, so that a client that repeats refused requests slows down.
//!
//! A refusal that waits keeps its connection. If that belongs to the client alone, the limits of connections bound how
//! many wait. The connections of a trusted proxy serve everybody behind it, so there the waiting refusals are bounded.

use super::{Address, AddressLimits, key};
use crate::clock::mono_ms;
use crate::limits::{REFUSALS, REFUSALS_WAITING_MAX, REFUSALS_WAITING_PER_ADDRESS_MAX};
use std::{net::IpAddr, sync::Arc};

/// Counts one refusal of an address that waits, while it lives.
#[derive(Debug)]
pub struct WaitingRefusal {
    limits: Arc<AddressLimits>,
    address: IpAddr,
}

impl Drop for WaitingRefusal {
    fn drop(&mut self) {
        let mut table = self.limits.lock();
        table.waiting_refusals -= 1;
        if let Some(address) = table.addresses.get_mut(&self.address) {
            address.waiting_refusals -= 1;
        }
    }
}

impl AddressLimits {
    /// Counts a refusal with 429. If it should wait for [`REFUSAL_DELAY`](crate::limits::REFUSAL_DELAY), the caller
    /// keeps the returned guard meanwhile: a client that does not wait by itself would take the time of the others with
    /// its refusals alone. `None` if the refusal should be sent at once.
    pub fn delay_refusal(self: &Arc<Self>, ip: IpAddr) -> Option<WaitingRefusal> {
        if !self.is_limited {
            return None;
        }
        let now = mono_ms();
        let mut table = self.lock();
        let key = table.make_room(key(ip), now);
        let waiting = table.waiting_refusals;
        let address = table.addresses.entry(key).or_insert_with(|| Address::new(now));
        if address.refusals.try_take(REFUSALS, 1, now) {
            return None;
        }
        let has_room =
            waiting < REFUSALS_WAITING_MAX && address.waiting_refusals < REFUSALS_WAITING_PER_ADDRESS_MAX;
        if self.shares_connections && !has_room {
            return None;
        }
        address.waiting_refusals += 1;
        table.waiting_refusals += 1;
        Some(WaitingRefusal { limits: Arc::clone(self), address: key })
    }
}
