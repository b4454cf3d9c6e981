//! The join page, where a person enters a name to become a member.

pub mod join_wait;
pub mod opening;

use crate::components::brand::brand;
use crate::components::connection_badge::join_badge;
use crate::components::name_field::{NameField, NameFieldIds};
use crate::components::preference_switches::language_switch;
use crate::context::AppContext;
use crate::join::join_wait::JoinWait;
use crate::language::tr;
use client::input::Input;
use client::view::{ConnectionStatus, NameRefusal};
use yew::prelude::*;

const JOIN: NameFieldIds = NameFieldIds { field: "name_str", button: "name_btn", error: "name_error" };

/// Shows the form for a name and the connection badge. Its arguments are the fields of the view's `identity`:
/// `name` from an earlier visit, `busy` while a join is under way, the `refusal` of the last one, and `retry_at`
/// while the page waits to join by itself; `link` is the view's `connection`. It emits [`Input::Join`].
pub fn join(
    context: &AppContext,
    name: AttrValue,
    busy: bool,
    refusal: Option<NameRefusal>,
    retry_at: Option<u64>,
    link: ConnectionStatus,
) -> Html {
    let language = context.language();
    // The wait says it in other words.
    let refusal = refusal.filter(|_| retry_at.is_none());
    let on_name = context.emit.reform(|name: String| Input::Join { name });
    html! {
        <main key="join" class="landing">
            <div key="card" class="card">
                <div key="head" class="card_head">
                    { brand(language) }
                    { join_badge(language, link) }
                </div>
                <h1 key="title">{ tr!(language, "join.title") }</h1>
                <div key="about" class="card_about">{ tr!(language, "join.about") }</div>
                <NameField key="name" ids={JOIN} initial={name} action={tr!(language, "join.action")}
                    {busy} {refusal} focused=true {on_name} />
                <JoinWait key="wait" {retry_at} />
            </div>
            { language_switch(&context.preferences) }
        </main>
    }
}
