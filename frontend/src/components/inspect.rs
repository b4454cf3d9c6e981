//! The parts of the connection inspector.

pub mod calls;
pub mod comparison;
pub mod editor;
mod field;
pub mod frame;
pub mod frames;
pub mod handshake;
pub mod life;
mod select;
