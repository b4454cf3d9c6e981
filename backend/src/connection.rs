//! One open connection as its worker holds it: the queue of frames on their way to the client.
//!
//! A frame leaves through the [direct writer](direct_writer), through the body that actix-http writes, or,
//! over plain HTTP, in another form through the body of a response.
//!
//! A connection belongs to one worker, so it needs no locks and no atomics. A frame is queued as shared
//! [`Bytes`]. A queue is bounded in bytes; beyond the bound the client is cut off (`slow_reader`). Nothing
//! here waits for a client.

pub mod address_limits;
mod chunked_end;
pub mod deadlines;
pub mod direct_writer;
mod end_queue;
mod flush;
pub mod frame;
pub mod frame_guard;
mod head_end;
pub mod head_recorder;
mod http_deadline;
pub mod inbound_messages;
pub mod message_decoder;
mod outbound_body;
pub mod permit;
mod ping_scan;
mod queue;
pub mod read_ahead;
mod replay;
pub mod request_bytes;
pub mod request_cycle;
pub mod server_socket;
mod slow_reader;
pub mod trace;
pub mod worker_inputs;

pub use outbound_body::OutboundBody;

use crate::connection::address_limits::HeldBytes;
use crate::connection::direct_writer::DirectWriter;
use crate::connection::frame::FramePayload;
use crate::connection::trace::{TraceSink, Tracer};
use crate::connection::worker_inputs::WorkerInputs;
use crate::limits::FLUSH_BYTES;
use crate::metrics::refusal_reason::RefusalReason;
use crate::metrics::worker_counts::{count_close, count_refusal};
use bytes::Bytes;
use hub::{Dialect, Input, SessionId, session::SessionKind};
use queue::{Queue, queued_bytes};
use shared::{CloseCode, Event};
use slow_reader::is_too_slow;
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    task::{Poll, Waker},
};

/// One WebSocket, or one request over plain HTTP. The hub sees each of them as one session.
pub struct Connection {
    /// Session of the hub that this connection is.
    pub session: SessionId,
    /// Dialect of its frames.
    pub dialect: Dialect,
    /// WebSocket, or kind of the request.
    pub kind: SessionKind,
    queue: RefCell<Queue>,
    inputs: Rc<WorkerInputs>,
    direct_writer: Rc<DirectWriter>,
    /// Frames of the worker's burst for this connection's dialect that are queued here already.
    pub burst_queued: Cell<usize>,
    /// Whether something was queued since the last call of [`Connection::flush`].
    is_dirty: Cell<bool>,
    /// Whether the worker will call [`Connection::flush_later_frames`].
    is_flushed_later: Cell<bool>,
    /// Waker of the dispatcher that waits for frames. It stays from one wait to the next: to clone and
    /// drop one costs as much as to queue a frame.
    waker: RefCell<Option<Waker>>,
    /// Whether the dispatcher waits for frames and was not woken yet.
    is_waiting: Cell<bool>,
    /// Second of the worker's clock in which the last bytes were read.
    last_read_s: Cell<u32>,
    /// Time until which the server reads nothing, in milliseconds of [`crate::clock::mono_ms`].
    paused_until: Cell<u64>,
    /// Whether the hub has attached the session, so that published frames are queued here.
    is_attached: Cell<bool>,
    /// Whether a frame was queued that a poll must not delay: any but an ephemeral event.
    is_urgent: Cell<bool>,
    /// The answer to the command of a request. Only a session of [`SessionKind::Command`] has one.
    answer: RefCell<Option<Box<Event>>>,
    /// Only a traced connection has a tracer.
    tracer: OnceCell<Rc<Tracer>>,
}

impl Connection {
    /// A connection with nothing queued.
    pub fn new(
        session: SessionId,
        dialect: Dialect,
        kind: SessionKind,
        now_s: u32,
        inputs: Rc<WorkerInputs>,
        direct_writer: Rc<DirectWriter>,
    ) -> Rc<Self> {
        Rc::new(Connection {
            session,
            dialect,
            kind,
            queue: RefCell::default(),
            inputs,
            direct_writer,
            burst_queued: Cell::new(0),
            is_dirty: Cell::new(false),
            is_flushed_later: Cell::new(false),
            waker: RefCell::new(None),
            is_waiting: Cell::new(false),
            last_read_s: Cell::new(now_s),
            paused_until: Cell::new(0),
            is_attached: Cell::new(false),
            is_urgent: Cell::new(false),
            answer: RefCell::new(None),
            tracer: OnceCell::new(),
        })
    }

