//! The parameters of a run, drawn from its seed.

use crate::rng::Rng;
use hub::rate::Rate;

/// Parameters of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Number of pages, 2 to 7.
    pub(crate) pages: u64,
    /// Number of pages that are tabs of the first page's browser; these are the last pages.
    pub(crate) shared_tabs: u64,
    /// Length of the fault phase in milliseconds.
    pub(crate) fault_phase_ms: u64,
    /// Longest time between two actions of a user in milliseconds.
    pub(crate) action_interval_ms: u64,
    /// Longest time between two faults in milliseconds.
    pub(crate) fault_interval_ms: u64,
    /// Longest delay of a frame or request in milliseconds.
    pub(crate) delay_ms: u64,
    /// Longest time of a commit in milliseconds.
    pub(crate) commit_ms: u64,
    /// Number of nodes that share the log, 1 to 3.
    pub(crate) nodes: u64,
    /// Longest time until the tail brings a durable commit to the hub, in milliseconds.
    pub(crate) tail_ms: u64,
    /// Whether the log survives a restart; otherwise a restart begins a new epoch.
    pub(crate) durable: bool,
    /// Whether the server's fan-out sometimes loses or repeats a frame. Clients must detect such gaps and
    /// ignore repetitions.
    pub(crate) faulty_fanout: bool,
    /// Time of a browser's database request in milliseconds.
    pub(crate) database_ms: u64,
    /// Whether browsers have no database; unsent messages are then lost with their page.
    pub(crate) memory_only: bool,
    /// Whether a read takes as long as a commit; otherwise it takes no time.
    pub(crate) reads_take_time: bool,
    /// Number of pages that switch their transport each second.
    pub(crate) switching_pages: u64,
    /// Whether a stop of the server may put an older copy of its log in place.
    pub(crate) rolls_back: bool,
    /// Whether networks block WebSocket for most of the fault phase.
    pub(crate) blocks_websocket: bool,
    /// Whether the wall clocks of computers step.
    pub(crate) steps_clocks: bool,
    /// Whether browsers freeze hidden pages.
    pub(crate) freezes: bool,
    /// Percentage of actions that reload, show or hide a tab.
    pub(crate) tab_percent: u64,
    /// Percentage of the other actions that post messages.
    pub(crate) post_percent: u64,
    /// Largest number of messages in a burst.
    pub(crate) burst_max: u64,
    /// Rate limit of a member's posts.
    pub(crate) post_rate: Rate,
}

impl Plan {
    /// Parameters of a run with all kinds of faults.
    pub(crate) fn any(rng: &mut Rng) -> Self {
        // Mostly two pages: a failure with few pages is easier to read.
        let pages = rng.pick(&[2, 2, 2, 3, 4, 5]).unwrap_or(2);
        let switching_pages = u64::from(rng.one_in(2));
        // Tabs of one browser share reading over plain HTTP.
        let shared_tabs = match switching_pages {
            0 => u64::from(pages > 2 && rng.one_in(3)),
            _ => rng.pick(&[0, 1, 1, 1, 1, 2, 2, 3]).unwrap_or(1).min(pages - 1),
        };
        let plan = Plan {
            pages,
            shared_tabs,
            fault_phase_ms: rng.between(2_000, 10_000),
            action_interval_ms: rng.pick(&[300, 1_000, 3_000]).unwrap_or(1_000) * pages,
            fault_interval_ms: rng.pick(&[500, 1_000, 3_000, 20_000]).unwrap_or(2_000),
            delay_ms: rng.pick(&[1, 30, 300, 2_000]).unwrap_or(30),
            commit_ms: rng.pick(&[0, 5, 200, 1_000]).unwrap_or(5),
            durable: !rng.one_in(4),
            faulty_fanout: rng.one_in(4),
            database_ms: rng.pick(&[0, 5, 100]).unwrap_or(5),
            memory_only: rng.one_in(5),
            reads_take_time: rng.one_in(2),
            switching_pages,
            blocks_websocket: switching_pages > 0 && shared_tabs > 0 && !rng.one_in(4),
            rolls_back: false,
            steps_clocks: rng.one_in(2),
            freezes: false,
            tab_percent: 0,
            post_percent: 50,
            burst_max: 4,
            post_rate: if rng.one_in(4) { Rate { per_s: 2, burst: 4 } } else { Rate::NONE },
            // A follower takes its first snapshot from any node, but its leader reads from one that may be ahead.
            // Today the tabs of a browser must use the same node.
            nodes: if shared_tabs == 0 { rng.pick(&[1, 1, 2, 3]).unwrap_or(1) } else { 1 },
            tail_ms: rng.pick(&[0, 0, 5, 300, 1_500]).unwrap_or(0),
        };
        // A tab may take the rows of a living one when the clock steps. In one log that is harmless, because
        // each message is stored once; a new log may get the two tabs' messages in another order.
        let plan = Plan { steps_clocks: plan.steps_clocks && plan.durable, ..plan };
        // In a few runs a burst is longer than a snapshot, so that an absent page finds a gap before it.
        if rng.one_in(40) {
            return Plan {
                burst_max: 130,
                delay_ms: 10,
                commit_ms: 5,
                tail_ms: 5,
                action_interval_ms: 300 * pages,
                fault_interval_ms: 1_000,
                post_rate: Rate::NONE,
                durable: true,
                ..plan
            };
        }
        plan
    }

