//! Memory per idle connection: growth of the server's resident memory when silent clients connect.

use std::thread;
use std::time::Duration;

use super::failure::Failure;
use super::load::{IdleStrategy, Load};
use super::memory::Resident;
use super::server::{Kind, Server};
use super::table::Table;

/// Bytes of resident memory that one idle connection may cost.
const CONNECTION_BYTES_MAX: f64 = 16.0 * 1_024.0;
/// Time for which the server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the server cannot be started or a connection is refused.
pub(crate) fn measure(clients: usize, table: &mut Table) -> Result<(), Failure> {
    println!("\nidle: {clients} silent clients");
    let mut server = Server::start(Kind::Teahouse, None)?;
    thread::sleep(REST);
    let before = Resident::of(server.pid())?;
    let load = Load::open(server.port(), clients, 0, IdleStrategy::Block)?;
    thread::sleep(REST);
    let after = Resident::of(server.pid())?;
    server.expect_alive()?;
    drop(load);
    thread::sleep(REST);
    let left = Resident::of(server.pid())?;
    println!(
        "resident: {:.2} MB without, {:.2} MB with, {:.2} MB when they have gone",
        megabytes(before.bytes),
        megabytes(after.bytes),
        megabytes(left.bytes),
    );
    let each = after.bytes.saturating_sub(before.bytes) as f64 / clients as f64;
    table.judge(
        format!("memory per idle connection, {clients} of them"),
        format!("{:.1} KiB", each / 1_024.0),
        format!("{:.0} KiB", CONNECTION_BYTES_MAX / 1_024.0),
        each <= CONNECTION_BYTES_MAX,
    );
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
