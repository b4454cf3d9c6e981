//! The rooms of the house, page by page, for the person who looks for one.

use crate::limits::FOUND_ROOMS_MAX;
use crate::sync::pending_request::PendingRequest;
use crate::view::{DirectoryPage, Edge};
use shared::RoomId;
use shared::command;
use shared::event::{DirectoryRoom, RoomsPage};

/// What the person looks for, and what was found.
#[derive(Debug)]
pub(crate) struct RoomDirectory {
    find: String,
    rooms: Vec<DirectoryRoom>,
    more: bool,
    failed: bool,
    pub(crate) ask: PendingRequest,
}

impl RoomDirectory {
    /// Looks for rooms with this in their names.
    pub(crate) fn new(find: String) -> Self {
        RoomDirectory { find, rooms: Vec::new(), more: true, failed: false, ask: PendingRequest::Wanted }
    }

    /// The next page is wanted.
    pub(crate) fn want_more(&mut self) {
        if self.more && self.rooms.len() < FOUND_ROOMS_MAX {
            self.failed = false;
            self.ask.want();
        }
    }

    /// As it is asked.
    pub(crate) fn command(&self, reference: u64) -> command::RoomsQuery {
        let after = self.rooms.last().map(|room| room.id);
        command::RoomsQuery { reference, find: self.find.clone(), after }
    }

    /// A page came.
    pub(crate) fn answered(&mut self, page: RoomsPage) {
        self.ask = PendingRequest::Idle;
        let last = self.rooms.last().map(|room| room.id);
        let new = page.rooms.into_iter().filter(|room| last.is_none_or(|last| last < room.id));
        let before = self.rooms.len();
        self.rooms.extend(new.take(FOUND_ROOMS_MAX - before));
        self.more = page.more && self.rooms.len() > before;
    }

    /// How many were in this room when it was found, and we.
    pub(crate) fn members_with_us(&self, id: RoomId) -> Option<u32> {
        let found = self.rooms.iter().find(|found| found.id == id)?;
        Some(found.members.saturating_add(u32::from(!found.joined)))
    }

    /// It was refused.
    pub(crate) fn refused(&mut self, temporary: bool) {
        self.failed = !temporary;
        self.ask = if temporary { PendingRequest::Resting } else { PendingRequest::Idle };
    }

    /// As the page shows it.
    pub(crate) fn show(&self, is_in: impl Fn(RoomId) -> bool) -> DirectoryPage {
        let edge = match () {
            () if self.failed => Edge::Failed,
            () if self.ask != PendingRequest::Idle => Edge::Loading,
            () if self.more && self.rooms.len() < FOUND_ROOMS_MAX => Edge::More,
            () => Edge::End,
        };
        let mut rooms = self.rooms.clone();
        for room in &mut rooms {
            room.joined = is_in(room.id);
        }
        DirectoryPage { find: self.find.clone(), rooms, edge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(from: usize, many: usize, more: bool) -> RoomsPage {
        let room = |id| DirectoryRoom {
            id: RoomId(id as u64),
            name: String::new(),
            description: String::new(),
            members: 0,
            joined: false,
        };
        RoomsPage { reference: 1, rooms: (from..from + many).map(room).collect(), more }
    }

    #[test]
    fn as_many_rooms_are_listed_as_the_limit_says() {
        for (many, edge) in [(-1, Edge::More), (0, Edge::End), (1, Edge::End)] {
            let mut browse = RoomDirectory::new(String::new());
            let many = FOUND_ROOMS_MAX.saturating_add_signed(many);
            browse.answered(page(0, many, true));
            assert_eq!(browse.show(|_| false).edge, edge);
            assert_eq!(browse.show(|_| false).rooms.len(), many.min(FOUND_ROOMS_MAX));
            browse.want_more();
            assert_eq!(browse.ask.is_wanted(), edge == Edge::More);
        }
    }

    #[test]
    fn a_page_that_leads_nowhere_is_the_last() {
        let mut browse = RoomDirectory::new(String::new());
        browse.answered(page(5, 2, true));
        browse.answered(page(5, 2, true));
        assert_eq!((browse.show(|_| true).edge, browse.rooms.len()), (Edge::End, 2));
    }

    #[test]
    fn a_refusal_for_good_is_told_and_can_be_tried_again() {
        let mut browse = RoomDirectory::new(String::new());
        browse.refused(false);
        assert_eq!(browse.show(|_| false).edge, Edge::Failed);
        browse.want_more();
        assert!(browse.ask.is_wanted());
    }
}
