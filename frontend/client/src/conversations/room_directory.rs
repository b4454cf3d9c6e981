//! The room directory: the house's rooms, page by page.

use crate::limits::DIRECTORY_ROOMS_MAX;
use crate::view::{DirectoryPage, Edge, Slice};
use shared::RoomId;
use shared::command;
use shared::event::{DirectoryRoom, RoomsPage};

/// A search in the directory, with the rooms found so far.
#[derive(Debug)]
pub(crate) struct RoomDirectory {
    find: String,
    rooms: Vec<DirectoryRoom>,
    has_more: bool,
    has_failed: bool,
    /// Whether a page is wanted or requested.
    wants_page: bool,
    /// The page as it was shown last; `None` after a change.
    shown: Option<Slice<DirectoryPage>>,
}

impl RoomDirectory {
    /// Searches for rooms with `find` in their names.
    pub(crate) fn new(find: String) -> Self {
        RoomDirectory {
            find,
            rooms: Vec::new(),
            has_more: true,
            has_failed: false,
            wants_page: true,
            shown: None,
        }
    }

    /// Requests the next page, if there is one and the directory is not full.
    pub(crate) fn request_more(&mut self) {
        if self.has_more && self.rooms.len() < DIRECTORY_ROOMS_MAX {
            (self.has_failed, self.wants_page) = (false, true);
            self.shown = None;
        }
    }

    /// Whether a page is wanted or requested.
    pub(crate) fn wants_page(&self) -> bool {
        self.wants_page
    }

    /// The request for the next page.
    pub(crate) fn command(&self, reference: u64) -> command::RoomsQuery {
        let after = self.rooms.last().map(|room| room.id);
        command::RoomsQuery { reference, find: self.find.clone(), after }
    }

    /// Adds the rooms of a page, up to the limit.
    pub(crate) fn add_page(&mut self, page: RoomsPage) {
        self.wants_page = false;
        self.shown = None;
        let last = self.rooms.last().map(|room| room.id);
        let new = page.rooms.into_iter().filter(|room| last.is_none_or(|last| last < room.id));
        let before = self.rooms.len();
        self.rooms.extend(new.take(DIRECTORY_ROOMS_MAX - before));
        self.has_more = page.more && self.rooms.len() > before;
    }

    /// Records the refusal of the request.
    pub(crate) fn mark_refused(&mut self, temporary: bool) {
        (self.has_failed, self.wants_page) = (!temporary, temporary);
        self.shown = None;
    }

    /// The directory as the page shows it. It is the same slice as before if nothing changed.
    pub(crate) fn page(&mut self, is_in: impl Fn(RoomId) -> bool) -> Slice<DirectoryPage> {
        let is_same =
            |shown: &&Slice<DirectoryPage>| shown.rooms.iter().all(|room| room.joined == is_in(room.id));
        if let Some(shown) = self.shown.as_ref().filter(is_same) {
            return shown.clone();
        }
        let edge = match () {
            () if self.has_failed => Edge::Failed,
            () if self.wants_page => Edge::Loading,
            () if self.has_more && self.rooms.len() < DIRECTORY_ROOMS_MAX => Edge::More,
            () => Edge::End,
        };
        let mut rooms = self.rooms.clone();
        for room in &mut rooms {
            room.joined = is_in(room.id);
        }
        let page = Slice::from(DirectoryPage { find: self.find.clone(), rooms, edge });
        self.shown = Some(page.clone());
        page
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
    fn the_directory_lists_rooms_up_to_the_limit() {
        for (many, edge) in [(-1, Edge::More), (0, Edge::End), (1, Edge::End)] {
            let mut directory = RoomDirectory::new(String::new());
            let many = DIRECTORY_ROOMS_MAX.saturating_add_signed(many);
            directory.add_page(page(0, many, true));
            assert_eq!(directory.page(|_| false).edge, edge);
            assert_eq!(directory.page(|_| false).rooms.len(), many.min(DIRECTORY_ROOMS_MAX));
            directory.request_more();
            assert_eq!(directory.wants_page(), edge == Edge::More);
        }
    }

    #[test]
    fn an_empty_page_is_the_last() {
        let mut directory = RoomDirectory::new(String::new());
        directory.add_page(page(5, 2, true));
        directory.add_page(page(5, 2, true));
        assert_eq!((directory.page(|_| true).edge, directory.rooms.len()), (Edge::End, 2));
    }

    #[test]
    fn a_permanent_refusal_is_shown_and_can_be_retried() {
        let mut directory = RoomDirectory::new(String::new());
        directory.mark_refused(false);
        assert_eq!(directory.page(|_| false).edge, Edge::Failed);
        directory.request_more();
        assert!(directory.wants_page());
    }
}
