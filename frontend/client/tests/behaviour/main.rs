//! The client as its shells see it: inputs in, effects and the view out.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what is wrong by panicking")]

mod adopting;
mod clocks;
mod connecting;
mod drafts;
mod fuzz;
mod house;
mod identity;
mod looking_up;
mod marking;
mod marks;
mod opening;
mod page;
mod paging;
mod reading;
mod reading_place;
mod resuming;
mod rooms;
mod sending;
mod slices;
mod store;
mod storing;
mod transports;
