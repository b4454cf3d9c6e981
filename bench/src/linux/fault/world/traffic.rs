//! What passes between the pages and the relay: frames, requests and answers.

use std::time::Instant;

use client::input::{ConnectionId, Input, Unreachable};
use client::transport::Transport;
use client::view::NameRefusal;
use rustix::event::epoll::{self, EventData, EventFlags};
use shared::api::Me;
use shared::{Command, ErrorCode, Event, Member};

use super::World;
use crate::linux::api::{self, Answer};
use crate::linux::fault::chain::Noted;
use crate::linux::fault::ledger::{Ledger, PageId, Place};
use crate::linux::fault::line::{Ask, Line, Purpose, Told};
use crate::linux::fault::reaper::Kills;
use crate::linux::handshake;

/// How long a request may take, in milliseconds: as the page gives up on one.
const REQUEST_MS: u64 = 10_000;

impl World {
    pub(super) fn transmit(&mut self, id: PageId, socket: ConnectionId, text: &str) {
        let Some(mark) = self.line_of(id, socket) else { return };
        let Some(line) = self.lines.get_mut(&mark) else { return };
        line.transmit(text);
        line.flush();
        if let (Ok(Command::Post(post)), Purpose::Socket(socket)) =
            (serde_json::from_str(text), &mut line.purpose)
        {
            socket.noted.posts.insert(post.reference, post.client_id);
        }
        self.watch(mark);
    }

    pub(super) fn line_of(&self, id: PageId, wanted: ConnectionId) -> Option<u64> {
        let is_it = |line: &Line| {
            line.page == id && matches!(&line.purpose, Purpose::Socket(socket) if socket.id == wanted)
        };
        self.lines.iter().find(|(_, line)| is_it(line)).map(|(mark, _)| *mark)
    }

    pub(super) fn ask(&mut self, id: PageId, ask: Ask) {
        self.pages[id.index].requests += 1;
        let cookie = self.cookie(id);
        let request = match &ask {
            Ask::Me => api::me(self.port, cookie),
            Ask::Join(name) => api::naming("/api/join", self.port, cookie, name),
            Ask::Rename(name) => api::naming("/api/name", self.port, cookie, name),
            Ask::SignOut => api::sign_out(self.port, cookie),
        };
        let by = self.now() + REQUEST_MS;
        if !self.open(id, self.port, Purpose::Request(ask.clone(), by), request) {
            self.answered(id, &ask, None);
        }
    }

    pub(super) fn give_up_requests(&mut self, now: u64) {
        let is_late = |_: &u64, line: &mut Line| match &line.purpose {
            Purpose::Request(_, by) => *by <= now,
            Purpose::Part(part) => part.by <= now,
            Purpose::Socket(_) => false,
        };
        let late: Vec<Line> = self.lines.extract_if(is_late).map(|(_, line)| line).collect();
        for line in late {
            match &line.purpose {
                Purpose::Request(ask, _) => {
                    self.answered(line.page, ask, None);
                    self.settle();
                }
                Purpose::Part(part) => self.responded(&line, part, None),
                Purpose::Socket(_) => {}
            }
        }
    }

    /// What the page is told of an answer, as its browser took it.
    fn answered(&mut self, id: PageId, ask: &Ask, answer: Option<Answer>) {
        if self.pages[id.index].id == id {
            self.pages[id.index].requests -= 1;
        }
        let browser = &mut self.browsers[self.pages[id.index].browser];
        if let Some(cookie) = answer.as_ref().and_then(|answer| answer.cookie.clone()) {
            browser.cookie = Some(cookie).filter(|cookie| !cookie.ends_with('='));
        }
        let body = answer.as_ref().and_then(|answer| answer.body.as_deref());
        let is_fine = answer.as_ref().is_some_and(|answer| answer.status == 200);
        let me = body.filter(|_| is_fine).and_then(|body| serde_json::from_slice::<Me>(body).ok());
        let named = |me: Option<Me>| -> Result<Member, NameRefusal> {
            let (code, suggestion) = match body {
                Some(body) if !is_fine => api::refusal(body),
                _ => (ErrorCode::Internal, None),
            };
            me.and_then(|me| me.member).ok_or(NameRefusal { code, suggestion })
        };
        let input = match ask {
            Ask::Me => Input::IdentityFetched(me.map(|me| me.member).ok_or(Unreachable)),
            Ask::Join(_) | Ask::Rename(_) => Input::Named(named(me)),
            Ask::SignOut => Input::SignedOut(me.map(drop).ok_or(Unreachable)),
        };
        self.inputs.push_back((id, input));
    }

