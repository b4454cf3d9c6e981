//! The simulation: both cores over a simulated network with virtual time. A run has some pages, one server,
//! and any faults between them. One seed repeats one run exactly.
//!
//! A run has a fault phase: users act while connections break, requests are lost, the server restarts and
//! its store refuses changes. In the recovery phase that follows, all pages must agree without help. There
//! are four kinds of runs: [`run_any`] with all kinds of faults, [`run_transport_switching`] with a switch
//! of transports each second, [`run_many_tabs`] with one browser of many tabs, and [`run_roll_backs`] with
//! logs that go back to an older copy.
//!
//! The invariants, checked after each input and at the end:
//!
//! - (a) an acknowledged message is in every timeline exactly once when it is paged to the start, in the
//!   same epoch. No sent message is lost by a reload of a page or a crash of the server;
//! - (b) all members see one order, and each sender's own order is kept;
//! - (c) a page's state, made of snapshots and events, equals a fresh snapshot;
//! - (d) no queue passes its bound, and a page has at most one post in flight per room;
//! - (e) no session receives an event of a room of which its member was not a member;
//! - (f) all pages agree in bounded time and steps after the faults end;
//! - (g) a row's key never changes, and no two rows share a key;
//! - (i) a page keeps showing a draft, unless another tab continued it while the page was hidden;
//! - (j) a follower whose leader has ended or is frozen begins again within 5 seconds;
//! - (k) no two tabs of a browser read over plain HTTP for longer than that;
//! - (l) a follower takes relayed frames only of its own member and epoch;
//! - (m) the time of an event is never smaller than that of the event before, and grows with time;
//! - (n) no timer and no countdown lasts longer than its limit;
//! - (o) an archived room gets no message, no change and no member but its maker;
//! - (p) the hub of each node holds the rooms of the log;
//! - (q) a page that was welcomed after a roll-back shows no row that the log has lost. The checks of (a), (b)
//!   and (g) find such a row;
//! - (r) at the end, the badge of each room is the number of messages that others wrote after the member's read
//!   marker, the same in all tabs.
//!
//! In half of the runs with a lasting log, the wall clocks of the server and of the browsers step, by up to
//! hours.
//!
//! Invariant (h), deletion, has no event yet.
//!
//! The modules, from the lowest:
//!
//! - [`violation`], [`rng`], [`plan`], [`stats`]: the result, randomness, parameters and counts of a run
//! - [`clock`]: the two clocks of a server or a page, as functions of virtual time
//! - [`page_id`], [`network`], [`storage`], [`account`], [`http_session`], [`page`], [`server`]: the state of
//!   the network, of browsers and pages, and of the server
//! - [`oracle`]: the record of sent and committed messages, kept outside both cores
//! - [`event`]: the events of the simulation
//! - [`world`]: the state of a run, the queue of events, and in its children the effect of each event

mod account;
mod clock;
mod event;
mod http_session;
mod network;
mod oracle;
mod page;
mod page_id;
mod plan;
mod rng;
mod server;
mod stats;
mod storage;
mod violation;
mod world;

pub use stats::RunStats;
pub use violation::Violation;

use plan::Plan;
use world::World;

/// Runs a seed with all kinds of faults. `prints_steps` prints each step.
///
/// # Errors
/// The invariant that did not hold.
pub fn run_any(seed: u64, prints_steps: bool) -> Result<RunStats, Violation> {
    World::new(seed, prints_steps, Plan::any).run()
}

/// Runs a seed with one browser of many tabs and no WebSocket. `prints_steps` prints each step.
///
/// # Errors
/// The invariant that did not hold.
pub fn run_many_tabs(seed: u64, prints_steps: bool) -> Result<RunStats, Violation> {
    World::new(seed, prints_steps, Plan::many_tabs).run()
}

/// Runs a seed in which the server's log is rolled back to older copies, and then grows in another way.
/// `prints_steps` prints each step.
///
/// # Errors
/// The invariant that did not hold.
pub fn run_roll_backs(seed: u64, prints_steps: bool) -> Result<RunStats, Violation> {
    World::new(seed, prints_steps, Plan::roll_backs).run()
}

/// Runs a minute of constant posting in which every page switches its transport each second. `prints_steps` prints
/// each step.
///
/// # Errors
/// The invariant that did not hold.
pub fn run_transport_switching(seed: u64, prints_steps: bool) -> Result<RunStats, Violation> {
    World::new(seed, prints_steps, Plan::transport_switching).run()
}
