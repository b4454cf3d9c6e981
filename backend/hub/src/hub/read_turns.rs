//! Turns of the pages that members read.
//!
//! The store answers its reads in order. If it held all pages that were asked for, a session that opens would
//! wait for thousands of them. So only [`PAGE_READS_MAX`] are in the store at a time, and the members whose reads
//! wait take turns. The reads of a recovery do not wait here.

use crate::limits::PAGE_READS_MAX;
use crate::query::Query;
use crate::session::ReadId;
use shared::MemberId;
use std::collections::{HashMap, HashSet, VecDeque};

/// Reads of pages that the store holds, and those that wait for their turn. The sessions and the limit of reads
/// for each bound their number.
#[derive(Debug, Default)]
pub(super) struct ReadTurns {
    running: HashSet<ReadId>,
    waiting: HashMap<MemberId, VecDeque<(ReadId, Query)>>,
    /// Members whose reads wait, in the order of their turns.
    order: VecDeque<MemberId>,
}

impl ReadTurns {
    /// Adds a read of a member.
    pub(super) fn add(&mut self, member: MemberId, id: ReadId, query: Query) {
        let waiting = self.waiting.entry(member).or_default();
        if waiting.is_empty() {
            self.order.push_back(member);
        }
        waiting.push_back((id, query));
    }

    /// Takes the next read that may start now.
    pub(super) fn start_next(&mut self) -> Option<(ReadId, Query)> {
        if self.running.len() >= PAGE_READS_MAX {
            return None;
        }
        let member = self.order.pop_front()?;
        let waiting = self.waiting.get_mut(&member)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&member);
        } else {
            self.order.push_back(member);
        }
        self.running.extend(next.as_ref().map(|(id, _)| *id));
        next
    }

    /// Forgets a read that the store has finished. True if it was one.
    pub(super) fn finish(&mut self, id: ReadId) -> bool {
        self.running.remove(&id)
    }

    /// Forgets a read of a member that is not wanted any more. True if the store holds it.
    pub(super) fn cancel(&mut self, member: MemberId, id: ReadId) -> bool {
        if let Some(waiting) = self.waiting.get_mut(&member) {
            waiting.retain(|(other, _)| *other != id);
            if waiting.is_empty() {
                self.waiting.remove(&member);
                self.order.retain(|other| *other != member);
            }
        }
        self.finish(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{RoomId, command::PageAnchor};

    const ANN: MemberId = MemberId(1);
    const BO: MemberId = MemberId(2);

    fn page() -> Query {
        Query::History { room: RoomId::LOBBY, at: PageAnchor::Newest, limit: 1, through: 1 }
    }

    fn start(turns: &mut ReadTurns) -> Vec<u64> {
        std::iter::from_fn(|| turns.start_next()).map(|(id, _)| id.0).collect()
    }

    #[test]
    fn no_more_pages_than_the_limit_are_in_the_store() {
        let most = PAGE_READS_MAX as u64;
        for (count, started) in [(most - 1, most - 1), (most, most), (most + 1, most)] {
            let mut turns = ReadTurns::default();
            (0..count).for_each(|id| turns.add(ANN, ReadId(id), page()));
            assert_eq!(start(&mut turns).len() as u64, started, "{count}");
            assert!(turns.finish(ReadId(0)));
            assert_eq!(start(&mut turns).len() as u64, count - started);
        }
    }

    #[test]
    fn members_take_turns_when_their_reads_wait() {
        let mut turns = ReadTurns::default();
        let most = PAGE_READS_MAX as u64;
        (0..most + 3).for_each(|id| turns.add(ANN, ReadId(id), page()));
        start(&mut turns);
        turns.add(BO, ReadId(100), page());
        turns.add(BO, ReadId(101), page());
        (0..4).for_each(|id| assert!(turns.finish(ReadId(id))));
        assert_eq!(start(&mut turns), [most, 100, most + 1, 101]);
    }

    #[test]
    fn a_cancelled_read_does_not_start_and_frees_its_place() {
        let mut turns = ReadTurns::default();
        let most = PAGE_READS_MAX as u64;
        (0..most + 2).for_each(|id| turns.add(ANN, ReadId(id), page()));
        start(&mut turns);
        assert!(!turns.cancel(ANN, ReadId(most)), "it was not in the store");
        assert!(turns.cancel(ANN, ReadId(0)));
        assert_eq!(start(&mut turns), [most + 1]);
        assert!(!turns.finish(ReadId(0)));
        turns.add(BO, ReadId(99), page());
        assert!(!turns.cancel(BO, ReadId(99)));
        assert!(turns.order.is_empty() && turns.waiting.is_empty());
    }
}
