//! Settings of the measurements, read from the flags with their defaults and bounds.

use std::time::{SystemTime, UNIX_EPOCH};

use super::flags::Flags;

/// Smallest message in bytes, which holds the message's counter and its time.
const BYTES_MIN: u64 = 32;

/// Messages in flight that `fan-out --saturate` measures: a few, and so many that a server must write them
/// together.
pub(crate) const WINDOWS: [u64; 2] = [8, 64];

/// Settings of `fan-out`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FanOut {
    /// Clients, the sender included.
    pub(crate) clients: usize,
    /// Messages a second: of floor and server together, or of each if `apart` is set.
    pub(crate) rate: u64,
    /// Seconds of the measured window.
    pub(crate) seconds: u64,
    /// Bytes of one message's text.
    pub(crate) bytes: usize,
    /// Pairs of samples, of floor and server.
    pub(crate) pairs: usize,
    /// Measure only at `rate`. Without this and the next two, `fan-out` measures both at `rate` and saturated.
    pub(crate) paced: bool,
    /// Measure floor and server one after the other, instead of alternating by message.
    pub(crate) apart: bool,
    /// Send as fast as the server accepts, instead of at `rate`. Implies `apart`.
    pub(crate) saturate: bool,
    /// Messages in flight at most when saturating. Each count is measured.
    pub(crate) windows: Vec<u64>,
    /// Microseconds that the load sleeps when there is nothing to read. At 0 it blocks until an event wakes
    /// it.
    pub(crate) nap: u64,
    /// The load polls without sleeping, so that the server pays for no wake-up.
    pub(crate) spin: bool,
    /// Measure the floor in the server's place, to show the spread of the method itself.
    pub(crate) against_floor: bool,
}

/// Settings of `slow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slow {
    /// Clients that read, the sender included.
    pub(crate) clients: usize,
    /// Messages a second.
    pub(crate) rate: u64,
    /// Seconds of the measured window.
    pub(crate) seconds: u64,
    /// Bytes of one message's text.
    pub(crate) bytes: usize,
    /// Pairs of servers, with and without the slow client.
    pub(crate) pairs: usize,
}

/// Settings of `long-polls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LongPolls {
    /// Members, each with one poll.
    pub(crate) polls: usize,
    /// Seconds of the measured window.
    pub(crate) seconds: u64,
}

/// Settings of `fault`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Seconds of cuts, kills and crashes. The checks come after them.
    pub(crate) seconds: u64,
    /// Count of pages.
    pub(crate) clients: usize,
    /// Rooms in addition to the lobby.
    pub(crate) rooms: usize,
    /// Seed of the run's random numbers.
    pub(crate) seed: u64,
    /// Whether pages are told to switch transports. Otherwise they use WebSockets only.
    pub(crate) switches: bool,
}

/// Settings of `posts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posts {
    /// Members, each in a room of its own.
    pub(crate) posters: usize,
    /// Posts of each member that wait for their replies at the same time.
    pub(crate) flight: usize,
    /// Seconds of the measured window.
    pub(crate) seconds: u64,
}

/// Settings of `reconnect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reconnect {
    /// Members, each with one connection.
    pub(crate) clients: usize,
    /// Rooms of each member, in addition to the lobby.
    pub(crate) rooms: usize,
}

/// Settings of `large-house`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LargeHouse {
    /// Members of the house.
    pub(crate) members: u64,
    /// Rooms of the house once the measured ones are created, the lobby included.
    pub(crate) rooms: u64,
    /// Messages of all rooms together.
    pub(crate) messages: u64,
    /// Clients that disconnect at once.
    pub(crate) clients: usize,
    /// Count of the mass disconnects.
    pub(crate) pairs: usize,
    /// Seconds of the windows before and after each of them.
    pub(crate) seconds: u64,
    /// Measure only the mass disconnects.
    pub(crate) only_disconnect: bool,
}

/// Settings of `hostile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hostile {
    /// Kinds of attack, each measured by itself.
    pub(crate) kinds: Vec<AttackKind>,
    /// Sockets of the hostile address.
    pub(crate) sockets: usize,
    /// Seconds of each attack.
    pub(crate) seconds: u64,
}

/// Kind of misuse by the hostile address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttackKind {
    /// Heads of requests that never end.
    Heads,
    /// Messages of WebSockets that never end.
    Messages,
    /// Members who request long pages and read nothing.
    Readers,
    /// Polls that begin a series, without a pause.
    Polls,
    /// New members, without a pause.
    Joins,
    /// New rooms, without a pause.
    Rooms,
}

/// Settings of `readers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readers {
    /// Members who read. The number is also the last byte of their addresses.
    pub(crate) members: u8,
    /// Sessions of each.
    pub(crate) sessions: usize,
    /// Questions of each session that wait for their pages at the same time.
    pub(crate) flight: usize,
    /// Seconds for which others connect meanwhile.
    pub(crate) seconds: u64,
}

