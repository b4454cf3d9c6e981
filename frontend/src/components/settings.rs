//! One's name, language, theme, and the way out.

use crate::components::choice::{language_choice, theme_choice};
use crate::components::confirm::Confirm;
use crate::components::name_field::{NameField, NameFieldIds};
use crate::context::use_surroundings;
use crate::language::tr;
use client::input::Input;
use client::view::NameRefusal;
use shared::Member;
use yew::prelude::*;

/// What [`Settings`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct SettingsProps {
    /// Oneself.
    pub me: Member,
    /// A renaming or signing out is under way.
    pub busy: bool,
    /// Why the last new name was refused.
    pub refusal: Option<NameRefusal>,
}

const RENAME: NameFieldIds =
    NameFieldIds { field: "rename_str", button: "rename_btn", error: "rename_error" };

/// What stands in the settings' dialog.
#[component]
pub fn Settings(props: &SettingsProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    // A refusal of an earlier visit to the settings is none of this one.
    let told = use_state(|| None::<String>);
    let on_name = {
        let (emit, told) = (around.emit.clone(), told.setter());
        Callback::from(move |name: String| {
            told.set(Some(name.clone()));
            emit.emit(Input::Rename { name });
        })
    };
    let refusal = props.refusal.clone().filter(|_| told.is_some() && !props.busy);
    let done = told.is_some() && refusal.is_none() && !props.busy;
    let saved =
        if done { tr!(language, "settings.renamed", name = props.me.name) } else { AttrValue::default() };
    let sign_out = around.emit.reform(|_: MouseEvent| Input::SignOut);
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
            <div key="out" class="sign_out">
                <Confirm id="sign_out" action={tr!(language, "settings.sign_out")}
                    question={tr!(language, "settings.sign_out_ask", name = props.me.name)} on_yes={sign_out} />
            </div>
        </div>
    }
}
