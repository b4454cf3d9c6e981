//! The settings: name, transport, language, theme, and signing out.

pub mod transport_choice;

use crate::components::confirm::Confirm;
use crate::components::field_error::field_error;
use crate::components::name_field::{NameField, NameFieldIds};
use crate::components::preference_switches::{language_switch, theme_switch};
use crate::context::use_app_context;
use crate::language::tr;
use crate::settings::transport_choice::transport_choice;
use client::input::Input;
use client::transport::Transport;
use client::view::{ConnectionStatus, NameRefusal};
use shared::Member;
use yew::prelude::*;

/// Properties of [`Settings`].
#[derive(Clone, PartialEq, Properties)]
pub struct SettingsProps {
    /// Member who is signed in on this page, with the current name.
    pub me: Member,
    /// The view's `connection`, whose transport is shown as the current one.
    pub link: ConnectionStatus,
    /// Transport that the person chose; `None` for the best that works.
    pub pinned: Option<Transport>,
    /// Whether a request to rename or to sign out is under way.
    pub busy: bool,
    /// Refusal of the last request to rename or to sign out.
    pub refusal: Option<NameRefusal>,
}

const RENAME: NameFieldIds =
    NameFieldIds { field: "rename_str", button: "rename_btn", error: "rename_error" };

/// Last request that the person made in these settings, which a refusal concerns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PendingRequest {
    Name,
    /// The request to sign out.
    Out,
}

/// Shows the member's name, the language, the theme, the transport, and a button to sign out. It reads the
/// view's `identity`, `connection` and `pinned` from its properties. It emits [`Input::Rename`],
/// [`Input::SignOut`] and [`Input::PinTransport`].
#[component]
pub fn Settings(props: &SettingsProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    // A refusal that is older than this component is not shown.
    let pending = use_state_eq(|| None::<PendingRequest>);
    let on_name = {
        let (emit, pending) = (context.emit.clone(), pending.setter());
        Callback::from(move |name: String| {
            pending.set(Some(PendingRequest::Name));
            emit.emit(Input::Rename { name });
        })
    };
    let sign_out = {
        let (emit, pending) = (context.emit.clone(), pending.setter());
        Callback::from(move |_: MouseEvent| {
            pending.set(Some(PendingRequest::Out));
            emit.emit(Input::SignOut);
        })
    };
    let refusal_of = |what| props.refusal.clone().filter(|_| *pending == Some(what) && !props.busy);
    let refusal = refusal_of(PendingRequest::Name);
    let done = *pending == Some(PendingRequest::Name) && refusal.is_none() && !props.busy;
    let saved =
        if done { tr!(language, "settings.renamed", name = props.me.name) } else { AttrValue::default() };
    // Signing out fails only if the server cannot be reached.
    let not_out = refusal_of(PendingRequest::Out).map(|_| tr!(language, "settings.sign_out_failed"));
    let leaving = *pending == Some(PendingRequest::Out) && props.busy;
    html! {
        <div class="settings">
            <div key="name">
                <NameField ids={RENAME} initial={props.me.name.clone()} action={tr!(language, "settings.rename")}
                    busy={props.busy} {refusal} {on_name} />
                <div class="saved" role="status">
                    { saved }
                </div>
            </div>
            { language_switch(&context.preferences) }
            { theme_switch(&context.preferences) }
            // The link opens the inspector in a new tab, so that unsent texts in this page are not lost.
            { transport_choice(language, props.link, props.pinned, &context.emit) }
            <div key="out" class="sign_out" aria-busy={leaving.to_string()}>
                <Confirm key="ask" id="sign_out" action={tr!(language, "settings.sign_out")}
                    question={tr!(language, "settings.sign_out_ask", name = props.me.name)} on_yes={sign_out} />
                { field_error("sign_out_error", not_out) }
            </div>
        </div>
    }
}
