//! The settings: name, transport, language, theme, and signing out.

pub mod transport_choice;

use crate::components::choice::{language_choice, theme_choice};
use crate::components::confirm::Confirm;
use crate::components::name_field::{NameField, NameFieldIds};
use crate::components::refused::refused;
use crate::context::use_surroundings;
use crate::language::tr;
use crate::settings::transport_choice::way_choice;
use client::input::Input;
use client::transport::Transport;
use client::view::{ConnectionStatus, NameRefusal};
use shared::Member;
use yew::prelude::*;

/// What [`Settings`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct SettingsProps {
    /// Oneself.
    pub me: Member,
    /// The connection to the server.
    pub link: ConnectionStatus,
    /// And which one the person wants, if they want one.
    pub pinned: Option<Transport>,
    /// A renaming or signing out is under way.
    pub busy: bool,
    /// Why the last of the two did not work.
    pub refusal: Option<NameRefusal>,
}

const RENAME: NameFieldIds =
    NameFieldIds { field: "rename_str", button: "rename_btn", error: "rename_error" };

/// What the person asked for last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Name,
    /// To be signed out.
    Out,
}

/// What stands in the settings' dialog.
#[component]
pub fn Settings(props: &SettingsProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    // A refusal of an earlier visit to the settings is none of this one.
    let asked = use_state_eq(|| None::<Asked>);
    let on_name = {
        let (emit, asked) = (around.emit.clone(), asked.setter());
        Callback::from(move |name: String| {
            asked.set(Some(Asked::Name));
            emit.emit(Input::Rename { name });
        })
    };
    let sign_out = {
        let (emit, asked) = (around.emit.clone(), asked.setter());
        Callback::from(move |_: MouseEvent| {
            asked.set(Some(Asked::Out));
            emit.emit(Input::SignOut);
        })
    };
    let refusal_of = |what| props.refusal.clone().filter(|_| *asked == Some(what) && !props.busy);
    let refusal = refusal_of(Asked::Name);
    let done = *asked == Some(Asked::Name) && refusal.is_none() && !props.busy;
    let saved =
        if done { tr!(language, "settings.renamed", name = props.me.name) } else { AttrValue::default() };
    // Only a server that cannot be reached keeps anybody.
    let not_out = refusal_of(Asked::Out).map(|_| tr!(language, "settings.not_out"));
    let leaving = *asked == Some(Asked::Out) && props.busy;
    html! {
        <div class="settings">
            <div key="name">
                <NameField ids={RENAME} initial={props.me.name.clone()} action={tr!(language, "settings.rename")}
                    busy={props.busy} {refusal} {on_name} />
                <div class="saved" role="status">
                    { saved }
                </div>
            </div>
            { language_choice(&around.preferences) }
            { theme_choice(&around.preferences) }
            // The inspector has a page of its own: what is not sent here, and stored nowhere, stays.
            { way_choice(language, props.link, props.pinned, &around.emit) }
            <div key="out" class="sign_out" aria-busy={leaving.to_string()}>
                <Confirm key="ask" id="sign_out" action={tr!(language, "settings.sign_out")}
                    question={tr!(language, "settings.sign_out_ask", name = props.me.name)} on_yes={sign_out} />
                { refused("sign_out_error", not_out) }
            </div>
        </div>
    }
}
