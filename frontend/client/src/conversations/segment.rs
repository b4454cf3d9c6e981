//! A segment: a run of one room's messages without a gap. Segments that do not touch stay apart.

use crate::members::Members;
use crate::row_key::RowKey;
use crate::sorted::Set;
use crate::view::{Row, RowState};
use shared::{ClientId, MemberId, Message};
use std::collections::VecDeque;
use std::rc::Rc;

/// The member and the names that determine how rows are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer<'a> {
    /// The member of this page.
    pub(crate) me: Option<MemberId>,
    /// The members, for the present name of each author.
    pub(crate) members: &'a Members,
}

/// A message of the log that the client holds.
#[derive(Debug)]
pub(crate) struct HeldMessage {
    /// The position in the log.
    pub(crate) n: u64,
    /// The message's number in its room.
    pub(crate) seq: u64,
    /// The author's name at the time of writing, shown while the present name is unknown.
    name_when_written: Rc<str>,
    /// The message as the page shows it.
    pub(crate) row: Rc<Row>,
}

impl HeldMessage {
    pub(crate) fn new(message: &Message, viewer: Viewer<'_>) -> Self {
        let key = RowKey { author: message.author, client_id: message.client_id };
        let name_when_written: Rc<str> = Rc::from(message.name.as_str());
        let row = Rc::new(Row {
            key,
            name: viewer.members.name(message.author).unwrap_or(&name_when_written).clone(),
            tag: message.tag,
            mine: viewer.me == Some(message.author),
            text: Rc::from(message.text.as_str()),
            at: message.at,
            state: RowState::Settled,
        });
        HeldMessage { n: message.n, seq: message.seq, name_when_written, row }
    }

    /// Updates the author's name and whether the message is the member's own.
    pub(crate) fn refresh_row(&mut self, viewer: Viewer<'_>) {
        let name = viewer.members.name(self.row.key.author).unwrap_or(&self.name_when_written);
        let mine = viewer.me == Some(self.row.key.author);
        if self.row.name != *name || self.row.mine != mine {
            self.row = Rc::new(Row { name: name.clone(), mine, ..(*self.row).clone() });
        }
    }
}

/// A run of messages, oldest first.
#[derive(Debug)]
pub(crate) struct Segment {
    rows: VecDeque<HeldMessage>,
    keys: Set<RowKey>,
    /// The number of the last message, held or not; `None` if unknown.
    end: Option<u64>,
    /// Whether the room has older messages than these.
    pub(crate) has_older: bool,
    /// Whether the room has newer messages than these.
    pub(crate) has_newer: bool,
}

impl Segment {
    /// A segment without messages that ends at the message with this number.
    pub(crate) fn unloaded(end: Option<u64>) -> Self {
        let has_older = end != Some(0);
        Segment { rows: VecDeque::new(), keys: Set::new(), end, has_older, has_newer: false }
    }

