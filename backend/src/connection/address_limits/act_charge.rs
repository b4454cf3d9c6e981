//! The charge of an act whose effect is not known yet.

use super::{Act, AddressLimits, OverLimit};
use std::{net::IpAddr, sync::Arc};

/// One act, charged to an IP address. Dropping the charge takes it back: the act had no effect.
#[derive(Debug)]
#[must_use]
pub struct ActCharge {
    /// `None` once the charge is kept.
    limits: Option<Arc<AddressLimits>>,
    ip: IpAddr,
    act: Act,
}

impl ActCharge {
    /// Keeps the charge: the act had an effect.
    pub fn keep(mut self) {
        self.limits = None;
    }
}

impl Drop for ActCharge {
    fn drop(&mut self) {
        if let Some(limits) = &self.limits {
            limits.take_back(self.ip, self.act);
        }
    }
}

impl AddressLimits {
    /// Acts that are charged to this address now.
    #[cfg(test)]
    pub(crate) fn charged(&self, ip: IpAddr, act: Act) -> u32 {
        self.at(ip, |address, now| address.acts[act as usize].charged(act.rate(), act.cost(), now))
    }

    /// Charges an act that may turn out to have no effect, such as a retry.
    ///
    /// # Errors
    ///
    /// The address is over the rate.
    pub fn charge(self: &Arc<Self>, ip: IpAddr, act: Act) -> Result<ActCharge, OverLimit> {
        self.act(ip, act)?;
        Ok(ActCharge { limits: Some(Arc::clone(self)), ip, act })
    }
}
