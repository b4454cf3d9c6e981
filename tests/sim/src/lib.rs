//! Both cores over a pretend network with virtual time: some pages, one
//! server, and whatever can happen between them. One seed is one story, told
//! again exactly as often as it is asked for.
//!
//! A story has a storm, in which people talk while connections break, requests
//! are lost, the server restarts and its store refuses, and then a calm, in
//! which everything must come right by itself. There is a second kind: a minute in
//! which people talk all the time, and each second every page is switched to another
//! transport; and a third: a browser whose many tabs come and go, and one reads for all.
//! [`promise`] says what must hold at each step and at the end:
//!
//! - (a) an acknowledged message is in every timeline exactly once, once it is paged to
//!   the start, while its epoch lasts; and nothing that was sent is lost, though pages are
//!   loaded anew and the server forgets what it had not synced;
//! - (b) all members see one order, and each sender's own order is kept;
//! - (c) what a page has made of snapshots and events is what a fresh snapshot says;
//! - (d) no queue passes its bound, and one post of a page and room is in flight at a time;
//! - (e) nobody is told an event of a room that they were not in;
//! - (f) after the network heals all come to agree in bounded time and steps;
//! - (g) a row's key never changes and no two rows share one;
//! - (i) what somebody types stays in sight, but where a page that was hidden finds that it was
//!   gone on with in another;
//! - (j) whoever is told by another page of the browser what that one reads, and is told no more as it
//!   is gone or frozen, begins anew within 5 seconds;
//! - (k) no two pages of a browser read over plain HTTP for longer than that.
//!
//! Not yet, for there is no event for it: (h) deletion.

mod act;
mod calm;
mod chance;
mod fault;
mod http_session;
mod network;
mod page;
mod plan;
mod promise;
mod request;
mod server;
mod shelf;
mod world;

pub use promise::Broken;

/// What happened in one story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// Things that happened one after the other.
    pub steps: u64,
    /// Messages that people sent.
    pub sent: u64,
    /// Messages that the log took, in all epochs.
    pub committed: u64,
    /// Times that the log answered a retry with what it had.
    pub again: u64,
    /// Times that a page was welcome.
    pub welcomes: u64,
    /// Times that a page was told to use another transport, or its network to let another pass.
    pub switches: u64,
    /// Times that a page began to follow another of its browser.
    pub follows: u64,
    /// Frames that followers were told.
    pub shared: u64,
    /// Restarts of the server.
    pub restarts: u64,
    /// Changes that a crash forgot, none of which was acknowledged.
    pub forgotten: u64,
    /// Times that a session came back by its cursor.
    pub resumed: u64,
    /// Times that more came for a session than could be held back.
    pub behind: u64,
    /// Rows that a page found stored by one before it.
    pub adopted: u64,
    /// Messages that pages showed when they were paged to the start.
    pub paged: u64,
    /// Milliseconds from the end of the storm to agreement.
    pub healed_ms: u64,
}

/// Plays the story of this seed; with `trace` it is printed as it goes.
///
/// # Errors
/// The promise that did not hold.
pub fn play(seed: u64, trace: bool) -> Result<Story, Broken> {
    world::World::new(seed, trace, plan::Plan::draw).play()
}

/// Plays the browser of this seed, as [`play`] does a story: it has many tabs, which come and go, and no
/// WebSocket passes.
///
/// # Errors
/// The promise that did not hold.
pub fn play_tabs(seed: u64, trace: bool) -> Result<Story, Broken> {
    world::World::new(seed, trace, plan::Plan::tabs).play()
}

/// Plays the minute of this seed, as [`play`] does a story: people talk all the time, and each second
/// every page is switched to another transport.
///
/// # Errors
/// The promise that did not hold.
pub fn play_minute(seed: u64, trace: bool) -> Result<Story, Broken> {
    world::World::new(seed, trace, plan::Plan::minute).play()
}
