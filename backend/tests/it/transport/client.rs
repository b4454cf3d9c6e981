//! A v1 client that reads by any transport, and sends as that transport does. It checks the order while it
//! reads: no event comes twice, before an earlier one, or after a cursor that is past it.

use super::{
    http_connection::HttpConnection,
    reader::{self, PollResponse},
};
use crate::{
    socket::{PATIENCE, Socket},
    test_server::TestServer,
};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use shared::{Command, Cursor, ErrorCode, Event, RoomId, command, command::Hello, event::Welcome};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// Transport by which a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    WebSocket,
    Events,
    LongPolls,
    Polls,
}

impl Transport {
    pub(crate) const ALL: [Transport; 4] =
        [Transport::WebSocket, Transport::Events, Transport::LongPolls, Transport::Polls];

    /// Whether each request is a session of its own.
    pub(crate) fn is_poll(self) -> bool {
        matches!(self, Transport::LongPolls | Transport::Polls)
    }
}

/// A member's credentials, and the server's address.
#[derive(Clone)]
pub(crate) struct TestCaller {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: String,
    /// Whether the person is away from the page.
    pub(crate) away: Arc<AtomicBool>,
    /// The client reads nothing while this gate is shut.
    gate: watch::Receiver<bool>,
}

impl TestCaller {
    /// Waits until the gate is open.
    pub(crate) async fn wait_for_gate(&self) {
        let _ = self.gate.clone().wait_for(|is_open| *is_open).await;
    }

    /// Formats the head of a request.
    pub(crate) fn head(&self, method: &str, path: &str, more: &str) -> String {
        let TestCaller { address, cookie, .. } = self;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\
             Origin: http://{address}\r\n{more}\r\n"
        )
    }

    /// Sends one poll with this query. Returns the response, or the status and the code of the problem.
    pub(crate) async fn poll(&self, query: &str) -> Result<PollResponse, (u16, ErrorCode)> {
        let mut connection = HttpConnection::open(self.address).await.unwrap();
        connection.send(self.head("GET", &format!("/api/poll?{query}"), "").as_bytes()).await.unwrap();
        let body = connection.answer().await?;
        Ok(serde_json::from_str(&body).unwrap())
    }

    /// Sends a command in a request of its own. Returns the reply, or the status and the code of the
    /// problem.
    pub(crate) async fn post(&self, command: &Command) -> Result<Event, (u16, ErrorCode)> {
        let body = serde_json::to_string(command).unwrap();
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let mut connection = HttpConnection::open(self.address).await.unwrap();
        connection.send((self.head("POST", "/api/command", &more) + &body).as_bytes()).await.unwrap();
        let body = connection.answer().await?;
        Ok(Event::parse(&body).unwrap())
    }
}

/// An item that a reader has read.
#[derive(Debug)]
pub(crate) enum Item {
    Event(Box<Event>),
    /// Cursor up to which all events for this client have arrived.
    Through(Cursor),
    /// The close code, in whatever form it came; 1006 for an end without a code.
    End(u16),
}

enum Outgoing {
    Socket(SplitSink<WebSocketStream<TcpStream>, Message>),
    Requests,
}

