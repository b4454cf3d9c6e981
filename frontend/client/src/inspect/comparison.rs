//! A comparison of transports: the same messages, sent once and read in four ways at the same time.
//!
//! The comparison knows when messages are sent and arrive, not how. Times are microseconds of the
//! page's monotonic clock. A latency is the time from the call that sends to the event that arrives
//! in the same page. Bytes are counted by the server. There are at most [`COMPARE_S`] messages.

pub mod chart;
pub mod compared_connection;
pub mod csv;
mod figures;
pub mod run;
pub mod socket;
pub mod transfer_cost;

use crate::limits::{COMPARE_LAST_MS, COMPARE_READY_MS, COMPARE_S};
use crate::transport::Transport;
use shared::command::Hello;
use shared::{ClientId, Cursor, ErrorCode, RoomId};
use std::collections::BTreeSet;

pub use figures::{Figures, milliseconds};
pub use run::room_name;
pub use transfer_cost::TransferCost;

/// The choices for the interval between two polls, in milliseconds.
pub const INTERVALS_MS: [u64; 9] = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// The index of the interval that is chosen at first.
const INTERVAL_FIRST: usize = 6;

/// The average time between two messages.
const EVERY_US: u64 = 1_000_000;

/// The part of a second by which each message leaves later in its second than the one before: the
/// golden section.
///
/// Messages are therefore spread over every polling interval. If they kept step with the polls, all
/// of them would be late, or none.
const LATER_US: u64 = 618_034;

/// The time after a message and the time before the next in which the page draws nothing, because
/// drawing delays events.
const QUIET_US: (u64, u64) = (300_000, 100_000);

/// The longest wait of a step, so that a stop takes effect soon.
const WAIT_MS_MAX: u64 = 50;

/// An entry of a comparison, which the page shows as a row of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedTransport {
    /// The connection that reads by this transport.
    Reading(Transport),
    /// The sender, which sends each message in a request of its own.
    Sending,
}

impl ComparedTransport {
    /// All entries in their order.
    pub const ALL: [ComparedTransport; 5] = [
        ComparedTransport::Reading(Transport::Poll),
        ComparedTransport::Reading(Transport::LongPoll),
        ComparedTransport::Reading(Transport::EventStream),
        ComparedTransport::Reading(Transport::WebSocket),
        ComparedTransport::Sending,
    ];

    /// The index in [`ComparedTransport::ALL`].
    pub fn index(self) -> usize {
        match self {
            ComparedTransport::Reading(Transport::Poll) => 0,
            ComparedTransport::Reading(Transport::LongPoll) => 1,
            ComparedTransport::Reading(Transport::EventStream) => 2,
            ComparedTransport::Reading(Transport::WebSocket) => 3,
            ComparedTransport::Sending => 4,
        }
    }
}

/// The progress of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparisonStage {
    /// The comparison has not begun.
    #[default]
    Before,
    /// The room is found and joined, and the connections begin to read.
    Preparing,
    /// A message leaves each second.
    Going,
    /// Nothing more is sent; the last messages may still arrive.
    Ending,
    /// The figures are complete.
    Over,
}

/// The reason why the comparison could not begin or continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonFault {
    /// Nobody is signed in, or another member.
    SignedOut,
    /// The server did not answer.
    Unreachable,
    /// The room was refused.
    Room(ErrorCode),
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonStep {
    /// Call [`Comparison::next_step`] again after this many milliseconds.
    Wait(u64),
    /// Send the next message and report it by [`Comparison::record_sent`].
    Send,
    /// Stop reading and leave the room.
    Finish,
}

/// A message, with times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimedMessage {
    client_id: ClientId,
    /// The time since the first message could leave.
    at: u64,
    /// For each entry, the time until the message arrived there or was acknowledged.
    after: [Option<u64>; 5],
}

/// A comparison, and the choice for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Progress of the comparison; it only advances until the next start.
    pub stage: ComparisonStage,
    /// The reason why the comparison ended early.
    pub fault: Option<ComparisonFault>,
    /// The index of the interval in [`INTERVALS_MS`].
    pub interval: usize,
    messages: Vec<TimedMessage>,
    costs: [TransferCost; 5],
    breaks: [u32; 5],
    /// For each break, the index of the entry and the number of the message that was next to arrive
    /// there. A entry has at most one more than there are messages.
    break_points: BTreeSet<(usize, usize)>,
    /// Whether each connection reads.
    live: [bool; 4],
    /// The time at which the stage began.
    stage_since: u64,
    /// The time at which the first message could leave.
    began_at: u64,
    is_stopping: bool,
}

impl Default for Comparison {
    fn default() -> Self {
        Comparison {
            stage: ComparisonStage::Before,
            fault: None,
            interval: INTERVAL_FIRST,
            messages: Vec::new(),
            costs: Default::default(),
            breaks: Default::default(),
            break_points: BTreeSet::new(),
            live: Default::default(),
            stage_since: 0,
            began_at: 0,
            is_stopping: false,
        }
    }
}

impl Comparison {
    /// Whether the comparison is under way.
    pub fn is_running(&self) -> bool {
        matches!(self.stage, ComparisonStage::Preparing | ComparisonStage::Going | ComparisonStage::Ending)
    }

    /// The polling interval in milliseconds.
    pub fn interval_ms(&self) -> u64 {
        INTERVALS_MS[self.interval]
    }

    /// Chooses an interval by its index. Has no effect while the comparison is under way, because
    /// its figures would mix two intervals.
    pub fn choose_interval(&mut self, interval: usize) {
        if !self.is_running() {
            self.interval = interval.min(INTERVALS_MS.len() - 1);
        }
    }

