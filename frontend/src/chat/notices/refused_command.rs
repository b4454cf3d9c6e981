//! The notice about a command that the server refused for good. The notice contains the text of a refused
//! message, because no list of messages does.

use super::join_button;
use crate::chat::left_rooms::LeftRooms;
use crate::components::button::text_button;
use crate::components::confirm::Confirm;
use crate::components::copy_button::CopyButton;
use crate::context::AppContext;
use crate::language::{Language, tr};
use crate::search::room_directory::is_joining;
use crate::{error_text, room_label};
use client::input::Input;
use client::persisted::CommandBody;
use client::view::{PendingCommand, RowState, View};
use shared::{ErrorCode, RoomId};
use yew::prelude::*;

/// Shows the first refused command of the view's `pending`, its reason, and the number of further ones.
///
/// The notice skips the join of room `requested`, which the join prompt shows. `left` names the rooms that the
/// member is or was in. The notice emits [`Input::Retry`], [`Input::Discard`] and [`Input::JoinRoom`].
pub(super) fn refused_command(
    context: &AppContext,
    view: &View,
    requested: Option<RoomId>,
    left: &LeftRooms,
) -> Option<Html> {
    let language = context.language();
    let is_join = |pending: &PendingCommand| matches!(pending.body, CommandBody::Join(_));
    let (mut first, mut many) = (None, 0);
    for pending in &*view.pending {
        let RowState::Failed(code) = pending.state else { continue };
        if requested.is_some_and(|room| pending.body == CommandBody::join(room)) {
            continue;
        }
        many += 1;
        // Attempts to join come last: a notice about a message to a missing room says so too.
        if first.is_none_or(|(first, _)| is_join(first) && !is_join(pending)) {
            first = Some((pending, code));
        }
    }
    let (pending, code) = first?;
    let room = pending.body.room();
    let no_room = RowState::Failed(ErrorCode::RoomUnknown);
    let is_gone = room.is_some_and(|room| {
        let mut pending = view.pending.iter();
        pending.any(|pending| pending.state == no_room && pending.body == CommandBody::join(room))
    });
    let name = room.and_then(|room| name(language, left, room));
    let what = sentence(language, &pending.body, code, name, is_gone);
    let can_join = !is_gone && code == ErrorCode::RoomUnknown && !is_join(pending);
    let join = room.filter(|_| can_join);
    Some(notice(context, view, pending, what, join, many - 1))
}

/// Name of a room that the member is or was in.
fn name(language: Language, left: &LeftRooms, id: RoomId) -> Option<AttrValue> {
    left.find(id).map(|item| room_label::name(language, id, &item.name))
}

/// Sentence about the refused command: its effect that failed, and the reason.
fn sentence(
    language: Language,
    body: &CommandBody,
    code: ErrorCode,
    name: Option<AttrValue>,
    is_gone: bool,
) -> AttrValue {
    let is_named = name.is_some();
    let room = match (name, body) {
        (Some(name), _) => tr!(language, "pending.room", room = name),
        (None, CommandBody::Join(join)) => tr!(language, "pending.room_number", number = join.room.0),
        (None, _) => tr!(language, "pending.room_left"),
    };
    let what = match body {
        CommandBody::Post(_) => tr!(language, "pending.post", room = room),
        CommandBody::Create(create) => tr!(language, "pending.create", room = create.name),
        CommandBody::Change(_) => tr!(language, "pending.change", room = room),
        CommandBody::Join(_) => tr!(language, "pending.join", room = room),
        CommandBody::Leave(_) => tr!(language, "pending.leave", room = room),
    };
    let why = match (code, body) {
        _ if is_gone => tr!(language, "error.no_room"),
        // The first sentence already says that the member is not in the room.
        (ErrorCode::RoomUnknown, _) if !is_named => return what,
        _ => error_text::of_room(language, code),
    };
    tr!(language, "pending.why", what = what, why = why)
}

/// Draws the notice. `what` is its sentence, `join` a room to join so that the command can succeed, and
/// `more` the number of further refused commands.
fn notice(
    context: &AppContext,
    view: &View,
    pending: &PendingCommand,
    what: AttrValue,
    join: Option<RoomId>,
    more: u32,
) -> Html {
    let language = context.language();
    let key = pending.key;
    let retry = context.emit.reform(move |_: MouseEvent| Input::Retry(key));
    let discard = context.emit.reform(move |_: MouseEvent| Input::Discard(key));
    let text = match &pending.body {
        CommandBody::Post(post) => Some(AttrValue::from(post.text.clone())),
        _ => None,
    };
    let actions = match text {
        Some(_) => html! {
            <>
                { text_button("retry", tr!(language, "pending.send_again"), retry) }
                <CopyButton key="copy" />
                <Confirm key="discard" id="discard" action={tr!(language, "row.discard")}
                    question={tr!(language, "pending.discard_ask")} on_yes={discard} />
            </>
        },
        None => html! {
            <>
                { text_button("retry", tr!(language, "row.retry"), retry) }
                { text_button("discard", tr!(language, "row.discard"), discard) }
            </>
        },
    };
    html! {
        <div key={key.to_string()} id="refused_command" class="notice warn tall">
            <div key="text" class="notice_text">
                <span key="what" class="what" dir="auto">{ what }</span>
                if let Some(text) = text {
                    // The stylesheet shows the whole text while it has the focus.
                    <blockquote key="text" title={text.clone()} tabindex="0" dir="auto">{ text }</blockquote>
                }
                if more > 0 {
                    <small key="more">{ tr!(language, "pending.more", count = more) }</small>
                }
            </div>
            <div key="actions" class="notice_actions">
                if let Some(room) = join {
                    { join_button(context, room, is_joining(&view.pending, room), None) }
                }
                { actions }
            </div>
        </div>
    }
}
