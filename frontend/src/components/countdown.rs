//! Hooks that follow a clock: the seconds until a time, and the current day.

use crate::calendar::local_day;
use crate::clock;
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use yew::prelude::*;

/// Milliseconds between two counts of the seconds: often enough that none is skipped.
const TICK_MS: i32 = 250;

/// Milliseconds between two looks at the calendar and the time zone. At midnight, the name of the day changes this
/// late at most.
const CALENDAR_TICK_MS: i32 = 30_000;

/// Returns the seconds until `at` (milliseconds of [`clock::mono_ms`]), rounded up and at least 0, and renders the
/// component again when they change. Without such a time, the result is `None` and no timer runs.
#[hook]
pub fn use_seconds_until(at: Option<u64>) -> Option<u64> {
    let left = move || at.map(|at| seconds(at.saturating_sub(clock::mono_ms())));
    use_polled(at, TICK_MS, Rc::new(left))
}

/// Returns the number of the current day (see [`local_day`]) and that of the time zone (see [`clock::time_zone`]), and
/// renders the component again when one of them changes.
#[hook]
pub fn use_calendar() -> (i64, i32) {
    let read = || {
        let zone = u64::from(clock::time_zone().cast_unsigned());
        u64::try_from(local_day(clock::wall_ms())).ok().map(|day| day << 32 | zone)
    };
    let both = use_polled(Some(0), CALENDAR_TICK_MS, Rc::new(read)).unwrap_or_default();
    ((both >> 32).cast_signed(), (both as u32).cast_signed())
}

/// Returns what `read` returns, and renders the component again when that changes: it is called every `every_ms`
/// milliseconds unless `key` is `None`. Another `key` means another `read`.
#[hook]
fn use_polled(key: Option<u64>, every_ms: i32, read: Rc<dyn Fn() -> Option<u64>>) -> Option<u64> {
    let shown = use_state_eq(|| read());
    use_effect_with(key, {
        let (shown, read) = (shown.setter(), read.clone());
        move |key| {
            shown.set(read());
            let ticking = key.and_then(|_| {
                let tick = Closure::<dyn FnMut()>::new(move || shown.set(read()));
                let callback = tick.as_ref().unchecked_ref();
                let window = web_sys::window()?;
                let set = window.set_interval_with_callback_and_timeout_and_arguments_0(callback, every_ms);
                Some((window, set.ok()?, tick))
            });
            move || {
                if let Some((window, handle, _tick)) = ticking {
                    window.clear_interval_with_handle(handle);
                }
            }
        }
    });
    // Right after a change of `key`, the state may still hold `None` for the time before.
    key.and(*shown).or_else(|| read())
}

fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}
