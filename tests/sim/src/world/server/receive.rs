//! The server's end of connections: new sessions, requests and frames.

use super::session::COMMENT_MS;
use crate::event::SimEvent;
use crate::network::{ConnectionKind, ToPage, ToServer, Wire};
use crate::server::Session;
use crate::violation::Violation;
use crate::world::World;
use client::http_session::{Call, Request};
use client::tabs;
use hub::house::members::DeviceKey;
use hub::input::{ExpectedIdentity, Poll};
use hub::{Dialect, Input, SessionId};
use shared::Command;
use shared::command::Hello;
use shared::limits::PING_MS;
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// Receives the next item of a connection at the server.
    pub(crate) fn receive_at_server(&mut self, wire: Wire) -> Result<(), Violation> {
        let id = self.connections.get(&wire).and_then(|connection| connection.session);
        if let Some(session) = id.and_then(|id| self.server.sessions.get(&id))
            && self.now < session.paused_until
        {
            let wait = session.paused_until - self.now;
            self.schedule(wait, SimEvent::ReachedServer(wire));
            return Ok(());
        }
        match self.take_at_server(wire) {
            None => Ok(()),
            Some(ToServer::Open) => self.accept_connection(wire, |session, device| Input::Opened {
                session,
                dialect: Dialect::V1,
                device,
            }),
            Some(ToServer::Request(request)) => self.receive_request(wire, request),
            Some(ToServer::Frame(text)) => self.receive_frame(id, &text),
            Some(ToServer::Close) => self.server_notices_end(wire),
        }
    }

    /// Receives an HTTP request and makes the hub's input from it.
    fn receive_request(&mut self, wire: Wire, request: Request) -> Result<(), Violation> {
        let empty_hello =
            Hello { reference: 0, build: String::new(), cursor: None, held: vec![], room: None };
        let expected = |identity: Option<tabs::SessionIdentity>| ExpectedIdentity {
            member: identity.map(|identity| identity.member),
            epoch: identity.map(|identity| identity.epoch),
        };
        let (poll, wait_ms) = match request.call.clone() {
            Call::Stream(hello) => {
                return self.accept_connection(wire, |session, device| Input::Streamed {
                    session,
                    device,
                    hello,
                });
            }
            Call::Command { identity, .. } => {
                let (text, identity) = (request.body().unwrap_or_default(), expected(identity));
                let command =
                    Command::parse(&text).map_err(|error| Violation(format!("{error:?}: {text}")))?;
                return self.accept_connection(wire, |session, device| Input::CommandRequested {
                    session,
                    device,
                    identity,
                    command,
                });
            }
            Call::FirstPoll { hello, is_away: away } => (
                Poll {
                    hello,
                    identity: expected(None),
                    is_first: true,
                    presence_revision: 0,
                    markers: None,
                    away,
                },
                0,
            ),
            Call::Poll { cursor, held, present, markers, is_away: away, wait_s, identity } => {
                let hello = Hello { cursor: Some(cursor), held, ..empty_hello };
                (
                    Poll {
                        hello,
                        identity: expected(identity),
                        is_first: false,
                        presence_revision: present,
                        markers: Some(markers),
                        away,
                    },
                    wait_s * 1_000,
                )
            }
        };
        self.accept_connection(wire, |session, device| Input::Polled { session, device, poll })?;
        if let Some(id) = self.connections.get(&wire).and_then(|connection| connection.session) {
            self.schedule(wait_ms, SimEvent::PollExpired(id));
        }
        Ok(())
    }

    fn accept_connection(
        &mut self,
        wire: Wire,
        input: impl FnOnce(SessionId, Option<DeviceKey>) -> Input,
    ) -> Result<(), Violation> {
        if !self.server.is_up {
            self.cut(wire);
            return Ok(());
        }
        let choice = self.choose_node();
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        self.server.last_session =
            self.server.next_number(self.server.last_session, connection.device, choice);
        let id = SessionId(self.server.last_session);
        connection.session = Some(id);
        let (kind, device) = (connection.kind, connection.device);
        let node = self.server.node_of(id.0);
        let session = Session {
            node,
            wire,
            kind,
            poll_frames: Vec::new(),
            has_expired: false,
            owes_through: false,
            member: None,
            addresses: BTreeSet::new(),
            buffer: None,
            paused_until: 0,
            received_at: self.now,
            unsettled_posts: BTreeMap::new(),
        };
        self.server.sessions.insert(id, session);
        match kind {
            ConnectionKind::WebSocket => {
                self.send_to_page(wire, ToPage::Opened);
                self.schedule(PING_MS, SimEvent::SessionPing(id));
            }
            ConnectionKind::Stream => self.schedule(COMMENT_MS, SimEvent::SessionPing(id)),
            ConnectionKind::Poll { .. } | ConnectionKind::Request => {}
        }
        self.dispatch_to_hub(node, input(id, device))
    }

    /// Draws the node that a new connection or request reaches first.
    pub(crate) fn choose_node(&mut self) -> u64 {
        if self.plan.nodes > 1 { self.rng.below(self.plan.nodes) } else { 0 }
    }

    fn receive_frame(&mut self, id: Option<SessionId>, text: &str) -> Result<(), Violation> {
        let Some(id) = id else { return Ok(()) };
        let command = Command::parse(text).map_err(|error| Violation(format!("{error:?}: {text}")))?;
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.received_at = self.now;
            if let Command::Post(post) = &command {
                // A committed post is settled, even if its reply is still on its way.
                let epoch = self.server.log.epoch();
                session.unsettled_posts.insert(post.reference, (post.room, post.client_id));
                session
                    .unsettled_posts
                    .retain(|_, (_, client_id)| !self.oracle.has_committed(epoch, *client_id));
                let of_room = session.unsettled_posts.values().filter(|(room, _)| *room == post.room);
                if of_room.count() > 1 {
                    return Err(Violation(format!("(d) two posts to {:?} in flight at once", post.room)));
                }
            }
        }
        self.dispatch_to_hub(self.server.node_of(id.0), Input::CommandReceived(id, command))
    }
}
