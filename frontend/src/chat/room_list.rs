//! The list of the member's rooms, with marks for unread messages, drafts and failed messages.

use crate::chat::url::path_of;
use crate::collation::sort_by_name;
use crate::components::icon::Icon;
use crate::components::memo::{Draw, memo};
use crate::context::AppContext;
use crate::language::{Language, tr};
use crate::room_label;
use crate::title::count_text;
use client::input::Input;
use client::view::{RoomItem, Slice};
use shared::RoomId;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

/// The rooms as links, so that the browser can open one in another tab. A plain click emits
/// [`Input::OpenRoom`].
#[derive(PartialEq)]
pub struct RoomList {
    /// Rooms of the view, which are shown in the order of their names, the lobby first. If the list is empty, only
    /// the lobby is shown.
    pub rooms: Slice<[Slice<RoomItem>]>,
    /// The open room.
    pub room: RoomId,
    /// Called when the person picks a room, also the one that is open.
    pub on_pick: Callback<()>,
}

impl Draw for RoomList {
    fn draw(&self, context: &AppContext) -> Html {
        list(context, self)
    }
}

fn list(context: &AppContext, props: &RoomList) -> Html {
    let onclick = {
        let (emit, on_pick) = (context.emit.clone(), props.on_pick.clone());
        Callback::from(move |event: MouseEvent| {
            if open_picked(&event, &emit) {
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
    let items = first.into_iter().chain(props.rooms.iter().cloned()).collect();
    // The lobby's name is empty, which is before all others.
    let items = sort_by_name(context.language(), items, |item| &item.name);
    html! {
        <ul class="room_list" {onclick}>
            { for items.into_iter().map(|item| entry(item, props.room)) }
        </ul>
    }
}

fn entry(item: Slice<RoomItem>, open: RoomId) -> Html {
    memo(item.id.0, RoomEntry { open: item.id == open, item })
}

/// One entry of the list, so that a message in one room draws one entry.
#[derive(PartialEq)]
struct RoomEntry {
    item: Slice<RoomItem>,
    /// Whether the room is open.
    open: bool,
}

impl Draw for RoomEntry {
    fn draw(&self, context: &AppContext) -> Html {
        link(context.language(), &self.item, self.open)
    }
}

fn link(language: Language, item: &RoomItem, open: bool) -> Html {
    let name = room_label::name(language, item.id, &item.name);
    let count = count_text(item.unread);
    let news = item.unread > 0;
    html! {
        <li>
            <a class={classes!("room_link", news.then_some("has_unread"))} href={path_of(item.id)}
                data-room={item.id.0.to_string()} aria-current={open.then_some("page")}>
                <span key="hash" class="hash" aria-hidden="true">{ "#" }</span>
                <span key="name" class="room_name" dir="auto">{ name }</span>
                if item.draft {
                    <span key="draft" class="draft_mark" title={tr!(language, "sidebar.draft")}>
                        { Icon::Pencil.draw() }<span class="visually_hidden">{ tr!(language, "sidebar.draft") }</span>
                    </span>
                }
                if item.failed {
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

/// Emits [`Input::OpenRoom`] for a click on a link to a room, which then opens in place. Returns false if there is
/// none.
pub(super) fn open_picked(event: &MouseEvent, emit: &Callback<Input>) -> bool {
    let room = picked(event);
    if let Some(room) = room {
        event.prevent_default();
        emit.emit(Input::OpenRoom(room));
    }
    room.is_some()
}

/// Room that a click on a link opens in place; `None` if there is no room, or if the browser opens another tab or
/// window.
fn picked(event: &MouseEvent) -> Option<RoomId> {
    if event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() {
        return None;
    }
    let target: Element = event.target()?.dyn_into().ok()?;
    let link = target.closest("[data-room]").ok()??;
    link.get_attribute("data-room")?.parse().ok().map(RoomId)
}
