//! The requests of a line. Each is a connection of its own, and can be cut like any other.

use super::{ABNORMAL, SIGNED_OUT, refusal};
use crate::network::{Down, Kind, Up, Wire};
use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::{ConnectionId, Input};
use client::refused::ending;
use client::share::Role;
use client::transport::Transport;
use hub::input::Poll;
use shared::command::PresenceReport;
use shared::{CloseCode, Command, Cursor, ErrorCode};

/// Milliseconds after which a poll is given up, behind its wait, and a command.
const POLL_PATIENCE_MS: u64 = 10_000;
const COMMAND_PATIENCE_MS: u64 = 20_000;

/// Milliseconds until the next poll, as the server wishes where none waits.
const AGAIN_MS: u64 = 2_000;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Stream,
    /// The first poll of a session, and where it is only to begin, the last.
    Begin,
    /// Another, asked at this time.
    Poll(u64),
    Presence,
    /// A command with this `ref`.
    Command(u64),
}

/// The answer to a poll.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) frames: Vec<String>,
    pub(crate) through: Cursor,
    pub(crate) present: u64,
}

impl World {
    pub(super) fn request_by(&mut self, id: PageId, socket: ConnectionId, kind: Kind, what: Up, sent: Sent) {
        let patience = match (&what, sent) {
            (Up::Poll(_, wait_ms), _) => Some(wait_ms + POLL_PATIENCE_MS),
            (_, Sent::Stream) => None,
            _ => Some(COMMAND_PATIENCE_MS),
        };
        let wire = self.connect(id, socket, kind);
        if let Some(line) = self.any_line(id, socket) {
            line.requests.insert(wire, sent);
            if !matches!(sent, Sent::Presence | Sent::Command(_)) {
                line.reading = Some(wire);
            }
        }
        self.send_first(wire, what);
        // A request that is not answered is given up.
        if let Some(ms) = patience {
            self.after(ms, Happening::PageHears(wire));
        }
    }

    pub(super) fn begin_poll(&mut self, id: PageId, socket: ConnectionId) {
        // Of the other pages it knows nothing yet.
        let away = !self.pages[id.index].visible;
        let Some(line) = self.line(id, socket) else { return };
        let (Some(hello), identity) = (line.hello.clone(), line.identity) else { return };
        let poll = Poll { hello, identity, begins: true, present: 0, away };
        self.request_by(id, socket, Kind::Poll { waits: false }, Up::Poll(poll, 0), Sent::Begin);
    }

    /// The next poll leaves.
    pub(crate) fn poll(&mut self, id: PageId, socket: ConnectionId) {
        let now = self.now;
        let Some(line) = self.line(id, socket) else { return };
        let (waits, wait_ms) = (line.transport == Transport::LongPoll, line.pace.wait_s() * 1_000);
        let (Some(hello), identity) = (line.hello.clone(), line.identity) else { return };
        let (present, away) = (line.present, line.share.is_away());
        let poll = Poll { hello, identity, begins: false, present, away };
        self.request_by(id, socket, Kind::Poll { waits }, Up::Poll(poll, wait_ms), Sent::Poll(now));
    }

