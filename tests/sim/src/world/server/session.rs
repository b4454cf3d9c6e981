//! The server's sessions: sent and buffered frames, pings, and the end of a session.

use super::answer::ServerMessage;
use crate::event::SimEvent;
use crate::network::{ConnectionKind, Wire};
use crate::server::Session;
use crate::violation::Violation;
use crate::world::World;
use hub::{Input, SessionId};
use shared::event::{EventFrame, Through};
use shared::limits::{PING_MS, SILENCE_MS};
use shared::{Address, CloseCode, Cursor, Event};

/// Milliseconds between two keep-alive comments of an event stream.
pub(super) const COMMENT_MS: u64 = 15_000;

/// Largest number of buffered frames. Beyond the limit all of them are dropped.
const BUFFERED_FRAMES_MAX: usize = 2;

impl World {
    pub(super) fn publish(
        &mut self,
        node: usize,
        to: Address,
        event: &Event,
        told: Option<Cursor>,
    ) -> Result<(), Violation> {
        let is_recipient = |session: &Session| session.node == node && session.addresses.contains(&to);
        let sessions = self.server.sessions.iter().filter(|(_, session)| is_recipient(session));
        let recipients: Vec<SessionId> = sessions.map(|(id, _)| *id).collect();
        for id in recipients {
            self.check_may_read(id, event)?;
            self.send_event(id, event, encode(&EventFrame::published(event, told)));
        }
        Ok(())
    }

    /// Checks (e): a session receives events only of rooms whose member it was at that position.
    pub(super) fn check_may_read(&self, id: SessionId, event: &Event) -> Result<(), Violation> {
        let Some(position) = event.position() else { return Ok(()) };
        let member = self.server.sessions.get(&id).and_then(|session| session.member);
        let may = match position.to {
            Address::Room(room) => member.is_some_and(|member| {
                self.oracle.was_member(self.server.log.epoch(), member, room, position.n)
            }),
            Address::Member(other) => member == Some(other),
        };
        if may { Ok(()) } else { Err(Violation(format!("(e) {member:?} receives {event:?}"))) }
    }

    /// Sends an event, whose frame has this text.
    pub(super) fn send_event(&mut self, id: SessionId, event: &Event, text: String) {
        if self.is_fault_phase && self.plan.faulty_fanout {
            // Lose only events of rooms, because clients detect no other gap soon.
            let is_of_a_room = event.position().is_some_and(|it| matches!(it.to, Address::Room(_)));
            if is_of_a_room && self.rng.one_in(30) {
                return;
            }
            if self.rng.one_in(30) {
                self.queue_event(id, event, text.clone());
            }
        }
        self.queue_event(id, event, text);
    }

    fn queue_event(&mut self, id: SessionId, event: &Event, text: String) {
        let Some(session) = self.server.sessions.get_mut(&id) else { return };
        match &mut session.buffer {
            Some(buffer) if event.position().is_none() => buffer.answers.push(text),
            Some(buffer) => {
                if let Some(frames) = &mut buffer.frames {
                    frames.push(text);
                    if frames.len() > BUFFERED_FRAMES_MAX {
                        buffer.frames = None;
                    }
                }
            }
            None => self.send_frame(id, text),
        }
    }

    /// Sends a frame, or collects it for the response of a poll.
    pub(super) fn send_frame(&mut self, id: SessionId, text: String) {
        let Some(session) = self.server.sessions.get_mut(&id) else { return };
        if matches!(session.kind, ConnectionKind::Poll { .. }) {
            return session.poll_frames.push(text);
        }
        session.owes_through |= session.kind == ConnectionKind::Stream;
        let wire = session.wire;
        self.send_server_message(wire, ServerMessage::Frame(text));
    }

