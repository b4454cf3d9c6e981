//! Search in the house. The room directory is the only search today.

pub mod room_directory;