    /// Traces each frame of this connection from now on. Call it at most once.
    pub fn set_tracer(&self, tracer: Rc<Tracer>) {
        drop(self.tracer.set(tracer));
    }

    /// A sink for the frames of this connection's tracer. It holds the connection weakly, because the
    /// connection holds the tracer.
    pub fn trace_sink(self: &Rc<Self>) -> TraceSink {
        let connection = Rc::downgrade(self);
        Box::new(move |frame| {
            if let Some(connection) = connection.upgrade() {
                connection.enqueue_trace(frame);
                connection.flush();
            }
        })
    }

    /// Queues a frame of the tracer, ahead of buffered frames. The frame itself is not traced, and
    /// never dropped for the bound: [`shared::limits::TRACE_BYTES_MAX`] bounds all of them.
    fn enqueue_trace(&self, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        if !queue.is_closing {
            queue.push(frame);
        }
    }

    /// Counts for its IP address what only this connection holds.
    pub fn count_held(&self, held: HeldBytes) {
        self.queue.borrow_mut().held = held;
    }

    /// Queues a frame, and the tracer's frame about it behind it.
    fn push(&self, queue: &mut Queue, frame: Bytes, is_own: bool) {
        let traced = self.tracer.get().and_then(|tracer| tracer.sent(&frame));
        if is_own {
            queue.push_own(frame);
        } else {
            queue.push(frame);
        }
        traced.into_iter().for_each(|traced| queue.push(traced));
    }

    /// Queues a frame, or buffers it during a replay. If more than [`FLUSH_BYTES`] wait, it writes before the
    /// flush, as far as the kernel takes the frames: a client that reads must not fall behind because much is
    /// queued at once.
    pub fn enqueue(&self, frame: Bytes) {
        self.enqueue_frame(frame, false);
    }

    /// Queues a frame that only this connection gets, such as a pong, or buffers it during a replay. No replay holds
    /// it, so it stays if the buffer overflows. If too much waits for the IP address, the connection is cut off.
    pub fn enqueue_own(&self, frame: Bytes) {
        self.is_urgent.set(true);
        self.send_frame(frame, true);
        self.bound_held();
    }

    /// Cuts the connection off if too much waits for its IP address, and a considerable part of that for the
    /// connection. What the kernel takes at once does not wait.
    pub fn bound_held(&self) {
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing || !queue.held.is_over_limit() {
            return;
        }
        if self.is_waiting.get() {
            self.write(&mut queue);
        }
        let is_over = queue.held.is_over_limit();
        drop(queue);
        if is_over {
            self.cut_off_slow_reader();
        }
    }

    /// Whether so many answers wait that the client's next requests should not be read.
    pub fn holds_many_answers(&self) -> bool {
        self.queue.borrow().holds_many_answers()
    }

