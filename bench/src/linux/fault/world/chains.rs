//! Connections that are made of requests, as the page's own shell uses them.

use client::effect::Effect;
use client::input::{ConnectionId, Input};
use client::transport::Transport;
use shared::command::PresenceReport;
use shared::{Command, Event};

use super::World;
use crate::linux::api;
use crate::linux::fault::chain::{self, Chain, Part, Polled, What};
use crate::linux::fault::oracle::PageId;
use crate::linux::fault::response::Response;
use crate::linux::fault::socket::{Purpose, Socket};
use crate::linux::fault::transport_switches::RequestKind;

/// How long an answer may take that does not wait, in milliseconds.
const REQUEST_MS: u64 = 10_000;
/// Close codes: it is begun anew, it broke, nobody is signed in.
const GOING_AWAY: u16 = 1001;
const ABNORMAL: u16 = 1006;
const SIGNED_OUT: u16 = 4401;

impl World {
    pub(super) fn open_chain(&mut self, id: PageId, socket: ConnectionId, transport: Transport) {
        self.chains.insert((id, socket), Chain::new(transport));
        // Its first request goes out with the `hello`.
        self.inputs.push_back((id, Input::ConnectionOpened(socket)));
    }

    /// The page says something; false if this is none of these connections.
    pub(super) fn say_by_chain(&mut self, id: PageId, socket: ConnectionId, text: &str) -> bool {
        let Some(chain) = self.chains.get_mut(&(id, socket)) else { return false };
        match serde_json::from_str(text) {
            Ok(Command::Hello(hello)) => {
                chain.hello = Some(hello);
                if chain.transport == Transport::EventStream {
                    let path = chain.stream_path();
                    self.get(id, socket, What::Stream(Box::default()), &path, u64::MAX);
                } else {
                    self.poll(id, socket);
                }
            }
            // The page needs no answer to its answer.
            Ok(Command::Pong) => {}
            Ok(Command::Presence(presence)) => {
                chain.away = presence.away;
                self.tell_presence(id, socket);
            }
            Ok(Command::Post(post)) => {
                chain.noted.posts.insert(post.reference, post.client_id);
                self.command(id, socket, text, false);
            }
            _ => self.command(id, socket, text, false),
        }
        true
    }

    /// One word at a time, and the last word last.
    fn tell_presence(&mut self, id: PageId, socket: ConnectionId) {
        let Some(chain) = self.chains.get_mut(&(id, socket)) else { return };
        if std::mem::replace(&mut chain.is_telling, true) {
            chain.tell_again = true;
            return;
        }
        let presence = Command::Presence(PresenceReport { away: chain.away });
        let text = serde_json::to_string(&presence).unwrap_or_default();
        self.command(id, socket, &text, true);
    }

    /// The polls that are due.
    pub(super) fn poll_those_due(&mut self, now: u64) {
        let due: Vec<(PageId, ConnectionId)> = self
            .chains
            .iter_mut()
            .filter_map(|(key, chain)| chain.poll_at.take_if(|at| *at <= now).map(|_| *key))
            .collect();
        for (id, socket) in due {
            self.poll(id, socket);
            self.run_inputs();
        }
    }

    fn poll(&mut self, id: PageId, socket: ConnectionId) {
        let Some(chain) = self.chains.get(&(id, socket)) else { return };
        let (path, patience) = (chain.poll_path(), REQUEST_MS + 1_000 * chain.wait_s());
        self.get(id, socket, What::Poll, &path, patience);
    }

    fn get(&mut self, id: PageId, socket: ConnectionId, what: What, path: &str, patience: u64) {
        let Some(chain) = self.chains.get(&(id, socket)) else { return };
        let transport = chain.transport;
        let kind = match (&what, chain.wait_s()) {
            (What::Stream(_), _) => RequestKind::Stream,
            (_, 0) => RequestKind::Poll,
            _ => RequestKind::LongPoll,
        };
        let request = api::get(path, self.port, self.cookie(id));
        let port = self.port_for(id, transport);
        self.send(id, socket, what, request, (kind, port, patience));
    }

    fn command(&mut self, id: PageId, socket: ConnectionId, text: &str, is_presence: bool) {
        let Some(chain) = self.chains.get(&(id, socket)) else { return };
        let reference = serde_json::from_str::<serde_json::Value>(text).ok();
        let reference = reference.and_then(|command| command["ref"].as_u64());
        let request = api::post(&chain.command_path(), self.port, self.cookie(id), text);
        let what = What::Command(reference, is_presence);
        self.send(id, socket, what, request, (RequestKind::Command, self.port, REQUEST_MS));
    }

    fn send(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        what: What,
        request: String,
        (kind, port, patience): (RequestKind, u16, u64),
    ) {
        self.transport_switches.count_request(kind);
        let from = self.now();
        let (by, response) = (from.saturating_add(patience), Response::default());
        let part = Part { of: socket, what, from, by, response };
        if !self.open_socket(id, port, Purpose::Part(part), request) {
            self.chain_over(id, socket, ABNORMAL, String::new());
        }
    }