    /// Opens a line; false when the relay does not take it.
    pub(super) fn open(&mut self, id: PageId, port: u16, purpose: Purpose, request: String) -> bool {
        let line = handshake::dial(port, None).and_then(|stream| Line::new(stream, id, purpose, request));
        let Ok(mut line) = line else { return false };
        line.flush();
        self.last_line += 1;
        let (mark, mut flags) = (self.last_line, EventFlags::IN);
        flags.set(EventFlags::OUT, line.is_full());
        if epoll::add(&self.epoll, line.stream(), EventData::new_u64(mark), flags).is_err() {
            return false;
        }
        self.lines.insert(mark, line);
        true
    }

    fn watch(&self, mark: u64) {
        if let Some(line) = self.lines.get(&mark) {
            let mut flags = EventFlags::IN;
            flags.set(EventFlags::OUT, line.is_full());
            // A line that epoll knows stays known until it is dropped.
            let _ = epoll::modify(&self.epoll, line.stream(), EventData::new_u64(mark), flags);
        }
    }

    pub(super) fn serve(&mut self, mark: u64, flags: EventFlags) {
        let mut told = Vec::new();
        let Some(line) = self.lines.get_mut(&mark) else { return };
        if flags.contains(EventFlags::OUT) {
            line.flush();
        }
        if flags != EventFlags::OUT {
            line.read(&mut told);
            line.flush();
        }
        self.watch(mark);
        for told in told {
            // What came before may have made the page close it.
            if self.lines.contains_key(&mark) {
                self.tell(mark, told);
            }
        }
    }

    fn tell(&mut self, mark: u64, told: Told) {
        if let Told::Responded(answer) = told {
            let Some(line) = self.lines.remove(&mark) else { return };
            if let Purpose::Part(part) = &line.purpose {
                self.responded(&line, part, answer);
            }
            return;
        }
        let is_over = matches!(told, Told::Closed(..) | Told::Answered(_));
        let ended = if is_over { self.lines.remove(&mark) } else { None };
        let Some(line) = ended.as_ref().or_else(|| self.lines.get(&mark)) else { return };
        let id = line.page;
        let input = match (&line.purpose, told) {
            (Purpose::Request(ask, _), Told::Answered(answer)) => {
                let ask = ask.clone();
                self.answered(id, &ask, answer);
                return self.settle();
            }
            (Purpose::Part(part), Told::Closed(code, reason)) => {
                let socket = part.of;
                self.chain_over(id, socket, code, reason);
                return self.settle();
            }
            (Purpose::Part(part), Told::Frame(text)) => {
                let (line, socket) = ((id, line.opened), part.of);
                return self.streamed(line, socket, text);
            }
            (Purpose::Socket(socket), Told::Opened) => Input::ConnectionOpened(socket.id),
            (Purpose::Socket(socket), Told::Closed(code, reason)) => {
                Input::ConnectionClosed { socket: socket.id, code, reason }
            }
            (Purpose::Socket(socket), Told::Frame(text)) => {
                let socket = socket.id;
                self.note_frame(mark, &text);
                Input::FrameReceived(socket, text)
            }
            _ => return,
        };
        self.give(id, input);
    }

    /// Writes down what a frame of a WebSocket tells, before its client sees it.
    fn note_frame(&mut self, mark: u64, text: &str) {
        let Some(line) = self.lines.get_mut(&mark) else { return };
        let (Purpose::Socket(socket), Ok(event)) = (&mut line.purpose, Event::parse(text)) else { return };
        if let Event::Welcome(_) = event {
            self.switching.welcomed(line.page, Transport::WebSocket);
        }
        Self::note(&mut socket.noted, &mut self.ledger, &self.kills, line.opened, &event);
    }

    pub(super) fn note(
        noted: &mut Noted,
        ledger: &mut Ledger,
        kills: &Kills,
        opened: Instant,
        event: &Event,
    ) {
        match event {
            Event::Reply(reply) => {
                if let Some(client_id) = noted.posts.remove(&reply.reference) {
                    ledger.acknowledged(client_id, Place { n: reply.n, seq: reply.seq });
                    kills.answered(opened);
                }
            }
            Event::Posted(posted) => ledger.out_of_turn += u64::from(noted.came(posted.to, posted.n)),
            _ => {}
        }
    }
}
