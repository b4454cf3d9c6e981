//! Transports side by side: the same messages, sent once and read in four ways at once, and what each took.
//!
//! It knows what is sent and arrives, and when; not how. Times are microseconds of one clock that never goes back, the
//! page's own, so a latency is from the call that sends to the event that arrives in the same page. Bytes are the
//! server's word. All is bounded: [`COMPARE_S`] messages, at the most.

pub mod chart;
pub mod csv;
pub mod socket;
pub mod took;

use crate::limits::{COMPARE_LAST_MS, COMPARE_NAME_CHARS_MAX, COMPARE_READY_MS, COMPARE_S};
use crate::transport::Transport;
use shared::{ClientId, ErrorCode};
use std::collections::BTreeSet;
pub use took::Durations;

/// Between two requests of interval polling, in milliseconds: the choices.
pub const INTERVALS_MS: [u64; 9] = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// The place of the interval that is chosen at first.
const INTERVAL_FIRST: usize = 6;

/// Between two messages, on the average.
const EVERY_US: u64 = 1_000_000;

/// How much later in its second each leaves than the one before: the golden section of it. So they are spread over every
/// interval of polling, and none keeps step with the requests, which would make all of them late, or none.
const LATER_US: u64 = 618_034;

/// So long after a message, and so long before the next, nothing is drawn: a page that draws hears nothing.
const QUIET_US: (u64, u64) = (300_000, 100_000);

/// The longest that a step may ask to wait: so soon a stop is heard.
const WAIT_MS_MAX: u64 = 50;

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedTransport {
    /// What reads by this transport.
    Reading(Transport),
    /// What sends: each message is a request of its own, whoever reads.
    Sending,
}

impl ComparedTransport {
    /// All, in the order of the table.
    pub const ALL: [ComparedTransport; 5] = [
        ComparedTransport::Reading(Transport::Poll),
        ComparedTransport::Reading(Transport::LongPoll),
        ComparedTransport::Reading(Transport::EventStream),
        ComparedTransport::Reading(Transport::WebSocket),
        ComparedTransport::Sending,
    ];

    /// Its place in the table.
    pub fn place(self) -> usize {
        match self {
            ComparedTransport::Reading(Transport::Poll) => 0,
            ComparedTransport::Reading(Transport::LongPoll) => 1,
            ComparedTransport::Reading(Transport::EventStream) => 2,
            ComparedTransport::Reading(Transport::WebSocket) => 3,
            ComparedTransport::Sending => 4,
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparisonStage {
    /// Not begun.
    #[default]
    Before,
    /// The room is found and joined, and the readers begin.
    Preparing,
    /// A message leaves each second.
    Going,
    /// Nothing more is sent; what was sent last is still to arrive.
    Ending,
    /// What it took is there.
    Over,
}

/// Why it could not begin, or not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonFault {
    /// Nobody is signed in, or somebody else.
    SignedOut,
    /// The server did not answer.
    Unreachable,
    /// The room was refused.
    Room(ErrorCode),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonStep {
    /// Ask again after so many milliseconds.
    Wait(u64),
    /// Send the next message, and tell by [`Comparison::sent`].
    Send,
    /// Stop reading, and leave the room.
    Finish,
}

/// One message. Times are microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimedMessage {
    client_id: ClientId,
    /// Since the first one could have left.
    at: u64,
    /// By row: how long until it arrived there, or until the server answered that it is kept.
    after: [Option<u64>; 5],
}

/// The figures of a row. Latencies are microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages that arrived.
    pub received: usize,
    /// What it took.
    pub took: Durations,
    /// Half arrived within.
    pub p50: Option<u64>,
    /// 99 of 100 arrived within.
    pub p99: Option<u64>,
    /// How often it broke and began again.
    pub breaks: u32,
}

/// One comparison, and what is chosen for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How far it is.
    pub stage: ComparisonStage,
    /// Why it ended before its time.
    pub fault: Option<ComparisonFault>,
    /// The place of the interval in [`INTERVALS_MS`].
    pub interval: usize,
    messages: Vec<TimedMessage>,
    took: [Durations; 5],
    breaks: [u32; 5],
    /// Places of rows that broke, each with the number of the message that was the next to arrive there. At most one
    /// more than there are messages, for each row.
    broken: BTreeSet<(usize, usize)>,
    /// Which readers read.
    live: [bool; 4],
    /// When this stage began.
    since: u64,
    /// When the first message could leave.
    began: u64,
    stops: bool,
}

