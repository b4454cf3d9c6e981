//! The measurements. They need Linux: epoll for a thousand sockets at little cost, CPU affinity, and `/proc`
//! for the resources that a process used.
//!
//! - Under test: [`server`] runs the release binary. It is compared with [`floor`], a program that only writes,
//!   and with [`bun`].
//! - Load: [`load`] drives many clients from one thread, [`interleave`] alternates two loads, [`room_load`]
//!   is a room whose members talk, [`session`] is one client that waits for each answer, [`client_pool`] holds clients that reconnect, [`datasets`] fills
//!   logs ahead of a measurement.
//! - Protocols: [`dial`] for sockets, [`handshake`], [`frame`] and [`stamp`] for WebSockets, [`api`] and
//!   [`response`] for HTTP.
//! - Machine: [`machine`] (CPU cores, file limit), [`cpu`], [`memory`], [`sockets`], [`folder`].
//! - Figures: [`stats`], [`delivery_record`] and the closing [`table`]; [`rng`] draws from a seed; [`failure`] is the
//!   error.
//! - Measurements: [`fanout`], [`slow`], [`start`], [`idle`], [`long_polls`], [`posts`], [`reconnect`],
//!   [`history`], [`large_house`], [`hostile`], [`readers`], [`sync`] and [`fault`], the fault run.

mod api;
mod bun;
mod client_pool;
mod cpu;
mod datasets;
mod delivery_record;
mod dial;
mod failure;
mod fanout;
mod fault;
mod floor;
mod folder;
mod frame;
mod handshake;
mod history;
mod hostile;
mod idle;
mod interleave;
mod large_house;
mod load;
mod long_polls;
mod machine;
mod memory;
mod posts;
mod readers;
mod reconnect;
mod response;
mod rng;
mod room_load;
mod server;
mod session;
mod slow;
mod sockets;
mod stamp;
mod start;
mod stats;
mod sync;
mod table;

use crate::arguments::{Command, FanOut, Slow};
use failure::Failure;
use table::Table;

/// Runs a command. Returns whether every bound that it measured holds.
///
/// # Errors
/// A sentence that says what could not be measured.
pub(crate) fn run(command: Command) -> Result<bool, Failure> {
    machine::raise_file_limit()?;
    let mut table = Table::new();
    match command {
        Command::FanOut(settings) => {
            fanout::measure(&settings, &mut table)?;
            if !(settings.paced || settings.apart || settings.saturate) {
                let pairs = settings.pairs.min(NOTED_PAIRS);
                fanout::measure(&FanOut { saturate: true, pairs, ..settings }, &mut table)?;
            }
        }
        Command::Slow(settings) => slow::measure(&settings, &mut table)?,
        Command::Start { runs } => start::measure(runs, &mut table)?,
        Command::Idle { clients } => idle::measure(clients, &mut table)?,
        Command::LongPolls(settings) => long_polls::measure(&settings, &mut table)?,
        Command::Fault(settings) => fault::measure(&settings, &mut table)?,
        Command::Posts(settings) => posts::measure(&settings, &mut table)?,
        Command::Reconnect(settings) => reconnect::measure(&settings, &mut table)?,
        Command::History { messages } => history::measure(messages, &mut table)?,
        Command::LargeHouse(settings) => large_house::measure(&settings, &mut table)?,
        Command::Hostile(settings) => hostile::measure(&settings, &mut table)?,
        Command::Readers(settings) => readers::measure(&settings, &mut table)?,
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
/// Pairs of floor and server for the figures that `all` notes without a bound.
const NOTED_PAIRS: usize = 3;
