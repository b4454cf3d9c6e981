//! Read markers of a log in memory.

use super::Log;
use crate::read_markers::{MarkedRoom, MarkerMove, StoredMarker, UnreadReader};
use shared::{MemberId, RoomId, event::ReadMarker};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Markers of all members.
pub type Markers = BTreeMap<MemberId, BTreeMap<RoomId, StoredMarker>>;

impl Log {
    /// Moves read markers forward.
    pub fn move_markers(&mut self, moves: &[MarkerMove]) {
        for MarkerMove { member, room, n } in moves {
            if self.house.rooms.membership(*member, *room).is_none() {
                continue;
            }
            let markers = self.markers.entry(*member).or_default();
            let version = markers.values().map(|marker| marker.version).max().unwrap_or(0) + 1;
            let marker = markers.entry(*room).or_default();
            if *n > marker.n {
                *marker = StoredMarker { n: *n, version };
            }
        }
    }

    /// Takes the markers, for a log that goes on in the place of this one.
    pub fn take_markers(&mut self) -> Markers {
        std::mem::take(&mut self.markers)
    }

    /// Puts the markers of another log in the place of these.
    pub fn set_markers(&mut self, markers: Markers) {
        self.markers = markers;
    }

    pub(super) fn read_markers(
        &self,
        member: MemberId,
        rooms: &[MarkedRoom],
        through: u64,
        counts: bool,
    ) -> Vec<ReadMarker> {
        let reader = MemoryReader { log: self, through };
        let stored = self.markers.get(&member);
        let marker = |marked: &MarkedRoom| {
            let stored = stored.and_then(|markers| markers.get(&marked.room)).copied().unwrap_or_default();
            let Ok(marker) = marked.marker(member, stored, 0, counts, &reader);
            marker
        };
        rooms.iter().map(marker).collect()
    }
}

struct MemoryReader<'a> {
    log: &'a Log,
    through: u64,
}

impl UnreadReader for MemoryReader<'_> {
    type Error = Infallible;

    fn seq_at(&self, room: RoomId, n: u64) -> Result<u64, Infallible> {
        let Some((positions, first)) = self.log.messages.get(&room) else { return Ok(0) };
        Ok(first - 1 + positions.partition_point(|held| *held <= n) as u64)
    }

    fn count_others(&self, room: RoomId, n: u64, member: MemberId) -> Result<u64, Infallible> {
        let Some((positions, _)) = self.log.messages.get(&room) else { return Ok(0) };
        let after = positions.iter().filter(|held| **held > n && **held <= self.through);
        let others = after.filter(|held| self.log.message(**held).is_some_and(|it| it.author != member));
        Ok(others.count() as u64)
    }
}
