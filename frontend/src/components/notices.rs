//! What the reader should know about the room, above it: it floats, so that
//! nothing moves when it comes or goes.

use crate::components::connection_notice::ConnectionNotice;
use crate::components::icon::Icon;
use crate::context::{Seen, use_emit, use_language};
use crate::language::tr;
use client::input::Input;
use client::view::ReadyState;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// What [`Notices`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct NoticesProps {
    /// The view.
    pub view: Seen,
    /// The composer's field: a reload must not cost its text.
    pub draft: NodeRef,
}

/// All notices of the room.
#[component]
pub fn Notices(props: &NoticesProps) -> Html {
    let view = &props.view;
    let usable = view.link.ready_state == ReadyState::Open && view.link.welcomed;
    html! {
        <div class="notices">
            if !usable {
                <ConnectionNotice key="connection" link={view.link} />
            }
            if view.new_version {
                <NewVersion key="version" unsettled={has_unsettled(view)} draft={props.draft.clone()} />
            }
            if view.new_epoch {
                <NewEpoch key="epoch" />
            }
        </div>
    }
}

/// Whether there are own messages that only this page holds.
fn has_unsettled(view: &Seen) -> bool {
    view.rows.iter().any(|row| row.state != client::view::RowState::Settled)
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
    let language = use_language();
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

#[component]
fn NewEpoch() -> Html {
    let language = use_language();
    let emit = use_emit();
    let dismiss = Callback::from(move |_: MouseEvent| emit.emit(Input::DismissEpoch));
    html! {
        <div id="new_epoch" class="notice" role="status">
            <span class="notice_text">{ tr!(language, "epoch.new") }</span>
            <button type="button" class="quiet" aria-label={tr!(language, "epoch.dismiss")}
                title={tr!(language, "epoch.dismiss")} onclick={dismiss}>{ Icon::Close.draw() }</button>
        </div>
    }
}
