//! The notice at the URL of a room that the member is not in. It names the room and offers to
//! join it, or says that there is no such room. The client looks the room up.

use super::{Tone, dismiss, join_button, notice};
use crate::chat::url::RequestedRoom;
use crate::components::button::text_button;
use crate::context::AppContext;
use crate::language::{Language, tr};
use crate::{error_text, room_label};
use client::input::Input;
use client::persisted::CommandBody;
use client::view::{RoomLookupState, RowState, View};
use shared::{ErrorCode, RoomId};
use yew::prelude::*;

/// Shows the room's name, or its number until the lookup has found the name, with buttons to join or to stay.
/// The prompt reads `pending` and `room` of the view. It emits [`Input::JoinRoom`] or [`Input::Retry`];
/// leaving the prompt emits [`Input::OpenRoom`] and discards a refused attempt.
pub(super) fn join_prompt(
    context: &AppContext,
    view: &View,
    room: RoomId,
    requested: &RequestedRoom,
) -> Html {
    let language = context.language();
    let joins = view.pending.iter().filter(|pending| pending.body == CommandBody::join(room));
    let failed = joins.clone().find_map(|pending| match pending.state {
        RowState::Failed(code) => Some((pending.key, code)),
        _ => None,
    });
    let busy = failed.is_none() && joins.count() > 0;
    let go = |to: RoomId| {
        let (emit, on_stay, failed) =
            (context.emit.clone(), requested.on_stay.clone(), failed.map(|(key, _)| key));
        Callback::from(move |_: MouseEvent| {
            failed.into_iter().for_each(|key| emit.emit(Input::Discard(key)));
            emit.emit(Input::OpenRoom(to));
            on_stay.emit(());
        })
    };
    let is_gone = requested.lookup == RoomLookupState::NoSuchRoom
        || failed.is_some_and(|(_, code)| code == ErrorCode::RoomUnknown);
    let actions = match is_gone {
        true if view.room() == RoomId::LOBBY => dismiss(language, go(RoomId::LOBBY)),
        true => text_button("home", tr!(language, "join_prompt.home"), go(RoomId::LOBBY)),
        false => html! {
            <>
                { join_button(context, room, busy, failed.map(|(key, _)| key)) }
                { dismiss(language, go(view.room())) }
            </>
        },
    };
    let text = match failed {
        _ if is_gone => tr!(language, "join_prompt.gone", number = room.0),
        Some((_, code)) => error_text::of_room(language, code),
        None => sentence(language, &requested.lookup, room),
    };
    // Show the notice late while the lookup is under way: its text would soon change.
    let is_searching = requested.lookup == RoomLookupState::Searching;
    let tone = if is_searching && failed.is_none() && !busy { Tone::Late } else { Tone::Calm };
    notice("join_prompt", "join_prompt", tone, text, actions)
}

fn sentence(language: Language, lookup: &RoomLookupState, room: RoomId) -> AttrValue {
    match lookup {
        RoomLookupState::Found(name) => {
            tr!(language, "join_prompt.name", room = room_label::name(language, room, name))
        }
        _ => tr!(language, "join_prompt.number", number = room.0),
    }
}