impl FanOut {
    /// Settings with which the bound is measured.
    pub(crate) fn usual() -> Self {
        Self::read(&mut Flags::none())
    }

    /// Whether a write to the load wakes it when the load sleeps.
    pub(crate) fn is_woken(&self) -> bool {
        self.nap == 0 && !self.spin
    }

    pub(super) fn read(flags: &mut Flags) -> Self {
        Self {
            clients: flags.size("clients", 1_000, 1, 10_000),
            rate: flags.number("rate", 200, 1, 10_000),
            seconds: flags.number("seconds", 10, 1, 60),
            bytes: flags.size("bytes", 64, BYTES_MIN, shared_bytes_max()),
            pairs: flags.size("pairs", 5, 1, 50),
            paced: flags.present("paced"),
            apart: flags.present("apart"),
            saturate: flags.present("saturate"),
            windows: match flags.number("window", 0, 1, 1_024) {
                0 => WINDOWS.to_vec(),
                window => vec![window],
            },
            nap: flags.number("nap", 500, 0, 10_000),
            spin: flags.present("spin"),
            against_floor: flags.present("against-floor"),
        }
    }
}

impl Slow {
    /// Settings with which the bound is measured.
    pub(crate) fn usual() -> Self {
        Self::read(&mut Flags::none())
    }

    pub(super) fn read(flags: &mut Flags) -> Self {
        Self {
            clients: flags.size("clients", 200, 1, 10_000),
            rate: flags.number("rate", 200, 1, 10_000),
            seconds: flags.number("seconds", 20, 1, 60),
            bytes: flags.size("bytes", 8_192, BYTES_MIN, shared_bytes_max()),
            pairs: flags.size("pairs", 5, 1, 50),
        }
    }
}

impl Fault {
    pub(super) fn read(flags: &mut Flags) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            seconds: flags.number("seconds", 60, 1, 3_600),
            clients: flags.size("clients", 20, 2, 200),
            rooms: flags.size("rooms", 4, 1, 50),
            seed: flags.number("seed", since.as_secs(), 0, u64::MAX),
            switches: flags.word("transports", ["all", "websocket"]) == 0,
        }
    }
}

impl Posts {
    pub(super) fn read(flags: &mut Flags) -> Self {
        Self {
            posters: flags.size("posters", 200, 1, 5_000),
            flight: flags.size("flight", 8, 1, 100),
            seconds: flags.number("seconds", 10, 1, 60),
        }
    }
}

impl Reconnect {
    pub(super) fn read(flags: &mut Flags) -> Self {
        Self { clients: flags.size("clients", 10_000, 1, 15_000), rooms: flags.size("rooms", 20, 1, 100) }
    }
}

impl LargeHouse {
    pub(super) fn read(flags: &mut Flags) -> Self {
        Self {
            members: flags.number("members", 100_000, 1_000, 100_000),
            rooms: flags.number("rooms", 10_000, 300, 10_000),
            messages: flags.number("messages", 1_000_000, 10_000, 10_000_000),
            clients: flags.size("clients", 10_000, 1, 15_000),
            pairs: flags.size("pairs", 3, 1, 50),
            seconds: flags.number("seconds", 10, 1, 60),
            only_disconnect: flags.present("only-disconnect"),
        }
    }
}

impl AttackKind {
    /// All kinds, in the order of their measurement.
    pub(crate) const ALL: [Self; 6] =
        [Self::Heads, Self::Messages, Self::Readers, Self::Polls, Self::Joins, Self::Rooms];

    /// Name in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Heads => "half-open heads",
            Self::Messages => "unfinished messages",
            Self::Readers => "stalled readers",
            Self::Polls => "poll storm",
            Self::Joins => "join storm",
            Self::Rooms => "room storm",
        }
    }
}

impl Hostile {
    pub(super) fn read(flags: &mut Flags) -> Self {
        let words = ["all", "heads", "messages", "readers", "polls", "joins", "rooms"];
        let chosen = flags.word("attack", words).checked_sub(1);
        Self {
            kinds: chosen.map_or(AttackKind::ALL.to_vec(), |place| vec![AttackKind::ALL[place]]),
            sockets: flags.size("sockets", 2_000, 1, 4_000),
            seconds: flags.number("seconds", 60, 1, 600),
        }
    }
}

impl Readers {
    pub(super) fn read(flags: &mut Flags) -> Self {
        Self {
            members: u8::try_from(flags.number("members", 20, 1, 100)).unwrap_or(u8::MAX),
            sessions: flags.size("sessions", 64, 1, 64),
            flight: flags.size("flight", 4, 1, 4),
            seconds: flags.number("seconds", 30, 1, 300),
        }
    }
}

/// Longest message of the text dialect in bytes, as a number of the command line.
fn shared_bytes_max() -> u64 {
    u64::try_from(shared::limits::PLAIN_BYTES_MAX).unwrap_or(u64::MAX)
}
