//! The command line: a measurement and its settings.
//!
//! Every number has a lowest and a highest value, because an unbounded load would attack its own machine.

use flags::Flags;
use std::time::{SystemTime, UNIX_EPOCH};

mod flags;

/// Usage of the program.
pub(crate) const USAGE: &str = "\
bench fan-out [--clients 1000] [--rate 200] [--seconds 10] [--bytes 64] [--pairs 5]
              [--paced] [--apart] [--saturate] [--window N] [--nap 500] [--spin] [--against-floor]
bench slow    [--clients 200] [--rate 200] [--seconds 20] [--bytes 8192] [--pairs 5]
bench start   [--runs 10]
bench idle    [--clients 1000]
bench long-polls [--polls 1000] [--seconds 60]
bench fault   [--seconds 60] [--clients 20] [--rooms 4] [--seed N] [--transports all|websocket]
bench sync
bench posts   [--posters 200] [--flight 8] [--seconds 10]
bench reconnect [--clients 10000] [--rooms 20]
bench history [--messages 1000000]
bench all     start, idle, fan-out (paced, apart and saturated) and slow, with the default settings
The server is the binary that TEAHOUSE_BIN names, else target/release/teahouse.";

/// Smallest message in bytes, which holds the message's counter and its time.
pub(crate) const BYTES_MIN: u64 = 32;

/// Messages in flight that `fan-out --saturate` measures: a few, and so many that a server must write them
/// together.
pub(crate) const WINDOWS: [u64; 2] = [8, 64];

/// A measurement and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// CPU time per delivery, next to the floor's.
    FanOut(FanOut),
    /// Effect of a client that never reads on the other clients.
    Slow(Slow),
    /// Time from start to ready, and idle memory.
    Start {
        /// Count of starts to measure.
        runs: usize,
    },
    /// Memory per idle connection.
    Idle {
        /// Count of connections to open.
        clients: usize,
    },
    /// CPU time of waiting long polls.
    LongPolls(LongPolls),
    /// Check that nothing is lost, doubled or reordered over cuts, kills and crashes.
    Fault(Fault),
    /// Check that the server syncs each post before it tells anybody.
    Sync,
    /// Durable posts a second.
    Posts(Posts),
    /// Time for all clients to reconnect after a kill.
    Reconnect(Reconnect),
    /// A long log: start, pages of history, reconnecting.
    History {
        /// Count of messages in the log.
        messages: u64,
    },
    /// The server's cost: `start`, `idle`, `fan-out` and `slow` with the default settings.
    All,
    /// The floor itself. `fan-out` starts it; users do not.
    Floor {
        /// Port on 127.0.0.1 to listen on.
        port: u16,
    },
}

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

impl Command {
    /// Parses the arguments after the program's name.
    ///
    /// # Errors
    /// One text that names every wrong argument.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = arguments;
        let name = words.next().ok_or_else(|| "name a measurement".to_owned())?;
        let mut flags = Flags::read(words)?;
        let command = match name.as_str() {
            "fan-out" => Self::FanOut(FanOut::read(&mut flags)),
            "slow" => Self::Slow(Slow::read(&mut flags)),
            "start" => Self::Start { runs: flags.size("runs", 10, 1, 1_000) },
            "idle" => Self::Idle { clients: flags.size("clients", 1_000, 1, 10_000) },
            "long-polls" => Self::LongPolls(LongPolls {
                polls: flags.size("polls", 1_000, 1, 10_000),
                seconds: flags.number("seconds", 60, 1, 600),
            }),
            "fault" => Self::Fault(Fault::read(&mut flags)),
            "sync" => Self::Sync,
            "posts" => Self::Posts(Posts::read(&mut flags)),
            "reconnect" => Self::Reconnect(Reconnect::read(&mut flags)),
            "history" => Self::History { messages: flags.number("messages", 1_000_000, 10_000, 10_000_000) },
            "all" => Self::All,
            "floor" => {
                Self::Floor { port: u16::try_from(flags.number("port", 0, 1, 65_535)).unwrap_or(u16::MAX) }
            }
            other => return Err(format!("unknown measurement {other}")),
        };
        flags.finish()?;
        Ok(command)
    }
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

    fn read(flags: &mut Flags) -> Self {
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

    fn read(flags: &mut Flags) -> Self {
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
    fn read(flags: &mut Flags) -> Self {
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
    fn read(flags: &mut Flags) -> Self {
        Self {
            posters: flags.size("posters", 200, 1, 5_000),
            flight: flags.size("flight", 8, 1, 100),
            seconds: flags.number("seconds", 10, 1, 60),
        }
    }
}

impl Reconnect {
    fn read(flags: &mut Flags) -> Self {
        Self { clients: flags.size("clients", 10_000, 1, 15_000), rooms: flags.size("rooms", 20, 1, 100) }
    }
}

/// Longest message of the text dialect in bytes, as a number of the command line.
fn shared_bytes_max() -> u64 {
    u64::try_from(shared::limits::PLAIN_BYTES_MAX).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
