//! A client that never reads, among others that do.
//!
//! The kernel's buffers fill first, then the server's queue of that client. Measured are the time until
//! server and kernel release the client's socket, the server's memory meanwhile, and the other clients' p99.
//! The p99 is compared with that of a second server, which has no slow client and gets messages in turn with
//! the first.

mod run;
mod watch;

use std::time::Duration;

use super::delivery_record::Faults;
use super::failure::Failure;
use super::machine::{CpuCores, Pinned};
use super::stats::Spread;
use super::table::Table;
use crate::arguments::Slow;
use run::{MemoryUse, RunPair};

/// Ratio of the others' p99, with over without, that the median of the pairs must not exceed.
const RATIO_MAX: f64 = 1.10;
/// Bytes that the slow client must be owed for its queue to exceed its bound: 4 MiB in the kernel, 1 MiB in
/// the server's queue, and a reserve. A pair with less is left out.
const OWED_BYTES_MIN: u64 = 6 * 1_024 * 1_024;
/// Time limit from the slow client's joining until its socket is gone.
const GONE_MAX: Duration = Duration::from_secs(25);

/// Measures, prints each pair, and adds the outcome to `table`.
///
/// # Errors
/// When a server cannot be started, refuses a connection or loses a message.
pub(crate) fn measure(settings: &Slow, table: &mut Table) -> Result<(), Failure> {
    let cores = CpuCores::pick()?;
    println!(
        "\nslow: {} clients that read, {} messages/s in turn of {} bytes, windows of {} s; server on CPU core {}, load on CPU core {}",
        settings.clients, settings.rate, settings.bytes, settings.seconds, cores.server, cores.load,
    );
    RunPair::print_names();
    let _pinned = Pinned::to(cores.load)?;
    let mut pairs = Vec::new();
    for number in 1..=settings.pairs {
        let pair = RunPair::measure(settings, cores)?;
        pair.print(number);
        pairs.push(pair);
    }
    println!();
    judge(&pairs, table);
    Ok(())
}

fn judge(pairs: &[RunPair], table: &mut Table) {
    let valid: Vec<RunPair> = pairs.iter().filter(|pair| pair.owed >= OWED_BYTES_MIN).copied().collect();
    let spread = |pairs: &[RunPair], figure: &dyn Fn(&RunPair) -> f64| {
        Spread::of(&pairs.iter().map(figure).collect::<Vec<f64>>())
    };
    let ratio = spread(&valid, &|pair| pair.with.p99_milliseconds / pair.without.p99_milliseconds);
    let figure = match valid.is_empty() {
        true => "not measured: too few bytes to exceed the bound of the queue".to_owned(),
        false => format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max),
    };
    table.judge(
        format!("slow client: others' p99 with / without, median of {} pairs", valid.len()),
        figure,
        format!("{RATIO_MAX:.2}"),
        ratio.median <= RATIO_MAX,
    );
    // A socket that was never gone counts as the longest time.
    let gone = spread(pairs, &|pair| pair.gone_after.map_or(f64::INFINITY, |time| time.as_secs_f64()));
    table.judge(
        "slow client: its socket gone after, median (max)",
        format!("{:.1} s ({:.1})", gone.median, gone.max),
        format!("{} s", GONE_MAX.as_secs()),
        gone.max <= GONE_MAX.as_secs_f64(),
    );
    // Growth of the server's memory, minus the growth of the server without a slow client.
    let growth = |memory: &MemoryUse, until: u64| until as f64 - memory.before as f64;
    let caused = |until: fn(&MemoryUse) -> u64| {
        spread(&valid, &|pair| {
            let (with, without) = (&pair.with.memory, &pair.without.memory);
            (growth(with, until(with)) - growth(without, until(without))) / 1e6
        })
    };
    let (peak, after) = (caused(|memory| memory.peak), caused(|memory| memory.after));
    let figure = format!("{:.1} ({:.1}) / {:.1} ({:.1}) MB", peak.median, peak.max, after.median, after.max);
    table.note(
        "slow client: server's memory more than without, at its peak / after, median (max)",
        if valid.is_empty() { "not measured".to_owned() } else { figure },
    );
    let mut faults = Faults::default();
    for pair in pairs {
        faults += pair.with.faults;
        faults += pair.without.faults;
    }
    table.judge(
        "slow client: others' messages lost, reordered, doubled or altered, others closed",
        faults.to_string(),
        "none",
        faults.is_none(),
    );
}