    /// Parameters of a run with one browser of many tabs, without WebSocket: one tab reads for all.
    pub(crate) fn many_tabs(rng: &mut Rng) -> Self {
        let plan = Plan::any(rng);
        let pages = rng.between(4, 7);
        Plan {
            pages,
            // One page belongs to another browser.
            shared_tabs: pages - 2,
            nodes: 1,
            fault_phase_ms: rng.between(10_000, 30_000),
            action_interval_ms: rng.pick(&[300, 1_000]).unwrap_or(1_000) * pages,
            fault_interval_ms: rng.pick(&[500, 3_000, 20_000]).unwrap_or(3_000),
            delay_ms: rng.pick(&[1, 30, 300]).unwrap_or(30),
            commit_ms: rng.pick(&[0, 5, 200]).unwrap_or(5),
            // A new epoch would lose the messages of the earlier log.
            durable: true,
            memory_only: false,
            switching_pages: 1,
            blocks_websocket: true,
            freezes: rng.one_in(2),
            tab_percent: 30,
            post_percent: 80,
            burst_max: 4,
            post_rate: Rate::NONE,
            ..plan
        }
    }

    /// Parameters of a run with roll-backs of the log, with pages on all transports and with tabs.
    pub(crate) fn roll_backs(rng: &mut Rng) -> Self {
        let plan = Plan::any(rng);
        Plan {
            fault_phase_ms: rng.between(10_000, 30_000),
            action_interval_ms: rng.pick(&[100, 300, 1_000]).unwrap_or(300) * plan.pages,
            fault_interval_ms: rng.pick(&[1_000, 3_000]).unwrap_or(3_000),
            delay_ms: rng.pick(&[1, 30, 300]).unwrap_or(30),
            commit_ms: rng.pick(&[0, 5, 200]).unwrap_or(5),
            // A new epoch would hide the roll-back.
            durable: true,
            memory_only: false,
            rolls_back: true,
            // A reply on a WebSocket tells no mark, because the event before it does. A server loses no such event.
            faulty_fanout: false,
            // As with a new log: it may get the messages of two tabs in another order.
            steps_clocks: false,
            post_percent: 70,
            burst_max: 4,
            post_rate: Rate::NONE,
            ..plan
        }
    }

    /// Parameters of a minute of constant posting in which every page switches its transport each
    /// second.
    pub(crate) fn transport_switching(rng: &mut Rng) -> Self {
        let plan = Plan::any(rng);
        Plan {
            fault_phase_ms: 60_000,
            action_interval_ms: 2_000,
            fault_interval_ms: rng.pick(&[3_000, 10_000, 60_000]).unwrap_or(10_000),
            // A page that switches each second can post only if delays are short.
            delay_ms: rng.pick(&[1, 10, 50]).unwrap_or(10),
            commit_ms: rng.pick(&[0, 5, 50]).unwrap_or(5),
            tail_ms: rng.pick(&[0, 5, 50]).unwrap_or(5),
            // A new epoch would lose the messages of the earlier log.
            durable: true,
            memory_only: false,
            switching_pages: plan.pages,
            post_percent: 90,
            burst_max: 4,
            post_rate: Rate::NONE,
            ..plan
        }
    }
}
