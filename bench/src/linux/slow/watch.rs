//! A look at both servers from outside: their memory, and whether the slow
//! client's socket is still there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::failure::Failure;
use super::super::handshake::OpenedConnection;
use super::super::memory::Resident;
use super::super::server::Server;
use super::super::sockets;

/// Between two looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks at the two servers until it is told to stop.
pub(super) struct ServerWatch {
    /// The process that has the slow client, and the one that has not.
    pids: (u32, u32),
    /// The port of the first.
    port: u16,
    /// The slow client's port.
    peer: u16,
    /// Open files of the first with the slow client's socket among them.
    files: usize,
    /// Set when the server and the kernel have let go of that socket.
    gone: AtomicBool,
    /// Set when looking is to end.
    stop: AtomicBool,
}

/// What the watch has seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    /// The highest resident memory of the server with the slow client, in bytes.
    pub(super) peak_with: u64,
    /// The same of the other.
    pub(super) peak_without: u64,
    /// When the slow client's socket was seen to be gone.
    pub(super) gone_at: Option<Instant>,
}

impl ServerWatch {
    /// One over both, with the slow client's socket open.
    ///
    /// # Errors
    /// When the server is gone.
    pub(super) fn new(with: &Server, without: &Server, slow: &OpenedConnection) -> Result<Self, Failure> {
        let peer = slow.stream.local_addr().map_err(Failure::at("the slow client has no address"))?;
        Ok(Self {
            pids: (with.pid(), without.pid()),
            port: with.port(),
            peer: peer.port(),
            files: sockets::open_files(with.pid())?,
            gone: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        })
    }

    /// Whether that socket is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Ends the looking.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Looks until it is told to stop.
    ///
    /// # Errors
    /// When a server is gone.
    pub(super) fn look(&self) -> Result<Observation, Failure> {
        let mut seen = Observation { peak_with: 0, peak_without: 0, gone_at: None };
        while !self.stop.load(Ordering::Relaxed) {
            seen.peak_with = seen.peak_with.max(Resident::of(self.pids.0)?.bytes);
            seen.peak_without = seen.peak_without.max(Resident::of(self.pids.1)?.bytes);
            if seen.gone_at.is_none()
                && sockets::open_files(self.pids.0)? < self.files
                && !sockets::exists(self.port, self.peer)?
            {
                seen.gone_at = Some(Instant::now());
                self.gone.store(true, Ordering::Relaxed);
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(seen)
    }
}
