//! What a seed decides beforehand: how many, how long, how rough.

use crate::chance::Chance;
use hub::rate::Rate;

/// How one story is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Pages, 2 to 7.
    pub(crate) pages: u64,
    /// So many of the last pages are tabs of the first one's browser.
    pub(crate) sharing: u64,
    /// Milliseconds of storm.
    pub(crate) storm_ms: u64,
    /// Milliseconds between two acts of a person, at the most.
    pub(crate) act_ms: u64,
    /// Milliseconds between two faults, at the most.
    pub(crate) fault_ms: u64,
    /// The longest way of a frame or request, in milliseconds.
    pub(crate) delay_ms: u64,
    /// The longest commit, in milliseconds.
    pub(crate) commit_ms: u64,
    /// The log outlives the server; else a restart is a new epoch.
    pub(crate) durable: bool,
    /// The server's fan-out now and then loses a frame or sends it twice, as no
    /// connection may: holes are to be found, and repetitions to be passed over.
    pub(crate) faulty_fanout: bool,
    /// Milliseconds until something is stored in a browser.
    pub(crate) store_ms: u64,
    /// Browsers store nothing: what is not sent is lost with its page.
    pub(crate) memory_only: bool,
    /// A read takes as long as a commit; else it is there at once.
    pub(crate) reads_take_time: bool,
    /// Pages that are, each second, told to use another transport, or whose network lets another pass.
    pub(crate) switches: u64,
    /// In the storm no network lets a WebSocket pass, most of the time.
    pub(crate) is_plain: bool,
    /// Browsers freeze pages that are out of sight.
    pub(crate) freezes: bool,
    /// Of 100 acts of a person, those that open a tab anew, go to it or away from it.
    pub(crate) tabbing: u64,
    /// Of 100 others, those that say something.
    pub(crate) talk: u64,
    /// Messages in a burst, at the most.
    pub(crate) burst: u64,
    /// How fast a member may post.
    pub(crate) posts: Rate,
}

impl Plan {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        // Two pages most often: what fails with five fails with two, and is shorter to read.
        let pages = chance.pick(&[2, 2, 2, 3, 4, 5]).unwrap_or(2);
        let switches = u64::from(chance.one_in(2));
        // Pages of one browser share what one of them reads, where that is no WebSocket.
        let sharing = match switches {
            0 => u64::from(pages > 2 && chance.one_in(3)),
            _ => chance.pick(&[0, 1, 1, 1, 1, 2, 2, 3]).unwrap_or(1).min(pages - 1),
        };
        let plan = Plan {
            pages,
            sharing,
            storm_ms: chance.between(2_000, 10_000),
            act_ms: chance.pick(&[300, 1_000, 3_000]).unwrap_or(1_000) * pages,
            fault_ms: chance.pick(&[500, 1_000, 3_000, 20_000]).unwrap_or(2_000),
            delay_ms: chance.pick(&[1, 30, 300, 2_000]).unwrap_or(30),
            commit_ms: chance.pick(&[0, 5, 200, 1_000]).unwrap_or(5),
            durable: !chance.one_in(4),
            faulty_fanout: chance.one_in(4),
            store_ms: chance.pick(&[0, 5, 100]).unwrap_or(5),
            memory_only: chance.one_in(5),
            reads_take_time: chance.one_in(2),
            switches,
            is_plain: switches > 0 && sharing > 0 && !chance.one_in(4),
            freezes: false,
            tabbing: 0,
            talk: 50,
            burst: 4,
            posts: if chance.one_in(4) { Rate { per_s: 2, burst: 4 } } else { Rate::NONE },
        };
        // A few talk so much, so fast, that a snapshot does not reach back to what an absent page holds.
        if chance.one_in(40) {
            return Plan {
                burst: 130,
                delay_ms: 10,
                commit_ms: 5,
                act_ms: 300 * pages,
                fault_ms: 1_000,
                posts: Rate::NONE,
                durable: true,
                ..plan
            };
        }
        plan
    }

    /// One browser of many tabs that come and go, where no WebSocket passes: one of them reads for all.
    pub(crate) fn tabs(chance: &mut Chance) -> Self {
        let plan = Plan::draw(chance);
        let pages = chance.between(4, 7);
        Plan {
            pages,
            // One page is somebody else's.
            sharing: pages - 2,
            storm_ms: chance.between(10_000, 30_000),
            act_ms: chance.pick(&[300, 1_000]).unwrap_or(1_000) * pages,
            fault_ms: chance.pick(&[500, 3_000, 20_000]).unwrap_or(3_000),
            delay_ms: chance.pick(&[1, 30, 300]).unwrap_or(30),
            commit_ms: chance.pick(&[0, 5, 200]).unwrap_or(5),
            // What an earlier log had would be gone with it.
            durable: true,
            memory_only: false,
            switches: 1,
            is_plain: true,
            freezes: chance.one_in(2),
            tabbing: 30,
            talk: 80,
            burst: 4,
            posts: Rate::NONE,
            ..plan
        }
    }

    /// A minute in which people talk all the time, and each second every page is to use another transport.
    pub(crate) fn minute(chance: &mut Chance) -> Self {
        let plan = Plan::draw(chance);
        Plan {
            storm_ms: 60_000,
            act_ms: 2_000,
            fault_ms: chance.pick(&[3_000, 10_000, 60_000]).unwrap_or(10_000),
            // Who is switched each second comes to say something only where the ways are short.
            delay_ms: chance.pick(&[1, 10, 50]).unwrap_or(10),
            commit_ms: chance.pick(&[0, 5, 50]).unwrap_or(5),
            // What an earlier log had would be gone with it.
            durable: true,
            memory_only: false,
            switches: plan.pages,
            talk: 90,
            burst: 4,
            posts: Rate::NONE,
            ..plan
        }
    }
}
