//! The choice of the transport: the best that the network lets through, or only one that the person picks.

use crate::components::connection_badge::{is_usable, transport_name};
use crate::language::{Language, tr};
use client::input::Input;
use client::transport::Transport;
use client::view::ConnectionStatus;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Shows the list of transports, the one in use or being tried, and a link to the inspector. `link` and
/// `pinned` are the view's `connection` and `pinned`. It emits [`Input::PinTransport`].
pub fn transport_choice(
    language: Language,
    link: ConnectionStatus,
    pinned: Option<Transport>,
    emit: &Callback<Input>,
) -> Html {
    let onchange = emit.reform(|event: Event| {
        let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        // The first option has an empty value, which is no transport and means the best one.
        Input::PinTransport(select.and_then(|select| select.value().parse().ok()))
    });
    let option = |value: &'static str, label: AttrValue, selected: bool| {
        html! { <option key={value} {value} {selected}>{ label }</option> }
    };
    let options =
        Transport::ALL.map(|one| option(one.name(), transport_name(language, one), pinned == Some(one)));
    let transport = transport_name(language, link.transport);
    let now = match is_usable(link) {
        true => tr!(language, "settings.transport_now", transport = transport),
        false => tr!(language, "settings.transport_trying", transport = transport),
    };
    html! {
        <div key="transport" class="transport_choice">
            <label for="transport">{ tr!(language, "settings.transport") }</label>
            <select id="transport" {onchange} aria-describedby="transport_now">
                { option("", tr!(language, "settings.transport_best"), pinned.is_none()) }
                { for options }
            </select>
            <p id="transport_now" class="hint" role="status">
                { now }
                { language.gap() }
                <a id="inspect_link" href="/inspect" target="_blank">{ tr!(language, "inspect.link") }</a>
            </p>
        </div>
    }
}
