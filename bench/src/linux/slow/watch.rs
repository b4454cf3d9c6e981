//! A look at the server from outside: its memory, and whether the slow client's
//! socket is still there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::failure::Failure;
use super::super::handshake::Opened;
use super::super::memory::Resident;
use super::super::server::Server;
use super::super::sockets;

/// Between two looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks at the server from outside, at the same rhythm whether the slow client
/// is there or not.
pub(super) struct Watch {
    pid: u32,
    port: u16,
    /// The slow client's port, if there is one.
    peer: Option<u16>,
    /// The server's open files with the slow client's socket among them.
    files: usize,
    /// Set when the server and the kernel have let go of that socket.
    gone: AtomicBool,
    /// Set when looking is to end.
    stop: AtomicBool,
}

/// What the watch has seen.
pub(super) struct Seen {
    /// The server's highest resident memory, in bytes.
    pub(super) peak: u64,
    /// When the slow client's socket was seen to be gone.
    pub(super) gone_at: Option<Instant>,
}

impl Watch {
    /// One over `server`, with the slow client's socket open if there is one.
    ///
    /// # Errors
    /// When the server is gone.
    pub(super) fn new(server: &Server, slow: Option<&Opened>) -> Result<Self, Failure> {
        let peer = slow
            .map(|slow| slow.stream.local_addr())
            .transpose()
            .map_err(Failure::at("the slow client has no address"))?;
        Ok(Self {
            pid: server.pid(),
            port: server.port(),
            peer: peer.map(|address| address.port()),
            files: sockets::open_files(server.pid())?,
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
    /// When the server is gone.
    pub(super) fn look(&self) -> Result<Seen, Failure> {
        let mut seen = Seen { peak: 0, gone_at: None };
        while !self.stop.load(Ordering::Relaxed) {
            seen.peak = seen.peak.max(Resident::of(self.pid)?.bytes);
            let fewer = sockets::open_files(self.pid)? < self.files;
            if let Some(peer) = self.peer
                && seen.gone_at.is_none()
                && fewer
                && !sockets::exists(self.port, peer)?
            {
                seen.gone_at = Some(Instant::now());
                self.gone.store(true, Ordering::Relaxed);
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(seen)
    }
}
