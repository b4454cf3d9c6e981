//! Event order: gaps are detected, events past a gap are buffered, missing events are requested.

pub(crate) mod gap_detector;
pub(crate) mod pending_request;
pub(crate) mod reorder_buffer;
