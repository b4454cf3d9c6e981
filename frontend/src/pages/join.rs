//! At the door: a name, and in.

use crate::components::brand::Brand;
use crate::components::name_field::{NameField, NameFieldIds};
use crate::components::pill::Pill;
use crate::components::words::LanguageChoice;
use crate::context::{use_emit, use_language};
use crate::language::tr;
use client::input::Input;
use client::view::{Link, NameRefusal};
use yew::prelude::*;

/// What [`Join`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct JoinProps {
    /// The name of the last time, if any.
    pub name: std::rc::Rc<str>,
    /// A join is under way.
    pub busy: bool,
    /// Why the last name was refused.
    pub refusal: Option<NameRefusal>,
    /// The connection.
    pub link: Link,
}

const JOIN: NameFieldIds = NameFieldIds { field: "name_str", button: "name_btn", error: "name_error" };

/// The screen.
#[component]
pub fn Join(props: &JoinProps) -> Html {
    let language = use_language();
    let emit = use_emit();
    let on_name = Callback::from(move |name: String| emit.emit(Input::Join { name }));
    html! {
        <main class="door">
            <div key="card" class="card">
                <div key="head" class="card_head">
                    <Brand />
                    <Pill ready_state={props.link.ready_state} />
                </div>
                <h1 key="title">{ tr!(language, "join.title") }</h1>
                <div key="about" class="card_about">{ tr!(language, "join.about") }</div>
                <NameField key="name" ids={JOIN} initial={props.name.clone()} action={tr!(language, "join.action")}
                    busy={props.busy} refusal={props.refusal.clone()} focused=true {on_name} />
            </div>
            <LanguageChoice key="language" />
        </main>
    }
}