impl Default for Comparison {
    fn default() -> Self {
        Comparison {
            stage: ComparisonStage::Before,
            fault: None,
            interval: INTERVAL_FIRST,
            messages: Vec::new(),
            took: Default::default(),
            breaks: Default::default(),
            broken: BTreeSet::new(),
            live: Default::default(),
            since: 0,
            began: 0,
            stops: false,
        }
    }
}

impl Comparison {
    /// Whether it goes on.
    pub fn is_going_on(&self) -> bool {
        matches!(self.stage, ComparisonStage::Preparing | ComparisonStage::Going | ComparisonStage::Ending)
    }

    /// The interval of polling, in milliseconds.
    pub fn interval_ms(&self) -> u64 {
        INTERVALS_MS[self.interval]
    }

    /// Chooses an interval by its place. Not while it goes on: its figures would be of no interval at all.
    pub fn choose(&mut self, interval: usize) {
        if !self.is_going_on() {
            self.interval = interval.min(INTERVALS_MS.len() - 1);
        }
    }

    /// Begins, and forgets the one before. False if one goes on.
    pub fn start(&mut self) -> bool {
        if self.is_going_on() {
            return false;
        }
        *self = Comparison {
            interval: self.interval,
            stage: ComparisonStage::Preparing,
            ..Comparison::default()
        };
        true
    }

    /// Sends nothing more, and waits for what was sent.
    pub fn stop(&mut self) {
        self.stops = true;
    }

    /// The room is joined and the readers begin.
    pub fn readers_begin(&mut self, now: u64) {
        self.since = now;
    }

    /// This one reads.
    pub fn live(&mut self, transport: Transport) {
        if let Some(live) = self.live.get_mut(ComparedTransport::Reading(transport).place()) {
            *live = true;
        }
    }

    /// This one broke, and will begin again.
    pub fn broke(&mut self, row: ComparedTransport) {
        if self.is_going_on() {
            let place = row.place();
            self.breaks[place] += 1;
            let last = self.messages.iter().rposition(|message| message.after[place].is_some());
            self.broken.insert((place, last.map_or(0, |last| last + 1)));
        }
    }

    /// It cannot go on. False if it did not.
    pub fn failed(&mut self, fault: ComparisonFault) -> bool {
        let is_going_on = self.is_going_on();
        if is_going_on {
            (self.fault, self.stage) = (Some(fault), ComparisonStage::Over);
        }
        is_going_on
    }

    /// It has ended: what comes now does not count any more.
    pub fn over(&mut self) {
        if self.is_going_on() {
            self.stage = ComparisonStage::Over;
        }
    }

    /// What to do now. Asked again and again from [`Comparison::readers_begin`] on.
    pub fn step(&mut self, now: u64) -> ComparisonStep {
        let passed_us = now.saturating_sub(self.since);
        match self.stage {
            ComparisonStage::Before | ComparisonStage::Over => ComparisonStep::Finish,
            ComparisonStage::Preparing => {
                if self.live.contains(&false) && passed_us < COMPARE_READY_MS * 1_000 && !self.stops {
                    return ComparisonStep::Wait(WAIT_MS_MAX);
                }
                (self.stage, self.since, self.began) = (ComparisonStage::Going, now, now);
                self.step(now)
            }
            ComparisonStage::Going => {
                let number = self.messages.len() as u64;
                if self.stops || number == COMPARE_S || passed_us >= COMPARE_S * EVERY_US {
                    (self.stage, self.since) = (ComparisonStage::Ending, now);
                    return self.step(now);
                }
                let left_us = due(number).saturating_sub(passed_us);
                if left_us == 0 {
                    ComparisonStep::Send
                } else {
                    ComparisonStep::Wait(left_us.div_ceil(1_000).min(WAIT_MS_MAX))
                }
            }
            ComparisonStage::Ending => {
                let is_whole = self.messages.iter().all(|message| !message.after.contains(&None));
                if is_whole || passed_us >= COMPARE_LAST_MS * 1_000 {
                    return ComparisonStep::Finish;
                }
                ComparisonStep::Wait(WAIT_MS_MAX)
            }
        }
    }

