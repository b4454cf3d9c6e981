//! Records of received messages. Each receiver's [`DeliveryRecord`] finds the messages that were lost,
//! doubled or reordered.

use std::fmt;
use std::ops::AddAssign;

/// Gaps that one receiver keeps. Past it the oldest is forgotten: a message that fills it later counts as
/// lost and doubled instead of reordered.
const GAPS_MAX: usize = 1_024;

/// Messages that one receiver has received, numbered 0, 1, 2…
#[derive(Debug, Default)]
pub(crate) struct DeliveryRecord {
    /// Number that is expected next.
    next: u64,
    /// Ranges of skipped numbers in ascending order: first number, and first number after the range.
    gaps: Vec<(u64, u64)>,
    faults: Faults,
}

/// Faults of delivery, as counts of messages.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Messages sent and never received.
    pub(crate) lost: u64,
    /// Messages received after one that was sent later.
    pub(crate) reordered: u64,
    /// Messages received a second time.
    pub(crate) doubled: u64,
    /// Messages received with other bytes than were sent.
    pub(crate) altered: u64,
    /// Connections that ended before the load did.
    pub(crate) closed: u64,
}

impl DeliveryRecord {
    /// Records that message `number` was received.
    pub(crate) fn receive(&mut self, number: u64) {
        if number == self.next {
            self.next += 1;
        } else if number > self.next {
            if self.gaps.len() == GAPS_MAX {
                self.gaps.remove(0);
            }
            self.gaps.push((self.next, number));
            self.faults.lost += number - self.next;
            self.next = number + 1;
        } else if self.fill(number) {
            self.faults.lost -= 1;
            self.faults.reordered += 1;
        } else {
            self.faults.doubled += 1;
        }
    }

    /// Records a message that the sender did not send.
    pub(crate) fn receive_altered(&mut self) {
        self.faults.altered += 1;
    }

    /// Faults after `sent` messages, when no more can arrive.
    pub(crate) fn faults(&self, sent: u64) -> Faults {
        Faults { lost: self.faults.lost + sent.saturating_sub(self.next), ..self.faults }
    }

    /// Removes `number` from the gaps. Returns `false` if it was in none.
    fn fill(&mut self, number: u64) -> bool {
        let found = self.gaps.iter().position(|&(first, after)| (first..after).contains(&number));
        let Some(at) = found else {
            return false;
        };
        let (first, after) = self.gaps.remove(at);
        let rest = [(first, number), (number + 1, after)];
        let left = rest.into_iter().filter(|(first, after)| first < after);
        self.gaps.splice(at..at, left);
        true
    }
}

impl Faults {
    /// Whether every message was received once, complete and in order.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Faults {
    /// Writes the counts that are not zero, such as `3 lost, 1 closed`, or `none`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.lost, "lost"),
            (self.reordered, "reordered"),
            (self.doubled, "doubled"),
            (self.altered, "altered"),
            (self.closed, "closed"),
        ];
        let faults: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        out.pad(&match faults.is_empty() {
            true => "none".to_owned(),
            false => faults.join(", "),
        })
    }
}

impl AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.reordered += other.reordered;
        self.doubled += other.doubled;
        self.altered += other.altered;
        self.closed += other.closed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(numbers: &[u64], sent: u64) -> Faults {
        let mut record = DeliveryRecord::default();
        for &number in numbers {
            record.receive(number);
        }
        record.faults(sent)
    }

    fn faults(lost: u64, reordered: u64, doubled: u64) -> Faults {
        Faults { lost, reordered, doubled, ..Faults::default() }
    }

    #[test]
    fn messages_in_order_have_no_fault() {
        assert!(after(&[0, 1, 2, 3], 4).is_none());
        assert!(after(&[], 0).is_none());
    }

    #[test]
    fn missing_messages_are_lost_wherever_they_stand() {
        assert_eq!(after(&[1, 2], 3), faults(1, 0, 0));
        assert_eq!(after(&[0, 3], 4), faults(2, 0, 0));
        assert_eq!(after(&[0, 1], 5), faults(3, 0, 0));
        assert_eq!(after(&[], 2), faults(2, 0, 0));
    }

    #[test]
    fn a_late_message_is_reordered_and_not_lost() {
        assert_eq!(after(&[0, 2, 1, 3], 4), faults(0, 1, 0));
        assert_eq!(after(&[4, 2, 0, 3, 1], 5), faults(0, 4, 0));
    }

    #[test]
    fn a_second_copy_is_doubled_even_of_a_late_one() {
        assert_eq!(after(&[0, 0], 1), faults(0, 0, 1));
        assert_eq!(after(&[0, 2, 1, 1], 3), faults(0, 1, 1));
    }

    #[test]
    fn faults_are_printed_by_name() {
        assert_eq!(faults(0, 0, 0).to_string(), "none");
        assert_eq!(faults(2, 0, 1).to_string(), "2 lost, 1 doubled");
    }

    #[test]
    fn gaps_are_bounded() {
        let mut record = DeliveryRecord::default();
        let gaps = u64::try_from(GAPS_MAX).unwrap();
        for number in 0..=gaps {
            record.receive(2 * number + 1);
        }
        assert_eq!(record.gaps.len(), GAPS_MAX);
        record.receive(0); // its gap is forgotten
        record.receive(2); // its gap is still known
        let sent = 2 * gaps + 2;
        assert_eq!(record.faults(sent), faults(gaps, 1, 1));
    }
}
