//! Before the server has said who we are.

use crate::components::brand::brand;
use crate::components::connection_badge::door_pill;
use crate::components::connection_notice::ConnectionNotice;
use crate::context::Surroundings;
use crate::language::tr;
use client::view::ConnectionStatus;
use yew::prelude::*;

/// The screen: the same picture as in `index.html` before the page is there.
/// `failed`: asking did not succeed, and will be tried again.
pub fn opening(around: &Surroundings, failed: bool, link: ConnectionStatus) -> Html {
    let language = around.language();
    let word = if failed { tr!(language, "opening.failed") } else { tr!(language, "opening.word") };
    html! {
        <main key="opening" class="door">
            { brand(language) }
            <div key="word" class="door_word" role="status">{ word }</div>
            { door_pill(language, link) }
            <div key="notice" class="door_notice">
                if failed {
                    <ConnectionNotice {link} />
                }
            </div>
        </main>
    }
}
