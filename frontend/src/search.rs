//! Search: what can be found in the house.

pub mod room_directory;
