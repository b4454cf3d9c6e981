//! One live WebSocket as its worker holds it: the queue of frames on their way
//! out, straight to the kernel or through the body that actix-http writes.
//!
//! Worker-local: no locks, no atomics. A frame is queued as a shared [`Bytes`];
//! a queue is bounded in bytes, and past its bound it is freed at once and the
//! next frame is Close 4008. Nothing here waits.

pub mod direct_writer;
pub mod frame;
pub mod frame_guard;
pub mod permit;
mod queue;
pub mod trace;
pub mod worker_inputs;

use crate::connection::direct_writer::WayOut;
use crate::connection::frame::Payload;
use crate::connection::trace::{Sink, Tracer};
use crate::connection::worker_inputs::News;
use crate::limits::{CHUNK_BYTES_MAX, QUEUE_BYTES_MAX};
use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use hub::{Dialect, Input, SessionId, session::TransportKind};
use queue::{Held, Queue};
use shared::CloseCode;
use std::{
    cell::{Cell, OnceCell, RefCell},
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// A connection.
pub struct Connection {
    /// Its session.
    pub session: SessionId,
    /// What it speaks.
    pub dialect: Dialect,
    /// What carries it.
    pub carrier: TransportKind,
    queue: RefCell<Queue>,
    news: Rc<News>,
    way_out: Rc<WayOut>,
    /// Something was queued, and [`Connection::flush`] is still to come.
    is_unflushed: Cell<bool>,
    /// Of the dispatcher that waits for frames. It stays from one wait to the next: to clone and
    /// drop one costs as much as to queue a frame.
    waker: RefCell<Option<Waker>>,
    /// The dispatcher waits, and was not woken yet.
    is_waiting: Cell<bool>,
    /// Second of the worker's clock in which something was last read.
    heard_s: Cell<u32>,
    /// Until when nothing is to be read: milliseconds of the hub's clock.
    paused_until: Cell<u64>,
    /// It was attached: what is published comes to it.
    is_attached: Cell<bool>,
    /// Something came that a poll is not to keep waiting: all but words without a position.
    is_pressing: Cell<bool>,
    /// Only a traced connection has one.
    trace: OnceCell<Rc<Tracer>>,
}

impl Connection {
    /// A connection with nothing queued.
    pub fn new(
        session: SessionId,
        dialect: Dialect,
        carrier: TransportKind,
        now_s: u32,
        news: Rc<News>,
        way_out: Rc<WayOut>,
    ) -> Rc<Self> {
        Rc::new(Connection {
            session,
            dialect,
            carrier,
            queue: RefCell::default(),
            news,
            way_out,
            is_unflushed: Cell::new(false),
            waker: RefCell::new(None),
            is_waiting: Cell::new(false),
            heard_s: Cell::new(now_s),
            paused_until: Cell::new(0),
            is_attached: Cell::new(false),
            is_pressing: Cell::new(false),
            trace: OnceCell::new(),
        })
    }

    /// From now on this connection is told of its own frames. Called once, if at all.
    pub fn trace(&self, tracer: Rc<Tracer>) {
        drop(self.trace.set(tracer));
    }

    /// What takes the frames of this connection's trace, for as long as the connection is there.
    pub fn trace_sink(self: &Rc<Self>) -> Sink {
        let connection = Rc::downgrade(self);
        Box::new(move |frame| {
            if let Some(connection) = connection.upgrade() {
                connection.tell_of_itself(frame);
                connection.flush();
            }
        })
    }

    /// Queues what a traced connection is told of itself: ahead of what is held back, and not told of
    /// in its turn. There is little of it ([`shared::limits::TRACE_BYTES_MAX`]), so it is not dropped for being too much.
    pub fn tell_of_itself(&self, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        if !queue.is_closing {
            queue.bytes += frame.len();
            queue.frames.push_back(frame);
        }
    }

    /// Queues a frame, and behind it what a traced connection is told of it.
    fn push(&self, queue: &mut Queue, frame: Bytes) {
        let told = self.trace.get().and_then(|trace| trace.sent(&frame));
        queue.frames.push_back(frame);
        if let Some(told) = told {
            queue.bytes += told.len();
            queue.frames.push_back(told);
        }
    }

    /// Queues a frame, or holds it back.
    pub fn send(&self, frame: Bytes) {
        self.is_pressing.set(true);
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        if let Some(held) = &mut queue.held {
            return held.push(frame);
        }
        queue.bytes += frame.len();
        if queue.bytes > QUEUE_BYTES_MAX {
            drop(queue);
            return self.drop_slow();
        }
        self.push(&mut queue, frame);
    }

    /// Queues a frame ahead of what is held back. The registry sends little at a time so, and
    /// waits until it has left: it is not counted against the bound.
    pub fn first(&self, frame: Bytes) {
        self.is_pressing.set(true);
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        queue.bytes += frame.len();
        self.push(&mut queue, frame);
    }

    /// Queues an answer to what this client asked, or holds it back.
    pub fn answer(&self, frame: Bytes) {
        self.is_pressing.set(true);
        self.word(frame);
    }

    /// Queues a word without a position, or holds it back. A poll may wait for more.
    pub fn word(&self, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        let Some(held) = &mut queue.held else {
            drop(queue);
            let was_pressing = self.is_pressing.get();
            self.send(frame);
            return self.is_pressing.set(was_pressing);
        };
        held.answer_bytes += frame.len();
        if held.answer_bytes > QUEUE_BYTES_MAX {
            drop(queue);
            return self.drop_slow();
        }
        held.answers.push(frame);
    }

    /// From now on frames are held back, until [`Connection::release`]. What was held is dropped,
    /// but for answers.
    pub fn hold(&self) {
        self.is_attached.set(true);
        let mut queue = self.queue.borrow_mut();
        let before = queue.held.take().unwrap_or_default();
        let Held { answers, answer_bytes, .. } = before;
        queue.held = Some(Held { answers, answer_bytes, ..Held::default() });
    }

    /// Whether frames are being held back.
    pub fn is_held(&self) -> bool {
        self.queue.borrow().held.is_some()
    }

    /// Whether all that was published up to now was queued.
    pub fn is_current(&self) -> bool {
        self.is_attached.get() && !self.is_held()
    }

    /// Whether something is queued or held back that a poll is not to keep waiting.
    pub fn is_pressing(&self) -> bool {
        self.is_pressing.get()
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.queue.borrow().frames.is_empty()
    }

    /// Sends what was held back, unless it was too much: then the registry is told, and what
    /// comes is still not sent.
    pub fn release(&self) {
        let mut queue = self.queue.borrow_mut();
        let Some(mut held) = queue.held.take() else { return };
        if held.is_over || queue.bytes + held.bytes + held.answer_bytes > QUEUE_BYTES_MAX {
            held.overflow();
            queue.held = Some(held);
            return self.news.tell(Input::BufferOverflowed(self.session));
        }
        drop(queue);
        held.frames.into_iter().chain(held.answers).for_each(|frame| self.send(frame));
    }

    /// Has the registry told when what is queued has left.
    pub fn tell_when_drained(&self) {
        let mut queue = self.queue.borrow_mut();
        if queue.frames.is_empty() {
            self.news.tell(Input::Drained(self.session));
        } else {
            queue.is_drain_asked = true;
        }
    }

    /// Queues a close frame behind what is queued, and lets nothing follow it.
    pub fn close(&self, code: Option<u16>, reason: &str) {
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        queue.is_closing = true;
        queue.held = None;
        let frame = frame::close(code, reason);
        // Nothing may follow a close, so what is told of it comes first.
        queue.frames.extend(self.trace.get().and_then(|trace| trace.sent(&frame)));
        queue.frames.push_back(frame);
    }

    /// Frees the queue at once. The peer, if it ever reads again, is told to come back.
    fn drop_slow(&self) {
        self.queue.borrow_mut().clear();
        self.close(Some(CloseCode::Slow.number()), "slow");
    }

    /// Whether a close frame was queued.
    pub fn is_closing(&self) -> bool {
        self.queue.borrow().is_closing
    }

    /// The code with which it closes, if it does; what was queued before it goes ahead.
    pub fn close_code(&self) -> Option<u16> {
        let queue = self.queue.borrow();
        match queue.frames.back().map(|frame| Payload::of(frame)) {
            Some(Payload::Close(code, _)) if queue.is_closing => Some(code),
            _ => None,
        }
    }

    /// Something was read.
    pub fn heard(&self, now_s: u32) {
        self.heard_s.set(now_s);
    }

    /// For how many seconds nothing was read.
    pub fn silent_s(&self, now_s: u32) -> u32 {
        now_s.saturating_sub(self.heard_s.get())
    }

    /// Nothing is to be read before this time.
    pub fn pause_until(&self, until: u64) {
        self.paused_until.set(until.max(self.paused_until.get()));
    }

    /// Milliseconds for which nothing is to be read.
    pub fn pause(&self, now: u64) -> u64 {
        self.paused_until.get().saturating_sub(now)
    }

    /// Notes that something was queued; true where [`Connection::flush`] was not owed before.
    pub fn owe_flush(&self) -> bool {
        !self.is_unflushed.replace(true)
    }

    /// Sends what is queued on its way. Whoever queues something sees to it that this follows: once
    /// for all that it queues.
    pub fn flush(&self) {
        self.is_unflushed.set(false);
        if !self.is_waiting.get() {
            // The dispatcher was woken, or has not asked yet: it takes what is queued.
            return;
        }
        let mut queue = self.queue.borrow_mut();
        while !queue.frames.is_empty() {
            match self.way_out.write(&queue.frames) {
                0 => break,
                taken => queue.advance(taken),
            }
        }
        let is_empty = queue.frames.is_empty() && !queue.is_closing;
        if is_empty && std::mem::take(&mut queue.is_drain_asked) {
            self.news.tell(Input::Drained(self.session));
        }
        drop(queue);
        // Who answers a request waits for more than frames: that it is clear that there are none.
        if !is_empty || self.carrier != TransportKind::Socket {
            self.wake();
        }
    }

    /// The next whole frame, for those who do not send frames as they are; none behind the last.
    pub fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut queue = self.queue.borrow_mut();
        let frame = queue.pop();
        if frame.is_some() || queue.is_closing {
            return Poll::Ready(frame);
        }
        if std::mem::take(&mut queue.is_drain_asked) {
            self.news.tell(Input::Drained(self.session));
        }
        drop(queue);
        self.wait(cx);
        Poll::Pending
    }

    /// Returns when something was queued.
    pub async fn changed(&self) {
        let mut has_asked = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut has_asked, true) && !self.is_waiting.get() {
                return Poll::Ready(());
            }
            self.wait(cx);
            Poll::Pending
        })
        .await;
    }

    fn wait(&self, cx: &Context<'_>) {
        self.is_waiting.set(true);
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    fn wake(&self) {
        if self.is_waiting.take()
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}

/// The way out: the response body that actix-http polls when the socket can take more.
///
/// It keeps the body that actix-ws made, whose drop ends the inbound stream.
pub struct Outbound<B> {
    connection: Rc<Connection>,
    _inner: B,
}

impl<B> Outbound<B> {
    /// The body of this connection's response.
    pub fn new(connection: Rc<Connection>, inner: B) -> Self {
        Outbound { connection, _inner: inner }
    }
}

impl<B: MessageBody + Unpin> MessageBody for Outbound<B> {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let connection = &self.connection;
        let mut queue = connection.queue.borrow_mut();
        // A small chunk leaves little behind in the dispatcher's own buffer, which is not ours to bound.
        let chunk = queue.take(CHUNK_BYTES_MAX);
        connection.way_out.asked(chunk.is_some());
        if chunk.is_none() && queue.is_closing && connection.carrier == TransportKind::Socket {
            connection.way_out.ends();
        }
        if chunk.is_some() || queue.is_closing {
            return Poll::Ready(chunk.map(Ok));
        }
        if std::mem::take(&mut queue.is_drain_asked) {
            connection.news.tell(Input::Drained(connection.session));
        }
        connection.wait(cx);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
