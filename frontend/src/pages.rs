//! The screens: what one sees before, at, and behind the door.

pub mod inspect;
pub mod join;
pub mod opening;
pub mod room;
