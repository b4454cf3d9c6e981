//! The events of the simulation, which the world schedules in virtual time.

use crate::account::AccountResponse;
use crate::clock::Computer;
use crate::network::Wire;
use crate::page_id::PageId;
use crate::storage::DatabaseRequest;
use client::identity::IdentityRequest;
use client::input::{ConnectionId, Timer};
use hub::SessionId;
use hub::house::change::{Change, Outcome};
use hub::house::members::DeviceKey;

/// An event of the simulation.
#[derive(Debug)]
pub(crate) enum SimEvent {
    /// The next item on a connection reaches the server.
    ReachedServer(Wire),
    /// The next item on a connection reaches the page.
    ReachedPage(Wire),
    /// An HTTP session opens.
    SessionOpened(PageId, ConnectionId),
    /// The election timer of an HTTP session, set for this time, fires.
    ElectionTick(PageId, ConnectionId, u64),
    /// A message of another tab reaches an HTTP session.
    TabMessage(PageId, ConnectionId, String),
    /// The next poll of an HTTP session is due.
    PollDue(PageId, ConnectionId),
    /// A poll has waited for its full time.
    PollExpired(SessionId),
    /// Some pages switch their transport.
    TransportSwitch,
    /// The server notices the end of a connection.
    ServerNoticesEnd(Wire),
    /// The page notices the end of a connection.
    PageNoticesEnd(Wire),
    /// A page's timer, set for this time of the page's clock, fires.
    PageTimer(PageId, Timer, u64),
    /// An account request reaches the server.
    AccountRequest(PageId, IdentityRequest, Option<DeviceKey>),
    /// An account response reaches the page.
    AccountResponse(PageId, AccountResponse),
    /// The store commits an append of these nodes' changes.
    Commit(u32, Vec<(usize, Change)>),
    /// The store reports the outcomes of an append to the nodes.
    CommitReport(u32, Vec<(usize, Outcome)>),
    /// The tail brings the durable commits to a node.
    TailRead(u32, usize),
    /// A delayed input of the hub is due: a finished read or a drained session.
    HubInput(u32, usize, hub::Input),
    /// A database request completes.
    DatabaseDone(PageId, DatabaseRequest),
    /// The hub's timer, set for this time, fires.
    HubTimer(u32, usize, u64),
    /// The server pings a session.
    SessionPing(SessionId),
    /// The user of a page acts.
    UserAction(usize),
    /// A fault happens.
    Fault,
    /// A wall clock steps.
    ClockStep,
    /// A lasting fault is repaired.
    Repair(Repair),
    /// In the recovery phase the users resolve what needs them.
    Resolution,
}

/// The repair of a fault that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// Starts the stopped server.
    Server,
    /// Lets the store accept changes again.
    Store,
    /// Reconnects a page's network.
    Network(usize),
    /// Sets a wall clock by this many milliseconds.
    Clock(Computer, i64),
}
