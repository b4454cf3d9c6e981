//! Pairs of samples of floor and server, alternating by message or by window.

use std::time::Duration;

use super::super::failure::Failure;
use super::super::interleave;
use super::super::load::Pacing;
use super::super::machine::CpuCores;
use super::super::server::Kind;
use super::window::{LoadedServer, Sample};
use crate::arguments::FanOut;

/// Time for which a load runs before its window begins.
const WARMING: Duration = Duration::from_secs(1);
/// Share of the deliveries at the asked rate below which the rate was not kept.
const KEPT_SHARE_MIN: f64 = 0.98;

/// Sample of the floor and sample of the server.
pub(super) type SamplePair = (Sample, Sample);

/// Measures both at once on one CPU core, alternating by message (see [`interleave`]).
///
/// # Errors
/// When one cannot be started, refuses a connection or loses a message.
pub(super) fn measure_by_message(
    tested: Kind,
    settings: &FanOut,
    cores: CpuCores,
) -> Result<SamplePair, Failure> {
    let mut floor = LoadedServer::start(Kind::Floor, settings, cores)?;
    let mut server = LoadedServer::start(tested, settings, cores)?;
    interleave::interleave_loads(&mut floor.load, &mut server.load, settings.rate, WARMING)?;
    let before = (floor.begin_window()?, server.begin_window()?);
    let window = Duration::from_secs(settings.seconds);
    interleave::interleave_loads(&mut floor.load, &mut server.load, settings.rate, window)?;
    let after = (floor.read_counters()?, server.read_counters()?);
    let mut pair =
        (Sample::between(&before.0, &after.0, &floor), Sample::between(&before.1, &after.1, &server));
    pair.0.faults = floor.finish()?;
    pair.1.faults = server.finish()?;
    Ok(pair)
}

/// Measures one after the other at a fixed rate, each in a window of its own.
///
/// # Errors
/// When one cannot be started, refuses a connection or accepts no more messages.
pub(super) fn measure_by_window(
    tested: Kind,
    settings: &FanOut,
    cores: CpuCores,
) -> Result<SamplePair, Failure> {
    let pacing = Pacing::Rate(settings.rate);
    let asked = (settings.rate * settings.clients as u64) as f64;
    let measure = |kind| {
        let mut sample = measure_window(kind, pacing, settings, cores)?;
        sample.kept = sample.deliveries_per_second >= KEPT_SHARE_MIN * asked;
        Ok(sample)
    };
    Ok((measure(Kind::Floor)?, measure(tested)?))
}

/// Measures one window.
///
/// # Errors
/// When the server cannot be started, refuses a connection or accepts no more messages.
pub(super) fn measure_window(
    kind: Kind,
    pacing: Pacing,
    settings: &FanOut,
    cores: CpuCores,
) -> Result<Sample, Failure> {
    let mut tested = LoadedServer::start(kind, settings, cores)?;
    tested.load.run(pacing, WARMING)?;
    let before = tested.begin_window()?;
    tested.load.run(pacing, Duration::from_secs(settings.seconds))?;
    let after = tested.read_counters()?;
    let mut sample = Sample::between(&before, &after, &tested);
    sample.faults = tested.finish()?;
    Ok(sample)
}
