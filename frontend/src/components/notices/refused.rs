//! A command that was refused for good: what it was, why, and what can be done with it. What was
//! written stands in it: it is in no list.

use crate::components::browse::is_joining;
use crate::components::button::word_button;
use crate::components::confirm::Confirm;
use crate::context::use_surroundings;
use crate::language::{Language, tr};
use crate::{random, selection, sentence, title};
use client::input::Input;
use client::stored::Body;
use client::view::{Pending, RoomItem, RowState, View};
use shared::{ErrorCode, RoomId};
use yew::prelude::*;

/// The first of the refused commands, if there are any; the others follow it. `asked` is told by a
/// notice of its own; `left` are rooms that one was in.
pub(super) fn refused(
    language: Language,
    view: &View,
    asked: Option<RoomId>,
    left: &[RoomItem],
) -> Option<Html> {
    let failed = view.pending.iter().filter_map(|pending| match pending.state {
        RowState::Failed(code) => Some((pending, code)),
        _ => None,
    });
    let failed: Vec<_> =
        failed.filter(|(pending, _)| asked.is_none_or(|room| pending.body != Body::Join { room })).collect();
    // The others of its kind first: that a room cannot be joined is told with what was said to it.
    let first = failed.iter().find(|(pending, _)| !matches!(pending.body, Body::Join { .. }));
    let (pending, code) = *first.or(failed.first())?;
    let room = pending.body.room();
    let is_gone = room.is_some_and(|room| {
        let is_refused = |(other, code): &(&Pending, ErrorCode)| {
            other.body == Body::Join { room } && *code == ErrorCode::RoomUnknown
        };
        failed.iter().any(is_refused)
    });
    let name = room.and_then(|room| name(language, view, left, room));
    let what = told(language, &pending.body, code, name, is_gone);
    let can_join = !is_gone && code == ErrorCode::RoomUnknown && !matches!(pending.body, Body::Join { .. });
    let join = room.filter(|_| can_join);
    let busy = join.is_some_and(|room| is_joining(view, room));
    let (key, more) = (pending.key.to_string(), failed.len() - 1);
    Some(html! { <Refused {key} pending={pending.clone()} {what} {join} {busy} {more} /> })
}

/// What a room is or was called.
fn name(language: Language, view: &View, left: &[RoomItem], id: RoomId) -> Option<AttrValue> {
    let listed = view.rooms.iter().chain(left).find(|item| item.id == id).map(|item| &*item.name);
    let found = view.found.iter().flat_map(|found| &found.rooms);
    let found = found.filter(|found| found.id == id).map(|found| &*found.name);
    listed.into_iter().chain(found).next().map(|name| title::name(language, id, name))
}

/// What did not come about, and why.
fn told(
    language: Language,
    body: &Body,
    code: ErrorCode,
    name: Option<AttrValue>,
    is_gone: bool,
) -> AttrValue {
    let is_named = name.is_some();
    let room = match (name, body) {
        (Some(name), _) => tr!(language, "pending.room", room = name),
        (None, Body::Join { room }) => tr!(language, "pending.room_number", number = room.0),
        (None, _) => tr!(language, "pending.room_left"),
    };
    let what = match body {
        Body::Post { .. } => tr!(language, "pending.post", room = room),
        Body::Create { name, .. } => tr!(language, "pending.create", room = name),
        Body::Change { .. } => tr!(language, "pending.change", room = room),
        Body::Join { .. } => tr!(language, "pending.join", room = room),
        Body::Leave { .. } => tr!(language, "pending.leave", room = room),
    };
    let why = match (code, body) {
        _ if is_gone => tr!(language, "error.no_room"),
        (ErrorCode::RoomUnknown, Body::Join { .. }) => tr!(language, "error.no_room"),
        // It is said already.
        (ErrorCode::RoomUnknown, _) if !is_named => return what,
        _ => sentence::of_room(language, code),
    };
    tr!(language, "pending.why", what = what, why = why)
}

/// What [`Refused`] needs.
#[derive(Clone, PartialEq, Properties)]
struct RefusedProps {
    /// The command.
    pending: Pending,
    /// What did not come about, and why.
    what: AttrValue,
    /// The room that can be joined, for it to be sent there.
    join: Option<RoomId>,
    /// We are on our way into it.
    busy: bool,
    /// How many others were refused.
    more: usize,
}

/// The notice.
#[component]
fn Refused(props: &RefusedProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let copied = use_state_eq(|| None::<bool>);
    let node = use_node_ref();
    let key = props.pending.key;
    let said = match &props.pending.body {
        Body::Post { text, .. } => Some(AttrValue::from(text.clone())),
        _ => None,
    };
    let retry = around.emit.reform(move |_: MouseEvent| Input::Retry(key));
    let discard = around.emit.reform(move |_: MouseEvent| Input::Discard(key));
    let copy = {
        let (node, copied) = (node.clone(), copied.setter());
        Callback::from(move |_: MouseEvent| copied.set(node.get().map(|node| selection::copy(&node))))
    };
    let copy_word = match *copied {
        None => tr!(language, "row.copy"),
        Some(true) => tr!(language, "row.copied"),
        Some(false) => tr!(language, "row.selected"),
    };
    let actions = match said {
        Some(_) => html! {
            <>
                { word_button("retry", tr!(language, "pending.send_again"), retry) }
                { word_button("copy", copy_word, copy) }
                <Confirm key="discard" id="discard" action={tr!(language, "row.discard")}
                    question={tr!(language, "pending.discard_ask")} on_yes={discard} />
            </>
        },
        None => html! {
            <>
                { word_button("retry", tr!(language, "row.retry"), retry) }
                { word_button("discard", tr!(language, "row.discard"), discard) }
            </>
        },
    };
    let join = props.join.map(|room| {
        let onclick =
            around.emit.reform(move |_: MouseEvent| Input::JoinRoom { client_id: random::client_id(), room });
        html! {
            <button key="join" type="button" class="join" aria-busy={props.busy.to_string()} disabled={props.busy} {onclick}>
                { tr!(language, "browse.join") }
            </button>
        }
    });
    html! {
        <div id="refused_command" class="notice warn tall" role="alert">
            <div key="text" class="notice_text">
                <span key="what" class="what" dir="auto">{ &props.what }</span>
                if let Some(said) = said {
                    // The focus unfolds it.
                    <blockquote key="said" ref={node} title={said.clone()} tabindex="0" dir="auto">{ said }</blockquote>
                }
                if props.more > 0 {
                    <small key="more">{ tr!(language, "pending.more", count = props.more) }</small>
                }
            </div>
            <div key="actions" class="notice_actions">
                { join.unwrap_or_default() }
                { actions }
            </div>
        </div>
    }
}
