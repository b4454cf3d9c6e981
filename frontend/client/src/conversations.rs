//! Conversations: the rooms, their messages, and the part of them that is in the window.

pub(crate) mod paging;
pub(crate) mod room;
pub(crate) mod room_directory;
pub(crate) mod room_list;
pub(crate) mod room_lookup;
pub(crate) mod room_map;
pub(crate) mod rooms;
pub(crate) mod segment;
pub(crate) mod timeline;
pub(crate) mod unread;
