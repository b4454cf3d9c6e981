//! Watches both servers from outside: their memory, and whether the slow client's socket still exists.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::failure::Failure;
use super::super::handshake::OpenedConnection;
use super::super::memory::Resident;
use super::super::server::Server;
use super::super::sockets;

/// Interval between two observations.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Watches two servers until it is stopped.
pub(super) struct ServerWatch {
    /// Processes: with the slow client, and without.
    pids: (u32, u32),
    /// Port of the server with the slow client.
    port: u16,
    /// Port of the slow client.
    peer: u16,
    /// Open files of the first process, the slow client's socket included.
    files: usize,
    /// Set when server and kernel have released that socket.
    gone: AtomicBool,
    /// Set when the watch must end.
    stop: AtomicBool,
}

/// Result of a watch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    /// Highest resident memory of the server with the slow client, in bytes.
    pub(super) peak_with: u64,
    /// Highest resident memory of the other server, in bytes.
    pub(super) peak_without: u64,
    /// Time at which the slow client's socket was found to be gone.
    pub(super) gone_at: Option<Instant>,
}

impl ServerWatch {
    /// A watch over both servers. The slow client's socket must be open.
    ///
    /// # Errors
    /// When a server is gone.
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

    /// Whether the slow client's socket is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Ends the watch.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Observes the servers until [`Self::stop`].
    ///
    /// # Errors
    /// When a server is gone.
    pub(super) fn observe(&self) -> Result<Observation, Failure> {
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
            thread::sleep(POLL_INTERVAL);
        }
        Ok(seen)
    }
}
