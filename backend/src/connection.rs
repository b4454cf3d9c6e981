//! One live WebSocket as its worker holds it: the queue of frames on their way
//! out, straight to the kernel or through the body that actix-http writes.
//!
//! Worker-local: no locks, no atomics. A frame is queued as a shared [`Bytes`];
//! a queue is bounded in bytes, and past its bound it is freed at once and the
//! next frame is Close 4008. Nothing here waits.

use crate::{
    frame,
    limits::{CHUNK_BYTES_MAX, QUEUE_BYTES_MAX},
    news::News,
    socket::WayOut,
};
use actix_web::body::{BodySize, MessageBody};
use bytes::{Buf, Bytes};
use hub::{Dialect, Input, SessionId};
use shared::CloseCode;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
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
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// A part of the first frame has left already.
    is_begun: bool,
    /// What was published since the attach, until what was missed is there.
    held: Option<Held>,
    /// The registry wants to know when the frames have left.
    is_drain_asked: bool,
    /// A close frame is queued: nothing may follow it.
    is_closing: bool,
}

impl Queue {
    /// So many bytes have left.
    fn advance(&mut self, mut taken: usize) {
        self.bytes = self.bytes.saturating_sub(taken);
        while let Some(first) = self.frames.front_mut() {
            if taken < first.len() {
                first.advance(taken);
                self.is_begun |= taken > 0;
                return;
            }
            taken -= first.len();
            self.is_begun = false;
            self.frames.pop_front();
        }
    }

    /// The first bytes that are to leave, at most so many.
    fn take(&mut self, bytes_max: usize) -> Option<Bytes> {
        let chunk = self.frames.front()?.slice(..bytes_max.min(self.frames.front()?.len()));
        self.advance(chunk.len());
        Some(chunk)
    }

    /// Frees all but a frame of which a part has left: its peer would take what follows for the rest of it.
    fn clear(&mut self) {
        let begun = if self.is_begun { self.frames.pop_front() } else { None };
        *self = Queue { is_begun: begun.is_some(), ..Queue::default() };
        self.bytes = begun.as_ref().map_or(0, Bytes::len);
        self.frames.extend(begun);
    }
}

/// Frames that are held back.
#[derive(Debug, Default)]
struct Held {
    frames: Vec<Bytes>,
    bytes: usize,
    /// There were more than may be held: they are gone, and so is what comes.
    is_over: bool,
    /// Answers to what the client asked meanwhile, and words without a position. They are nowhere to
    /// be read again, so they stay; they leave behind the frames.
    answers: Vec<Bytes>,
    answer_bytes: usize,
}

impl Held {
    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if self.bytes > QUEUE_BYTES_MAX {
            self.overflow();
        }
        if !self.is_over {
            self.frames.push(frame);
        }
    }

    fn overflow(&mut self) {
        self.is_over = true;
        self.bytes = 0;
        self.frames = Vec::new();
    }
}

impl Connection {
    /// A connection with nothing queued.
    pub fn new(
        session: SessionId,
        dialect: Dialect,
        now_s: u32,
        news: Rc<News>,
        way_out: Rc<WayOut>,
    ) -> Rc<Self> {
        Rc::new(Connection {
            session,
            dialect,
            queue: RefCell::default(),
            news,
            way_out,
            is_unflushed: Cell::new(false),
            waker: RefCell::new(None),
            is_waiting: Cell::new(false),
            heard_s: Cell::new(now_s),
            paused_until: Cell::new(0),
        })
    }

    /// Queues a frame, or holds it back.
    pub fn send(&self, frame: Bytes) {
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
        queue.frames.push_back(frame);
    }

    /// Queues a frame ahead of what is held back. The registry sends little at a time so, and
    /// waits until it has left: it is not counted against the bound.
    pub fn first(&self, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        if queue.is_closing {
            return;
        }
        queue.bytes += frame.len();
        queue.frames.push_back(frame);
    }

