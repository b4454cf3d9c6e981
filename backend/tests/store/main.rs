//! The conformance suite that every store must pass, and further tests of the log on disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a test fails; clippy knows only functions marked #[test]"
)]

mod append;
mod backup;
mod check;
mod crash;
mod damaged_rows;
mod differential;
mod history;
#[path = "../data_folder/lock.rs"]
mod lock;
mod markers;
mod older_format;
mod older_order;
mod relayed_store;
mod replay;
mod retry;
mod rng;
mod start_at_size;
mod tail;
#[path = "../data_folder/temp_folder.rs"]
mod temp_folder;
mod test_store;
