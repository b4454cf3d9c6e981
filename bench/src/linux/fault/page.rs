//! A page: the client core, its timers, and its queue of database requests. A crash loses all of them.

use std::collections::{BTreeMap, VecDeque};

use client::Client;
use client::input::Timer;
use client::transport::Transport;

use super::browser::Transaction;
use super::history_walk::HistoryWalk;
use super::oracle::PageId;

/// One life of a page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) id: PageId,
    pub(super) client: Client,
    pub(super) browser: usize,
    pub(super) is_started: bool,
    pub(super) timers: BTreeMap<Timer, u64>,
    /// Requests to the browser's database in order, each with the time at which it is done.
    pub(super) database_queue: VecDeque<(u64, DatabaseRequest)>,
    /// Time of the user's next action.
    pub(super) acts_at: u64,
    /// Time of the page's next crash or reload.
    pub(super) crashes_at: u64,
    /// Requests about the page's identity that are in flight.
    pub(super) identity_requests: u32,
    /// Transport that the page's network blocks.
    pub(super) blocked: Option<Transport>,
    /// Walk through the histories at the end of the run.
    pub(super) history_walk: Option<HistoryWalk>,
}

/// A request to the browser's database.
#[derive(Debug)]
pub(super) enum DatabaseRequest {
    Load,
    Write(Transaction),
}

impl Page {
    /// A page whose life has not begun.
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

    /// Time of the page's next timer or database request.
    pub(super) fn next_due(&self) -> Option<u64> {
        let timer = self.timers.values().min().copied();
        let write = self.database_queue.front().map(|(at, _)| *at);
        timer.into_iter().chain(write).min()
    }

    /// Removes and returns a timer that is due.
    pub(super) fn take_timer(&mut self, now: u64) -> Option<Timer> {
        let (&timer, _) = self.timers.iter().find(|(_, at)| **at <= now)?;
        self.timers.remove(&timer);
        Some(timer)
    }

    /// Removes and returns a database request that is done.
    pub(super) fn take_database_request(&mut self, now: u64) -> Option<DatabaseRequest> {
        self.database_queue.front().filter(|(at, _)| *at <= now)?;
        self.database_queue.pop_front().map(|(_, what)| what)
    }
}
