//! What the reader should know about the room, above it: it floats, so that
//! nothing moves when it comes or goes.

use crate::components::connection_notice::ConnectionNotice;
use crate::components::icon::Icon;
use crate::context::{Surroundings, use_surroundings};
use crate::language::tr;
use client::input::Input;
use client::view::{ReadyState, RowState, View};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// All notices of the room. `draft` is the composer's field: a reload must not
/// cost its text.
pub fn notices(around: &Surroundings, view: &View, draft: &NodeRef) -> Html {
    let usable = view.link.ready_state == ReadyState::Open && view.link.welcomed;
    html! {
        <div key="notices" class="notices">
            if !usable {
                <ConnectionNotice key="connection" link={view.link} />
            }
            if view.new_version {
                <NewVersion key="version" unsettled={has_unsettled(view)} draft={draft.clone()} />
            }
            if view.new_epoch {
                { new_epoch(around) }
            }
        </div>
    }
}

/// Whether there are own messages that only this page holds.
fn has_unsettled(view: &View) -> bool {
    view.rows.iter().any(|row| row.state != RowState::Settled)
}

/// What [`NewVersion`] needs.
#[derive(Clone, PartialEq, Properties)]
struct NewVersionProps {
    /// Messages would be lost by a reload.
    unsettled: bool,
    draft: NodeRef,
}

/// What would be lost by a reload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsaved {
    Draft,
    Messages,
}

#[component]
fn NewVersion(props: &NewVersionProps) -> Html {
    let language = use_surroundings().language();
    let unsaved = use_state_eq(|| None::<Unsaved>);
    let reload = {
        let (unsaved, draft, unsettled) = (unsaved.setter(), props.draft.clone(), props.unsettled);
        Callback::from(move |_: MouseEvent| {
            let drafted =
                draft.cast::<HtmlTextAreaElement>().is_some_and(|field| !field.value().trim().is_empty());
            if drafted {
                unsaved.set(Some(Unsaved::Draft));
            } else if unsettled {
                unsaved.set(Some(Unsaved::Messages));
            } else if let Some(window) = web_sys::window() {
                drop(window.location().reload());
            }
        })
    };
    let text = match *unsaved {
        None => tr!(language, "version.new"),
        Some(Unsaved::Draft) => tr!(language, "version.draft"),
        Some(Unsaved::Messages) => tr!(language, "version.unsettled"),
    };
    html! {
        <div id="new_version" class="notice" role="status">
            <span class="notice_text">{ text }</span>
            <button type="button" id="reload_btn" onclick={reload}>{ tr!(language, "version.reload") }</button>
        </div>
    }
}

fn new_epoch(around: &Surroundings) -> Html {
    let language = around.language();
    let dismiss = around.emit.reform(|_: MouseEvent| Input::DismissEpoch);
    html! {
        <div key="epoch" id="new_epoch" class="notice" role="status">
            <span class="notice_text">{ tr!(language, "epoch.new") }</span>
            <button type="button" class="quiet" aria-label={tr!(language, "epoch.dismiss")}
                title={tr!(language, "epoch.dismiss")} onclick={dismiss}>{ Icon::Close.draw() }</button>
        </div>
    }
}
