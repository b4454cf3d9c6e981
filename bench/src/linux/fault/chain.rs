//! A connection of a page that is made of requests: a stream of events or a
//! chain of polls that is read, and a request for each command.

use std::collections::HashMap;

use client::event_stream;
use client::input::ConnectionId;
use client::pace::Pace;
use client::transport::Transport;
use shared::api::Problem;
use shared::command::Hello;
use shared::event::{Refusal, Through, Welcome};
use shared::{Address, ClientId, Cursor, Epoch, ErrorCode, Event, MemberId, RoomId};

use super::response::Response;

/// The connection.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) transport: Transport,
    /// What the first request said, and how far the page has read since.
    pub(super) hello: Option<Hello>,
    /// Whose it is, since the `welcome`.
    identity: Option<(MemberId, Epoch)>,
    /// How far presence is known.
    pub(super) present: u64,
    pub(super) away: bool,
    pub(super) pace: Pace,
    /// When the next poll leaves.
    pub(super) poll_at: Option<u64>,
    /// A word about presence is on its way: the next must not overtake it.
    pub(super) is_telling: bool,
    /// There is a next.
    pub(super) tell_again: bool,
    pub(super) noted: Noted,
}

/// What came over a connection, as the ledger wants it.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The posts that were sent, by their `ref`.
    pub(super) posts: HashMap<u64, ClientId>,
    /// The position of the last post that came, by room.
    newest: HashMap<RoomId, u64>,
}

impl Noted {
    /// A post came; true if it came after a later one of its room.
    pub(super) fn came(&mut self, to: Address, n: u64) -> bool {
        match to {
            Address::Room(room) => self.newest.insert(room, n).is_some_and(|before| before >= n),
            Address::Member(_) => false,
        }
    }
}

/// One request of a chain.
#[derive(Debug)]
pub(super) struct Part {
    /// Of which connection.
    pub(super) of: ConnectionId,
    pub(super) what: What,
    /// When it left, and when it is given up: milliseconds.
    pub(super) from: u64,
    pub(super) by: u64,
    pub(super) response: Response,
}

/// What it is for.
#[derive(Debug)]
pub(super) enum What {
    Stream(Box<Reader>),
    Poll,
    /// The `ref` that it carries, and whether it is a word about presence.
    Command(Option<u64>, bool),
}

/// Reads a stream of events from bytes.
#[derive(Debug, Default)]
pub(super) struct Reader {
    reader: event_stream::Reader,
    /// The begin of a character whose end has not come.
    rest: Vec<u8>,
}

/// What a stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Streamed {
    Frame(String),
    /// The server ends it: the code and the reason.
    Closed(u16, String),
}

impl Reader {
    /// Takes what has come; none where that is no stream of a house.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Vec<Streamed>> {
        self.rest.extend_from_slice(bytes);
        let whole = match str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return None,
        };
        let text = String::from_utf8(self.rest.drain(..whole).collect()).ok()?;
        let mut told = Some(Vec::new());
        let pushed = self.reader.push(&text, |message| match (read(message), &mut told) {
            (Some(streamed), Some(told)) => told.extend(streamed),
            (None, _) => told = None,
            (_, None) => {}
        });
        pushed.ok().and(told)
    }
}

/// What a message tells, if anything; none for one that a house does not send.
fn read(message: event_stream::Message) -> Option<Option<Streamed>> {
    match (message.event.as_str(), message.id) {
        ("close", _) => {
            let close: serde_json::Value = serde_json::from_str(&message.data).ok()?;
            let code = close["code"].as_u64().and_then(|code| u16::try_from(code).ok())?;
            Some(Some(Streamed::Closed(code, close["reason"].as_str()?.to_owned())))
        }
        // All up to there has come: a word of its own, as `pong` is.
        (_, Some(id)) => Some(Some(Streamed::Frame(through(id.parse().ok()?)))),
        ("", None) if message.data.is_empty() => Some(None),
        _ => Some(Some(Streamed::Frame(message.data))),
    }
}

/// That all up to a cursor has come, as a frame.
pub(super) fn through(cursor: Cursor) -> String {
    serde_json::to_string(&Event::Pong(Through { through: cursor })).unwrap_or_default()
}

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Polled {
    pub(super) frames: Vec<String>,
    pub(super) through: Cursor,
    pub(super) present: u64,
    pub(super) again_ms: u64,
}

impl Polled {
    /// Reads one; none if it is not whole.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(Self {
            frames: body["events"].as_array()?.iter().map(ToString::to_string).collect(),
            through: body["through"].as_str()?.parse().ok()?,
            present: body["present"].as_u64()?,
            again_ms: body["again_ms"].as_u64()?,
        })
    }
}

/// The refusal of a command as a frame; none if that is no problem of a house's.
pub(super) fn refusal(reference: Option<u64>, body: &[u8]) -> Option<String> {
    let problem: Problem = serde_json::from_slice(body).ok()?;
    let refusal = Event::Error(Refusal::new(reference, problem.code));
    serde_json::to_string(&refusal).ok().filter(|_| !matches!(problem.code, ErrorCode::Other(_)))
}

