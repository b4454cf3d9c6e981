//! Everything behind the command line. It needs Linux: epoll for a thousand
//! sockets at little cost, core affinity, and `/proc` for what a process used.
//!
//! The nouns: a [`server`] under test or the [`floor`] beside it, the [`load`]
//! that talks to either, the [`machine`] beneath, and one module for each
//! measurement.

mod api;
mod cpu;
mod datasets;
mod failure;
mod fanout;
mod fault;
mod floor;
mod folder;
mod frame;
mod handshake;
mod history;
mod idle;
mod interleave;
mod load;
mod long_polls;
mod machine;
mod memory;
mod posts;
mod reconnect;
mod rng;
mod server;
mod session;
mod slow;
mod sockets;
mod stamp;
mod start;
mod stats;
mod sync;
mod table;
mod tally;

use crate::arguments::{Command, FanOut, Slow};
use failure::Failure;
use table::Table;

/// Carries out a command; true when every bound that it measured holds.
///
/// # Errors
/// What could not be measured, in a sentence.
pub(crate) fn run(command: Command) -> Result<bool, Failure> {
    machine::raise_file_limit()?;
    let mut table = Table::new();
    match command {
        Command::FanOut(settings) => fanout::measure(&settings, &mut table)?,
        Command::Slow(settings) => slow::measure(&settings, &mut table)?,
        Command::Start { runs } => start::measure(runs, &mut table)?,
        Command::Idle { clients } => idle::measure(clients, &mut table)?,
        Command::LongPolls(settings) => long_polls::measure(&settings, &mut table)?,
        Command::Fault(settings) => fault::measure(&settings, &mut table)?,
        Command::Posts(settings) => posts::measure(&settings, &mut table)?,
        Command::Reconnect(settings) => reconnect::measure(&settings, &mut table)?,
        Command::History { messages } => history::measure(messages, &mut table)?,
        Command::Sync => sync::measure(&mut table)?,
        Command::All => all(&mut table)?,
        Command::Floor { port } => {
            floor::serve(port)?;
            return Ok(true);
        }
    }
    println!("\n{table}");
    Ok(table.all_hold())
}

fn all(table: &mut Table) -> Result<(), Failure> {
    start::measure(START_RUNS, table)?;
    idle::measure(IDLE_CLIENTS, table)?;
    let usual = FanOut::usual();
    fanout::measure(&usual, table)?;
    fanout::measure(&FanOut { apart: true, nap: 0, pairs: NOTED_PAIRS, ..usual.clone() }, table)?;
    fanout::measure(&FanOut { saturate: true, pairs: NOTED_PAIRS, ..usual }, table)?;
    slow::measure(&Slow::usual(), table)
}

/// Starts measured by `all`.
const START_RUNS: usize = 10;
/// Idle connections opened by `all`.
const IDLE_CLIENTS: usize = 1_000;
/// Pairs of floor and server for the figures that `all` only notes.
const NOTED_PAIRS: usize = 3;
