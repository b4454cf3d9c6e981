//! The times after which an unfinished piece of input ends its connection.

use crate::limits::{BODY_TIMEOUT, HEAD_TIMEOUT, KEEP_ALIVE, MESSAGE_TIMEOUT};
use std::time::Duration;

/// The deadlines of every connection. Tests set them lower.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// From the accept, or from the first byte, to the end of a request's head.
    pub head: Duration,
    /// For a request's body.
    pub body: Duration,
    /// From the end of a response to the first byte of the next request.
    pub idle: Duration,
    /// From the first to the last byte of a WebSocket message or control frame.
    pub message: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines { head: HEAD_TIMEOUT, body: BODY_TIMEOUT, idle: KEEP_ALIVE, message: MESSAGE_TIMEOUT }
    }
}
