//! The identity of a page.

/// One load of a page. A reload begins the next generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PageId {
    pub(crate) index: usize,
    pub(crate) generation: u32,
}
