//! The page that is shown until the server has said whether the browser belongs to a member.

use crate::components::brand::brand;
use crate::components::connection_badge::join_badge;
use crate::components::connection_notice::ConnectionNotice;
use crate::context::AppContext;
use crate::language::tr;
use client::view::ConnectionStatus;
use yew::prelude::*;

/// Shows the same picture as `index.html` does before the program has started. It reads the view's `identity`
/// (`failed` means that the request failed and will be repeated) and `connection`. After a failure,
/// [`ConnectionNotice`] emits its inputs.
pub fn opening(context: &AppContext, failed: bool, link: ConnectionStatus) -> Html {
    let language = context.language();
    let text = if failed { tr!(language, "opening.failed") } else { tr!(language, "opening.loading") };
    html! {
        <main key="opening" class="landing">
            { brand(language) }
            <div key="text" class="landing_text" role="status">{ text }</div>
            { join_badge(language, link) }
            <div key="notice" class="landing_notice">
                if failed {
                    <ConnectionNotice {link} />
                }
            </div>
        </main>
    }
}