    /// A message leaves.
    pub fn sent(&mut self, client_id: ClientId, now: u64) {
        let at = now.saturating_sub(self.began);
        self.messages.push(TimedMessage { client_id, at, after: [None; 5] });
    }

    /// A message arrived by this transport, or the server said that it is kept. Others, and what came before, are
    /// passed over.
    pub fn arrived(&mut self, row: ComparedTransport, client_id: ClientId, now: u64) {
        let began = self.began;
        let message = self.messages.iter_mut().rev().find(|message| message.client_id == client_id);
        if let Some(TimedMessage { at, after, .. }) = message.filter(|_| self.stage != ComparisonStage::Over)
        {
            after[row.place()].get_or_insert(now.saturating_sub(began + *at));
        }
    }

    /// The server told what something took.
    pub fn took(&mut self, row: ComparedTransport, took: Durations) {
        if self.is_going_on() {
            let sum = &mut self.took[row.place()];
            sum.requests += took.requests;
            sum.up += took.up;
            sum.down += took.down;
        }
    }

    /// Whether no message is under way or about to leave, as far as can be known.
    pub fn is_quiet(&self, now: u64) -> bool {
        let at = now.saturating_sub(self.began);
        let next = due(self.messages.len() as u64);
        let last = self.messages.last().map_or(0, |last| last.at);
        self.stage != ComparisonStage::Going || (at >= last + QUIET_US.0 && at + QUIET_US.1 <= next)
    }

    /// How many messages were sent.
    pub fn sent_count(&self) -> usize {
        self.messages.len()
    }

    /// How many of them the server said that it has kept.
    pub fn kept_count(&self) -> usize {
        self.figures(ComparedTransport::Sending).received
    }

    /// The second that it is in, from 0.
    pub fn second(&self, now: u64) -> u64 {
        match self.stage {
            ComparisonStage::Going => (now.saturating_sub(self.began) / EVERY_US).min(COMPARE_S),
            _ => self.messages.last().map_or(0, |last| (last.at / EVERY_US + 1).min(COMPARE_S)),
        }
    }

    /// The figures of a row.
    pub fn figures(&self, row: ComparedTransport) -> Figures {
        let place = row.place();
        let mut all: Vec<u64> = self.messages.iter().filter_map(|message| message.after[place]).collect();
        all.sort_unstable();
        Figures {
            received: all.len(),
            took: self.took[place],
            p50: percentile(&all, 50),
            p99: percentile(&all, 99),
            breaks: self.breaks[place],
        }
    }

    /// Where the messages of a row stand in the chart, in stretches: between two of them a message is missing, or the
    /// row broke.
    pub fn stretches(&self, row: ComparedTransport) -> Vec<Vec<chart::Point>> {
        let place = row.place();
        let (mut stretches, mut is_joined) = (Vec::<Vec<_>>::new(), false);
        for (number, message) in self.messages.iter().enumerate() {
            let point = message.after[place].map(|after| chart::point(message.at, after));
            is_joined &= !self.broken.contains(&(place, number));
            match (point, stretches.last_mut()) {
                (Some(point), Some(stretch)) if is_joined => stretch.push(point),
                (Some(point), _) => stretches.push(vec![point]),
                (None, _) => {}
            }
            is_joined = point.is_some();
        }
        stretches
    }
}

/// When a message leaves, at the earliest: one in each second.
fn due(number: u64) -> u64 {
    number * EVERY_US + number * LATER_US % EVERY_US
}

/// The name of the room that a member's comparisons are in.
pub fn room_name(member: &str) -> String {
    let name: String = format!("Inspector {member}").chars().take(COMPARE_NAME_CHARS_MAX).collect();
    name.trim_end().to_owned()
}

/// The nearest rank: the least value that is not below `percent` of 100 of all. None of none. `sorted` goes up.
pub fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Microseconds as milliseconds, to a tenth: more is not in the page's clock.
pub fn milliseconds(us: u64) -> String {
    let tenths = (us + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A number in groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests;