/// A client that was welcomed.
pub(crate) struct Client {
    pub(crate) caller: TestCaller,
    pub(crate) welcome: Welcome,
    /// The last cursor that came.
    pub(crate) cursor: Cursor,
    /// Position of the last durable event that came, or of the cursor at which the client resumed.
    last: u64,
    items: mpsc::UnboundedReceiver<Item>,
    waiting: VecDeque<Item>,
    outgoing: Outgoing,
    reader: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Client {
    /// Connects without a cursor, and waits for the welcome.
    pub(crate) async fn connect(server: &TestServer, transport: Transport, cookie: &str) -> Self {
        Client::resume(server, transport, cookie, None, None).await.unwrap()
    }

    /// Resumes at a cursor, and waits for the welcome.
    ///
    /// # Errors
    ///
    /// The close code of the refusal.
    pub(crate) async fn resume(
        server: &TestServer,
        transport: Transport,
        cookie: &str,
        cursor: Option<Cursor>,
        room: Option<RoomId>,
    ) -> Result<Self, u16> {
        let (_, open) = watch::channel(true);
        Client::resume_gated(server, transport, cookie, cursor, room, open).await
    }

    /// Resumes at a cursor, but reads nothing until the gate is open.
    pub(crate) async fn resume_gated(
        server: &TestServer,
        transport: Transport,
        cookie: &str,
        cursor: Option<Cursor>,
        room: Option<RoomId>,
        gate: watch::Receiver<bool>,
    ) -> Result<Self, u16> {
        let caller =
            TestCaller { address: server.address, cookie: cookie.to_owned(), away: Arc::default(), gate };
        let (sender, mut items) = mpsc::unbounded_channel();
        let hello = Hello { reference: 1, build: "test".into(), cursor, held: vec![], room };
        let (outgoing, reader) = match transport {
            Transport::WebSocket => {
                let Socket(socket) = server.open_v1_socket(cookie).await;
                let (mut sink, stream) = socket.split();
                let hello = serde_json::to_string(&Command::Hello(hello)).unwrap();
                sink.send(Message::text(hello)).await.unwrap();
                (Outgoing::Socket(sink), tokio::spawn(reader::frames(caller.clone(), stream, sender)))
            }
            Transport::Events => {
                (Outgoing::Requests, tokio::spawn(reader::events(caller.clone(), hello, sender)))
            }
            Transport::LongPolls => {
                (Outgoing::Requests, tokio::spawn(reader::polls(caller.clone(), hello, 25, sender)))
            }
            Transport::Polls => {
                (Outgoing::Requests, tokio::spawn(reader::polls(caller.clone(), hello, 0, sender)))
            }
        };
        // While the gate is shut no welcome can be read, however long that is.
        caller.wait_for_gate().await;
        let welcome = loop {
            match timeout(PATIENCE, items.recv()).await.expect("a welcome in time").unwrap() {
                Item::Event(event) => match *event {
                    Event::Welcome(welcome) => break *welcome,
                    Event::Error(_) => {}
                    other => panic!("{other:?} before the welcome"),
                },
                Item::Through(_) => panic!("a cursor before the welcome"),
                Item::End(code) => return Err(code),
            }
        };
        let (cursor, last) = (welcome.through, welcome.through.n);
        Ok(Client { caller, welcome, cursor, last, items, waiting: VecDeque::new(), outgoing, reader })
    }

    async fn item(&mut self) -> Item {
        match self.waiting.pop_front() {
            Some(item) => item,
            None => timeout(PATIENCE, self.items.recv()).await.expect("something in time").unwrap(),
        }
    }

    /// Takes one item: an event, the close code, or `None` for a cursor.
    pub(crate) async fn step(&mut self) -> Option<Result<Event, u16>> {
        match self.item().await {
            Item::Through(cursor) => {
                assert!(cursor.n >= self.cursor.n, "{cursor} behind {}", self.cursor);
                self.cursor = cursor;
                self.last = self.last.max(cursor.n);
                None
            }
            Item::Event(event) => {
                if let Some(position) = event.position() {
                    assert!(position.n > self.last, "{event:?} behind {}", self.last);
                    self.last = position.n;
                }
                Some(Ok(*event))
            }
            Item::End(code) => Some(Err(code)),
        }
    }

    /// The next event or close code.
    pub(crate) async fn next_item(&mut self) -> Result<Event, u16> {
        loop {
            if let Some(what) = self.step().await {
                return what;
            }
        }
    }

    /// Reads until the cursor covers every event that came. Returns the cursor.
    pub(crate) async fn read_to_cursor(&mut self) -> Cursor {
        if let Outgoing::Socket(_) = self.outgoing {
            self.request(&Command::Ping).await.unwrap();
        }
        while self.cursor.n < self.last {
            match self.step().await {
                None => {}
                Some(Ok(event)) if event.position().is_none() => {}
                Some(other) => panic!("{other:?}"),
            }
        }
        self.cursor
    }

    /// The next event that is about neither presence nor the connection.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            match self.next_item().await.expect("it goes on") {
                Event::Here(_) | Event::Away(_) | Event::Gone(_) | Event::Present(_) => {}
                Event::CaughtUp(_) | Event::Ping(_) | Event::Pong(_) => {}
                event => return event,
            }
        }
    }

    /// The texts of the next posts, this many.
    pub(crate) async fn next_texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            if let Event::Posted(posted) = self.event().await {
                texts.push(posted.text);
            }
        }
        texts
    }

    /// Reads until the server closes. Returns the close code.
    pub(crate) async fn ended(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next_item().await {
                return code;
            }
        }
    }

    /// Sends a command and returns the reply. Events that come meanwhile are read later.
    pub(crate) async fn request(&mut self, command: &Command) -> Result<Event, ErrorCode> {
        let Outgoing::Socket(sink) = &mut self.outgoing else {
            return self.caller.post(command).await.map_err(|(_, code)| code);
        };
        let text = serde_json::to_string(command).unwrap();
        sink.send(Message::text(text.clone())).await.unwrap();
        let reference = reference_of(&text);
        loop {
            let item = timeout(PATIENCE, self.items.recv()).await.expect("an answer in time").unwrap();
            match item {
                Item::Event(event) => match *event {
                    Event::Error(refusal) if refusal.reference == reference => return Err(refusal.code),
                    Event::Pong(_) if *command == Command::Ping => return Ok(*event),
                    event if is_answer_to(&event, reference) => return Ok(event),
                    event => self.waiting.push_back(Item::Event(Box::new(event))),
                },
                Item::End(code) => panic!("{code} while {command:?} waits"),
                item => self.waiting.push_back(item),
            }
        }
    }

    /// Reports the person as away or back.
    pub(crate) async fn set_away(&mut self, away: bool) {
        self.caller.away.store(away, Ordering::Relaxed);
        let command = Command::Presence(command::PresenceReport { away });
        match &mut self.outgoing {
            Outgoing::Socket(sink) => {
                sink.send(Message::text(serde_json::to_string(&command).unwrap())).await.unwrap();
            }
            Outgoing::Requests => assert!(matches!(self.caller.post(&command).await, Ok(Event::Pong(_)))),
        }
    }
}

/// The `ref` in a frame.
fn reference_of(text: &str) -> Option<u64> {
    serde_json::from_str::<serde_json::Value>(text).unwrap()["ref"].as_u64()
}

fn is_answer_to(event: &Event, reference: Option<u64>) -> bool {
    reference.is_some()
        && match event {
            Event::Reply(reply) => Some(reply.reference) == reference,
            Event::Rooms(rooms) => Some(rooms.reference) == reference,
            Event::History(history) => Some(history.reference) == reference,
            Event::Events(events) => Some(events.reference) == reference,
            Event::Reset(reset) => reset.reference == reference,
            Event::ReadMarker(told) => told.reference == reference,
            _ => false,
        }
}
