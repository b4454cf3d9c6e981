//! Traffic between the pages and the relay: frames, requests and responses.

use std::time::Instant;

use client::http_session::SessionInput;
use client::identity::IdentityRequest;
use client::input::{ConnectionId, Input};
use client::limits::IDENTITY_MS;
use client::transport::Transport;
use rustix::event::epoll::{self, EventData, EventFlags};
use shared::{Command, Event};

use super::{PageInput, World};
use crate::linux::api::{self, ApiResponse};
use crate::linux::dial::{DialOptions, dial};
use crate::linux::fault::connection_record::ConnectionRecord;
use crate::linux::fault::crash_loop::KillLog;
use crate::linux::fault::oracle::{Oracle, PageId, Position};
use crate::linux::fault::socket::{Purpose, Socket, SocketEvent};

impl World {
    pub(super) fn send_frame(&mut self, id: PageId, connection: ConnectionId, command: &Command) {
        let Some(key) = self.find_socket(id, connection) else { return };
        let Some(socket) = self.sockets.get_mut(&key) else { return };
        socket.queue_frame(&command.to_text());
        socket.flush();
        if let (Command::Post(post), Purpose::WebSocket(web_socket)) = (command, &mut socket.purpose) {
            web_socket.record.posts.insert(post.reference, post.client_id);
        }
        self.update_interest(key);
    }

    pub(super) fn find_socket(&self, id: PageId, wanted: ConnectionId) -> Option<u64> {
        let is_it = |socket: &Socket| {
            socket.page == id
                && matches!(&socket.purpose, Purpose::WebSocket(web_socket) if web_socket.id == wanted)
        };
        self.sockets.iter().find(|(_, socket)| is_it(socket)).map(|(key, _)| *key)
    }

    pub(super) fn send_identity_request(&mut self, id: PageId, ask: IdentityRequest) {
        self.pages[id.index].identity_requests += 1;
        let request = api::identity_request(&ask, self.port, self.cookie(id));
        let by = self.now() + IDENTITY_MS;
        if !self.open_socket(id, self.port, Purpose::Identity(ask.clone(), by), request) {
            self.finish_identity_request(id, &ask, None);
        }
    }

    pub(super) fn time_out_requests(&mut self, now: u64) {
        let is_late = |_: &u64, socket: &mut Socket| match &socket.purpose {
            Purpose::Identity(_, by) => *by <= now,
            Purpose::Http(request) => request.by <= now,
            Purpose::WebSocket(_) => false,
        };
        let late: Vec<Socket> = self.sockets.extract_if(is_late).map(|(_, socket)| socket).collect();
        for socket in late {
            match &socket.purpose {
                Purpose::Identity(ask, _) => {
                    self.finish_identity_request(socket.page, ask, None);
                    self.run_inputs();
                }
                Purpose::Http(request) => self.finish_request(&socket, request, None),
                Purpose::WebSocket(_) => {}
            }
        }
    }

    /// Passes the response to the page as its browser's shell does.
    fn finish_identity_request(&mut self, id: PageId, ask: &IdentityRequest, answer: Option<ApiResponse>) {
        if self.pages[id.index].id == id {
            self.pages[id.index].identity_requests -= 1;
        }
        let browser = &mut self.browsers[self.pages[id.index].browser];
        if let Some(cookie) = answer.as_ref().and_then(|answer| answer.cookie.clone()) {
            browser.cookie = Some(cookie).filter(|cookie| !cookie.ends_with('='));
        }
        let input = ask.read_answer(answer.and_then(ApiResponse::into_identity_answer));
        self.inputs.push_back((id, PageInput::Client(input)));
    }

    /// Opens a socket. Returns `false` when the relay refuses the connection.
    pub(super) fn open_socket(&mut self, id: PageId, port: u16, purpose: Purpose, request: String) -> bool {
        let socket =
            dial(port, &DialOptions::default()).and_then(|stream| Socket::new(stream, id, purpose, request));
        let Ok(mut socket) = socket else { return false };
        socket.flush();
        self.last_socket += 1;
        let (key, mut flags) = (self.last_socket, EventFlags::IN);
        flags.set(EventFlags::OUT, socket.has_pending_bytes());
        if epoll::add(&self.epoll, socket.stream(), EventData::new_u64(key), flags).is_err() {
            return false;
        }
        self.sockets.insert(key, socket);
        true
    }