    /// Waits until few answers wait. One task at a time may wait.
    pub async fn answers_left(&self) {
        std::future::poll_fn(|cx| {
            let mut queue = self.queue.borrow_mut();
            if !queue.holds_many_answers() {
                return Poll::Ready(());
            }
            queue.reader = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn enqueue_frame(&self, frame: Bytes, is_own: bool) {
        self.is_urgent.set(true);
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        if let Some(buffer) = &mut queue.buffer {
            return buffer.push(frame);
        }
        if is_too_slow(queue.counted_bytes() + queued_bytes(&frame)) {
            drop(queue);
            return self.cut_off_slow_reader();
        }
        self.push(&mut queue, frame, is_own);
        if queue.bytes() > FLUSH_BYTES && self.is_waiting.get() {
            self.write(&mut queue);
        }
    }

    /// Queues the answer to a command of this client, or buffers it during a replay. A request for one
    /// command keeps its answer as an event, for [`Connection::poll_answer`].
    pub fn send(&self, event: Box<Event>) {
        if let Event::Error(refusal) = &*event
            && let Some(reason) = RefusalReason::of_error(refusal.code)
        {
            count_refusal(reason);
        }
        if self.kind != SessionKind::Command {
            self.enqueue_own(frame::event(&event));
        } else if !self.is_closing() {
            self.answer.borrow_mut().get_or_insert(event);
        }
    }

    /// Queues an event without a position, or buffers it during a replay. A poll may wait for more.
    pub fn send_ephemeral(&self, frame: Bytes) {
        self.send_frame(frame, false);
    }

    fn send_frame(&self, frame: Bytes, is_own: bool) {
        let mut queue = self.queue.borrow_mut();
        let Some(buffer) = &mut queue.buffer else {
            drop(queue);
            let was_urgent = self.is_urgent.get();
            self.enqueue_frame(frame, is_own);
            return self.is_urgent.set(was_urgent);
        };
        if is_too_slow(buffer.reply_bytes + queued_bytes(&frame)) {
            drop(queue);
            return self.cut_off_slow_reader();
        }
        buffer.push_reply(frame, is_own);
        queue.note_held();
    }

    /// Whether everything that was published to this session is queued.
    pub fn is_caught_up(&self) -> bool {
        self.is_attached.get() && !self.is_buffering()
    }

    /// Whether a frame is queued or buffered that a poll must not delay.
    pub fn is_urgent(&self) -> bool {
        self.is_urgent.get()
    }

    /// Whether several frames may be queued as one. Otherwise each is read again: a tracer reports it, and plain
    /// HTTP carries it in another form.
    pub fn takes_joined_frames(&self) -> bool {
        self.kind == SessionKind::WebSocket && self.tracer.get().is_none()
    }

    /// Bytes that wait for this connection, buffered ones included.
    pub fn queued_bytes(&self) -> usize {
        let queue = self.queue.borrow();
        queue.bytes() + queue.buffer.as_ref().map_or(0, |buffer| buffer.bytes + buffer.reply_bytes)
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.queue.borrow().is_empty()
    }

    /// Sends the hub [`Input::Drained`] when the queued frames have left.
    pub fn notify_drained(&self) {
        let mut queue = self.queue.borrow_mut();
        if queue.is_empty() {
            self.inputs.push(Input::Drained(self.session));
        } else {
            queue.notifies_drained = true;
        }
    }

    /// Queues a close frame behind the queued frames. Nothing may follow it.
    pub fn close(&self, code: Option<u16>, reason: &str) {
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        queue.is_closing = true;
        queue.buffer = None;
        queue.note_held();
        // The guard of a request closes it in any case, and then its session has ended well.
        if self.kind == SessionKind::WebSocket || code != Some(CloseCode::Internal.number()) {
            count_close(code);
        }
        let frame = frame::close(code, reason);
        // Nothing may follow a close, so the tracer's frame about it goes first.
        let traced = self.tracer.get().and_then(|tracer| tracer.sent(&frame));
        traced.into_iter().chain([frame]).for_each(|frame| queue.push(frame));
    }

    /// Whether a close frame was queued.
    pub fn is_closing(&self) -> bool {
        self.queue.borrow().is_closing
    }

    /// Code of the queued close frame, if there is one. Frames that were queued before it leave first.
    pub fn close_code(&self) -> Option<u16> {
        let queue = self.queue.borrow();
        match queue.frames().back().map(|frame| FramePayload::of(frame)) {
            Some(FramePayload::Close(code, _)) if queue.is_closing => Some(code),
            _ => None,
        }
    }

    /// Notes that bytes were read in this second of the worker's clock.
    pub fn note_read(&self, now_s: u32) {
        self.last_read_s.set(now_s);
    }

    /// Seconds since the last bytes were read.
    pub fn silent_s(&self, now_s: u32) -> u32 {
        now_s.saturating_sub(self.last_read_s.get())
    }

    /// Pauses reading until this time, in milliseconds of [`crate::clock::mono_ms`]. A later pause stays.
    pub fn pause_until(&self, until: u64) {
        self.paused_until.set(until.max(self.paused_until.get()));
    }

    /// Milliseconds that the pause still lasts; 0 if reading is not paused.
    pub fn pause_ms(&self, now: u64) -> u64 {
        self.paused_until.get().saturating_sub(now)
    }
}

#[cfg(test)]
mod tests;
