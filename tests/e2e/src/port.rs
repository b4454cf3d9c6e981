//! Free ports of loopback, below those that the system gives to outgoing
//! connections: a house that is closed for a moment must find its port free
//! when it opens again.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Linux gives outgoing connections 32768 and above.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that nothing listens on, given out once by this process.
///
/// # Panics
/// If none is free.
pub fn free() -> u16 {
    // Two runs side by side begin at different places.
    let span = RANGE.end - RANGE.start;
    let first = u16::try_from(process::id() % u32::from(span)).unwrap_or_default();
    for _ in 0..span {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = RANGE.start + (first.wrapping_add(step)) % span;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no port of {RANGE:?} is free");
}