    /// Queues an answer to what this client asked, or a word without a position, or holds it back.
    pub fn answer(&self, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        let Some(held) = &mut queue.held else {
            drop(queue);
            return self.send(frame);
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
        let mut queue = self.queue.borrow_mut();
        let before = queue.held.take().unwrap_or_default();
        let Held { answers, answer_bytes, .. } = before;
        queue.held = Some(Held { answers, answer_bytes, ..Held::default() });
    }

    /// Whether frames are being held back.
    pub fn is_held(&self) -> bool {
        self.queue.borrow().held.is_some()
    }

    /// Sends what was held back, unless it was too much: then the registry is told, and what
    /// comes is still not sent.
    pub fn release(&self) {
        let mut queue = self.queue.borrow_mut();
        let Some(mut held) = queue.held.take() else { return };
        if held.is_over || queue.bytes + held.bytes + held.answer_bytes > QUEUE_BYTES_MAX {
            held.overflow();
            queue.held = Some(held);
            return self.news.tell(Input::Behind(self.session));
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
        queue.frames.push_back(frame::close(code, reason));
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
        if !queue.frames.is_empty() || queue.is_closing {
            drop(queue);
            self.wake();
        } else if std::mem::take(&mut queue.is_drain_asked) {
            self.news.tell(Input::Drained(self.session));
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
        if chunk.is_some() || queue.is_closing {
            return Poll::Ready(chunk.map(Ok));
        }
        if std::mem::take(&mut queue.is_drain_asked) {
            connection.news.tell(Input::Drained(connection.session));
        }
        connection.is_waiting.set(true);
        let mut waker = connection.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use std::task::{Wake, ready};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn connection() -> (Rc<Connection>, Outbound<()>) {
        let connection = Connection::new(SessionId(1), Dialect::V1, 0, Rc::default(), Rc::default());
        (Rc::clone(&connection), Outbound::new(connection, ()))
    }

    fn poll(body: &mut Outbound<()>, waker: &Waker) -> Poll<Option<Bytes>> {
        let item = ready!(Pin::new(body).poll_next(&mut Context::from_waker(waker)));
        Poll::Ready(item.map(|Ok(bytes)| bytes))
    }

    fn next(body: &mut Outbound<()>) -> Poll<Option<Bytes>> {
        poll(body, Waker::noop())
    }

    fn some(bytes: &'static [u8]) -> Poll<Option<Bytes>> {
        Poll::Ready(Some(Bytes::from_static(bytes)))
    }

    #[test]
    fn frames_leave_in_order_and_one_wake_serves_many() {
        let (connection, mut body) = connection();
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        assert!(poll(&mut body, &waker).is_pending());
        connection.send(Bytes::from_static(b"a"));
        connection.send(Bytes::from_static(b"b"));
        connection.flush();
        connection.flush();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!(poll(&mut body, &waker), some(b"a"));
        assert_eq!(poll(&mut body, &waker), some(b"b"));
        assert!(poll(&mut body, &waker).is_pending());
    }

    #[test]
    fn past_its_bound_a_queue_is_freed_and_the_close_is_next() {
        for (length, is_slow) in
            [(QUEUE_BYTES_MAX - 1, false), (QUEUE_BYTES_MAX, false), (QUEUE_BYTES_MAX + 1, true)]
        {
            let (connection, mut body) = connection();
            let frame = Bytes::from(vec![0; length / 2]);
            connection.send(frame.clone());
            connection.send(Bytes::from(vec![0; length - frame.len()]));
            assert_eq!(connection.is_closing(), is_slow, "{length}");
            assert_eq!(connection.queue.borrow().bytes, if is_slow { 0 } else { length });
            if is_slow {
                assert!(frame.is_unique(), "the bytes are free at once");
                assert_eq!(next(&mut body), Poll::Ready(Some(frame::close(Some(4008), "slow"))));
                assert_eq!(next(&mut body), Poll::Ready(None));
            }
        }
    }

    #[test]
    fn what_is_read_makes_room() {
        let (connection, mut body) = connection();
        for _ in 0..3 {
            connection.send(Bytes::from(vec![0; QUEUE_BYTES_MAX]));
            let mut left = QUEUE_BYTES_MAX;
            while left > 0 {
                let Poll::Ready(Some(chunk)) = next(&mut body) else { panic!() };
                assert!(chunk.len() <= CHUNK_BYTES_MAX);
                left -= chunk.len();
            }
        }
        assert!(!connection.is_closing());
    }

    #[test]
    fn what_was_missed_goes_before_what_was_held_back() {
        let (connection, mut body) = connection();
        connection.hold();
        connection.send(Bytes::from_static(b"live"));
        assert!(next(&mut body).is_pending());
        connection.first(Bytes::from_static(b"welcome"));
        connection.release();
        connection.send(Bytes::from_static(b"later"));
        assert_eq!(
            [next(&mut body), next(&mut body), next(&mut body)],
            [some(b"welcome"), some(b"live"), some(b"later")]
        );
        assert_eq!(connection.queue.borrow().bytes, 0);
    }

    #[test]
    fn past_what_can_be_held_the_registry_is_told_and_nothing_is_sent() {
        for (length, is_behind) in
            [(QUEUE_BYTES_MAX - 1, false), (QUEUE_BYTES_MAX, false), (QUEUE_BYTES_MAX + 1, true)]
        {
            let (connection, mut body) = connection();
            connection.hold();
            connection.send(Bytes::from_static(b"x"));
            connection.send(Bytes::from(vec![0; length - 1]));
            connection.release();
            assert!(!connection.is_closing(), "who takes long to catch up is not punished");
            assert_eq!(connection.is_held(), is_behind);
            let expected = if is_behind { vec![Input::Behind(SessionId(1))] } else { vec![] };
            assert_eq!(connection.news.take(), expected, "{length}");
            if is_behind {
                connection.send(Bytes::from_static(b"y"));
                assert!(next(&mut body).is_pending());
                connection.hold();
                connection.send(Bytes::from_static(b"z"));
                connection.release();
                assert_eq!(next(&mut body), some(b"z"));
            }
        }
    }

    #[test]
    fn what_is_held_waits_for_room_in_the_queue() {
        let (connection, mut body) = connection();
        connection.hold();
        connection.send(Bytes::from_static(b"live"));
        connection.first(Bytes::from(vec![0; QUEUE_BYTES_MAX]));
        connection.release();
        assert_eq!(connection.news.take(), [Input::Behind(SessionId(1))]);
        connection.tell_when_drained();
        while next(&mut body).is_ready() {}
        assert_eq!(connection.news.take(), [Input::Drained(SessionId(1))]);
        connection.tell_when_drained();
        assert_eq!(connection.news.take(), [Input::Drained(SessionId(1))], "it was empty");
        assert!(next(&mut body).is_pending());
        assert_eq!(connection.news.take(), [], "told once");
    }

    #[test]
    fn nothing_follows_a_close() {
        let (connection, mut body) = connection();
        connection.send(Bytes::from_static(b"a"));
        connection.close(Some(1000), "");
        connection.close(Some(1011), "");
        connection.send(Bytes::from_static(b"b"));
        assert_eq!(next(&mut body), some(b"a"));
        assert_eq!(next(&mut body), some(b"\x88\x02\x03\xe8"));
        assert_eq!(next(&mut body), Poll::Ready(None));
    }
}
