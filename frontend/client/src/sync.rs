//! Event order: gaps are detected, events past a gap are buffered, missing events are requested.

pub(crate) mod gap_detector;
pub(crate) mod reorder_buffer;
pub(crate) mod requests;
