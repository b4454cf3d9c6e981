//! The state of the server: its nodes, their log, and the shell's sessions and waiting changes.

use crate::clock::Clock;
use crate::network::{ConnectionKind, Wire};
use crate::page_id::PageId;
use client::identity::IdentityRequest;
use hub::house::change::Change;
use hub::house::commit::Commit;
use hub::house::members::DeviceKey;
use hub::log::Log;
use hub::{Hub, RequestId, SessionId, Settings};
use shared::{Address, ClientId, Epoch, MemberId, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// One node of the server: a hub that reads the log's tail.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) hub: Hub,
    pub(crate) wake_at: Option<u64>,
}

/// The server: nodes that share one log, and the state of their shells. A session or an account request
/// belongs to the node of its number.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) nodes: Vec<Node>,
    /// Clocks of the present process.
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    /// Changes of this log with their times, from which the log is rebuilt after a crash.
    pub(crate) appended: Vec<(Change, u64)>,
    /// Number of these changes before the append under way.
    pub(crate) synced: usize,
    /// Append under way.
    pub(crate) unsynced: UnsyncedAppend,
    /// Last position that is durable. The tail reads no further.
    pub(crate) durable_head: u64,
    /// Virtual time of the last append.
    pub(crate) appended_at: u64,
    /// Number of the server's starts. Events of an earlier start are ignored.
    pub(crate) generation: u32,
    pub(crate) is_up: bool,
    /// Whether the store refuses changes.
    pub(crate) refuses_changes: bool,
    /// Settings of the next start. Their build is the number of roll-backs, so that each `welcome` tells it.
    pub(crate) settings: Settings,
    /// Number of roll-backs of the log.
    pub(crate) roll_backs: u64,
    /// Number of the last roll-back that lost a member, or 0.
    pub(crate) lost_member: u64,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) last_session: u64,
    /// Account requests that the hub has not answered yet.
    pub(crate) account_requests: BTreeMap<RequestId, (PageId, IdentityRequest, DeviceKey)>,
    pub(crate) last_request: u64,
    /// Changes that wait for the append under way, with the indices of their nodes.
    pub(crate) waiting_changes: Vec<(usize, Change)>,
    pub(crate) is_committing: bool,
}

/// Node of a change that no node of the simulation has sent. Its outcome is reported to nobody.
pub(crate) const ELSEWHERE: usize = usize::MAX;

impl Server {
    pub(crate) fn new(settings: Settings, nodes: u64, now: u64) -> Self {
        let log = Log::new(Epoch(1));
        let nodes = (0..nodes).map(|_| Node::start(&settings, &log)).collect();
        Server {
            nodes,
            clock: Clock::started(now),
            log,
            appended: Vec::new(),
            synced: 0,
            unsynced: UnsyncedAppend::default(),
            durable_head: 0,
            appended_at: 0,
            generation: 0,
            is_up: true,
            refuses_changes: false,
            settings,
            roll_backs: 0,
            lost_member: 0,
            sessions: BTreeMap::new(),
            last_session: 0,
            account_requests: BTreeMap::new(),
            last_request: 0,
            waiting_changes: Vec::new(),
            is_committing: false,
        }
    }

    /// Index of the node with a session or request of this number.
    pub(crate) fn node_of(&self, number: u64) -> usize {
        usize::try_from(number).unwrap_or(0) % self.nodes.len()
    }

    /// The hub of a session.
    pub(crate) fn hub_of(&self, session: SessionId) -> &Hub {
        &self.nodes[self.node_of(session.0)].hub
    }

    /// Next number after `last` that belongs to a node. The node knows the device, if any does. `choice` is a
    /// random number.
    pub(crate) fn next_number(&self, last: u64, device: Option<DeviceKey>, choice: u64) -> u64 {
        let count = u64::try_from(self.nodes.len()).unwrap_or(1);
        let knows = |number: &u64| {
            let members = &self.nodes[self.node_of(*number)].hub.house().members;
            device.is_some_and(|device| members.find_by_device(&device).is_some())
        };
        let first = last + 1 + choice % count;
        (first..first + count).find(knows).unwrap_or(first)
    }
}

impl Node {
    pub(crate) fn start(settings: &Settings, log: &Log) -> Self {
        Node { hub: Hub::new(settings.clone(), log.epoch(), log.house().clone()), wake_at: None }
    }
}

/// An append whose outcomes were not reported yet. A crash may lose it.
#[derive(Debug, Default)]
pub(crate) struct UnsyncedAppend {
    pub(crate) commits: Vec<Commit>,
    /// Count of the changes that had been committed before.
    pub(crate) retries: usize,
}

/// A session of the hub with the state of its shell.
#[derive(Debug)]
pub(crate) struct Session {
    /// Index of the session's node.
    pub(crate) node: usize,
    pub(crate) wire: Wire,
    pub(crate) kind: ConnectionKind,
    /// Frames for the response of a poll.
    pub(crate) poll_frames: Vec<String>,
    /// Whether a poll has waited for its full time.
    pub(crate) has_expired: bool,
    /// Whether a stream needs a `through` after its frames.
    pub(crate) owes_through: bool,
    /// Member of the session after its `hello`.
    pub(crate) member: Option<MemberId>,
    /// Addresses whose events the session receives.
    pub(crate) addresses: BTreeSet<Address>,
    /// Frames published since the attach, until the replay is complete.
    pub(crate) buffer: Option<BufferedFrames>,
    pub(crate) paused_until: u64,
    pub(crate) received_at: u64,
    /// Unsettled posts by `ref`.
    pub(crate) unsettled_posts: BTreeMap<u64, (RoomId, ClientId)>,
}

/// Frames buffered during a replay.
#[derive(Debug, Default)]
pub(crate) struct BufferedFrames {
    /// Frames of events with a position; none if they passed the limit.
    pub(crate) frames: Option<Vec<String>>,
    /// Replies and events without a position, which no replay contains.
    pub(crate) answers: Vec<String>,
}
