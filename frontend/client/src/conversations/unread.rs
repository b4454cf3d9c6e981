//! How far the member has read a room, and where its new messages begin.
//!
//! The marker only grows here: by what the person has seen, and by what other tabs and devices report through the
//! server. The server counts the messages that this client does not hold.

use crate::conversations::timeline::Timeline;
use shared::event::ReadMarker;

/// A place in a room: the position of an event, and the number of the last message up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadPoint {
    /// The position in the log.
    pub(crate) n: u64,
    /// The number of the last message.
    pub(crate) seq: u64,
}

/// A count of messages: those of others after `read_to`, up to the number `seq`.
#[derive(Clone, Copy, Debug)]
struct CountedUnread {
    read_to: u64,
    seq: u64,
    others: u32,
}

/// The line above the messages that were new when the room was opened, or that came while nobody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewMark {
    /// The last message above the line.
    pub(crate) above: ReadPoint,
    /// The number of messages of others below it.
    pub(crate) count: u32,
}

/// The read marker of one room.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// How far the member has read; `None` until that is known.
    read: Option<ReadPoint>,
    /// The position and version of the marker that the server told last.
    told: u64,
    version: u64,
    counted: Option<CountedUnread>,
    /// The line, while the room is open.
    pub(crate) line: Option<NewMark>,
}

impl Unread {
    /// A room whose messages are read up to this point.
    pub(crate) fn read_to(n: u64, seq: u64) -> Self {
        Unread { read: Some(ReadPoint { n, seq }), ..Unread::default() }
    }

    /// How far the member has read; `None` until that is known.
    pub(crate) fn read(&self) -> Option<ReadPoint> {
        self.read
    }

    /// The position that the server does not know yet, if there is one.
    pub(crate) fn untold(&self) -> Option<u64> {
        self.read.map(|read| read.n).filter(|n| *n > self.told)
    }

    /// The number of unread messages; `None` if it is not known exactly.
    pub(crate) fn exact_count(&self, timeline: &Timeline) -> Option<u32> {
        let read = self.read?;
        let counted = self.counted.filter(|counted| counted.read_to == read.seq);
        let Some(newest) = timeline.newest_seq() else { return counted.map(|counted| counted.others) };
        if newest <= read.seq {
            return Some(0);
        }
        timeline.count_others_after(read.seq).or_else(|| {
            let counted = counted?;
            Some(counted.others.saturating_add(timeline.count_others_after(counted.seq)?))
        })
    }

    /// The number of unread messages. Until it is known, messages that are not held count as those of others.
    pub(crate) fn count(&self, timeline: &Timeline) -> u32 {
        self.exact_count(timeline)
            .unwrap_or_else(|| self.read.map_or(0, |read| timeline.estimate_others_after(read.seq)))
    }

    /// Keeps the count, because the messages are about to be evicted.
    pub(crate) fn keep_count(&mut self, timeline: &Timeline) {
        if let (Some(others), Some(read), Some(seq)) =
            (self.exact_count(timeline), self.read, timeline.newest_seq())
        {
            self.counted = Some(CountedUnread { read_to: read.seq, seq, others });
        }
    }

    /// Takes the marker of a `welcome`, when the room had `seq` messages. The server may have gone back to an older
    /// copy of its data since the last one.
    pub(crate) fn begin_session(&mut self, marker: &ReadMarker, seq: u64, timeline: &Timeline) {
        self.version = 0;
        self.apply(marker, seq, timeline);
    }

    /// Takes the server's marker, when the room had `seq` messages. An older one than before has no effect.
    pub(crate) fn apply(&mut self, marker: &ReadMarker, seq: u64, timeline: &Timeline) {
        if marker.version < self.version {
            return;
        }
        (self.version, self.told) = (marker.version, marker.n);
        // The number at an equal position may be one of a log that was rolled back since.
        if self.read.is_none_or(|read| read.n <= marker.n) {
            let held = timeline.seq_at(marker.n).unwrap_or(0);
            self.read = Some(ReadPoint { n: marker.n, seq: marker.read_to.max(held) });
        }
        let (Some(read), Some(others)) = (self.read, marker.unread) else { return };
        // What was read here since leaves the count.
        let read_since = match read.seq == marker.read_to {
            true => Some(0),
            false => timeline.count_others_between(marker.read_to, read.seq),
        };
        if let Some(read_since) = read_since {
            let others = others.saturating_sub(read_since);
            self.counted = Some(CountedUnread { read_to: read.seq, seq, others });
        }
    }

    /// Advances the marker to this point. Returns false if it is there already.
    pub(crate) fn advance(&mut self, n: u64, seq: u64, timeline: &Timeline) -> bool {
        if self.read.is_some_and(|read| read.n >= n) {
            return false;
        }
        self.counted = self.counted.zip(self.read).and_then(|(counted, read)| {
            let read_now = timeline.count_others_between(read.seq, seq);
            let is_last = counted.read_to == read.seq && counted.seq >= seq;
            let others = counted.others.saturating_sub(read_now.filter(|_| is_last)?);
            Some(CountedUnread { read_to: seq, others, ..counted })
        });
        self.read = Some(ReadPoint { n, seq: self.read.map_or(seq, |read| read.seq.max(seq)) });
        true
    }

    /// Records a message that the timeline holds now. An own one is read if everything before it is. Returns true
    /// if the marker advanced past what the server told.
    pub(crate) fn record_posted(&mut self, n: u64, seq: u64, is_own: bool, timeline: &Timeline) -> bool {
        let read = self.read.get_or_insert(ReadPoint { n: n.saturating_sub(1), seq: seq.saturating_sub(1) });
        if n <= read.n {
            // The marker was moved on another device, and its report came before the message.
            read.seq = read.seq.max(seq);
            return false;
        }
        is_own && self.exact_count(timeline) == Some(0) && self.advance(n, seq, timeline)
    }

    /// Draws the line above what is unread now. Without anything unread there is no line.
    pub(crate) fn draw_line(&mut self, timeline: &Timeline) {
        let count = self.count(timeline);
        self.line = self.read.filter(|_| count > 0).map(|above| NewMark { above, count });
    }
}