impl Chain {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            transport,
            hello: None,
            identity: None,
            present: 0,
            away: false,
            pace: Pace::new(transport == Transport::LongPoll),
            poll_at: None,
            is_telling: false,
            tell_again: false,
            noted: Noted::default(),
        }
    }

    /// It was welcome.
    pub(super) fn has_begun(&self) -> bool {
        self.identity.is_some()
    }

    /// `welcome` came.
    pub(super) fn welcomed(&mut self, welcome: &Welcome) {
        self.identity = Some((welcome.you.id, welcome.through.epoch));
    }

    /// The next poll waits at the server for so many seconds.
    pub(super) fn wait_s(&self) -> u64 {
        if self.has_begun() { self.pace.wait_s() } else { 0 }
    }

    /// Where the stream is opened.
    pub(super) fn stream_path(&self) -> String {
        format!("/api/events?{}", self.standing())
    }

    /// Where the next poll asks.
    pub(super) fn poll_path(&self) -> String {
        let (wait, present, away) = (self.wait_s(), self.present, u8::from(self.away));
        let begins = u8::from(!self.has_begun());
        let (standing, claim) = (self.standing(), self.claim());
        format!("/api/poll?{standing}&wait={wait}&begin={begins}&present={present}&away={away}{claim}")
    }

    /// Where a command is sent.
    pub(super) fn command_path(&self) -> String {
        format!("/api/command?{}", self.claim().trim_start_matches('&'))
    }

    fn standing(&self) -> String {
        let Some(hello) = &self.hello else { return String::new() };
        let mut query = format!("ref={}&build={}", hello.reference, hello.build);
        if let Some(cursor) = hello.cursor {
            query.push_str(&format!("&cursor={cursor}"));
        }
        if let Some(room) = hello.room {
            query.push_str(&format!("&room={}", room.0));
        }
        query
    }

    fn claim(&self) -> String {
        self.identity.map_or(String::new(), |(member, epoch)| format!("&member={}&epoch={epoch}", member.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_wherever_it_is_cut() {
        let stream = ":\n\ndata: {\"text\":\"茶\"}\n\nid: 000000000000000a.7\n\n\
                      event: close\ndata: {\"code\":1012,\"reason\":\"retry-ms=3\"}\n\n";
        let expected = [
            Streamed::Frame("{\"text\":\"茶\"}".to_owned()),
            Streamed::Frame("{\"type\":\"pong\",\"through\":\"000000000000000a.7\"}".to_owned()),
            Streamed::Closed(1012, "retry-ms=3".to_owned()),
        ];
        for cut in 0..=stream.len() {
            let mut reader = Reader::default();
            let mut told = reader.push(&stream.as_bytes()[..cut]).unwrap();
            told.extend(reader.push(&stream.as_bytes()[cut..]).unwrap());
            assert_eq!(told, expected, "{cut}");
        }
        for strange in [&b"data: \xff\n\n"[..], b"id: tea\n\n", b"event: close\ndata: {}\n\n"] {
            assert_eq!(Reader::default().push(strange), None);
        }
    }

    #[test]
    fn what_is_asked_says_where_one_stands_and_who_one_is() {
        let mut chain = Chain::new(Transport::LongPoll);
        let cursor = "000000000000000a.7".parse().ok();
        let build = "dev".to_owned();
        chain.hello = Some(Hello { reference: 3, build, cursor, room: Some(RoomId(2)) });
        let standing = "ref=3&build=dev&cursor=000000000000000a.7&room=2";
        assert_eq!(chain.stream_path(), format!("/api/events?{standing}"));
        assert_eq!(chain.poll_path(), format!("/api/poll?{standing}&wait=0&begin=1&present=0&away=0"));
        assert_eq!(chain.command_path(), "/api/command?");
        chain.identity = Some((MemberId(4), Epoch(10)));
        let claim = "member=4&epoch=000000000000000a";
        assert_eq!(chain.command_path(), format!("/api/command?{claim}"));
        let rest = format!("wait=25&begin=0&present=0&away=0&{claim}");
        assert_eq!(chain.poll_path(), format!("/api/poll?{standing}&{rest}"));
    }

    #[test]
    fn answers_are_read_when_they_are_whole() {
        let body = br#"{"events":[{"type":"ping"}],"through":"000000000000000a.7","present":3,"again_ms":9}"#;
        let polled = Polled::read(body).unwrap();
        assert_eq!(polled.frames, [r#"{"type":"ping"}"#]);
        assert_eq!((polled.present, polled.again_ms), (3, 9));
        assert_eq!(Polled::read(&body[..body.len() - 1]), None);
        let problem = serde_json::to_vec(&Problem::new(422, ErrorCode::TextTooLong)).unwrap();
        assert!(refusal(Some(8), &problem).unwrap().contains(r#""ref":8,"code":1005"#));
        assert_eq!(refusal(Some(8), b"<h1>502</h1>"), None);
    }
}
