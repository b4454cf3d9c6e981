//! A hook that follows a CSS media query.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, MediaQueryList};
use yew::prelude::*;

/// Returns whether the media query matches, and renders the component again when that changes. An invalid
/// query never matches.
#[hook]
pub fn use_media(query: &'static str) -> bool {
    let holds = use_state(|| list(query).is_some_and(|list| list.matches()));
    use_effect_with(query, {
        let holds = holds.setter();
        move |query| {
            let watch = list(query).map(|list| {
                let read = list.clone();
                let on_change = Closure::<dyn FnMut(Event)>::new(move |_| holds.set(read.matches()));
                drop(list.add_event_listener_with_callback("change", on_change.as_ref().unchecked_ref()));
                (list, on_change)
            });
            move || {
                if let Some((list, on_change)) = watch {
                    let listener = on_change.as_ref().unchecked_ref();
                    drop(list.remove_event_listener_with_callback("change", listener));
                }
            }
        }
    });
    *holds
}

fn list(query: &str) -> Option<MediaQueryList> {
    web_sys::window()?.match_media(query).ok().flatten()
}