    fn update_interest(&self, key: u64) {
        if let Some(socket) = self.sockets.get(&key) {
            let mut flags = EventFlags::IN;
            flags.set(EventFlags::OUT, socket.has_pending_bytes());
            // A socket in the epoll set stays there until it is dropped.
            let _ = epoll::modify(&self.epoll, socket.stream(), EventData::new_u64(key), flags);
        }
    }

    pub(super) fn serve_socket(&mut self, key: u64, flags: EventFlags) {
        let mut events = Vec::new();
        let Some(socket) = self.sockets.get_mut(&key) else { return };
        if flags.contains(EventFlags::OUT) {
            socket.flush();
        }
        if flags != EventFlags::OUT {
            socket.read(&mut events);
            socket.flush();
        }
        self.update_interest(key);
        for event in events {
            // An earlier event may have made the page close the socket.
            if self.sockets.contains_key(&key) {
                self.handle_socket_event(key, event);
            }
        }
    }

    fn handle_socket_event(&mut self, key: u64, event: SocketEvent) {
        if let SocketEvent::Responded(answer) = event {
            let Some(socket) = self.sockets.remove(&key) else { return };
            if let Purpose::Http(request) = &socket.purpose {
                self.finish_request(&socket, request, answer);
            }
            return;
        }
        let is_over = matches!(event, SocketEvent::Closed(..) | SocketEvent::Answered(_));
        let ended = if is_over { self.sockets.remove(&key) } else { None };
        let Some(socket) = ended.as_ref().or_else(|| self.sockets.get(&key)) else { return };
        let id = socket.page;
        let input = match (&socket.purpose, event) {
            (Purpose::Identity(ask, _), SocketEvent::Answered(answer)) => {
                let ask = ask.clone();
                self.finish_identity_request(id, &ask, answer);
                return self.run_inputs();
            }
            (Purpose::Http(request), SocketEvent::Chunk(bytes)) => {
                let (connection, chunk) = (request.connection, SessionInput::Chunk { id: request.id, bytes });
                return self.deliver_to_session(id, connection, chunk);
            }
            (Purpose::WebSocket(web_socket), SocketEvent::Opened) => Input::ConnectionOpened(web_socket.id),
            (Purpose::WebSocket(web_socket), SocketEvent::Closed(code, reason)) => {
                Input::ConnectionClosed { connection: web_socket.id, code, reason }
            }
            (Purpose::WebSocket(web_socket), SocketEvent::Frame(text)) => {
                let connection = web_socket.id;
                self.record_frame(key, &text);
                Input::FrameReceived(connection, text)
            }
            _ => return,
        };
        self.deliver(id, input);
    }

    /// Records a frame of a WebSocket in the oracle before the client receives it.
    fn record_frame(&mut self, key: u64, text: &str) {
        let Some(socket) = self.sockets.get_mut(&key) else { return };
        let (Purpose::WebSocket(web_socket), Ok(event)) = (&mut socket.purpose, Event::parse(text)) else {
            return;
        };
        if let Event::Welcome(_) = event {
            self.transport_switches.record_welcome(socket.page, Transport::WebSocket);
        }
        Self::record_event(
            &mut web_socket.record,
            &mut self.oracle,
            &self.kills,
            Some(socket.opened),
            &event,
        );
    }

    pub(super) fn record_event(
        record: &mut ConnectionRecord,
        oracle: &mut Oracle,
        kills: &KillLog,
        opened: Option<Instant>,
        event: &Event,
    ) {
        match event {
            Event::Reply(reply) => {
                if let Some(client_id) = record.posts.remove(&reply.reference) {
                    oracle.record_acknowledged(client_id, Position { n: reply.n, seq: reply.seq });
                    if let Some(opened) = opened {
                        kills.record_reply(opened);
                    }
                }
            }
            Event::Posted(posted) => {
                oracle.late_deliveries += u64::from(record.receive_post(posted.to, posted.n))
            }
            _ => {}
        }
    }
}