    /// Answers one poll of a node that has frames or has waited for its full time. Returns the hub's input.
    pub(super) fn answer_polls(&mut self, node: usize) -> Option<Input> {
        let is_ready = |session: &Session| {
            let is_current = session.member.is_some() && session.buffer.is_none();
            session.node == node
                && matches!(session.kind, ConnectionKind::Poll { .. })
                && is_current
                && (session.has_expired || !session.poll_frames.is_empty())
        };
        let (id, session) = self.server.sessions.iter_mut().find(|(_, session)| is_ready(session))?;
        let (id, wire, frames) = (*id, session.wire, std::mem::take(&mut session.poll_frames));
        let hub = self.server.hub_of(id);
        let (through, present) = (hub.through(), hub.presence_revision());
        self.send_server_message(wire, ServerMessage::Polled { frames, through, present });
        self.end_session(id, None)
    }

    /// Sends the current cursor on each stream of a node that needs it.
    pub(super) fn send_through(&mut self, node: usize) {
        let through = self.server.nodes[node].hub.through();
        let mut wires = Vec::new();
        for session in self.server.sessions.values_mut().filter(|session| session.node == node) {
            if session.owes_through && session.member.is_some() && session.buffer.is_none() {
                session.owes_through = false;
                wires.push(session.wire);
            }
        }
        wires.into_iter().for_each(|wire| self.send_server_message(wire, ServerMessage::Through(through)));
    }

    /// Answers a poll that has waited for its full time.
    pub(crate) fn expire_poll(&mut self, id: SessionId) -> Result<(), Violation> {
        if let Some(session) = self.server.sessions.get_mut(&id) {
            session.has_expired = true;
        }
        let node = self.server.node_of(id.0);
        match self.answer_polls(node) {
            Some(closed) => self.dispatch_to_hub(node, closed),
            None => Ok(()),
        }
    }

    /// Ends a session, with a close message if there is a code. Returns the hub's input.
    pub(super) fn end_session(&mut self, id: SessionId, code: Option<CloseCode>) -> Option<Input> {
        let session = self.server.sessions.remove(&id)?;
        if let Some(code) = code {
            self.send_server_message(session.wire, ServerMessage::Closed(code.number(), String::new()));
        }
        if let Some(connection) = self.connections.get_mut(&session.wire) {
            connection.session = None;
        }
        Some(Input::Closed(id))
    }

    /// Ends the session of a connection whose end the server noticed.
    pub(crate) fn server_notices_end(&mut self, wire: Wire) -> Result<(), Violation> {
        let Some(connection) = self.connections.get_mut(&wire) else { return Ok(()) };
        connection.cut = true;
        let Some(id) = connection.session else { return Ok(()) };
        match self.end_session(id, None) {
            Some(closed) => self.dispatch_to_hub(self.server.node_of(id.0), closed),
            None => Ok(()),
        }
    }

    /// Pings a session, or ends it if it was silent for too long.
    pub(crate) fn ping_session(&mut self, id: SessionId) -> Result<(), Violation> {
        let Some(session) = self.server.sessions.get(&id) else { return Ok(()) };
        let node = self.server.node_of(id.0);
        if session.kind == ConnectionKind::Stream {
            // The kernel reports that the peer does not acknowledge the data.
            if self.connections.get(&session.wire).is_none_or(|connection| connection.cut) {
                return self
                    .end_session(id, None)
                    .map_or(Ok(()), |closed| self.dispatch_to_hub(node, closed));
            }
            if let Some(session) = self.server.sessions.get_mut(&id) {
                session.owes_through = true;
            }
            self.send_through(node);
            self.schedule(COMMENT_MS, SimEvent::SessionPing(id));
            return Ok(());
        }
        if self.now.saturating_sub(session.received_at) >= SILENCE_MS && self.now >= session.paused_until {
            let closed = self.end_session(id, Some(CloseCode::Silent));
            return closed.map_or(Ok(()), |closed| self.dispatch_to_hub(node, closed));
        }
        if session.member.is_some() && session.buffer.is_none() {
            let through = self.server.hub_of(id).through();
            let ping = Event::Ping(Through { through });
            self.send_event(id, &ping, encode(&EventFrame::answered(&ping, None)));
        }
        self.schedule(PING_MS, SimEvent::SessionPing(id));
        Ok(())
    }
}

pub(super) fn encode(frame: &EventFrame<&Event>) -> String {
    // Maps with string keys and plain values cannot fail to serialise.
    serde_json::to_string(frame).unwrap_or_default()
}
