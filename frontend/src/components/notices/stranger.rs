//! The address names a room that one is not in: which one that is, and to join it; or that there
//! is none, and the way home.
//!
//! No question asks for one room. The house's rooms come in the order of their ids, though: so
//! they are looked through from the first until this one is found or passed. In a house with more
//! rooms than are looked through, the room is called by its number.

use super::{Tone, dismiss, join_button, notice};
use crate::address::Asked;
use crate::components::button::word_button;
use crate::context::{Seen, Surroundings};
use crate::language::{Language, tr};
use crate::{sentence, title};
use client::input::Input;
use client::limits::DIRECTORY_ROOMS_MAX;
use client::persisted::CommandBody;
use client::view::{DirectoryPage, Edge, RowState, View};
use shared::{ErrorCode, RoomId};
use yew::prelude::*;

/// What is known of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Its name.
    Name(AttrValue),
    /// There is no such room.
    Gone,
    /// The house has too many rooms.
    TooFar,
}

/// What is asked next. As a dependency an `Input` would weigh more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    First,
    More,
    End,
}

/// Looks for `room`, if there is one to look for. What was found is let go of when nobody looks for
/// anything any more; `browsing`: the person does.
#[hook]
pub fn use_known(view: &Seen, room: Option<RoomId>, browsing: bool, emit: &Callback<Input>) -> Option<Known> {
    let learned = use_mut_ref(|| (room, None::<Known>));
    let found = view.directory.as_ref();
    let known = {
        let (of, known) = &*learned.borrow();
        let all = found.filter(|found| found.find.is_empty());
        known.clone().filter(|_| *of == room).or_else(|| learn(all?, room?))
    };
    learned.replace((room, known.clone()));
    let looking = room.is_some() && known.is_none();
    let step = match found {
        None if looking => Some(Step::First),
        // The person looked for others, and has gone.
        Some(found) if looking && !browsing && !found.find.is_empty() => Some(Step::First),
        Some(found) if looking && found.find.is_empty() && found.edge == Edge::More => Some(Step::More),
        Some(_) if !looking && !browsing => Some(Step::End),
        _ => None,
    };
    let many = found.map_or(0, |found| found.rooms.len());
    use_effect_with((step, many), {
        let emit = emit.clone();
        move |(step, _)| match step {
            Some(Step::First) => emit.emit(Input::SearchDirectory { find: String::new() }),
            Some(Step::More) => emit.emit(Input::LoadMoreDirectory),
            Some(Step::End) => emit.emit(Input::CloseDirectory),
            None => {}
        }
    });
    known
}

/// The notice.
pub(super) fn stranger(around: &Surroundings, view: &View, room: RoomId, asked: &Asked) -> Html {
    let language = around.language();
    let joins = view.pending.iter().filter(|pending| pending.body == CommandBody::Join { room });
    let failed = joins.clone().find_map(|pending| match pending.state {
        RowState::Failed(code) => Some((pending.key, code)),
        _ => None,
    });
    let busy = failed.is_none() && joins.count() > 0;
    let go = |to: RoomId| {
        let (emit, on_stay, failed) =
            (around.emit.clone(), asked.on_stay.clone(), failed.map(|(key, _)| key));
        Callback::from(move |_: MouseEvent| {
            failed.into_iter().for_each(|key| emit.emit(Input::Discard(key)));
            emit.emit(Input::OpenRoom(to));
            on_stay.emit(());
        })
    };
    let is_gone =
        asked.known == Some(Known::Gone) || failed.is_some_and(|(_, code)| code == ErrorCode::RoomUnknown);
    let actions = if is_gone {
        word_button("home", tr!(language, "stranger.home"), go(RoomId::LOBBY))
    } else {
        html! {
            <>
                { join_button(around, room, busy, failed.map(|(key, _)| key)) }
                { dismiss(language, go(view.room)) }
            </>
        }
    };
    let text = match failed {
        _ if is_gone => tr!(language, "error.no_room"),
        Some((_, code)) => sentence::of_room(language, code),
        None => called(language, asked.known.as_ref(), room),
    };
    // What is soon known is not told before.
    let tone = if asked.known.is_none() && failed.is_none() && !busy { Tone::Late } else { Tone::Calm };
    notice("stranger", "stranger", tone, text, actions)
}

/// What the house's first rooms say of this one; nothing, if more of them are to be seen first.
fn learn(found: &DirectoryPage, room: RoomId) -> Option<Known> {
    if let Some(found) = found.rooms.iter().find(|found| found.id == room) {
        return Some(Known::Name(AttrValue::from(found.name.clone())));
    }
    let is_passed = found.rooms.last().is_some_and(|last| room < last.id);
    match found.edge {
        _ if is_passed => Some(Known::Gone),
        Edge::End if found.rooms.len() < DIRECTORY_ROOMS_MAX => Some(Known::Gone),
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

#[cfg(test)]
mod tests {
    use super::*;
    use shared::event::DirectoryRoom;

    fn found(ids: impl IntoIterator<Item = u64>, edge: Edge) -> DirectoryPage {
        let room = |id| DirectoryRoom {
            id: RoomId(id),
            name: format!("r{id}"),
            description: String::new(),
            members: 1,
            joined: false,
        };
        DirectoryPage { find: String::new(), rooms: ids.into_iter().map(room).collect(), edge }
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
        let many = DIRECTORY_ROOMS_MAX as u64;
        let far = RoomId(many + 7);
        for (many, known) in [(many - 1, Known::Gone), (many, Known::TooFar), (many + 1, Known::TooFar)] {
            assert_eq!(learn(&found(1..=many, Edge::End), far), Some(known));
        }
    }
}
