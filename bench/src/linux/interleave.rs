//! Alternates two loads: a message to every client of the first, then a message to every client of the
//! second.
//!
//! Other work on the machine slows both loads within milliseconds, so their figures stay comparable. Neither
//! load is measured while the other works. No message waits behind another; messages that were omitted
//! because one took long are added by [`Load::interval`].

use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::load::Load;

/// Sends `rate` messages a second, both loads together, for `time`, or as many as arrive. The order of the
/// two changes with each round.
///
/// # Errors
/// When a message does not arrive.
pub(crate) fn interleave_loads(
    one: &mut Load,
    other: &mut Load,
    rate: u64,
    time: Duration,
) -> Result<(), Failure> {
    let round = Duration::from_secs(2) / u32::try_from(rate).unwrap_or(u32::MAX);
    for load in [&mut *one, &mut *other] {
        load.interval = u64::try_from(round.as_nanos()).unwrap_or(u64::MAX);
    }
    let end = Instant::now() + time;
    let (mut first, mut second) = (one, other);
    while Instant::now() < end {
        let next = Instant::now() + round;
        first.send_and_receive_all()?;
        second.send_and_receive_all()?;
        thread::sleep(next.saturating_duration_since(Instant::now()));
        std::mem::swap(&mut first, &mut second);
    }
    Ok(())
}
