//! The room directory: find a room of the house, and open or join it.

use crate::components::icon::Icon;
use crate::context::use_app_context;
use crate::language::{Language, tr};
use crate::timeout::Timeout;
use crate::{random, room_label};
use client::input::Input;
use client::persisted::CommandBody;
use client::view::{DirectoryPage, Edge, PendingCommand, RowState, Slice};
use shared::RoomId;
use shared::event::DirectoryRoom;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`RoomDirectory`].
#[derive(Clone, PartialEq, Properties)]
pub struct RoomDirectoryProps {
    /// The directory's page; `None` before the search began.
    pub directory: Option<Slice<DirectoryPage>>,
    /// The view's pending commands, of which attempts to join are shown.
    pub pending: Slice<[PendingCommand]>,
    /// Called when the person opens a room of which they are a member, so that the dialog closes.
    pub on_done: Callback<()>,
}

/// Milliseconds after the last edit of the search field until the search starts.
const TYPING_MS: u64 = 200;

/// Shows the search field, the rooms found, and a button for more. It emits [`Input::SearchDirectory`], [`Input::LoadMoreDirectory`], [`Input::OpenRoom`] and
/// [`Input::JoinRoom`], and [`Input::CloseDirectory`] when it ends.
#[component]
pub fn RoomDirectory(props: &RoomDirectoryProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let emit = context.emit;
    let typing = use_mut_ref(|| None::<Timeout>);
    use_effect_with(emit.clone(), |emit| {
        emit.emit(Input::SearchDirectory { find: String::new() });
        let emit = emit.clone();
        move || emit.emit(Input::CloseDirectory)
    });
    let oninput = {
        let emit = emit.clone();
        Callback::from(move |event: InputEvent| {
            let (field, emit) = (event.target_unchecked_into::<HtmlInputElement>(), emit.clone());
            // Replacing drops the timeout before it, so only the last edit starts a search.
            typing.replace(Timeout::new(TYPING_MS, move || {
                emit.emit(Input::SearchDirectory { find: field.value() })
            }));
        })
    };
    let pick = |room: &DirectoryRoom| {
        let (emit, on_done, id, joined) = (emit.clone(), props.on_done.clone(), room.id, room.joined);
        // While the person joins, a press has no effect; a disabled button would lose the focus.
        let busy = is_joining(&props.pending, id);
        Callback::from(move |_: MouseEvent| {
            if joined {
                emit.emit(Input::OpenRoom(id));
                on_done.emit(());
            } else if !busy {
                emit.emit(Input::JoinRoom { client_id: random::client_id(), room: id });
            }
        })
    };
    let more = emit.reform(|_: MouseEvent| Input::LoadMoreDirectory);
    let onsubmit = Callback::from(|event: SubmitEvent| event.prevent_default());
    let found = props.directory.clone();
    let rooms = found.iter().flat_map(|found| &found.rooms);
    let edge = found.as_ref().map_or(Edge::Loading, |found| found.edge);
    let is_empty = found.as_ref().is_some_and(|found| found.rooms.is_empty());
    let foot = match edge {
        Edge::End if is_empty => html! { <span key="none">{ tr!(language, "room_directory.none") }</span> },
        Edge::End => html! { <span key="end"></span> },
        Edge::More => html! {
            <button key="more" type="button" id="directory_more" class="plain" onclick={more}>
                { tr!(language, "room_directory.more") }
            </button>
        },
        Edge::Loading => {
            html! { <span key="loading" class="delayed">{ tr!(language, "room_directory.loading") }</span> }
        }
        Edge::Failed => html! {
            <button key="failed" type="button" class="retry" onclick={more}>{ tr!(language, "room.load_failed") }</button>
        },
    };
    html! {
        <div class="room_directory">
            <form key="find" class="find" role="search" {onsubmit}>
                { Icon::Search.draw() }
                <input id="find_str" type="search" autofocus=true autocomplete="off" spellcheck="false" dir="auto"
                    placeholder={tr!(language, "room_directory.find")} aria-label={tr!(language, "room_directory.find")} {oninput} />
            </form>
            <ul key="rooms" id="directory_rooms">{ for rooms.map(|room| entry(language, &props.pending, room, pick(room))) }</ul>
            <div key="foot" class="directory_foot" role="status">{ foot }</div>
        </div>
    }
}

fn entry(
    language: Language,
    pending: &[PendingCommand],
    room: &DirectoryRoom,
    onclick: Callback<MouseEvent>,
) -> Html {
    let name = room_label::name(language, room.id, &room.name);
    let about = room_label::description(language, room.id, &room.description);
    let busy = is_joining(pending, room.id);
    let action =
        if room.joined { tr!(language, "room_directory.open") } else { tr!(language, "room_directory.join") };
    let label = format!("{action} {name}");
    let class = if room.joined { "plain" } else { "primary" };
    html! {
        <li key={room.id.0}>
            <div key="about" class="directory_entry">
                <b><span class="hash" aria-hidden="true">{ "#" }</span><bdi>{ name }</bdi></b>
                <span class="members">{ room_label::members(language, room.members) }</span>
                <span class="description" dir="auto">{ about }</span>
            </div>
            <button key="go" type="button" {class} aria-label={label} aria-busy={busy.to_string()} {onclick}>
                { action }
            </button>
        </li>
    }
}

/// Whether a command to join this room is pending and was not refused.
pub fn is_joining(pending: &[PendingCommand], room: RoomId) -> bool {
    pending.iter().any(|pending| {
        pending.body == CommandBody::join(room) && !matches!(pending.state, RowState::Failed(_))
    })
}
