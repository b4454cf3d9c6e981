//! The crash loop: a thread that kills the server at random moments and restarts it in the same home. After
//! some of the kills it copies the data folder and runs `teahouse check` on the copy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::linux::failure::Failure;
use crate::linux::folder;
use crate::linux::rng::Rng;
use crate::linux::server::{self, Server};

/// Interval at which the loop checks the time.
const POLL_INTERVAL: Duration = Duration::from_millis(2);
/// One kill in this many comes before the server is ready, or soon after.
const EARLY_ONE_IN: u64 = 6;
/// Longest wait of an early kill, in milliseconds after the start.
const EARLY_MS_MAX: u64 = 60;
/// Longest wait of the other kills, in milliseconds after the server is ready.
const WAIT_MS_MAX: u64 = 7_000;
/// After one kill in this many, a copy of the data folder is checked.
const CHECK_ONE_IN: u64 = 4;

/// A kill and the server's recovery from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kill {
    /// Time at which the server was gone, and its folder copied if it was.
    pub(super) at: Instant,
    /// Time until `/readyz` answered with 200; `None` if the next kill came first.
    pub(super) ready: Option<Duration>,
    /// Time until a page got a reply over a connection opened after the kill.
    pub(super) answered: Option<Duration>,
}

/// Kills of a run, which the loop's thread and the pages both record.
#[derive(Debug, Default)]
pub(super) struct KillLog {
    list: Mutex<Vec<Kill>>,
    is_over: AtomicBool,
}

impl KillLog {
    /// All kills until now.
    pub(super) fn snapshot(&self) -> Vec<Kill> {
        self.lock().clone()
    }

    /// Records a reply over a connection that was opened at `opened`.
    pub(super) fn record_reply(&self, opened: Instant) {
        if let Some(last) = self.lock().last_mut()
            && last.answered.is_none()
            && opened > last.at
        {
            last.answered = Some(last.at.elapsed());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kill>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handle of the loop's thread.
pub(super) struct CrashLoop {
    pub(super) kills: Arc<KillLog>,
    thread: Option<JoinHandle<Result<CrashLoopEnd, Failure>>>,
}

/// Result of the loop.
pub(super) struct CrashLoopEnd {
    /// The server, which is ready.
    pub(super) server: Server,
    /// Copies that passed the check.
    pub(super) checks: u64,
}

impl CrashLoop {
    /// Starts the loop.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start(server: Server, rng: Rng) -> Result<Self, Failure> {
        let kills = Arc::new(KillLog::default());
        let state = CrashLoopThread { server, rng, kills: Arc::clone(&kills), checks: 0 };
        let thread = thread::Builder::new().name("crash-loop".to_owned()).spawn(move || state.run());
        Ok(Self { kills, thread: Some(thread.map_err(Failure::at("cannot start the crash loop"))?) })
    }

    /// Whether the loop has ended before [`Self::stop`]: the server did not start, or a check failed.
    pub(super) fn has_failed(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Stops the loop and waits until the server is ready.
    ///
    /// # Errors
    /// The failure that ended the loop earlier.
    pub(super) fn stop(mut self) -> Result<CrashLoopEnd, Failure> {
        self.kills.is_over.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(end)) => end,
            _ => Err(Failure::new("the crash loop panicked")),
        }
    }
}

struct CrashLoopThread {
    server: Server,
    rng: Rng,
    kills: Arc<KillLog>,
    checks: u64,
}

impl CrashLoopThread {
    fn run(mut self) -> Result<CrashLoopEnd, Failure> {
        match self.run_until_stopped() {
            Ok(()) => Ok(CrashLoopEnd { server: self.server, checks: self.checks }),
            Err(failure) => {
                let folder = self.server.home().keep_files().display().to_string();
                Err(Failure::new(format!("{failure}\nthe folder is kept: {folder}")))
            }
        }
    }

    fn run_until_stopped(&mut self) -> Result<(), Failure> {
        while !self.kills.is_over.load(Ordering::Relaxed) {
            let is_early = self.rng.one_in(EARLY_ONE_IN);
            let most = if is_early { EARLY_MS_MAX } else { WAIT_MS_MAX };
            let wait = Duration::from_millis(self.rng.between(0, most));
            if !is_early {
                self.await_ready()?;
            }
            let due = Instant::now() + wait;
            while Instant::now() < due && !self.kills.is_over.load(Ordering::Relaxed) {
                self.server.expect_alive()?;
                if is_early {
                    self.record_ready();
                }
                thread::sleep(POLL_INTERVAL);
            }
            if !self.kills.is_over.load(Ordering::Relaxed) {
                self.kill_and_restart()?;
            }
        }
        self.await_ready()
    }

    fn kill_and_restart(&mut self) -> Result<(), Failure> {
        self.server.kill()?;
        let copy = self.rng.one_in(CHECK_ONE_IN).then(|| self.server.home().folder().join("copy"));
        if let Some(copy) = &copy {
            folder::copy(self.server.home().data(), copy)
                .map_err(Failure::at("cannot copy the data folder"))?;
        }
        self.kills.lock().push(Kill { at: Instant::now(), ready: None, answered: None });
        self.server.restart()?;
        if let Some(copy) = &copy {
            self.await_ready()?;
            server::check_data(copy)?;
            self.checks += 1;
            // The next copy must not find files of this one.
            std::fs::remove_dir_all(copy).map_err(Failure::at("cannot remove a copy"))?;
        }
        Ok(())
    }

    fn await_ready(&mut self) -> Result<(), Failure> {
        self.server.await_ready()?;
        self.record_ready();
        Ok(())
    }

    fn record_ready(&mut self) {
        let is_recorded = self.kills.lock().last().is_none_or(|last| last.ready.is_some());
        if !is_recorded
            && self.server.is_ready()
            && let Some(last) = self.kills.lock().last_mut()
        {
            last.ready = Some(last.at.elapsed());
        }
    }
}
