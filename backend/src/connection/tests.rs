use super::queue::ENTRY_BYTES;
use super::*;
use crate::limits::{QUEUE_BYTES_MAX, QUEUE_FRAMES_KEPT, SOCKET_CHUNK_BYTES_MAX};
use crate::metrics::worker_counts;
use actix_web::body::MessageBody as _;
use hub::session::SessionKind;
use shared::{ErrorCode, close::ENDINGS, event::Refusal};
use std::pin::Pin;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::task::{Context, Wake, ready};

mod held;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn connection() -> (Rc<Connection>, OutboundBody) {
    let connection =
        Connection::new(SessionId(1), Dialect::V1, SessionKind::WebSocket, 0, Rc::default(), Rc::default());
    (Rc::clone(&connection), OutboundBody::new(connection))
}

fn poll(body: &mut OutboundBody, waker: &Waker) -> Poll<Option<Bytes>> {
    let item = ready!(Pin::new(body).poll_next(&mut Context::from_waker(waker)));
    Poll::Ready(item.map(|Ok(bytes)| bytes))
}

fn next(body: &mut OutboundBody) -> Poll<Option<Bytes>> {
    poll(body, Waker::noop())
}

fn some(bytes: &'static [u8]) -> Poll<Option<Bytes>> {
    Poll::Ready(Some(Bytes::from_static(bytes)))
}

#[test]
fn queued_frames_leave_in_order_after_one_wake() {
    let (connection, mut body) = connection();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert!(poll(&mut body, &waker).is_pending());
    connection.enqueue(Bytes::from_static(b"a"));
    connection.enqueue(Bytes::from_static(b"b"));
    connection.flush();
    connection.flush();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert_eq!(poll(&mut body, &waker), some(b"a"));
    assert_eq!(poll(&mut body, &waker), some(b"b"));
    assert!(poll(&mut body, &waker).is_pending());
}

#[test]
fn a_queue_past_its_bound_is_freed_and_closed_with_4008() {
    for (length, is_slow) in
        [(QUEUE_BYTES_MAX - 1, false), (QUEUE_BYTES_MAX, false), (QUEUE_BYTES_MAX + 1, true)]
    {
        let (connection, mut body) = connection();
        let frame = Bytes::from(vec![0; length / 2]);
        connection.enqueue(frame.clone());
        connection.enqueue(Bytes::from(vec![0; length - frame.len() - 2 * ENTRY_BYTES]));
        assert_eq!(connection.is_closing(), is_slow, "{length}");
        if !is_slow {
            assert_eq!(connection.queue.borrow().bytes(), length);
        } else {
            assert_eq!(connection.queue.borrow().frames().len(), 1, "the close frame");
            assert!(frame.is_unique(), "the bytes are free at once");
            assert_eq!(next(&mut body), Poll::Ready(Some(frame::close(Some(4008), "slow"))));
            assert_eq!(next(&mut body), Poll::Ready(None));
        }
    }
}

