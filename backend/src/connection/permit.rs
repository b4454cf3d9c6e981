//! Permits for connections: one for each file descriptor of the process, less a few that are kept for
//! everything else.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The free permits, shared by all workers.
#[derive(Clone, Debug)]
pub struct ConnectionPermits(Arc<AtomicUsize>);

/// The permit of one connection. Dropping it frees it.
#[derive(Debug)]
pub struct ConnectionPermit(ConnectionPermits);

impl ConnectionPermits {
    /// This many permits, all free.
    pub fn new(count: usize) -> Self {
        ConnectionPermits(Arc::new(AtomicUsize::new(count)))
    }

    /// Takes a permit, if one is free.
    pub fn try_acquire(&self) -> Option<ConnectionPermit> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1));
        taken.is_ok().then(|| ConnectionPermit(self.clone()))
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_refused_when_none_is_free() {
        let permits = ConnectionPermits::new(2);
        let (first, second) = (permits.try_acquire(), permits.try_acquire());
        assert!(first.is_some() && second.is_some());
        assert!(permits.try_acquire().is_none());
        drop(first);
        assert!(permits.try_acquire().is_some());
    }
}
