//! Floor and server in turn: message by message, or window by window.

use std::time::Duration;

use super::super::failure::Failure;
use super::super::interleave;
use super::super::load::Pace;
use super::super::machine::Cores;
use super::super::server::Kind;
use super::window::{Sample, Side};
use crate::arguments::FanOut;

/// How long a load runs before its window begins.
const WARMING: Duration = Duration::from_secs(1);
/// Below this share of the deliveries that the rate asks for, the rate was not kept.
const KEPT_SHARE_MIN: f64 = 0.98;

/// A floor's sample and the server's beside it.
pub(super) type Pair = (Sample, Sample);

/// Both run at once on the one core and have messages in [`turn`].
///
/// # Errors
/// When one cannot be started, refuses a connection or loses a message.
pub(super) fn by_message(tested: Kind, settings: &FanOut, cores: Cores) -> Result<Pair, Failure> {
    let mut floor = Side::start(Kind::Floor, settings, cores)?;
    let mut server = Side::start(tested, settings, cores)?;
    interleave::interleave_loads(&mut floor.load, &mut server.load, settings.rate, WARMING)?;
    let before = (floor.begin()?, server.begin()?);
    let window = Duration::from_secs(settings.seconds);
    interleave::interleave_loads(&mut floor.load, &mut server.load, settings.rate, window)?;
    let after = (floor.read()?, server.read()?);
    let mut pair =
        (Sample::between(&before.0, &after.0, &floor), Sample::between(&before.1, &after.1, &server));
    pair.0.faults = floor.finish()?;
    pair.1.faults = server.finish()?;
    Ok(pair)
}

/// One after the other, each with a window of its own, at a rate that does not
/// wait for the server or as fast as it goes.
///
/// # Errors
/// When one cannot be started, refuses a connection or takes no more messages.
pub(super) fn by_window(tested: Kind, settings: &FanOut, cores: Cores) -> Result<Pair, Failure> {
    Ok((window(Kind::Floor, settings, cores)?, window(tested, settings, cores)?))
}

fn window(kind: Kind, settings: &FanOut, cores: Cores) -> Result<Sample, Failure> {
    let pace = match settings.saturate {
        true => Pace::Window(settings.window),
        false => Pace::Rate(settings.rate),
    };
    let mut side = Side::start(kind, settings, cores)?;
    side.load.run(pace, WARMING)?;
    let before = side.begin()?;
    side.load.run(pace, Duration::from_secs(settings.seconds))?;
    let after = side.read()?;
    let mut sample = Sample::between(&before, &after, &side);
    let asked = (settings.rate * settings.clients as u64) as f64;
    sample.kept = settings.saturate || sample.deliveries_per_second >= KEPT_SHARE_MIN * asked;
    sample.faults = side.finish()?;
    Ok(sample)
}