#[test]
fn each_close_is_counted_by_its_code() {
    let codes = || {
        let closes = worker_counts::take().closes;
        let known = ENDINGS.iter().map(|ending| ending.code.number()).chain([0]);
        known.zip(closes).filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    codes();
    let (connection, _) = connection();
    connection.cut_off_slow_reader();
    connection.close(Some(CloseCode::Internal.number()), "");
    assert_eq!(codes(), [(4008, 1)], "once");
    for (code, counted) in [(Some(1011), 1011), (Some(1012), 1012), (Some(3999), 0), (None, 0)] {
        self::connection().0.close(code, "");
        assert_eq!(codes(), [(counted, 1)]);
    }
    // A request that has ended well is closed by its guard.
    for (code, counted) in [(1011, vec![]), (4401, vec![(4401, 1)])] {
        let poll =
            Connection::new(SessionId(1), Dialect::V1, SessionKind::Poll, 0, Rc::default(), Rc::default());
        poll.close(Some(code), "");
        assert_eq!(codes(), counted);
    }
}

#[test]
fn a_slow_client_is_not_closed_for_its_replay() {
    let counted = QUEUE_BYTES_MAX - ENTRY_BYTES;
    for (length, is_slow) in [(counted - 1, false), (counted, false), (counted + 1, true)] {
        let (connection, mut body) = connection();
        let replay = QUEUE_BYTES_MAX - 2 * ENTRY_BYTES;
        connection.buffer();
        connection.send_replay(Bytes::from(vec![0; replay]));
        connection.release();
        assert!(!connection.is_buffering());
        connection.enqueue(Bytes::from(vec![1; length]));
        assert_eq!(connection.is_closing(), is_slow, "{length}");
        if is_slow {
            continue;
        }
        // Once the replay has left, only the rest counts.
        let mut left = 0;
        while left < replay {
            let Poll::Ready(Some(chunk)) = next(&mut body) else { panic!() };
            left += chunk.len();
        }
        assert_eq!(connection.queue.borrow().counted_bytes(), length + ENTRY_BYTES);
        connection.enqueue(Bytes::from(vec![1; 2]));
        assert!(connection.is_closing(), "{length}");
    }
}

/// The shortest frames, such as pongs, take their entries in the queue.
#[test]
fn short_frames_count_as_what_they_take() {
    let pong = frame::pong(b"");
    let fit = QUEUE_BYTES_MAX / (ENTRY_BYTES + pong.len());
    for (count, is_slow) in [(fit - 1, false), (fit, false), (fit + 1, true)] {
        let (connection, mut body) = connection();
        (0..count).for_each(|_| connection.enqueue(pong.clone()));
        assert_eq!(connection.is_closing(), is_slow, "{count}");
        while let Poll::Ready(Some(_)) = next(&mut body) {}
        assert_eq!(connection.queue.borrow().bytes(), 0);
        assert!(connection.queue.borrow().frames().capacity() <= QUEUE_FRAMES_KEPT, "the entries are freed");

        // The same is true for frames that are buffered, and for replies.
        let (connection, _) = self::connection();
        connection.buffer();
        (0..count).for_each(|_| connection.enqueue(pong.clone()));
        connection.release();
        assert_eq!(connection.is_buffering(), is_slow, "{count}");
        let (connection, _) = self::connection();
        connection.buffer();
        (0..count).for_each(|_| connection.send_ephemeral(pong.clone()));
        assert_eq!(connection.is_closing(), is_slow, "{count}");
    }
}

#[test]
fn an_empty_queue_keeps_few_entries() {
    for (count, is_kept) in
        [(QUEUE_FRAMES_KEPT - 1, true), (QUEUE_FRAMES_KEPT, true), (QUEUE_FRAMES_KEPT + 1, false)]
    {
        let (connection, mut body) = connection();
        (0..count).for_each(|_| connection.enqueue(frame::ping()));
        while next(&mut body).is_ready() {}
        let entries = connection.queue.borrow().frames().capacity();
        assert!(entries <= QUEUE_FRAMES_KEPT, "{entries}");
        assert_eq!(entries >= count, is_kept, "{count}");
    }
}

#[test]
fn a_partly_sent_frame_counts_its_rest() {
    let (connection, mut body) = connection();
    connection.enqueue(Bytes::from(vec![0; SOCKET_CHUNK_BYTES_MAX + 10]));
    connection.enqueue(Bytes::from_static(b"second"));
    assert!(next(&mut body).is_ready());
    assert_eq!(connection.queue.borrow().bytes(), 10 + b"second".len() + 2 * ENTRY_BYTES);
    connection.cut_off_slow_reader();
    assert_eq!(next(&mut body), Poll::Ready(Some(Bytes::from(vec![0; 10]))), "the frame is completed");
    assert_eq!(next(&mut body), Poll::Ready(Some(frame::close(Some(4008), "slow"))));
    assert_eq!(connection.queue.borrow().bytes(), 0);
}

#[test]
fn frames_that_have_left_make_room() {
    let (connection, mut body) = connection();
    for _ in 0..3 {
        let mut left = QUEUE_BYTES_MAX - ENTRY_BYTES;
        connection.enqueue(Bytes::from(vec![0; left]));
        while left > 0 {
            let Poll::Ready(Some(chunk)) = next(&mut body) else { panic!() };
            assert!(chunk.len() <= SOCKET_CHUNK_BYTES_MAX);
            left -= chunk.len();
        }
    }
    assert!(!connection.is_closing());
}

#[test]
fn replayed_frames_leave_before_buffered_ones() {
    let (connection, mut body) = connection();
    connection.buffer();
    connection.enqueue(Bytes::from_static(b"buffered"));
    assert!(next(&mut body).is_pending());
    connection.send_replay(Bytes::from_static(b"welcome"));
    connection.release();
    connection.enqueue(Bytes::from_static(b"later"));
    assert_eq!(
        [next(&mut body), next(&mut body), next(&mut body)],
        [some(b"welcome"), some(b"buffered"), some(b"later")]
    );
    assert_eq!(connection.queue.borrow().bytes(), 0);
}

#[test]
fn a_buffer_past_its_bound_reports_an_overflow_and_sends_nothing() {
    for (length, is_behind) in
        [(QUEUE_BYTES_MAX - 1, false), (QUEUE_BYTES_MAX, false), (QUEUE_BYTES_MAX + 1, true)]
    {
        let (connection, mut body) = connection();
        connection.buffer();
        connection.enqueue(Bytes::from_static(b"x"));
        connection.enqueue(Bytes::from(vec![0; length - 1 - 2 * ENTRY_BYTES]));
        connection.release();
        assert!(!connection.is_closing(), "who takes long to catch up is not punished");
        assert_eq!(connection.is_buffering(), is_behind);
        let expected = if is_behind { vec![Input::BufferOverflowed(SessionId(1))] } else { vec![] };
        assert_eq!(connection.inputs.take(), expected, "{length}");
        if is_behind {
            connection.enqueue(Bytes::from_static(b"y"));
            assert!(next(&mut body).is_pending());
            connection.buffer();
            connection.enqueue(Bytes::from_static(b"z"));
            connection.release();
            assert_eq!(next(&mut body), some(b"z"));
        }
    }
}

#[test]
fn buffered_frames_wait_for_room_in_the_queue() {
    let (connection, mut body) = connection();
    connection.buffer();
    connection.enqueue(Bytes::from_static(b"buffered"));
    connection.send_replay(Bytes::from(vec![0; QUEUE_BYTES_MAX]));
    connection.release();
    assert_eq!(connection.inputs.take(), [Input::BufferOverflowed(SessionId(1))]);
    connection.notify_drained();
    while next(&mut body).is_ready() {}
    assert_eq!(connection.inputs.take(), [Input::Drained(SessionId(1))]);
    connection.notify_drained();
    assert_eq!(connection.inputs.take(), [Input::Drained(SessionId(1))], "it was empty");
    assert!(next(&mut body).is_pending());
    assert_eq!(connection.inputs.take(), [], "told once");
}

#[test]
fn a_request_gets_its_first_answer_as_an_event() {
    let request =
        || Connection::new(SessionId(1), Dialect::V1, SessionKind::Command, 0, Rc::default(), Rc::default());
    let refusal = |code| Box::new(Event::Error(Refusal::new(Some(1), code)));
    let mut cx = Context::from_waker(Waker::noop());
    let connection = request();
    assert!(connection.poll_answer(&cx).is_pending());
    connection.send(refusal(ErrorCode::RoomUnknown));
    connection.send(refusal(ErrorCode::Internal));
    connection.close(Some(1011), "");
    assert_eq!(connection.poll_answer(&cx), Poll::Ready(Ok(refusal(ErrorCode::RoomUnknown))));

    let connection = request();
    connection.close(Some(4401), "");
    connection.send(refusal(ErrorCode::RoomUnknown));
    assert_eq!(connection.poll_answer(&cx), Poll::Ready(Err(4401)), "nothing follows a close");

    let (connection, _) = self::connection();
    connection.send(refusal(ErrorCode::RoomUnknown));
    let frame = frame::event(&refusal(ErrorCode::RoomUnknown));
    assert_eq!(connection.poll_frame(&mut cx), Poll::Ready(Some(frame)), "a WebSocket gets a frame");
}

#[test]
fn nothing_follows_a_close() {
    let (connection, mut body) = connection();
    connection.enqueue(Bytes::from_static(b"a"));
    connection.close(Some(1000), "");
    connection.close(Some(1011), "");
    connection.enqueue(Bytes::from_static(b"b"));
    assert_eq!(next(&mut body), some(b"a"));
    assert_eq!(next(&mut body), some(b"\x88\x02\x03\xe8"));
    assert_eq!(next(&mut body), Poll::Ready(None));
}
