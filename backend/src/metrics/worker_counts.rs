//! Counts of the current thread, which is a worker's. To count costs no atomics and no look-up by label. The worker
//! takes the counts once a second.

use super::refusal_reason::RefusalReason;
use shared::close::ENDINGS;
use std::cell::Cell;

/// Number of reasons.
pub(super) const REASONS: usize = RefusalReason::ALL.len();
/// Number of close codes, and one for all others.
pub(super) const CLOSES: usize = ENDINGS.len() + 1;

/// What one worker has counted since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerCounts {
    /// Published frames, once for each connection.
    pub deliveries: u64,
    /// Writes of frames to the kernel.
    pub writes: u64,
    /// Refusals, in the order of [`RefusalReason::ALL`].
    pub refusals: [u64; REASONS],
    /// Closes, in the order of [`ENDINGS`]; the last one is of all other codes.
    pub closes: [u64; CLOSES],
}

thread_local! {
    static DELIVERIES: Cell<u64> = const { Cell::new(0) };
    static WRITES: Cell<u64> = const { Cell::new(0) };
    static REFUSALS: [Cell<u64>; REASONS] = const { [const { Cell::new(0) }; REASONS] };
    static CLOSED: [Cell<u64>; CLOSES] = const { [const { Cell::new(0) }; CLOSES] };
}

/// Counts frames that were published to this many connections.
pub fn count_deliveries(frames: usize, connections: usize) {
    DELIVERIES.set(DELIVERIES.get().wrapping_add((frames * connections) as u64));
}

/// Counts a write of frames to the kernel.
pub fn count_write() {
    WRITES.set(WRITES.get().wrapping_add(1));
}

/// Counts a refusal.
pub fn count_refusal(reason: RefusalReason) {
    REFUSALS.with(|counts| increment(counts.get(reason as usize)));
}

/// Counts a connection that the server closes with this code.
pub fn count_close(code: Option<u16>) {
    let place = ENDINGS.iter().position(|ending| Some(ending.code.number()) == code);
    CLOSED.with(|counts| increment(counts.get(place.unwrap_or(CLOSES - 1))));
}

/// Takes what this thread has counted since the last call.
pub fn take() -> WorkerCounts {
    WorkerCounts {
        deliveries: DELIVERIES.take(),
        writes: WRITES.take(),
        refusals: REFUSALS.with(take_all),
        closes: CLOSED.with(take_all),
    }
}

fn increment(count: Option<&Cell<u64>>) {
    if let Some(count) = count {
        count.set(count.get().wrapping_add(1));
    }
}

fn take_all<const N: usize>(counts: &[Cell<u64>; N]) -> [u64; N] {
    std::array::from_fn(|at| counts.get(at).map_or(0, Cell::take))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::CloseCode;

    #[test]
    fn counts_are_taken_once_and_only_by_their_own_thread() {
        let none = take();
        assert_eq!(none, take());
        count_deliveries(3, 1_000);
        count_write();
        count_refusal(RefusalReason::Joins);
        for code in [Some(CloseCode::Slow.number()), Some(3_999), None] {
            count_close(code);
        }
        assert_eq!(std::thread::spawn(take).join().unwrap(), none, "another thread");
        let counts = take();
        assert_eq!((counts.deliveries, counts.writes), (3_000, 1));
        assert_eq!(
            (counts.refusals[RefusalReason::Joins as usize], counts.refusals.iter().sum::<u64>()),
            (1, 1)
        );
        let slow = ENDINGS.iter().position(|ending| ending.code == CloseCode::Slow).unwrap();
        assert_eq!(
            (counts.closes[slow], counts.closes[CLOSES - 1], counts.closes.iter().sum::<u64>()),
            (1, 2, 3)
        );
        assert_eq!(take(), none);
    }
}
