//! The address names a room that one is not in: which one that is, and to join it; or that there
//! is none, and the way home.
//!
//! No question asks for one room. The house's rooms come in the order of their ids, though: so
//! they are looked through from the first until this one is found or passed. In a house with more
//! rooms than are looked through, the room is called by its number.

use super::dismiss;
use crate::components::button::word_button;
use crate::context::{Seen, use_surroundings};
use crate::language::{Language, tr};
use crate::{random, sentence, title};
use client::input::Input;
use client::limits::FOUND_ROOMS_MAX;
use client::stored::Body;
use client::view::{Edge, Found, RowKey, RowState, View};
use shared::{ErrorCode, RoomId};
use yew::prelude::*;

/// What [`Stranger`] needs.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct StrangerProps {
    /// The view.
    pub view: Seen,
    /// The room.
    pub room: RoomId,
    /// The person stays in the room that is open.
    pub on_stay: Callback<()>,
}

/// What is known of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    Name(AttrValue),
    /// There is no such room.
    Gone,
    /// The house has too many rooms.
    TooFar,
}

/// The notice.
#[component]
pub(super) fn Stranger(props: &StrangerProps) -> Html {
    let around = use_surroundings();
    let language = around.language();
    let emit = around.emit;
    let StrangerProps { view, room, on_stay } = props;
    let room = *room;
    let learned = use_mut_ref(|| None::<Known>);
    let found = view.found.as_ref().filter(|found| found.find.is_empty());
    let known = learned.borrow().clone().or_else(|| learn(found?, room));
    learned.replace(known.clone());
    let step = match (&known, &view.found) {
        (Some(_), _) => None,
        (None, None) => Some(Input::Browse { find: String::new() }),
        (None, Some(found)) => {
            Some(Input::BrowseMore).filter(|_| found.find.is_empty() && found.edge == Edge::More)
        }
    };
    let many = found.map_or(0, |found| found.rooms.len());
    use_effect_with((step, many), {
        let emit = emit.clone();
        move |(step, _)| step.iter().for_each(|step| emit.emit(step.clone()))
    });
    use_effect_with((), {
        let emit = emit.clone();
        move |()| move || emit.emit(Input::BrowseEnd)
    });
    let joins = joins(view, room);
    let failed = joins.iter().find_map(|(key, state)| match state {
        RowState::Failed(code) => Some((*key, *code)),
        _ => None,
    });
    let busy = failed.is_none() && !joins.is_empty();
    let go = {
        let (emit, on_stay, failed) = (emit.clone(), on_stay.clone(), failed.map(|(key, _)| key));
        move |to: RoomId| {
            let (emit, on_stay) = (emit.clone(), on_stay.clone());
            Callback::from(move |_: MouseEvent| {
                failed.into_iter().for_each(|key| emit.emit(Input::Discard(key)));
                emit.emit(Input::Open(to));
                on_stay.emit(());
            })
        }
    };
    let is_gone =
        known == Some(Known::Gone) || failed.is_some_and(|(_, code)| code == ErrorCode::RoomUnknown);
    let actions = if is_gone {
        word_button("home", tr!(language, "stranger.home"), go(RoomId::LOBBY))
    } else {
        let join = emit.reform(move |_: MouseEvent| match failed {
            Some((key, _)) => Input::Retry(key),
            None => Input::JoinRoom { client_id: random::client_id(), room },
        });
        html! {
            <>
                <button key="join" type="button" class="join" aria-busy={busy.to_string()} disabled={busy} onclick={join}>
                    { tr!(language, "browse.join") }
                </button>
                { dismiss(language, go(view.room)) }
            </>
        }
    };
    let text = match failed {
        _ if is_gone => tr!(language, "error.no_room"),
        Some((_, code)) => sentence::of_room(language, code),
        None => called(language, known.as_ref(), room),
    };
    // What is soon known is not told before.
    let late = (known.is_none() && joins.is_empty()).then_some("late");
    html! {
        <div id="stranger" class={classes!("notice", late)} role="status">
            <span key="text" class="notice_text" dir="auto">{ text }</span>
            { actions }
        </div>
    }
}

/// What the house's first rooms say of this one; nothing, if more of them are to be seen first.
fn learn(found: &Found, room: RoomId) -> Option<Known> {
    if let Some(found) = found.rooms.iter().find(|found| found.id == room) {
        return Some(Known::Name(AttrValue::from(found.name.clone())));
    }
    let is_passed = found.rooms.last().is_some_and(|last| room < last.id);
    match found.edge {
        _ if is_passed => Some(Known::Gone),
        Edge::End if found.rooms.len() < FOUND_ROOMS_MAX => Some(Known::Gone),
        Edge::End | Edge::Failed => Some(Known::TooFar),
        Edge::More | Edge::Loading => None,
    }
}

fn called(language: Language, known: Option<&Known>, room: RoomId) -> AttrValue {
    match known {
        Some(Known::Name(name)) => {
            tr!(language, "stranger.name", room = title::name(language, room, name))
        }
        _ => tr!(language, "stranger.number", number = room.0),
    }
}

/// The attempts to join this room.
fn joins(view: &View, room: RoomId) -> Vec<(RowKey, RowState)> {
    let pending = view.pending.iter().filter(|pending| pending.body == Body::Join { room });
    pending.map(|pending| (pending.key, pending.state)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::event::FoundRoom;

    fn found(ids: impl IntoIterator<Item = u64>, edge: Edge) -> Found {
        let room = |id| FoundRoom {
            id: RoomId(id),
            name: format!("r{id}"),
            description: String::new(),
            members: 1,
            joined: false,
        };
        Found { find: String::new(), rooms: ids.into_iter().map(room).collect(), edge }
    }

    #[test]
    fn a_room_is_known_once_it_is_found_or_passed() {
        let named = Some(Known::Name("r7".into()));
        for (ids, edge, known) in [
            (&[1, 7, 9][..], Edge::More, named),
            (&[1, 6, 9], Edge::More, Some(Known::Gone)),
            (&[1, 6], Edge::More, None),
            (&[1, 6], Edge::Loading, None),
            (&[1, 6], Edge::End, Some(Known::Gone)),
            (&[], Edge::End, Some(Known::Gone)),
            (&[1, 6], Edge::Failed, Some(Known::TooFar)),
        ] {
            assert_eq!(learn(&found(ids.iter().copied(), edge), RoomId(7)), known, "{ids:?} {edge:?}");
        }
    }

    #[test]
    fn the_end_of_what_is_looked_through_is_not_the_end_of_the_house() {
        let many = FOUND_ROOMS_MAX as u64;
        let far = RoomId(many + 7);
        for (many, known) in [(many - 1, Known::Gone), (many, Known::TooFar), (many + 1, Known::TooFar)] {
            assert_eq!(learn(&found(1..=many, Edge::End), far), Some(known));
        }
    }
}
