//! Search in the house. Today only rooms can be searched.

pub mod room_directory;
