//! What every store must do, written once and run for each; and what the log on
//! disk must do beside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a test fails; clippy knows only functions marked #[test]"
)]

mod append;
mod backup;
mod chance;
mod check;
mod crash;
mod differential;
mod history;
#[path = "../common/hold.rs"]
mod hold;
mod older_order;
mod replay;
mod retry;
mod subject;
