//! Read markers: the moves that wait for the store, and the frames that tell of them.
//!
//! Moves are gathered for a moment and given to the store together. One batch is under way at a time: it is saved,
//! then each member's markers are read, then the member's sessions are told. So a session is told of the versions
//! in their order. A move by another node of the house reaches this node's sessions with their next `welcome`; a
//! node that learns of such a move sooner can tell its sessions as [`Hub::finish_markers`] does.

use super::{Hub, pending_read::PendingRead, refuse};
use crate::house::access;
use crate::limits::MARKS_GATHER_MS;
use crate::output::Output;
use crate::query::{Query, QueryResult};
use crate::read_markers::{MarkedRoom, MarkerMove};
use crate::session::SessionId;
use shared::command::MarkRead;
use shared::event::{ReadMarker, RoomMarker};
use shared::{Address, ErrorCode, Event, MemberId, RoomId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Markers that wait or are under way. The rate of each member bounds their number.
#[derive(Debug, Default)]
pub(super) struct MarkerMoves {
    /// Commands that no batch has taken yet.
    waiting: Batch,
    /// Time of the next batch by the monotonic clock, if commands wait.
    due: Option<u64>,
    /// Batch under way.
    current: Option<Batch>,
    /// Reads of the batch under way that have no result yet.
    reads: usize,
    /// Greatest version of each member whose markers were read. Only current members are here.
    versions: HashMap<MemberId, u64>,
}

/// Commands that are executed together.
#[derive(Debug, Default)]
struct Batch {
    /// Greatest position of each marker; 0 if it is only asked for.
    positions: BTreeMap<(MemberId, RoomId), u64>,
    /// Sessions that wait for an answer, with the `ref` of the command.
    asking: Vec<(SessionId, u64, MemberId, RoomId)>,
}

impl MarkerMoves {
    /// Returns the time of the next batch by the monotonic clock.
    pub(super) fn next_wake(&self) -> Option<u64> {
        self.due.filter(|_| self.current.is_none())
    }

    /// Forgets a member who has left the house.
    pub(super) fn remove(&mut self, member: MemberId) {
        self.versions.remove(&member);
    }

    /// Records the versions of all markers of a member.
    pub(super) fn note_versions(&mut self, member: MemberId, markers: &[ReadMarker]) {
        self.versions.insert(member, greatest_version(markers));
    }

    /// Whether a client that holds the markers of a member up to this version may lack a newer one.
    pub(super) fn may_be_newer(&self, member: MemberId, held: u64) -> bool {
        self.versions.get(&member).is_none_or(|version| *version > held)
    }
}

fn greatest_version(markers: &[ReadMarker]) -> u64 {
    markers.iter().map(|marker| marker.version).max().unwrap_or(0)
}

impl Hub {
    pub(super) fn mark_read(
        &mut self,
        session: SessionId,
        member: MemberId,
        mark: MarkRead,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let MarkRead { reference, room, n } = mark;
        let checked = self.limit_marks(member, now);
        let checked = checked.and_then(|()| access::may_read(&self.house, member, Address::Room(room)));
        if let Err(code) = checked {
            return refuse(session, Some(reference), code, out);
        }
        let moves = &mut self.marker_moves;
        let position = moves.waiting.positions.entry((member, room)).or_default();
        *position = n.min(self.house.head()).max(*position);
        moves.waiting.asking.push((session, reference, member, room));
        moves.due.get_or_insert(now.saturating_add(MARKS_GATHER_MS));
    }

    /// Gives the store the moves that wait, if their time has come.
    pub(super) fn start_markers(&mut self, now: u64, out: &mut Vec<Output>) {
        if self.marker_moves.next_wake().is_none_or(|due| due > now) {
            return;
        }
        self.marker_moves.due = None;
        let batch = std::mem::take(&mut self.marker_moves.waiting);
        let moved = batch.positions.iter().filter(|(_, n)| **n > 0);
        let moves: Vec<_> =
            moved.map(|((member, room), n)| MarkerMove { member: *member, room: *room, n: *n }).collect();
        self.marker_moves.current = Some(batch);
        if moves.is_empty() {
            self.read_moved_markers(out);
        } else {
            out.push(Output::MoveMarkers(moves));
        }
    }

    /// Goes on with the batch under way, whose moves the store has saved or refused.
    pub(super) fn continue_markers(&mut self, result: Result<(), ErrorCode>, out: &mut Vec<Output>) {
        match result {
            Ok(()) => self.read_moved_markers(out),
            Err(code) => {
                let batch = self.marker_moves.current.take().unwrap_or_default();
                for (session, reference, ..) in batch.asking {
                    refuse(session, Some(reference), code, out);
                }
            }
        }
    }

    /// Reads the markers of the batch under way.
    fn read_moved_markers(&mut self, out: &mut Vec<Output>) {
        let keys = self.marker_moves.current.iter().flat_map(|batch| batch.positions.keys().copied());
        let mut rooms_by_member: BTreeMap<MemberId, Vec<MarkedRoom>> = BTreeMap::new();
        for (member, room) in keys {
            let rooms = rooms_by_member.entry(member).or_default();
            // The member may have left the room meanwhile.
            if access::may_read(&self.house, member, Address::Room(room)).is_ok() {
                rooms.extend(self.marked_room(member, room));
            }
        }
        self.marker_moves.reads = rooms_by_member.len();
        for (member, rooms) in rooms_by_member {
            let through = self.house.head();
            let query = Query::Markers { member, rooms: rooms.clone(), through, counts: true };
            self.start_read(PendingRead::Markers { member, rooms }, query, out);
        }
    }

    /// Answers the commands of a member in the batch under way, and tells the member's other sessions.
    pub(super) fn finish_markers(
        &mut self,
        member: MemberId,
        rooms: &[MarkedRoom],
        result: Result<QueryResult, ErrorCode>,
        out: &mut Vec<Output>,
    ) {
        let moves = &mut self.marker_moves;
        moves.reads = moves.reads.saturating_sub(1);
        let Some(batch) = &mut moves.current else { return };
        let asking: Vec<_> = batch.asking.extract_if(.., |(_, _, other, _)| *other == member).collect();
        let moved: BTreeSet<RoomId> = rooms
            .iter()
            .map(|marked| marked.room)
            .filter(|room| batch.positions.get(&(member, *room)).is_some_and(|n| *n > 0))
            .collect();
        if moves.reads == 0 {
            moves.current = None;
        }
        let (markers, code) = match result {
            Ok(QueryResult::Markers(markers)) => (markers, ErrorCode::RoomUnknown),
            Ok(_) => (Vec::new(), ErrorCode::Internal),
            Err(code) => (Vec::new(), code),
        };
        if let Some(version) = moves.versions.get_mut(&member) {
            *version = greatest_version(&markers).max(*version);
        }
        let told: Vec<_> = rooms.iter().zip(markers).collect();
        for (session, reference, _, room) in &asking {
            match told.iter().find(|(marked, _)| marked.room == *room) {
                Some((marked, marker)) => out.push(tell(*session, Some(*reference), marked, *marker)),
                None => refuse(*session, Some(*reference), code, out),
            }
        }
        for (marked, marker) in told.into_iter().filter(|(marked, _)| moved.contains(&marked.room)) {
            let has_asked =
                |session| asking.iter().any(|(other, _, _, room)| *other == session && *room == marked.room);
            self.for_each_recipient(member, |session| {
                if !has_asked(session) {
                    out.push(tell(session, None, marked, marker));
                }
            });
        }
    }

    /// Returns what a query for markers needs to know of a room; none if the member is not in it.
    fn marked_room(&self, member: MemberId, room: RoomId) -> Option<MarkedRoom> {
        let (stay, state) = (self.house.rooms.membership(member, room)?, self.house.rooms.get(room)?);
        Some(MarkedRoom { room, joined: stay.joined, last: state.last, seq: state.seq })
    }

    /// Returns all rooms of a member, for a query for the markers.
    pub(super) fn marked_rooms(&self, member: MemberId) -> Vec<MarkedRoom> {
        self.house.rooms.of(member).filter_map(|(room, _)| self.marked_room(member, room)).collect()
    }
}

fn tell(session: SessionId, reference: Option<u64>, marked: &MarkedRoom, marker: ReadMarker) -> Output {
    Output::Send(session, Event::ReadMarker(room_marker(reference, marked, marker)))
}

/// Makes the frame about a marker.
pub(super) fn room_marker(reference: Option<u64>, marked: &MarkedRoom, marker: ReadMarker) -> RoomMarker {
    RoomMarker { reference, room: marked.room, seq: marked.seq, marker }
}
