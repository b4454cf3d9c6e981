//! A v1 client that reads by any transport, and speaks as that transport does. It holds the server
//! to its promises while it reads: no event comes twice, none before another, none behind a cursor
//! that is said to be past it.

use super::{
    reader::{self, Answer},
    wire::Wire,
};
use crate::{
    house::House,
    socket::{PATIENCE, Socket},
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

/// A way to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    WebSocket,
    Events,
    LongPolls,
    Polls,
}

impl By {
    pub(crate) const ALL: [By; 4] = [By::WebSocket, By::Events, By::LongPolls, By::Polls];

    /// Whether each request is a session, and none lasts.
    pub(crate) fn polls(self) -> bool {
        matches!(self, By::LongPolls | By::Polls)
    }
}

/// Who asks whom.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: String,
    /// The person is not at the page.
    pub(crate) away: Arc<AtomicBool>,
    /// Nothing is read while it is shut.
    gate: watch::Receiver<bool>,
}

impl Caller {
    /// Returns when it may read.
    pub(crate) async fn may_read(&self) {
        let _ = self.gate.clone().wait_for(|is_open| *is_open).await;
    }

    /// The head of a request.
    pub(crate) fn head(&self, method: &str, path: &str, more: &str) -> String {
        let Caller { address, cookie, .. } = self;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\
             Origin: http://{address}\r\n{more}\r\n"
        )
    }

    /// One poll with this query: the answer, or the status and why not.
    pub(crate) async fn poll(&self, query: &str) -> Result<Answer, (u16, ErrorCode)> {
        let mut wire = Wire::open(self.address).await.unwrap();
        wire.send(self.head("GET", &format!("/api/poll?{query}"), "").as_bytes()).await.unwrap();
        let body = wire.answer().await?;
        Ok(serde_json::from_str(&body).unwrap())
    }

    /// A command in a request of its own: the answer, or the status and why not.
    pub(crate) async fn post(&self, command: &Command) -> Result<Event, (u16, ErrorCode)> {
        let body = serde_json::to_string(command).unwrap();
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let mut wire = Wire::open(self.address).await.unwrap();
        wire.send((self.head("POST", "/api/command", &more) + &body).as_bytes()).await.unwrap();
        let body = wire.answer().await?;
        Ok(Event::parse(&body).unwrap())
    }
}

/// What comes of a reader.
#[derive(Debug)]
pub(crate) enum Item {
    Event(Box<Event>),
    /// All up to here has come.
    Through(Cursor),
    /// The close code, whatever its form; 1006 for an end without one.
    End(u16),
}

enum Way {
    Socket(SplitSink<WebSocketStream<TcpStream>, Message>),
    Requests,
}

