//! What the reader should know about the room, above it: it floats, so that
//! nothing moves when it comes or goes.

use crate::address::Asked;
use crate::components::browse::is_joining;
use crate::components::connection_notice::ConnectionNotice;
use crate::components::icon::Icon;
use crate::components::left_notice::LeftNotice;
use crate::context::{Surroundings, use_surroundings};
use crate::language::{Language, tr};
use crate::{random, sentence, title};
use client::input::Input;
use client::stored::Body;
use client::view::{Pending, ReadyState, RowState, View};
use shared::{ErrorCode, RoomId};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// All notices of the room. `draft` is the composer's field: where nothing can be stored, a reload
/// must not cost its text.
pub fn notices(around: &Surroundings, view: &View, asked: &Asked, draft: &NodeRef) -> Html {
    let language = around.language();
    let usable = view.link.ready_state == ReadyState::Open && view.link.welcomed;
    let stranger_to = asked.room.filter(|room| usable && !is_joining(view, *room));
    let failed = view.pending.iter().find_map(|pending| match pending.state {
        RowState::Failed(code) => Some((pending, code)),
        _ => None,
    });
    html! {
        <div key="notices" class="notices">
            if !usable {
                <ConnectionNotice key="connection" link={view.link} />
            } else if view.catching_up {
                { word("catching_up", tr!(language, "room.catching_up")) }
            } else if view.jumping {
                { word("jumping", tr!(language, "room.jumping")) }
            } else if view.jump_failed {
                { word("jump_failed", tr!(language, "room.jump_failed")) }
            }
            if let Some(room) = stranger_to {
                { stranger(around, room, &asked.on_stay) }
            }
            if let Some((pending, code)) = failed {
                { refused(around, view, pending, code) }
            }
            if let Some(left) = view.left_behind.first() {
                <LeftNotice key={format!("left/{:?}", left.owner)} left={left.clone()} />
            }
            if view.new_version {
                <NewVersion key="version" unsettled={view.memory_only && has_unsettled(view)}
                    draft={view.memory_only.then(|| draft.clone())} />
            }
            if view.new_epoch {
                { new_epoch(around) }
            }
        </div>
    }
}

/// What is soon over, and told only if it is not.
fn word(key: &'static str, text: AttrValue) -> Html {
    html! { <div {key} id={key} class="notice late" role="status"><span class="notice_text">{ text }</span></div> }
}

/// The address names a room that one is not in.
fn stranger(around: &Surroundings, room: RoomId, on_stay: &Callback<()>) -> Html {
    let language = around.language();
    let join =
        around.emit.reform(move |_: MouseEvent| Input::JoinRoom { client_id: random::client_id(), room });
    let stay = on_stay.reform(|_: MouseEvent| ());
    html! {
        <div key="stranger" id="stranger" class="notice" role="status">
            <span class="notice_text">{ tr!(language, "stranger.text") }</span>
            <button type="button" class="join" onclick={join}>{ tr!(language, "browse.join") }</button>
            { dismiss(language, stay) }
        </div>
    }
}

/// A room's command that was refused for good.
fn refused(around: &Surroundings, view: &View, pending: &Pending, code: ErrorCode) -> Html {
    let language = around.language();
    let named = |id: RoomId| {
        let item = view.rooms.iter().find(|item| item.id == id);
        item.map_or(AttrValue::Static("?"), |item| title::name(language, id, &item.name))
    };
    let what = match &pending.body {
        Body::Post { .. } => tr!(language, "pending.post"),
        Body::Create { name, .. } => tr!(language, "pending.create", room = name),
        Body::Change { room, .. } => tr!(language, "pending.change", room = named(*room)),
        Body::Join { .. } => tr!(language, "pending.join"),
        Body::Leave { room } => tr!(language, "pending.leave", room = named(*room)),
    };
    let key = pending.key;
    let retry = around.emit.reform(move |_: MouseEvent| Input::Retry(key));
    let discard = around.emit.reform(move |_: MouseEvent| Input::Discard(key));
    html! {
        <div key={key.to_string()} id="refused_command" class="notice warn" role="alert">
            <span class="notice_text">{ what }{ " " }{ sentence::of_room(language, code) }</span>
            <button type="button" class="retry" onclick={retry}>{ tr!(language, "row.retry") }</button>
            <button type="button" class="discard" onclick={discard}>{ tr!(language, "row.discard") }</button>
        </div>
    }
}

/// Whether there are own messages that only this page holds.
fn has_unsettled(view: &View) -> bool {
    view.waiting > 0 || view.rows.iter().any(|row| row.state != RowState::Settled)
}

/// What [`NewVersion`] needs.
#[derive(Clone, PartialEq, Properties)]
struct NewVersionProps {
    /// Messages would be lost by a reload.
    unsettled: bool,
    /// The field whose text would be lost by one.
    draft: Option<NodeRef>,
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
            let field = draft.as_ref().and_then(|draft| draft.cast::<HtmlTextAreaElement>());
            let drafted = field.is_some_and(|field| !field.value().trim().is_empty());
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
    let read = around.emit.reform(|_: MouseEvent| Input::DismissEpoch);
    html! {
        <div key="epoch" id="new_epoch" class="notice" role="status">
            <span class="notice_text">{ tr!(language, "epoch.new") }</span>
            { dismiss(language, read) }
        </div>
    }
}

fn dismiss(language: Language, onclick: Callback<MouseEvent>) -> Html {
    let word = tr!(language, "notice.dismiss");
    html! {
        <button type="button" class="quiet" aria-label={word.clone()} title={word} {onclick}>{ Icon::Close.draw() }</button>
    }
}
