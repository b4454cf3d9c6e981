//! The state of the server: the hub, its log, and the shell's sessions and waiting changes.

use crate::clock::Clock;
use crate::network::{ConnectionKind, Wire};
use crate::page_id::PageId;
use client::identity::IdentityRequest;
use hub::house::change::{Change, Outcome};
use hub::house::members::DeviceKey;
use hub::log::Log;
use hub::{Hub, RequestId, SessionId, Settings};
use shared::{Address, ClientId, Epoch, MemberId, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// The server: the hub, its log, and the state of its shell.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hub: Hub,
    /// Clocks of the present process.
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    /// Changes of this log with their times, from which the log is rebuilt after a crash.
    pub(crate) appended: Vec<(Change, u64)>,
    /// Number of these changes before the append under way.
    pub(crate) synced: usize,
    /// Virtual time of the last append.
    pub(crate) appended_at: u64,
    /// Outcomes of the append under way.
    pub(crate) unsynced: Vec<Outcome>,
    /// Number of the server's starts. Events of an earlier start are ignored.
    pub(crate) generation: u32,
    pub(crate) is_up: bool,
    /// Whether the store refuses changes.
    pub(crate) refuses_changes: bool,
    pub(crate) settings: Settings,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) last_session: u64,
    /// Account requests that the hub has not answered yet.
    pub(crate) account_requests: BTreeMap<RequestId, (PageId, IdentityRequest, DeviceKey)>,
    pub(crate) last_request: u64,
    /// Changes that wait for the append under way.
    pub(crate) waiting_changes: Vec<Change>,
    pub(crate) is_committing: bool,
    pub(crate) wake_at: Option<u64>,
}

impl Server {
    pub(crate) fn new(settings: Settings, now: u64) -> Self {
        let log = Log::new(Epoch(1));
        let hub = Hub::new(settings.clone(), log.epoch(), log.house().clone());
        Server {
            hub,
            clock: Clock::started(now),
            log,
            appended: Vec::new(),
            synced: 0,
            appended_at: 0,
            unsynced: Vec::new(),
            generation: 0,
            is_up: true,
            refuses_changes: false,
            settings,
            sessions: BTreeMap::new(),
            last_session: 0,
            account_requests: BTreeMap::new(),
            last_request: 0,
            waiting_changes: Vec::new(),
            is_committing: false,
            wake_at: None,
        }
    }
}

/// A session of the hub with the state of its shell.
#[derive(Debug)]
pub(crate) struct Session {
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
