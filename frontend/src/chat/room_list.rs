//! The list of the member's rooms, with marks for unread messages, drafts and failed messages.

use crate::chat::url::path_of;
use crate::components::icon::Icon;
use crate::context::use_app_context;
use crate::language::tr;
use crate::room_label;
use client::input::Input;
use client::view::{RoomItem, Slice};
use shared::RoomId;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// Properties of [`RoomList`]. It is a component and not a function because rooms change less often than
/// messages.
#[derive(Clone, PartialEq, Properties)]
pub struct RoomListProps {
    /// Rooms of the view, in its order. If the list is empty, only the lobby is shown.
    pub rooms: Slice<[Slice<RoomItem>]>,
    /// The open room.
    pub room: RoomId,
    /// Called when the person picks a room, also the one that is open.
    pub on_pick: Callback<()>,
}

/// Greatest number of unread messages that is shown; beyond it the list shows `99+`.
const COUNT_MAX: u32 = 99;

/// Shows the rooms as links, so that the browser can open one in another tab. It reads the view's `rooms` and
/// `room` from its properties. A plain click emits [`Input::OpenRoom`].
#[component]
pub fn RoomList(props: &RoomListProps) -> Html {
    let context = use_app_context();
    let onclick = {
        let (emit, on_pick) = (context.emit.clone(), props.on_pick.clone());
        Callback::from(move |event: MouseEvent| {
            // Leave other clicks to the browser, which opens another tab or window.
            let is_plain =
                event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key());
            if let Some(room) = picked(&event).filter(|_| is_plain) {
                event.prevent_default();
                emit.emit(Input::OpenRoom(room));
                on_pick.emit(());
            }
        })
    };
    let lobby = || RoomItem {
        id: RoomId::LOBBY,
        name: "".into(),
        description: "".into(),
        members: None,
        unread: 0,
        draft: false,
        failed: false,
    };
    // Before the list arrives, show the lobby, because every member is in it.
    let first = props.rooms.is_empty().then(|| Slice::from(lobby()));
    let items = first.into_iter().chain(props.rooms.iter().cloned());
    html! {
        <ul class="room_list" {onclick}>
            { for items.map(|item| entry(item, props.room)) }
        </ul>
    }
}

fn entry(item: Slice<RoomItem>, open: RoomId) -> Html {
    let (id, open) = (item.id.0, item.id == open);
    html! { <RoomEntry key={id} {item} {open} /> }
}

/// Properties of [`RoomEntry`].
#[derive(Clone, PartialEq, Properties)]
struct RoomEntryProps {
    item: Slice<RoomItem>,
    /// Whether the room is open.
    open: bool,
}

/// One entry of the list. It is a component, so that a message in one room renders one entry.
#[component]
fn RoomEntry(props: &RoomEntryProps) -> Html {
    let language = use_app_context().language();
    let RoomEntryProps { item, open } = props;
    let open = *open;
    let name = room_label::name(language, item.id, &item.name);
    let count = if item.unread > COUNT_MAX { format!("{COUNT_MAX}+") } else { item.unread.to_string() };
    let news = item.unread > 0;
    html! {
        <li>
            <a class={classes!("room_link", news.then_some("has_unread"))} href={path_of(item.id)}
                data-room={item.id.0.to_string()} aria-current={open.then_some("page")}>
                <span key="hash" class="hash" aria-hidden="true">{ "#" }</span>
                <span key="name" class="room_name" dir="auto">{ name }</span>
                if item.draft && !open {
                    <span key="draft" class="draft_mark" title={tr!(language, "sidebar.draft")}>
                        { Icon::Pencil.draw() }<span class="visually_hidden">{ tr!(language, "sidebar.draft") }</span>
                    </span>
                }
                if item.failed && !open {
                    <span key="failed" class="failed_mark" title={tr!(language, "sidebar.failed")}>
                        { Icon::Alert.draw() }<span class="visually_hidden">{ tr!(language, "sidebar.failed") }</span>
                    </span>
                }
                if news {
                    <span key="count" class="count" title={tr!(language, "sidebar.unread", count = item.unread)}>
                        <span aria-hidden="true">{ count }</span>
                        <span class="visually_hidden">{ tr!(language, "sidebar.unread", count = item.unread) }</span>
                    </span>
                }
            </a>
        </li>
    }
}

fn picked(event: &MouseEvent) -> Option<RoomId> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let link = target.closest("[data-room]").ok()??;
    link.get_attribute("data-room")?.parse().ok().map(RoomId)
}
