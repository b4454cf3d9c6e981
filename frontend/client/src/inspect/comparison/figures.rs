//! The figures of a comparison: its numbers, its lines in the chart, and numbers as texts.

use super::{ComparedTransport, Comparison, TransferCost, chart};

/// The figures of an entry, with latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The number of messages that arrived.
    pub received: usize,
    /// The requests and bytes.
    pub cost: TransferCost,
    /// The time within which half of the messages arrived.
    pub p50: Option<u64>,
    /// The time within which 99 of 100 messages arrived.
    pub p99: Option<u64>,
    /// The number of times that the connection or a request broke.
    pub breaks: u32,
}

impl Comparison {
    /// The figures of an entry.
    pub fn figures(&self, entry: ComparedTransport) -> Figures {
        let index = entry.index();
        let mut all: Vec<u64> = self.messages.iter().filter_map(|message| message.after[index]).collect();
        all.sort_unstable();
        Figures {
            received: all.len(),
            cost: self.costs[index],
            p50: percentile(&all, 50),
            p99: percentile(&all, 99),
            breaks: self.breaks[index],
        }
    }

    /// The points of an entry in the chart, as lines. A line ends where a message is missing or the
    /// connection broke.
    pub fn lines(&self, entry: ComparedTransport) -> Vec<Vec<chart::Point>> {
        let index = entry.index();
        let (mut lines, mut is_joined) = (Vec::<Vec<_>>::new(), false);
        for (number, message) in self.messages.iter().enumerate() {
            let point = message.after[index].map(|after| chart::point(message.at, after));
            is_joined &= !self.break_points.contains(&(index, number));
            match (point, lines.last_mut()) {
                (Some(point), Some(line)) if is_joined => line.push(point),
                (Some(point), _) => lines.push(vec![point]),
                (None, _) => {}
            }
            is_joined = point.is_some();
        }
        lines
    }
}

/// The percentile by nearest rank: the least value that at least `percent` of 100 values do not
/// exceed.
///
/// `sorted` is in ascending order; `None` if it is empty.
pub(super) fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Microseconds as milliseconds with one decimal, which is the resolution of the page's clock.
pub fn milliseconds(us: u64) -> String {
    let tenths = (us + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}
