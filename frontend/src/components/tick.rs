//! Seconds left until a moment.

use crate::clock;
use wasm_bindgen::{JsCast, closure::Closure};
use yew::prelude::*;

/// How often the seconds are counted anew: often enough that none is skipped.
const TICK_MS: i32 = 250;

/// Whole seconds until `at` (milliseconds since 1970), at least 0; counted
/// only while there is such a moment.
#[hook]
pub fn use_seconds_until(at: Option<u64>) -> Option<u64> {
    let left = move || at.map(|at| seconds(at.saturating_sub(clock::now())));
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
    // What is shown may still be of the moment before.
    at.and(*shown).or_else(left)
}

fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1000)
}
