//! The shells of the hubs: their sessions, their store and their timers. The shell keeps the contract of the real server:
//!
//! - frames published to a session during its replay are buffered, and dropped beyond a limit;
//! - one append is under way at a time, and reads finish in any order;
//! - a crash loses the changes that were not synced.

mod answer;
mod receive;
mod session;
mod store;

use super::World;
use crate::account::AccountResponse;
use crate::event::SimEvent;
use crate::network::ConnectionKind;
use crate::server::{BufferedFrames, Node};
use crate::violation::Violation;
use answer::ServerMessage;
use hub::log::Log;
use hub::{Audience, Input, Output};
use session::encode;
use shared::close::retry_reason;
use shared::event::{EventFrame, Refusal};
use shared::{Address, CloseCode, Epoch, ErrorCode, Event};
use std::collections::VecDeque;

impl World {
    /// Dispatches an input to the hub of a node and performs the outputs.
    pub(crate) fn dispatch_to_hub(&mut self, node: usize, input: Input) -> Result<(), Violation> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            if self.prints_steps && input != Input::Tick {
                println!("{:>8} hub {node}: {input:?}", self.now);
            }
            let mut out = Vec::new();
            let now = self.server.clock.read(self.now);
            self.server.nodes[node].hub.handle(input, now, &mut out);
            for output in out {
                self.execute(node, output, &mut inputs)?;
            }
            if inputs.is_empty() {
                inputs.extend(self.answer_polls(node));
            }
        }
        self.send_through(node);
        if !self.server.nodes[node].hub.is_ready() {
            return Err(Violation("(d) the hub is overloaded by few pages".to_owned()));
        }
        if !self.server.is_committing && !self.server.waiting_changes.is_empty() {
            self.server.is_committing = true;
            let changes = std::mem::take(&mut self.server.waiting_changes);
            let delay = self.rng.between(0, self.plan.commit_ms);
            self.schedule(delay, SimEvent::Commit(self.server.generation, changes));
        }
        self.check_hub_timer(node)?;
        let wake_at = self.server.nodes[node].hub.next_wake();
        if wake_at != self.server.nodes[node].wake_at {
            self.server.nodes[node].wake_at = wake_at;
            if let Some(at) = wake_at {
                let delay = self.server.clock.virtual_time(at).saturating_sub(self.now);
                self.schedule(delay, SimEvent::HubTimer(self.server.generation, node, at));
            }
        }
        Ok(())
    }

    fn execute(
        &mut self,
        node: usize,
        output: Output,
        inputs: &mut VecDeque<Input>,
    ) -> Result<(), Violation> {
        match output {
            Output::Append(change) => self.server.waiting_changes.push((node, change)),
            Output::Read(id, query) => {
                let refused = self.server.refuses_changes && self.rng.one_in(4);
                let found =
                    if refused { Err(ErrorCode::StoreRefused) } else { Ok(self.server.log.read(&query)) };
                let input = Input::ReadFinished(id, found);
                if self.plan.reads_take_time {
                    let delay = self.rng.between(0, self.plan.commit_ms);
                    self.schedule(delay, SimEvent::HubInput(self.server.generation, node, input));
                } else {
                    inputs.push_back(input);
                }
            }
            Output::MoveMarkers(moves) => {
                let refused = self.server.refuses_changes && self.rng.one_in(4);
                let result = if refused { Err(ErrorCode::StoreRefused) } else { Ok(()) };
                if result.is_ok() {
                    self.server.log.move_markers(&moves);
                    self.stats.marks += moves.len() as u64;
                }
                let delay = self.rng.between(0, self.plan.commit_ms);
                let input = Input::MarkersMoved(result);
                self.schedule(delay, SimEvent::HubInput(self.server.generation, node, input));
            }
            // The result of a cancelled read has no effect, so it may still arrive.
            Output::CancelRead(_) => {}
            Output::Attach(id, addresses) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.member = addresses.iter().find_map(|to| match to {
                        Address::Member(member) => Some(*member),
                        Address::Room(_) => None,
                    });
                    session.addresses = addresses.into_iter().collect();
                    let answers = session.buffer.take().unwrap_or_default().answers;
                    session.buffer = Some(BufferedFrames { frames: Some(Vec::new()), answers });
                }
            }
            Output::Subscribe(id, to) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.addresses.insert(to);
                }
            }
            Output::Unsubscribe(id, to) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.addresses.remove(&to);
                }
            }
            Output::SendReplay(id, event, told) => {
                self.check_may_read(id, &event)?;
                self.send_frame(id, encode(&EventFrame::answered(&event, told)));
            }
            Output::NotifyDrained(id) => {
                let delay = self.rng.between(0, self.plan.delay_ms);
                self.schedule(delay, SimEvent::HubInput(self.server.generation, node, Input::Drained(id)));
            }
            Output::Release(id) => {
                let Some(session) = self.server.sessions.get_mut(&id) else { return Ok(()) };
                match session.buffer.take() {
                    Some(BufferedFrames { frames: Some(frames), answers }) => {
                        let all = frames.into_iter().chain(answers);
                        all.for_each(|text| self.send_frame(id, text));
                    }
                    Some(buffer) => {
                        session.buffer = Some(buffer);
                        self.stats.overflows += 1;
                        inputs.push_back(Input::BufferOverflowed(id));
                    }
                    None => {}
                }
            }
            Output::Send(id, event) | Output::Publish(Audience::Session(id), event, _) => {
                if let (Some(session), Event::Reply(_) | Event::Error(_)) =
                    (self.server.sessions.get_mut(&id), &event)
                {
                    session.unsettled_posts.remove(&reference(&event));
                }
                let is_request = self
                    .server
                    .sessions
                    .get(&id)
                    .is_some_and(|session| session.kind == ConnectionKind::Request);
                if is_request && is_sign_in_required(&event) {
                    inputs.extend(self.end_session(id, Some(CloseCode::SignedOut)));
                    return Ok(());
                }
                let is_newer = matches!(event, Event::Reply(_) | Event::History(_) | Event::Events(_));
                let told = (is_request && is_newer).then(|| self.server.hub_of(id).through());
                let text = encode(&EventFrame::answered(&event, told));
                self.send_event(id, &event, text);
                if is_request {
                    inputs.extend(self.end_session(id, None));
                }
            }
            Output::Publish(Audience::Room(room), event, told) => {
                self.publish(node, Address::Room(room), &event, told)?
            }
            Output::Publish(Audience::Member(member), event, told) => {
                self.publish(node, Address::Member(member), &event, told)?;
            }
            Output::PublishUnstored(_) => {}
            Output::Close(id, code) => inputs.extend(self.end_session(id, Some(code))),
            Output::Pause(id, wait_ms) => {
                if let Some(session) = self.server.sessions.get_mut(&id) {
                    session.paused_until = session.paused_until.max(self.now + wait_ms);
                }
            }
            Output::StopAtBrokenTail { head, found } => {
                return Err(Violation(format!("the tail went from {head} to {found}")));
            }
            Output::Answer(id, answer) => {
                if let Some((page, request, device)) = self.server.account_requests.remove(&id) {
                    self.answer_account_request(page, &request, answer, device);
                }
            }
        }
        Ok(())
    }

    /// Fires the timer of the hub, unless it was set again meanwhile.
    pub(crate) fn fire_hub_timer(&mut self, generation: u32, node: usize, at: u64) -> Result<(), Violation> {
        if generation != self.server.generation || self.server.nodes[node].wake_at != Some(at) {
            return Ok(());
        }
        self.server.nodes[node].wake_at = None;
        self.dispatch_to_hub(node, Input::Tick)
    }

    /// Stops the server, in order with a close frame to each session, or by a crash.
    pub(crate) fn stop_server(&mut self, in_order: bool) {
        self.server.generation += 1;
        self.server.is_up = false;
        self.server.waiting_changes.clear();
        self.server.is_committing = false;
        // A crash loses the unsynced append in half of all cases.
        let is_kept = in_order || self.rng.one_in(2);
        self.finish_append(is_kept);
        self.stats.restarts += 1;
        for session in std::mem::take(&mut self.server.sessions).into_values() {
            if let Some(connection) = self.connections.get_mut(&session.wire) {
                connection.session = None;
            }
            if in_order {
                let hint = self.rng.between(0, 1_000);
                self.send_server_message(session.wire, ServerMessage::Closed(1012, retry_reason(hint)));
            } else {
                self.cut(session.wire);
            }
        }
        for (page, request, _) in std::mem::take(&mut self.server.account_requests).into_values() {
            let response = AccountResponse::unreachable(&request);
            self.schedule(100, SimEvent::AccountResponse(page, response));
        }
    }

    /// Starts the server with its log, or in a new epoch if the log does not survive.
    pub(crate) fn start_server(&mut self) {
        if self.server.is_up {
            return;
        }
        self.server.is_up = true;
        self.server.clock.started_at = self.now;
        if !self.plan.durable {
            self.server.log = Log::new(Epoch(self.server.log.epoch().0 + 1));
            self.server.appended.clear();
            self.server.durable_head = 0;
        }
        let log = &self.server.log;
        let settings = &self.server.settings;
        self.server.nodes = (0..self.plan.nodes).map(|_| Node::start(settings, log)).collect();
    }
}

/// Returns whether the event says that no member is signed in. Over HTTP that is a status, which ends the
/// session.
fn is_sign_in_required(event: &Event) -> bool {
    matches!(event, Event::Error(Refusal { code: ErrorCode::SignInRequired, .. }))
}

/// Returns the `ref` of a reply or refusal, or 0.
fn reference(event: &Event) -> u64 {
    match event {
        Event::Reply(reply) => reply.reference,
        Event::Error(Refusal { reference, .. }) => reference.unwrap_or_default(),
        _ => 0,
    }
}
