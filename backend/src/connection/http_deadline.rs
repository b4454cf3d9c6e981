//! The deadline of a connection that speaks HTTP: for each request's head, and for the time between two
//! requests. A head has a limit of bytes too.
//!
//! actix-http has a deadline for the head of a connection's first request only, and its timer for idle
//! connections ends with the first byte of the next head. So the socket keeps the deadline. It sees each read,
//! and the app tells it where a request begins and where its response ends. While a request is served, its
//! route is responsible.

use crate::connection::deadlines::Deadlines;
use crate::limits::HEAD_BYTES_MAX;
use std::{cell::RefCell, pin::Pin, task::Context};
use tokio::time::{Instant, Sleep, sleep_until};

/// The deadline of one connection.
#[derive(Debug)]
pub struct HttpDeadline {
    deadlines: Deadlines,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// `None` while a request is served, and after the upgrade to a WebSocket.
    deadline: Option<Instant>,
    head_end: HeadEnd,
    /// Bytes of the head that is being read.
    head_bytes: usize,
    /// Bytes that were read behind the last head.
    bytes_behind: u64,
    /// Bytes of the body that may stand there.
    body_bytes: u64,
    /// Whether the first bytes of the next head may have been read with an earlier request.
    is_pipelined: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No byte of the next request was read.
    Idle,
    /// A part of a head was read.
    Head,
    /// A request is served.
    Request,
    /// The connection is a WebSocket.
    Upgraded,
}

/// Why a deadline ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// No request came.
    Idle,
    /// A part of a head came, but not all of it.
    Head,
}

impl HttpDeadline {
    /// The deadline of a connection that was just accepted.
    pub fn new(deadlines: Deadlines) -> Self {
        let state = State {
            phase: Phase::Idle,
            deadline: Some(Instant::now() + deadlines.head),
            head_end: HeadEnd::default(),
            head_bytes: 0,
            bytes_behind: 0,
            body_bytes: 0,
            is_pipelined: false,
            timer: None,
        };
        HttpDeadline { deadlines, state: RefCell::new(state) }
    }

    /// Notes bytes that were read from the socket.
    pub fn note_read(&self, bytes: &[u8]) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        match state.phase {
            Phase::Upgraded => return,
            Phase::Idle if !bytes.is_empty() => {
                state.phase = Phase::Head;
                state.is_pipelined = false;
                let from_now = Instant::now() + self.deadlines.head;
                // The first head of a connection has its time from the accept on.
                state.deadline = Some(state.deadline.map_or(from_now, |deadline| deadline.min(from_now)));
            }
            Phase::Idle | Phase::Head | Phase::Request => {}
        }
        let behind = if state.head_end.is_found { bytes.len() } else { state.head_end.find(bytes) };
        state.head_bytes += bytes.len() - behind;
        state.bytes_behind += behind as u64;
    }

    /// Whether the head that is being read is too long, and whether all of it was read.
    pub fn is_head_too_long(&self) -> (bool, bool) {
        let state = self.state.borrow();
        (state.phase == Phase::Head && state.head_bytes > HEAD_BYTES_MAX, state.head_end.is_found)
    }

    /// Notes that a request is served from now on, with a body of this many bytes, if that is known.
    pub fn begin_request(&self, body_bytes: Option<u64>) {
        let mut state = self.state.borrow_mut();
        if state.phase != Phase::Upgraded {
            (state.phase, state.deadline) = (Phase::Request, None);
            state.body_bytes = body_bytes.unwrap_or(0);
            // A pipelined head was not seen from its beginning.
            state.head_end.is_found = true;
        }
    }

    /// Notes that the response has ended. If bytes of the next head may have been read already, the deadline
    /// is that of a head.
    pub fn end_request(&self) {
        let mut state = self.state.borrow_mut();
        if state.phase == Phase::Request {
            state.is_pipelined |= state.bytes_behind > state.body_bytes;
            (state.bytes_behind, state.head_end, state.head_bytes) = (0, HeadEnd::default(), 0);
            let time = if state.is_pipelined { self.deadlines.head } else { self.deadlines.idle };
            state.phase = if state.is_pipelined { Phase::Head } else { Phase::Idle };
            state.deadline = Some(Instant::now() + time);
        }
    }

    /// Notes that the connection is a WebSocket from now on. Returns the number of bytes that were read behind
    /// the handshake.
    pub fn upgrade(&self) -> usize {
        let mut state = self.state.borrow_mut();
        (state.phase, state.deadline, state.timer) = (Phase::Upgraded, None, None);
        usize::try_from(state.bytes_behind).unwrap_or(usize::MAX)
    }

    /// Whether the deadline has passed. If not, the task is woken when it does.
    pub fn poll_expired(&self, cx: &mut Context<'_>) -> Option<Expired> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let deadline = state.deadline?;
        if Instant::now() >= deadline {
            return Some(if state.phase == Phase::Head { Expired::Head } else { Expired::Idle });
        }
        let timer = state.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A timer that ends before the deadline stays: to set it costs more than to be woken once for nothing.
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(deadline);
            if Instant::now() >= deadline {
                return Some(if state.phase == Phase::Head { Expired::Head } else { Expired::Idle });
            }
        }
        None
    }
}