    /// What a request brought the page.
    pub(crate) fn by_request(&mut self, wire: Wire, down: Down) -> Result<(), Broken> {
        let Some(connection) = self.connections.get(&wire) else { return Ok(()) };
        let (id, socket) = (connection.page, connection.socket);
        let is_over = connection.kind != Kind::Stream || matches!(down, Down::Closed(..));
        if is_over {
            // Both ends have done with it.
            self.connections.remove(&wire);
        }
        let Some(line) = self.any_line(id, socket) else { return Ok(()) };
        let Some(sent) = line.requests.get(&wire).copied() else { return Ok(()) };
        if is_over {
            line.requests.remove(&wire);
        }
        let has_begun = !line.share.claim().is_empty();
        match (sent, down) {
            (Sent::Stream, Down::Frame(text)) => self.streamed(id, socket, &text)?,
            (Sent::Stream, Down::Through(through)) => self.through(id, socket, through)?,
            // Before there was anything to read it was a status.
            (Sent::Stream, Down::Closed(code, reason)) if has_begun => {
                self.line_over(id, socket, code, &reason)?;
            }
            (Sent::Begin | Sent::Poll(_), Down::Answer(answer)) => self.answered(id, socket, sent, answer)?,
            (Sent::Command(_), Down::Frame(text)) => self.give(id, Input::AnswerReceived(socket, text))?,
            (_, Down::Closed(SIGNED_OUT, _)) => self.line_over(id, socket, SIGNED_OUT, "")?,
            (Sent::Presence, _) => self.told_away(id, socket),
            (Sent::Command(reference), Down::Closed(code, _)) => {
                let is_restart = code == CloseCode::Restart.number();
                let why = if is_restart { ErrorCode::Restarting } else { ErrorCode::StoreRefused };
                self.give(id, Input::AnswerReceived(socket, refusal(reference, why)))?;
            }
            (Sent::Stream | Sent::Begin | Sent::Poll(_), Down::Closed(code, _)) => {
                self.refused(id, socket, code)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What was to be read was refused: the server's close as a status and a problem, and that as the
    /// end of the line.
    fn refused(&mut self, id: PageId, socket: ConnectionId, code: u16) -> Result<(), Broken> {
        let is = |other: CloseCode| other.number() == code;
        let (status, error) = match () {
            () if is(CloseCode::Full) => (429, ErrorCode::TooManyRequests),
            () if is(CloseCode::Restart) => (503, ErrorCode::Restarting),
            () => (503, ErrorCode::StoreRefused),
        };
        let random = self.chance.below(u64::MAX);
        match ending(status, Some(error), random) {
            Some((code, reason)) => self.line_over(id, socket, code.number(), &reason),
            None => self.line_over(id, socket, ABNORMAL, ""),
        }
    }

    /// A request came to nothing, or was given up.
    pub(crate) fn request_failed(&mut self, wire: Wire) -> Result<(), Broken> {
        let Some(connection) = self.connections.get(&wire) else { return Ok(()) };
        let (id, socket) = (connection.page, connection.socket);
        self.abandon(wire);
        let Some(line) = self.any_line(id, socket) else { return Ok(()) };
        match line.requests.remove(&wire) {
            Some(Sent::Poll(since)) => self.poll_failed(id, socket, since),
            Some(_) => self.line_over(id, socket, ABNORMAL, ""),
            None => Ok(()),
        }
    }

    fn poll_failed(&mut self, id: PageId, socket: ConnectionId, since: u64) -> Result<(), Broken> {
        let took = self.now - since;
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        if line.pace.failed(took) {
            self.poll(id, socket);
            return Ok(());
        }
        self.line_over(id, socket, ABNORMAL, "")
    }

    fn answered(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        sent: Sent,
        answer: Answer,
    ) -> Result<(), Broken> {
        let Answer { frames, through, present } = answer;
        for frame in frames {
            self.frame(id, socket, &frame)?;
        }
        self.through(id, socket, through)?;
        if sent == Sent::Begin {
            self.live(id, socket)?;
        }
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        line.reading = None;
        line.present = present;
        if let Some(hello) = &mut line.hello {
            hello.cursor = Some(through);
        }
        if line.share.role() == Role::Leader {
            let wait = line.pace.answered(AGAIN_MS);
            self.after(wait, Happening::Poll(id, socket));
        }
        Ok(())
    }

    pub(super) fn tell_away(&mut self, id: PageId, socket: ConnectionId, away: bool) {
        let Some(line) = self.any_line(id, socket) else { return };
        if std::mem::replace(&mut line.telling, true) {
            line.tell_next = Some(away);
        } else {
            self.ask_away(id, socket, away);
        }
    }

    fn ask_away(&mut self, id: PageId, socket: ConnectionId, away: bool) {
        let Some(line) = self.any_line(id, socket) else { return };
        let presence = Up::Command(line.identity, Command::Presence(PresenceReport { away }));
        self.request_by(id, socket, Kind::Request, presence, Sent::Presence);
    }

    fn told_away(&mut self, id: PageId, socket: ConnectionId) {
        let Some(line) = self.any_line(id, socket) else { return };
        match line.tell_next.take() {
            Some(away) => self.ask_away(id, socket, away),
            None => line.telling = false,
        }
    }
}
