//! The way to the server: the best that the network lets through, or one that the person wants.

use crate::components::connection_badge::{is_usable, transport_word};
use crate::language::{Language, tr};
use client::input::Input;
use client::transport::Transport;
use client::view::ConnectionStatus;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The choice, and which is in use.
pub fn way_choice(
    language: Language,
    link: ConnectionStatus,
    pinned: Option<Transport>,
    emit: &Callback<Input>,
) -> Html {
    let onchange = emit.reform(|event: Event| {
        let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        // What is no transport is the first word: whichever is best.
        Input::PinTransport(select.and_then(|select| select.value().parse().ok()))
    });
    let option = |value: &'static str, word: AttrValue, selected: bool| {
        html! { <option key={value} {value} {selected}>{ word }</option> }
    };
    let options =
        Transport::ALL.map(|one| option(one.name(), transport_word(language, one), pinned == Some(one)));
    let transport = transport_word(language, link.transport);
    let now = match is_usable(link) {
        true => tr!(language, "settings.way_now", transport = transport),
        false => tr!(language, "settings.way_trying", transport = transport),
    };
    html! {
        <div key="way" class="way">
            <label for="way">{ tr!(language, "settings.way") }</label>
            <select id="way" {onchange} aria-describedby="way_now">
                { option("", tr!(language, "settings.way_best"), pinned.is_none()) }
                { for options }
            </select>
            <p id="way_now" class="hint" role="status">
                { now }
                { " " }
                <a id="inspect_link" href="/inspect" target="_blank">{ tr!(language, "inspect.link") }</a>
            </p>
        </div>
    }
}
