//! Before the server has said who we are.

use crate::components::brand::Brand;
use crate::components::connection_notice::ConnectionNotice;
use crate::components::pill::Pill;
use crate::context::use_language;
use crate::language::tr;
use client::view::Link;
use yew::prelude::*;

/// What [`Opening`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct OpeningProps {
    /// Asking failed; it will be tried again.
    pub failed: bool,
    /// The connection.
    pub link: Link,
}

/// The screen: the same picture as in `index.html` before the page is there.
#[component]
pub fn Opening(props: &OpeningProps) -> Html {
    let language = use_language();
    html! {
        <main class="door">
            <Brand key="brand" />
            <div key="word" class="door_word" role="status">
                { if props.failed { tr!(language, "opening.failed") } else { tr!(language, "opening.word") } }
            </div>
            <Pill key="pill" ready_state={props.link.ready_state} />
            <div key="notice" class="door_notice">
                if props.failed {
                    <ConnectionNotice link={props.link} />
                }
            </div>
        </main>
    }
}
