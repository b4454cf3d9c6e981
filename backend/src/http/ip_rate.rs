//! Rate of joins and renames for each IP address.
//!
//! A name is kept until its member leaves. Without this limit one IP address could take all names.

use crate::clock::mono_ms;
use crate::http::problem::ApiError;
use crate::limits::{IPS_MAX, NAMINGS};
use actix_web::http::{StatusCode, header};
use hub::rate::{Bucket, Rate};
use shared::ErrorCode;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// A bucket for each IP address that has asked lately, shared by all workers.
#[derive(Debug, Default)]
pub struct IpRates(Mutex<HashMap<IpAddr, Bucket>>);

impl IpRates {
    /// Counts one join or rename of this IP address.
    ///
    /// # Errors
    /// 429 while the IP address is over its rate.
    pub fn take(&self, ip: IpAddr, rate: Rate) -> Result<(), ApiError> {
        let now = mono_ms();
        let ip = rate_key(ip);
        // Nothing panics while the lock is held. If something did, the counts would still be usable.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= IPS_MAX {
            buckets.retain(|_, bucket| !bucket.is_full(rate, now));
        }
        let is_full = buckets.len() >= IPS_MAX && !buckets.contains_key(&ip);
        if is_full || !buckets.entry(ip).or_insert_with(|| Bucket::full(rate, now)).try_take(rate, 1, now) {
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests);
            return Err(error.with_header(header::RETRY_AFTER, "5"));
        }
        Ok(())
    }
}

/// The IP address that is counted: an IPv6 address counts as its /64, because one household can use
/// every address of it.
fn rate_key(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// The rate of joins and renames for each IP address: [`NAMINGS`], or none if limits are off.
pub fn naming_rate(is_limited: bool) -> Rate {
    if is_limited { NAMINGS } else { Rate::NONE }
}
