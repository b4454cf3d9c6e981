//! What components share with the browser.

pub mod keys;
pub mod left_rooms;
pub mod media;
pub mod tick;
