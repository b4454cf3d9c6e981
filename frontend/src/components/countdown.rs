//! A hook that counts the seconds until a time.

use crate::clock;
use wasm_bindgen::{JsCast, closure::Closure};
use yew::prelude::*;

/// Milliseconds between two counts of the seconds: often enough that none is skipped.
const TICK_MS: i32 = 250;

/// Returns the seconds until `at` (milliseconds of [`clock::mono_ms`]), rounded up and at least 0, and renders the
/// component again when they change. Without such a time, the result is `None` and no timer runs.
#[hook]
pub fn use_seconds_until(at: Option<u64>) -> Option<u64> {
    let left = move || at.map(|at| seconds(at.saturating_sub(clock::mono_ms())));
    let shown = use_state_eq(left);
    use_effect_with(at, {
        let shown = shown.setter();
        move |at| {
            shown.set(left());
            let ticking = at.and_then(|_| {
                let tick = Closure::<dyn FnMut()>::new(move || shown.set(left()));
                let callback = tick.as_ref().unchecked_ref();
                let window = web_sys::window()?;
                let set = window.set_interval_with_callback_and_timeout_and_arguments_0(callback, TICK_MS);
                Some((window, set.ok()?, tick))
            });
            move || {
                if let Some((window, handle, _tick)) = ticking {
                    window.clear_interval_with_handle(handle);
                }
            }
        }
    });
    // Right after a change of `at`, the state may still hold `None` for the time before.
    at.and(*shown).or_else(left)
}

fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}