/// Finds the empty line that ends a head.
#[derive(Debug, Default)]
struct HeadEnd {
    /// Whether a line with content has begun. Empty lines before a request are allowed (RFC 9112 §2.2).
    has_begun: bool,
    is_in_line: bool,
    is_found: bool,
}

impl HeadEnd {
    /// Takes the next bytes. Returns the number of bytes behind the head.
    fn find(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\r' => {}
                b'\n' if self.has_begun && !self.is_in_line => {
                    self.is_found = true;
                    return bytes.len() - at - 1;
                }
                b'\n' => self.is_in_line = false,
                _ => (self.has_begun, self.is_in_line) = (true, true),
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{task::Waker, time::Duration};

    const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    const SECOND: Duration = Duration::from_secs(1);

    fn deadline() -> HttpDeadline {
        HttpDeadline::new(Deadlines { head: 10 * SECOND, idle: 75 * SECOND, ..Deadlines::default() })
    }

    /// The second at which the connection ends without more input.
    async fn ends_after(deadline: &HttpDeadline) -> Option<(u64, Expired)> {
        for second in 0..100 {
            if let Some(expired) = deadline.poll_expired(&mut Context::from_waker(Waker::noop())) {
                return Some((second, expired));
            }
            tokio::time::advance(SECOND).await;
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn each_head_has_its_time_from_its_first_byte() {
        let deadline = deadline();
        tokio::time::advance(4 * SECOND).await;
        deadline.note_read(b"G");
        assert_eq!(ends_after(&deadline).await, Some((6, Expired::Head)), "from the accept");

        let deadline = self::deadline();
        deadline.note_read(GET);
        deadline.begin_request(Some(0));
        tokio::time::advance(100 * SECOND).await;
        assert_eq!(ends_after(&deadline).await, None, "the route is responsible");
        deadline.end_request();
        tokio::time::advance(70 * SECOND).await;
        deadline.note_read(b"G");
        tokio::time::advance(4 * SECOND).await;
        deadline.note_read(b"ET ");
        assert_eq!(ends_after(&deadline).await, Some((1, Expired::Head)), "within the idle time");

        let deadline = self::deadline();
        deadline.note_read(GET);
        deadline.begin_request(Some(0));
        deadline.end_request();
        tokio::time::advance(20 * SECOND).await;
        deadline.note_read(b"G");
        tokio::time::advance(4 * SECOND).await;
        deadline.note_read(b"ET ");
        assert_eq!(ends_after(&deadline).await, Some((6, Expired::Head)), "more bytes give no more time");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends() {
        let deadline = deadline();
        assert_eq!(ends_after(&deadline).await, Some((10, Expired::Idle)));
        for (request, body, expected) in [
            (GET, Some(0), (75, Expired::Idle)),
            (b"\r\n\r\nGET / HTTP/1.1\n\n", Some(0), (75, Expired::Idle)),
            (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", Some(2), (75, Expired::Idle)),
            (b"GET / HTTP/1.1\r\n\r\nG", Some(0), (10, Expired::Head)),
            (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}P", Some(2), (10, Expired::Head)),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None, (10, Expired::Head)),
        ] {
            for step in [1, 3, 100] {
                let deadline = self::deadline();
                request.chunks(step).for_each(|chunk| deadline.note_read(chunk));
                deadline.begin_request(body);
                deadline.end_request();
                let text = String::from_utf8_lossy(request);
                assert_eq!(ends_after(&deadline).await, Some(expected), "{text} by {step}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipelined_part_of_a_head_does_not_get_the_idle_time() {
        let deadline = deadline();
        deadline.note_read(&[GET, GET, b"G"].concat());
        for _ in 0..2 {
            deadline.begin_request(Some(0));
            deadline.end_request();
        }
        assert_eq!(ends_after(&deadline).await, Some((10, Expired::Head)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_bytes_of_a_head_are_limited() {
        for (length, is_too_long) in
            [(HEAD_BYTES_MAX - 1, false), (HEAD_BYTES_MAX, false), (HEAD_BYTES_MAX + 1, true)]
        {
            let begin = "GET / HTTP/1.1\r\nCookie: ";
            let head = format!("{begin}{}\r\n\r\n", "x".repeat(length - begin.len() - 4));
            for step in [7, 8_192, 1 << 20] {
                let deadline = deadline();
                head.as_bytes().chunks(step).for_each(|chunk| deadline.note_read(chunk));
                assert_eq!(deadline.is_head_too_long(), (is_too_long, true), "{length} by {step}");
                deadline.begin_request(Some(0));
                deadline.note_read(&vec![b'x'; 2 * HEAD_BYTES_MAX]);
                assert!(!deadline.is_head_too_long().0, "a body is no head");
                deadline.end_request();
                deadline.note_read(GET);
                assert!(!deadline.is_head_too_long().0, "the next head is counted anew");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_websocket_has_no_deadline_of_http() {
        let deadline = deadline();
        deadline.note_read(&[GET, b"\x81\x80"].concat());
        deadline.begin_request(Some(0));
        assert_eq!(deadline.upgrade(), 2);
        deadline.end_request();
        deadline.note_read(b"G");
        assert_eq!(ends_after(&deadline).await, None);
    }
}