    /// A segment of these messages, oldest first. Messages out of order are left out.
    pub(crate) fn from_messages(
        messages: &[Message],
        has_older: bool,
        has_newer: bool,
        viewer: Viewer<'_>,
    ) -> Self {
        let mut segment = Segment::unloaded(None);
        (segment.has_older, segment.has_newer) = (has_older, has_newer);
        for message in messages {
            segment.push(message, viewer);
        }
        if segment.rows.is_empty() && !has_older && !has_newer {
            segment.end = Some(0);
        }
        segment
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a message with this id is held, whoever its author is.
    pub(crate) fn has_client_id(&self, client_id: ClientId) -> bool {
        self.rows.iter().any(|held| held.row.key.client_id == client_id)
    }

    pub(crate) fn contains(&self, key: RowKey) -> bool {
        self.keys.contains(&key)
    }

    pub(crate) fn first(&self) -> Option<&HeldMessage> {
        self.rows.front()
    }

    pub(crate) fn last(&self) -> Option<&HeldMessage> {
        self.rows.back()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&HeldMessage> {
        self.rows.get(index)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &HeldMessage> {
        self.rows.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut HeldMessage> {
        self.rows.iter_mut()
    }

    /// The number of the first message, or of the next one if none is held.
    pub(crate) fn start(&self) -> Option<u64> {
        self.rows.front().map(|held| held.seq).or(self.end.map(|end| end.saturating_add(1)))
    }

    /// The number of the last message, held or not.
    pub(crate) fn end(&self) -> Option<u64> {
        self.end
    }

    /// The index of the first message at or after position `n`.
    pub(crate) fn index_from(&self, n: u64) -> usize {
        self.rows.partition_point(|held| held.n < n)
    }

    /// The index of the first message after position `n`.
    pub(crate) fn index_after(&self, n: u64) -> usize {
        self.rows.partition_point(|held| held.n <= n)
    }

    /// Appends a message. Returns false if it does not follow.
    pub(crate) fn push(&mut self, message: &Message, viewer: Viewer<'_>) -> bool {
        self.push_message(HeldMessage::new(message, viewer))
    }

    fn push_message(&mut self, held: HeldMessage) -> bool {
        let follows =
            self.last().is_none_or(|last| last.n < held.n) && self.end.is_none_or(|end| end < held.seq);
        if !follows || !self.keys.insert(held.row.key) {
            return false;
        }
        self.end = Some(held.seq);
        self.rows.push_back(held);
        true
    }

    /// Whether `other` overlaps this segment or is adjacent to it.
    pub(crate) fn touches(&self, other: &Segment) -> bool {
        match (self.start(), self.end, other.start(), other.end) {
            (Some(start), Some(end), Some(other_start), Some(other_end)) => {
                other_start <= end.saturating_add(1) && start <= other_end.saturating_add(1)
            }
            _ => false,
        }
    }

    /// Takes the messages of `other`, which touches this segment, from before it and, if `forward`,
    /// from after it.
    pub(crate) fn merge(&mut self, other: Segment, forward: bool) {
        let (start, end) = (self.start(), self.end);
        let Segment { rows, end: other_end, has_older, has_newer, .. } = other;
        if rows.front().is_some_and(|first| start.is_none_or(|start| first.seq < start)) {
            self.has_older = has_older;
        }
        if self.end.is_none() {
            self.end = other_end;
        }
        let (before, behind): (Vec<HeldMessage>, Vec<HeldMessage>) =
            rows.into_iter().partition(|held| start.is_none_or(|start| held.seq < start));
        for held in before.into_iter().rev() {
            let follows = self.first().is_none_or(|first| held.n < first.n);
            if follows && self.keys.insert(held.row.key) {
                self.rows.push_front(held);
            }
        }
        if forward {
            if other_end > end {
                self.has_newer = has_newer;
            }
            for held in behind {
                self.push_message(held);
            }
        }
    }

    /// Evicts `many` messages at the start.
    pub(crate) fn trim_start(&mut self, many: usize) {
        let kept = self.rows.split_off(many.min(self.rows.len()));
        let gone = std::mem::replace(&mut self.rows, kept);
        self.has_older |= !gone.is_empty();
        self.keys.remove_all(&gone.iter().map(|held| held.row.key).collect());
    }

    /// Evicts `many` messages at the end. Not for the newest segment.
    pub(crate) fn trim_end(&mut self, many: usize) {
        let keep = self.rows.len().saturating_sub(many);
        self.truncate(keep);
    }

    /// Removes the messages at and after position `n`.
    pub(crate) fn cut_from(&mut self, n: u64) {
        self.truncate(self.index_from(n));
    }

    fn truncate(&mut self, keep: usize) {
        let gone = self.rows.split_off(keep.min(self.rows.len()));
        if let Some(first) = gone.front() {
            self.has_newer = true;
            self.end = first.seq.checked_sub(1).min(self.end);
        }
        self.keys.remove_all(&gone.iter().map(|held| held.row.key).collect());
    }

    /// Splits off the first `many` messages as a segment of their own.
    pub(crate) fn split_start(&mut self, many: usize) -> Segment {
        let mut start = Segment::unloaded(None);
        start.has_older = self.has_older;
        start.has_newer = true;
        let behind = self.rows.split_off(many.min(self.rows.len()));
        start.rows = std::mem::replace(&mut self.rows, behind);
        start.end = start.rows.back().map(|held| held.seq);
        start.keys = start.rows.iter().map(|held| held.row.key).collect();
        self.keys.remove_all(&start.keys);
        self.has_older = true;
        start
    }
}

#[cfg(test)]
mod tests;
