//! Before the server has said who we are.

use crate::components::brand::brand;
use crate::components::connection_badge::join_badge;
use crate::components::connection_notice::ConnectionNotice;
use crate::context::AppContext;
use crate::language::tr;
use client::view::ConnectionStatus;
use yew::prelude::*;

/// The screen: the same picture as in `index.html` before the page is there.
/// `failed`: asking did not succeed, and will be tried again.
pub fn opening(context: &AppContext, failed: bool, link: ConnectionStatus) -> Html {
    let language = context.language();
    let word = if failed { tr!(language, "opening.failed") } else { tr!(language, "opening.word") };
    html! {
        <main key="opening" class="landing">
            { brand(language) }
            <div key="word" class="landing_text" role="status">{ word }</div>
            { join_badge(language, link) }
            <div key="notice" class="landing_notice">
                if failed {
                    <ConnectionNotice {link} />
                }
            </div>
        </main>
    }
}
