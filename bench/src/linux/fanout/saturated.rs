//! Fan-out as fast as it goes, with a given number of messages in flight: the floor, the server, and Bun where
//! it can be had, one after the other.
//!
//! The floor writes each message alone. A server that writes the messages that wait together can pass it.
//! Bun writes them together too, but keeps nothing; the server commits each message first.

use super::super::bun;
use super::super::delivery_record::Faults;
use super::super::failure::Failure;
use super::super::load::Pacing;
use super::super::machine::CpuCores;
use super::super::server::Kind;
use super::super::stats::Spread;
use super::super::table::Table;
use super::pair;
use super::window::Sample;
use super::{BUSY_SHARE_MIN, print_headline};
use crate::arguments::{FanOut, WINDOWS};

/// Deliveries a second over the floor's that the median must reach with the fewest messages in flight.
const FLOOR_RATIO_MIN: f64 = 0.7;
/// Deliveries a second over Bun's that the median must reach with the most messages in flight.
const BUN_RATIO_MIN: f64 = 0.45;

/// Samples that were taken one after the other.
struct Round {
    floor: Sample,
    tested: Sample,
    bun: Option<Sample>,
}

/// Measures each count of messages in flight, prints each sample, and adds the outcome to `table`.
///
/// # Errors
/// When a server cannot be started, refuses a connection or accepts no more messages.
pub(super) fn measure(
    tested: Kind,
    settings: &FanOut,
    cores: CpuCores,
    table: &mut Table,
) -> Result<(), Failure> {
    let has_bun = tested == Kind::Teahouse && is_bun_there();
    for &window in &settings.windows {
        print_headline(settings, &format!("as fast as they go, {window} messages in flight"), cores);
        let measure = |kind: Kind, number| {
            let sample = pair::measure_window(kind, Pacing::Window(window), settings, cores)?;
            sample.print(number, kind.name());
            Ok::<_, Failure>(sample)
        };
        let mut rounds = Vec::new();
        for number in 1..=settings.pairs {
            rounds.push(Round {
                floor: measure(Kind::Floor, number)?,
                tested: measure(tested, number)?,
                bun: has_bun.then(|| measure(Kind::Bun, number)).transpose()?,
            });
        }
        println!();
        judge(window, tested, &rounds, table);
    }
    Ok(())
}

/// Whether Bun can be measured. If it cannot, prints why.
fn is_bun_there() -> bool {
    match bun::path() {
        Ok(path) => println!("\nBun: {}", path.display()),
        Err(why) => println!("\nBun is skipped, because it is not there: {why}"),
    }
    bun::path().is_ok()
}

fn judge(window: u64, tested: Kind, rounds: &[Round], table: &mut Table) {
    let name = format!("fan-out, {window} in flight");
    let speeds = |choose: &dyn Fn(&Round) -> Option<Sample>| {
        let speeds = rounds.iter().filter_map(choose).map(|sample| sample.deliveries_per_second);
        Spread::of(&speeds.collect::<Vec<f64>>())
    };
    let mut figure = format!(
        "{:.0} / {:.0}",
        speeds(&|round| Some(round.floor)).median,
        speeds(&|round| Some(round.tested)).median
    );
    let has_bun = rounds.iter().any(|round| round.bun.is_some());
    if has_bun {
        figure += &format!(" / {:.0}", speeds(&|round| round.bun).median);
    }
    let names = if has_bun { "floor / server / Bun" } else { "floor / server" };
    table.note(format!("{name}: deliveries/s, {names}"), figure);

    let bounds = match window {
        _ if tested == Kind::Floor => [None, None],
        window if window == WINDOWS[0] => [Some(FLOOR_RATIO_MIN), None],
        window if window == WINDOWS[WINDOWS.len() - 1] => [None, Some(BUN_RATIO_MIN)],
        _ => [None, None],
    };
    let floor = |round: &Round| Some(round.tested.deliveries_per_second / round.floor.deliveries_per_second);
    let bun = |round: &Round| Some(round.tested.deliveries_per_second / round.bun?.deliveries_per_second);
    judge_ratio(format!("{name}: deliveries/s × floor"), rounds, &floor, bounds[0], table);
    judge_ratio(format!("{name}: deliveries/s × Bun"), rounds, &bun, bounds[1], table);
    let is_bottleneck = |Round { tested, .. }: &Round| {
        tested.server_share >= BUSY_SHARE_MIN && tested.load_share < tested.server_share
    };
    let verdict = match rounds.iter().all(is_bottleneck) {
        true => "the server's CPU core",
        false => "not always the server's CPU core: its deliveries/s are a lower bound",
    };
    table.note(format!("{name}: the bottleneck"), verdict);
    let mut faults = Faults::default();
    for round in rounds {
        faults += round.tested.faults;
    }
    let what = format!("{name}: messages lost, reordered, doubled or altered, clients closed");
    table.judge(what, faults.to_string(), "none", faults.is_none());
}

/// Adds a ratio with its lower bound, if it has one. Without samples of the other program there is no ratio.
fn judge_ratio(
    what: String,
    rounds: &[Round],
    ratio: &dyn Fn(&Round) -> Option<f64>,
    bound: Option<f64>,
    table: &mut Table,
) {
    let ratios: Vec<f64> = rounds.iter().filter_map(ratio).collect();
    if ratios.is_empty() {
        return;
    }
    let ratio = Spread::of(&ratios);
    let figure = format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max);
    match bound {
        Some(bound) => table.judge(what, figure, format!("≥ {bound:.2}"), ratio.median >= bound),
        None => table.note(what, figure),
    }
}