    /// A frame of the stream.
    pub(super) fn streamed(
        &mut self,
        line: (PageId, std::time::Instant),
        socket: ConnectionId,
        text: String,
    ) {
        if self.note_by_chain(line, socket, &text) {
            self.deliver(line.0, Input::FrameReceived(socket, text));
        }
    }

    /// A request was answered, or never will be.
    pub(super) fn responded(&mut self, line: &Socket, part: &Part, answer: Option<(u16, Vec<u8>)>) {
        let (id, socket) = (line.page, part.of);
        match (&part.what, answer) {
            (_, Some((401, _))) => self.chain_over(id, socket, SIGNED_OUT, String::new()),
            (What::Poll, Some((200, body))) => match Polled::read(&body) {
                Some(polled) => self.polled((id, line.opened), socket, polled),
                None => self.chain_over(id, socket, ABNORMAL, String::new()),
            },
            (What::Poll, None) => self.poll_failed(id, socket, part.from),
            (What::Command(reference, is_presence), Some((status, body))) => {
                self.commanded((id, line.opened), socket, (*reference, *is_presence), (status, body));
            }
            _ => self.chain_over(id, socket, ABNORMAL, String::new()),
        }
        self.run_inputs();
    }

    fn commanded(
        &mut self,
        line: (PageId, std::time::Instant),
        socket: ConnectionId,
        (reference, is_presence): (Option<u64>, bool),
        (status, body): (u16, Vec<u8>),
    ) {
        let frame = match status {
            200 => String::from_utf8(body).ok(),
            _ => chain::refusal(reference, &body),
        };
        let Some(frame) = frame else {
            return self.chain_over(line.0, socket, ABNORMAL, String::new());
        };
        if is_presence && let Some(chain) = self.chains.get_mut(&(line.0, socket)) {
            chain.is_telling = false;
            if std::mem::take(&mut chain.tell_again) {
                self.tell_presence(line.0, socket);
            }
        }
        if self.note_by_chain(line, socket, &frame) {
            let event = Event::parse(&frame).unwrap_or(Event::Unknown);
            self.deliver(line.0, Input::AnswerReceived(socket, event));
        }
    }

    fn poll_failed(&mut self, id: PageId, socket: ConnectionId, from: u64) {
        let now = self.now();
        let Some(chain) = self.chains.get_mut(&(id, socket)) else { return };
        if chain.has_begun() && chain.pace.failed(now.saturating_sub(from)) {
            chain.poll_at = Some(now);
        } else {
            self.chain_over(id, socket, ABNORMAL, String::new());
        }
    }

    fn polled(&mut self, line: (PageId, std::time::Instant), socket: ConnectionId, polled: Polled) {
        let (id, now) = (line.0, self.now());
        let Some(chain) = self.chains.get_mut(&(id, socket)) else { return };
        let is_welcome = |frame: &String| matches!(Event::parse(frame), Ok(Event::Welcome(_)));
        if chain.has_begun() && polled.frames.iter().any(is_welcome) {
            // Its cursor was of no use any more: the page begins anew, and says where it stands.
            return self.chain_over(id, socket, GOING_AWAY, String::new());
        }
        chain.present = polled.present;
        if let Some(hello) = &mut chain.hello {
            hello.cursor = Some(polled.through);
        }
        chain.poll_at = Some(now + chain.pace.answered(polled.again_ms));
        for frame in polled.frames.into_iter().chain([chain::through(polled.through)]) {
            if self.note_by_chain(line, socket, &frame) {
                self.deliver(id, Input::FrameReceived(socket, frame));
            }
        }
    }

    /// Writes down what a frame tells; false if the page has let go of the connection.
    fn note_by_chain(
        &mut self,
        (id, opened): (PageId, std::time::Instant),
        socket: ConnectionId,
        frame: &str,
    ) -> bool {
        let Some(chain) = self.chains.get_mut(&(id, socket)) else { return false };
        let event = Event::parse(frame).ok();
        if let Some(Event::Welcome(welcome)) = &event {
            chain.welcomed(welcome);
            self.transport_switches.record_welcome(id, chain.transport);
        }
        if let Some(event) = event {
            Self::record_event(&mut chain.noted, &mut self.oracle, &self.kills, opened, &event);
        }
        true
    }

    /// The page finds that the connection is dead.
    pub(super) fn chain_over(&mut self, id: PageId, socket: ConnectionId, code: u16, reason: String) {
        if self.leave_chain(id, socket) {
            self.inputs.push_back((id, Input::ConnectionClosed { socket, code, reason }));
        }
    }

    /// The page lets go of it; false if this is none of these connections.
    pub(super) fn leave_chain(&mut self, id: PageId, socket: ConnectionId) -> bool {
        let is_part = |line: &Socket| {
            line.page == id && matches!(&line.purpose, Purpose::Part(part) if part.of == socket)
        };
        self.sockets.retain(|_, line| !is_part(line));
        self.chains.remove(&(id, socket)).is_some()
    }

    /// Keeps what the page learnt and the user wants.
    pub(super) fn remember(&mut self, id: PageId, effect: Effect) {
        let browser = &mut self.browsers[self.pages[id.index].browser];
        match effect {
            Effect::RememberTransport(last_good) => browser.last_good = last_good,
            Effect::RememberPin(pinned) => browser.pinned = pinned,
            _ => {}
        }
    }
}
