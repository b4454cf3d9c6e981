//! Rounds over real sockets: what waits together is written together.

use super::*;
use crate::connection::server_socket::{
    ServerSocket,
    tests::{flush, pair},
};
use crate::limits::{FLUSH_BYTES, LATER_PAUSE, LATER_WRITES_PER_TURN, QUEUE_BYTES_MAX, ROUND_BYTES_MAX};
use crate::metrics::worker_counts;
use actix_web::rt::net::TcpStream;
use shared::RoomId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Time in which bytes that were sent arrive on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOBBY: Address = Address::Room(RoomId::LOBBY);

/// An open WebSocket whose dispatcher has written the head of its response, and waits.
struct Socket {
    connection: Rc<Connection>,
    body: OutboundBody,
    socket: ServerSocket,
    peer: TcpStream,
}

impl Socket {
    async fn open(connections: &Connections, dialect: Dialect) -> Self {
        let (mut socket, peer) = pair().await;
        let connection = connections.add_socket(dialect, socket.direct_writer());
        connections.attach(connection.session, &[LOBBY]);
        connection.release();
        let mut body = OutboundBody::new(Rc::clone(&connection));
        assert!(Pin::new(&mut body).poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
        flush(&mut socket);
        connections.flush();
        Socket { connection, body, socket, peer }
    }

    fn write_count(&self) -> usize {
        self.socket.direct_writer().write_count()
    }

    /// Reads this many bytes, while the dispatcher writes what the kernel did not take at once.
    async fn read(&mut self, bytes: usize) -> Vec<u8> {
        let Socket { body, socket, peer, .. } = self;
        let mut read = vec![0; bytes];
        let writing = async {
            for chunk in drain(body) {
                socket.write_all(&chunk).await.unwrap();
            }
            flush(socket);
        };
        let reading = async { tokio::join!(peer.read_exact(&mut read), writing).0 };
        tokio::time::timeout(PATIENCE, reading).await.expect("the bytes in time").unwrap();
        read
    }
}

fn batch(deliveries: Vec<Delivery>) -> DeliveryBatch {
    DeliveryBatch { through: Cursor::new(Epoch(0), 0), present: 0, deliveries }
}

/// Publishes one message, in both dialects.
fn publish(number: usize) -> Delivery {
    let frame = |dialect| Bytes::from(format!("{dialect}{number} "));
    Delivery::Publish { address: LOBBY, v1: frame("event "), text: Some(frame("text ")) }
}

/// Runs a worker until its channel is empty and closed.
async fn run(connections: &Rc<Connections>, batches: Vec<DeliveryBatch>) {
    let (sender, receiver) = batch_channel();
    for batch in batches {
        sender.send(batch).await.unwrap();
    }
    drop(sender);
    Rc::clone(connections).run(receiver).await;
}

#[tokio::test]
async fn waiting_batches_leave_in_one_write_for_each_connection() {
    let connections = Connections::new(0);
    let mut text = Socket::open(&connections, Dialect::Text).await;
    let mut v1 = Socket::open(&connections, Dialect::V1).await;
    let mut author = Socket::open(&connections, Dialect::V1).await;
    let session = author.connection.session;
    let batches = (0..20).map(|number| {
        let reply = Delivery::SendEphemeral(session, Bytes::from(format!("reply {number} ")));
        batch(vec![publish(2 * number), reply, publish(2 * number + 1)])
    });
    worker_counts::take();
    run(&connections, batches.collect()).await;
    let counts = worker_counts::take();
    assert_eq!((counts.deliveries, counts.writes), (40 * 3, 3), "the counts of the worker");

    let all = |name: &str| (0..40).map(|number| format!("{name}{number} ")).collect::<String>();
    assert_eq!(String::from_utf8(text.read(all("text ").len()).await), Ok(all("text ")));
    assert_eq!(String::from_utf8(v1.read(all("event ").len()).await), Ok(all("event ")));
    let expected: String =
        (0..20).map(|n| format!("event {} reply {n} event {} ", 2 * n, 2 * n + 1)).collect();
    assert_eq!(
        String::from_utf8(author.read(expected.len()).await),
        Ok(expected),
        "in the order of the registry"
    );
    assert_eq!([&text, &v1, &author].map(Socket::write_count), [1, 1, 1]);
    assert!([text, v1, author].iter().all(|socket| socket.connection.is_empty()));
}

/// Sockets are read, pings are sent and connections are accepted between two rounds.
#[tokio::test]
async fn other_tasks_run_between_two_rounds() {
    let connections = Connections::new(0);
    let frame = Bytes::from(vec![b'x'; ROUND_BYTES_MAX / 4]);
    // Three of these fit into a round.
    let batches = (0..12).map(|_| batch(vec![Delivery::PublishUnstored(frame.clone())])).collect();
    let other_polls = Cell::new(0);
    let other = async {
        loop {
            other_polls.set(other_polls.get() + 1);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = run(&connections, batches) => {}
        () = other => {}
    }
    assert!(other_polls.get() >= 3, "{}", other_polls.get());
}

#[tokio::test]
async fn a_queue_past_its_flush_bound_is_written_before_the_flush() {
    for (length, is_written) in [(FLUSH_BYTES - 1, false), (FLUSH_BYTES, false), (FLUSH_BYTES + 1, true)] {
        let connections = Connections::new(0);
        let mut socket = Socket::open(&connections, Dialect::Text).await;
        let first = Bytes::from(vec![b'x'; length / 2]);
        let second = Bytes::from(vec![b'y'; length - first.len() - 2 * size_of::<Bytes>()]);
        socket.connection.enqueue(first.clone());
        assert_eq!(socket.write_count(), 0);
        socket.connection.enqueue(second.clone());
        assert_eq!(socket.write_count() > 0, is_written, "{length}");
        socket.connection.flush();
        assert!(socket.write_count() > 0);
        let expected = [first, second].concat();
        assert!(socket.read(expected.len()).await == expected);
    }
}

/// Everything of a batch that is longer than a queue goes to a client that reads.
#[tokio::test]
async fn a_long_batch_is_written_before_the_queue_is_full() {
    let connections = Connections::new(0);
    let mut socket = Socket::open(&connections, Dialect::Text).await;
    let frame = Bytes::from(vec![b'x'; 8 << 10]);
    // The kernel takes the surplus, although nobody has read yet.
    let count = (QUEUE_BYTES_MAX + (32 << 10)) / frame.len();
    let deliveries = (0..count).map(|_| Delivery::PublishUnstored(frame.clone())).collect();
    connections.deliver(batch(deliveries));
    assert!(!socket.connection.is_closing());
    connections.flush();
    assert_eq!(socket.read(count * frame.len()).await, frame.repeat(count));
}

#[tokio::test]
async fn a_stalled_reader_is_closed_and_the_others_get_all() {
    let connections = Connections::new(0);
    let mut healthy = Socket::open(&connections, Dialect::Text).await;
    let stalled = Socket::open(&connections, Dialect::Text).await;
    let frame = Bytes::from(vec![b'x'; 60_000]);
    let mut sent = 0;
    // Until neither the kernel nor the queue takes more.
    while !stalled.connection.is_closing() {
        run(&connections, (0..4).map(|_| batch(vec![Delivery::PublishUnstored(frame.clone())])).collect())
            .await;
        sent += 4 * frame.len();
        assert!(sent < 64 << 20, "the kernel takes all");
        healthy.read(4 * frame.len()).await;
    }
    assert_eq!(stalled.connection.close_code(), Some(CloseCode::Slow.number()));
    assert!(!healthy.connection.is_closing());
}

#[tokio::test]
async fn a_burst_reaches_those_who_are_subscribed_at_its_place() {
    let connections = Connections::new(0);
    let tasting = Address::Room(RoomId(2));
    let mut both = Socket::open(&connections, Dialect::V1).await;
    let mut late = Socket::open(&connections, Dialect::V1).await;
    let stream = connections.add_http(SessionKind::EventStream);
    connections.attach(stream.session, &[LOBBY]);
    stream.release();
    connections.subscribe(both.connection.session, ListKey::V1(tasting));
    let publish = |address, frame: &'static str| {
        let v1 = Bytes::from_static(frame.as_bytes());
        batch(vec![Delivery::Publish { address, v1, text: None }])
    };
    let ephemeral = Delivery::PublishEphemeral { address: LOBBY, v1: Bytes::from_static(b"here ") };
    let batches = vec![
        publish(LOBBY, "1 "),
        publish(LOBBY, "2 "),
        publish(tasting, "3 "),
        batch(vec![Delivery::Subscribe(late.connection.session, tasting)]),
        publish(tasting, "4 "),
        publish(tasting, "5 "),
        batch(vec![Delivery::Unsubscribe(both.connection.session, tasting)]),
        publish(tasting, "6 "),
        publish(LOBBY, "7 "),
        batch(vec![ephemeral]),
        publish(LOBBY, "8 "),
    ];
    run(&connections, batches).await;
    let [for_both, for_late] = ["1 2 3 4 5 7 here 8 ", "1 2 4 5 6 7 here 8 "];
    assert_eq!(both.read(for_both.len()).await, for_both.as_bytes());
    assert_eq!(late.read(for_late.len()).await, for_late.as_bytes());
    assert_eq!([both.write_count(), late.write_count()], [1, 1]);
    for expected in ["1 ", "2 ", "7 ", "here ", "8 "] {
        let frame = stream.poll_frame(&mut Context::from_waker(Waker::noop()));
        assert_eq!(frame, Poll::Ready(Some(Bytes::from_static(expected.as_bytes()))), "each frame alone");
    }
}

/// Presence for everybody in the lobby, as one frame.
fn presence() -> DeliveryBatch {
    batch(vec![Delivery::PublishEphemeral { address: LOBBY, v1: Bytes::from_static(b"presence ") }])
}

#[tokio::test]
async fn presence_is_written_a_few_connections_at_a_time() {
    for (count, first) in [
        (LATER_WRITES_PER_TURN - 1, LATER_WRITES_PER_TURN - 1),
        (LATER_WRITES_PER_TURN, LATER_WRITES_PER_TURN),
        (LATER_WRITES_PER_TURN + 1, LATER_WRITES_PER_TURN),
    ] {
        let connections = Connections::new(0);
        let mut sockets = Vec::new();
        for _ in 0..count {
            sockets.push(Socket::open(&connections, Dialect::V1).await);
        }
        connections.deliver(presence());
        connections.deliver(presence());
        connections.flush();
        let written = || sockets.iter().filter(|socket| socket.write_count() > 0).count();
        assert_eq!(written(), 0, "nobody waits for it");
        connections.later.write_some();
        assert_eq!(written(), first, "{count}");
        connections.later.write_some();
        assert_eq!(written(), count);
        assert!(connections.later.is_empty());
        assert_eq!(sockets[0].read("presence presence ".len()).await, b"presence presence ");
    }
}

#[tokio::test]
async fn a_message_overtakes_no_presence_on_its_connection_and_waits_for_none_of_the_others() {
    let connections = Connections::new(0);
    let mut others = Vec::new();
    for _ in 0..2 * LATER_WRITES_PER_TURN {
        others.push(Socket::open(&connections, Dialect::V1).await);
    }
    let mut socket = Socket::open(&connections, Dialect::V1).await;
    let message = Delivery::SendEphemeral(socket.connection.session, Bytes::from_static(b"message "));
    connections.deliver(presence());
    connections.deliver(batch(vec![message]));
    connections.flush();
    assert_eq!(socket.read("presence message ".len()).await, b"presence message ");
    assert!(others.iter().all(|other| other.write_count() == 0));
    while !connections.later.is_empty() {
        connections.later.write_some();
    }
    assert_eq!(socket.write_count(), 1, "nothing is left to write");
    assert!(others.iter().all(|other| other.write_count() == 1));
}

#[tokio::test(start_paused = true)]
async fn presence_leaves_without_another_round_and_tasks_run_between_its_writes() {
    let connections = Connections::new(0);
    let mut sockets = Vec::new();
    for _ in 0..3 * LATER_WRITES_PER_TURN {
        sockets.push(Socket::open(&connections, Dialect::V1).await);
    }
    let (sender, receiver) = batch_channel();
    sender.send(presence()).await.unwrap();
    let begin = Instant::now();
    let mut seen = Vec::new();
    let other = async {
        loop {
            let written = sockets.iter().filter(|socket| socket.write_count() > 0).count();
            if seen.last() != Some(&written) {
                seen.push(written);
            }
            if written == sockets.len() {
                return;
            }
            // The clock steps only when every task waits.
            tokio::time::sleep(LATER_PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        () = Rc::clone(&connections).run(receiver) => panic!("the channel is open"),
        () = other => {}
    }
    assert_eq!(seen, [1, 2, 3].map(|turns| turns * LATER_WRITES_PER_TURN));
    assert!(begin.elapsed() >= 2 * LATER_PAUSE, "{:?}", begin.elapsed());
    drop(sender);
}
