//! A page: the client's mind, its timers, and the writes that its browser has
//! not carried out yet. A crash takes all of it away.

use std::collections::{BTreeMap, VecDeque};

use client::Client;
use client::input::Timer;
use client::transport::Transport;

use super::browser::Write;
use super::ledger::PageId;
use super::reading::Reading;

/// The page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) id: PageId,
    pub(super) client: Client,
    pub(super) browser: usize,
    pub(super) is_started: bool,
    pub(super) timers: BTreeMap<Timer, u64>,
    /// What its browser's database is asked for, in its order, and when each is done.
    pub(super) asked: VecDeque<(u64, Database)>,
    /// When its person does the next thing.
    pub(super) acts_at: u64,
    /// When it crashes.
    pub(super) crashes_at: u64,
    /// Requests about who one is that are under way.
    pub(super) requests: u32,
    /// What its network does not let pass.
    pub(super) blocked: Option<Transport>,
    /// How far its rooms are paged to the start, at the end of the run.
    pub(super) reading: Option<Reading>,
}

/// One transaction.
#[derive(Debug)]
pub(super) enum Database {
    Load,
    Write(Write),
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
            asked: VecDeque::new(),
            acts_at: 0,
            crashes_at: 0,
            requests: 0,
            blocked: None,
            reading: None,
        }
    }

    /// When the next thing is due that it waits for itself.
    pub(super) fn due(&self) -> Option<u64> {
        let timer = self.timers.values().min().copied();
        let write = self.asked.front().map(|(at, _)| *at);
        timer.into_iter().chain(write).min()
    }

    /// A timer whose time has come.
    pub(super) fn take_timer(&mut self, now: u64) -> Option<Timer> {
        let (&timer, _) = self.timers.iter().find(|(_, at)| **at <= now)?;
        self.timers.remove(&timer);
        Some(timer)
    }

    /// A transaction that is done.
    pub(super) fn take_write(&mut self, now: u64) -> Option<Database> {
        self.asked.front().filter(|(at, _)| *at <= now)?;
        self.asked.pop_front().map(|(_, what)| what)
    }
}