    /// Begins a comparison and forgets the last one. Returns false if one is under way.
    pub fn start(&mut self) -> bool {
        if self.is_running() {
            return false;
        }
        *self = Comparison {
            interval: self.interval,
            stage: ComparisonStage::Preparing,
            ..Comparison::default()
        };
        true
    }

    /// Sends nothing more and waits for the last messages.
    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Records that the room is joined and the connections begin to read.
    pub fn begin_reading(&mut self, now: u64) {
        self.stage_since = now;
    }

    /// Records that the connection of this transport reads.
    pub fn record_reading(&mut self, transport: Transport) {
        if let Some(live) = self.live.get_mut(ComparedTransport::Reading(transport).index()) {
            *live = true;
        }
    }

    /// Records that a connection or a request of this entry broke.
    pub fn record_break(&mut self, entry: ComparedTransport) {
        if self.is_running() {
            let index = entry.index();
            self.breaks[index] += 1;
            let last = self.messages.iter().rposition(|message| message.after[index].is_some());
            self.break_points.insert((index, last.map_or(0, |last| last + 1)));
        }
    }

    /// Ends the comparison with this fault. Returns false if none was under way.
    pub fn fail(&mut self, fault: ComparisonFault) -> bool {
        let is_running = self.is_running();
        if is_running {
            (self.fault, self.stage) = (Some(fault), ComparisonStage::Over);
        }
        is_running
    }

    /// Ends the comparison; later messages do not count.
    pub fn finish(&mut self) {
        if self.is_running() {
            self.stage = ComparisonStage::Over;
        }
    }

    /// Returns the next step. Called repeatedly after [`Comparison::begin_reading`].
    pub fn next_step(&mut self, now: u64) -> ComparisonStep {
        let passed_us = now.saturating_sub(self.stage_since);
        match self.stage {
            ComparisonStage::Before | ComparisonStage::Over => ComparisonStep::Finish,
            ComparisonStage::Preparing => {
                if self.live.contains(&false) && passed_us < COMPARE_READY_MS * 1_000 && !self.is_stopping {
                    return ComparisonStep::Wait(WAIT_MS_MAX);
                }
                (self.stage, self.stage_since, self.began_at) = (ComparisonStage::Going, now, now);
                self.next_step(now)
            }
            ComparisonStage::Going => {
                let number = self.messages.len() as u64;
                if self.is_stopping || number == COMPARE_S || passed_us >= COMPARE_S * EVERY_US {
                    (self.stage, self.stage_since) = (ComparisonStage::Ending, now);
                    return self.next_step(now);
                }
                let left_us = due(number).saturating_sub(passed_us);
                if left_us == 0 {
                    ComparisonStep::Send
                } else {
                    ComparisonStep::Wait(left_us.div_ceil(1_000).min(WAIT_MS_MAX))
                }
            }
            ComparisonStage::Ending => {
                let has_all = self.messages.iter().all(|message| !message.after.contains(&None));
                if has_all || passed_us >= COMPARE_LAST_MS * 1_000 {
                    return ComparisonStep::Finish;
                }
                ComparisonStep::Wait(WAIT_MS_MAX)
            }
        }
    }

    /// Records that a message left.
    pub fn record_sent(&mut self, client_id: ClientId, now: u64) {
        let at = now.saturating_sub(self.began_at);
        self.messages.push(TimedMessage { client_id, at, after: [None; 5] });
    }

    /// Records that a message arrived at this entry, or was acknowledged. Other and repeated messages
    /// are ignored.
    pub fn record_arrival(&mut self, entry: ComparedTransport, client_id: ClientId, now: u64) {
        let began = self.began_at;
        let message = self.messages.iter_mut().rev().find(|message| message.client_id == client_id);
        if let Some(TimedMessage { at, after, .. }) = message.filter(|_| self.stage != ComparisonStage::Over)
        {
            after[entry.index()].get_or_insert(now.saturating_sub(began + *at));
        }
    }

    /// Adds the requests and bytes that the server counted for an entry.
    pub fn add_cost(&mut self, entry: ComparedTransport, cost: TransferCost) {
        if self.is_running() {
            let sum = &mut self.costs[entry.index()];
            sum.requests += cost.requests;
            sum.up += cost.up;
            sum.down += cost.down;
        }
    }

    /// Whether, as far as can be known, no message is under way or about to leave.
    pub fn is_quiet(&self, now: u64) -> bool {
        let at = now.saturating_sub(self.began_at);
        let next = due(self.messages.len() as u64);
        let last = self.messages.last().map_or(0, |last| last.at);
        self.stage != ComparisonStage::Going || (at >= last + QUIET_US.0 && at + QUIET_US.1 <= next)
    }

    /// The number of messages that were sent.
    pub fn sent_count(&self) -> usize {
        self.messages.len()
    }

    /// The number of messages that the server acknowledged.
    pub fn kept_count(&self) -> usize {
        self.figures(ComparedTransport::Sending).received
    }

    /// The present second of the comparison, from 0.
    pub fn second(&self, now: u64) -> u64 {
        match self.stage {
            ComparisonStage::Going => (now.saturating_sub(self.began_at) / EVERY_US).min(COMPARE_S),
            _ => self.messages.last().map_or(0, |last| (last.at / EVERY_US + 1).min(COMPARE_S)),
        }
    }
}

/// The earliest time at which a message leaves: one in each second.
fn due(number: u64) -> u64 {
    number * EVERY_US + number * LATER_US % EVERY_US
}

/// The first command of each connection. `room` is the room whose newest messages the answer contains.
fn hello(cursor: Option<Cursor>, room: Option<RoomId>) -> Hello {
    Hello { reference: 1, build: "inspector".into(), cursor, held: vec![], room }
}

#[cfg(test)]
mod tests;
