//! Free loopback ports below the system's ephemeral range. A server that restarts must find its port
//! free; an outgoing connection could otherwise take it.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Linux uses 32768 and above for outgoing connections (`ip_local_port_range`).
const RANGE: std::ops::Range<u16> = 20_000..32_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Returns a port on which nothing listens. A process returns each port once.
///
/// # Panics
/// If no port is free.
pub fn free() -> u16 {
    // Two test processes start at different ports.
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
