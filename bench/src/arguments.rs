//! The command line: a measurement and its settings.
//!
//! Every number has a lowest and a highest value, because an unbounded load would attack its own machine.

use flags::Flags;

mod flags;
mod settings;

pub(crate) use settings::{
    AttackKind, FanOut, Fault, Hostile, LargeHouse, LongPolls, Posts, Readers, Reconnect, Slow, WINDOWS,
};

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
bench large-house [--members 100000] [--rooms 10000] [--messages 1000000]
              [--clients 10000] [--pairs 3] [--seconds 10] [--only-disconnect]
bench hostile [--attack all|heads|messages|readers|polls|joins|rooms] [--sockets 2000] [--seconds 60]
bench readers [--members 20] [--sessions 64] [--flight 4] [--seconds 30]
bench all     start, idle, fan-out (paced, apart and saturated) and slow, with the default settings
The server is the binary that TEAHOUSE_BIN names, else target/release/teahouse.";

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
    /// A house of the greatest size: start, memory, requests, a mass disconnect.
    LargeHouse(LargeHouse),
    /// Effect of one hostile address on the others.
    Hostile(Hostile),
    /// Effect of members who read history without a pause on a newcomer.
    Readers(Readers),
    /// The server's cost: `start`, `idle`, `fan-out` and `slow` with the default settings.
    All,
    /// The floor itself. `fan-out` starts it; users do not.
    Floor {
        /// Port on 127.0.0.1 to listen on.
        port: u16,
    },
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
            "large-house" => Self::LargeHouse(LargeHouse::read(&mut flags)),
            "hostile" => Self::Hostile(Hostile::read(&mut flags)),
            "readers" => Self::Readers(Readers::read(&mut flags)),
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

#[cfg(test)]
mod tests;
