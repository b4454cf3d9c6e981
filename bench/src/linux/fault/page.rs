//! A page: the client's mind, its timers, and the writes that its browser has
//! not carried out yet. A crash takes all of it away.

use std::collections::{BTreeMap, VecDeque};

use client::Client;
use client::input::Timer;
use client::transport::Transport;

use super::browser::Transaction;
use super::history_walk::HistoryWalk;
use super::oracle::PageId;

/// The page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) id: PageId,
    pub(super) client: Client,
    pub(super) browser: usize,
    pub(super) is_started: bool,
    pub(super) timers: BTreeMap<Timer, u64>,
    /// What its browser's database is asked for, in its order, and when each is done.
    pub(super) database_queue: VecDeque<(u64, DatabaseRequest)>,
    /// When its person does the next thing.
    pub(super) acts_at: u64,
    /// When it crashes.
    pub(super) crashes_at: u64,
    /// Requests about who one is that are under way.
    pub(super) identity_requests: u32,
    /// What its network does not let pass.
    pub(super) blocked: Option<Transport>,
    /// How far its rooms are paged to the start, at the end of the run.
    pub(super) history_walk: Option<HistoryWalk>,
}

/// One transaction.
#[derive(Debug)]
pub(super) enum DatabaseRequest {
    Load,
    Write(Transaction),
}

impl Page {
    /// A page in a life that has not begun.
    pub(super) fn new(id: PageId, browser: usize, seed: u64) -> Self {
        Self {
            id,
            client: Client::new(seed),
            browser,
            is_started: false,
            timers: BTreeMap::new(),
            database_queue: VecDeque::new(),
            acts_at: 0,
            crashes_at: 0,
            identity_requests: 0,
            blocked: None,
            history_walk: None,
        }
    }

    /// When the next thing is due that it waits for itself.
    pub(super) fn next_due(&self) -> Option<u64> {
        let timer = self.timers.values().min().copied();
        let write = self.database_queue.front().map(|(at, _)| *at);
        timer.into_iter().chain(write).min()
    }

    /// A timer whose time has come.
    pub(super) fn take_timer(&mut self, now: u64) -> Option<Timer> {
        let (&timer, _) = self.timers.iter().find(|(_, at)| **at <= now)?;
        self.timers.remove(&timer);
        Some(timer)
    }

    /// A transaction that is done.
    pub(super) fn take_database_request(&mut self, now: u64) -> Option<DatabaseRequest> {
        self.database_queue.front().filter(|(at, _)| *at <= now)?;
        self.database_queue.pop_front().map(|(_, what)| what)
    }
}
