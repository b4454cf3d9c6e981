//! A hook that follows a CSS media query.

use crate::listener::Listener;
use web_sys::MediaQueryList;
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
                Listener::new(&list, "change", move |_| holds.set(read.matches()))
            });
            move || drop(watch)
        }
    });
    *holds
}

fn list(query: &str) -> Option<MediaQueryList> {
    web_sys::window()?.match_media(query).ok().flatten()
}