/// A client, welcomed.
pub(crate) struct Client {
    pub(crate) caller: Caller,
    pub(crate) welcome: Welcome,
    /// How far it has everything.
    pub(crate) cursor: Cursor,
    /// The last durable event that came, or where it came back from.
    last: u64,
    items: mpsc::UnboundedReceiver<Item>,
    waiting: VecDeque<Item>,
    way: Way,
    reader: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Client {
    /// Enters and waits for the welcome.
    pub(crate) async fn enter(house: &House, by: By, cookie: &str) -> Self {
        Client::back(house, by, cookie, None, None).await.unwrap()
    }

    /// Comes back.
    ///
    /// # Errors
    /// It is not welcome: the close code.
    pub(crate) async fn back(
        house: &House,
        by: By,
        cookie: &str,
        cursor: Option<Cursor>,
        room: Option<RoomId>,
    ) -> Result<Self, u16> {
        let (_, open) = watch::channel(true);
        Client::gated(house, by, cookie, cursor, room, open).await
    }

    /// The same, but it reads nothing before this says so.
    pub(crate) async fn gated(
        house: &House,
        by: By,
        cookie: &str,
        cursor: Option<Cursor>,
        room: Option<RoomId>,
        gate: watch::Receiver<bool>,
    ) -> Result<Self, u16> {
        let caller = Caller { address: house.address, cookie: cookie.to_owned(), away: Arc::default(), gate };
        let (sender, mut items) = mpsc::unbounded_channel();
        let hello = Hello { reference: 1, build: "test".into(), cursor, room };
        let (way, reader) = match by {
            By::WebSocket => {
                let Socket(socket) = house.socket(cookie).await;
                let (mut sink, stream) = socket.split();
                let hello = serde_json::to_string(&Command::Hello(hello)).unwrap();
                sink.send(Message::text(hello)).await.unwrap();
                (Way::Socket(sink), tokio::spawn(reader::frames(caller.clone(), stream, sender)))
            }
            By::Events => (Way::Requests, tokio::spawn(reader::events(caller.clone(), hello, sender))),
            By::LongPolls => (Way::Requests, tokio::spawn(reader::polls(caller.clone(), hello, 25, sender))),
            By::Polls => (Way::Requests, tokio::spawn(reader::polls(caller.clone(), hello, 0, sender))),
        };
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
        Ok(Client { caller, welcome, cursor, last, items, waiting: VecDeque::new(), way, reader })
    }

    async fn item(&mut self) -> Item {
        match self.waiting.pop_front() {
            Some(item) => item,
            None => timeout(PATIENCE, self.items.recv()).await.expect("something in time").unwrap(),
        }
    }

    /// Takes one item: an event, the close code, or none for a cursor.
    async fn step(&mut self) -> Option<Result<Event, u16>> {
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

    /// The next of all that comes: an event, or the close code.
    pub(crate) async fn any(&mut self) -> Result<Event, u16> {
        loop {
            if let Some(what) = self.step().await {
                return what;
            }
        }
    }

    /// Reads until it is told that it has everything that it has read, and says up to where that is.
    pub(crate) async fn settle(&mut self) -> Cursor {
        if let Way::Socket(_) = self.way {
            self.ask(&Command::Ping).await.unwrap();
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
            match self.any().await.expect("it goes on") {
                Event::Here(_) | Event::Away(_) | Event::Gone(_) | Event::Present(_) => {}
                Event::CaughtUp(_) | Event::Ping(_) | Event::Pong(_) => {}
                event => return event,
            }
        }
    }

    /// The texts that are said next, so many.
    pub(crate) async fn hear(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            if let Event::Posted(posted) = self.event().await {
                texts.push(posted.text);
            }
        }
        texts
    }

    /// Reads on until the server ends it, and says with which code.
    pub(crate) async fn ended(&mut self) -> u16 {
        loop {
            if let Err(code) = self.any().await {
                return code;
            }
        }
    }

    /// Asks for something and returns the answer. What comes meanwhile is read later.
    pub(crate) async fn ask(&mut self, command: &Command) -> Result<Event, ErrorCode> {
        let Way::Socket(sink) = &mut self.way else {
            return self.caller.post(command).await.map_err(|(_, code)| code);
        };
        let text = serde_json::to_string(command).unwrap();
        sink.send(Message::text(text.clone())).await.unwrap();
        let reference = reference(&text);
        loop {
            let item = timeout(PATIENCE, self.items.recv()).await.expect("an answer in time").unwrap();
            match item {
                Item::Event(event) => match *event {
                    Event::Error(refusal) if refusal.reference == reference => return Err(refusal.code),
                    Event::Pong(_) if *command == Command::Ping => return Ok(*event),
                    event if answers(&event, reference) => return Ok(event),
                    event => self.waiting.push_back(Item::Event(Box::new(event))),
                },
                Item::End(code) => panic!("{code} while {command:?} waits"),
                item => self.waiting.push_back(item),
            }
        }
    }

    /// The person went, or came back.
    pub(crate) async fn set_away(&mut self, away: bool) {
        self.caller.away.store(away, Ordering::Relaxed);
        let command = Command::Presence(command::PresenceReport { away });
        match &mut self.way {
            Way::Socket(sink) => {
                sink.send(Message::text(serde_json::to_string(&command).unwrap())).await.unwrap();
            }
            Way::Requests => assert!(matches!(self.caller.post(&command).await, Ok(Event::Pong(_)))),
        }
    }
}

/// The `ref` in a frame.
fn reference(text: &str) -> Option<u64> {
    serde_json::from_str::<serde_json::Value>(text).unwrap()["ref"].as_u64()
}

fn answers(event: &Event, asked: Option<u64>) -> bool {
    asked.is_some()
        && match event {
            Event::Reply(reply) => Some(reply.reference) == asked,
            Event::Rooms(rooms) => Some(rooms.reference) == asked,
            Event::History(history) => Some(history.reference) == asked,
            Event::Events(events) => Some(events.reference) == asked,
            Event::Reset(reset) => reset.reference == asked,
            _ => false,
        }
}
