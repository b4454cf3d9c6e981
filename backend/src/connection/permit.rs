//! Places for connections: as many as the process may have file descriptors,
//! less a few for everything else.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The free places, shared by all workers.
#[derive(Clone, Debug)]
pub struct Places(Arc<AtomicUsize>);

/// One place; free again when dropped.
#[derive(Debug)]
pub struct Place(Places);

impl Places {
    /// So many.
    pub fn new(count: usize) -> Self {
        Places(Arc::new(AtomicUsize::new(count)))
    }

    /// One of them, if any is free.
    pub fn take(&self) -> Option<Place> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1));
        taken.is_ok().then(|| Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_and_no_more() {
        let places = Places::new(2);
        let (first, second) = (places.take(), places.take());
        assert!(first.is_some() && second.is_some());
        assert!(places.take().is_none());
        drop(first);
        assert!(places.take().is_some());
    }
}
