//! The list of the open room's messages: the loaded window of its timeline, oldest first.

mod scroll_anchor;

use crate::calendar::{day_label, local_day};
use crate::chat::grouping::{Grouping, Item};
use crate::chat::message::Message;
use crate::chat::room_list::picked;
use crate::components::brand::cup;
use crate::components::countdown::use_calendar;
use crate::components::icon::Icon;
use crate::components::memo::memo;
use crate::context::use_app_context;
use crate::language::{Language, tr};
use client::input::Input;
use client::view::{Edge, Pane, Slice};
use scroll_anchor::ScrollAnchor;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MutationObserver, MutationObserverInit, ResizeObserver};
use yew::prelude::*;

/// Properties of [`MessageList`].
#[derive(Clone, PartialEq, Properties)]
pub struct MessageListProps {
    /// The room's messages. One list shows one room only: the parent gives each room a list with its own key.
    pub pane: Slice<Pane>,
    /// Name of the room.
    pub room_name: AttrValue,
}

/// Shows the window of messages and the state of both its ends, and keeps the person's scroll position. It
/// emits [`Input::FollowEnd`], [`Input::LoadOlder`], [`Input::LoadNewer`] and [`Input::JumpToLatest`], and
/// [`Input::OpenRoom`] for a plain click on a link to a room of the house.
#[component]
pub fn MessageList(props: &MessageListProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let pane = &props.pane;
    let grouping = use_mut_ref(Grouping::default);
    let scroll_anchor = use_mut_ref(|| ScrollAnchor::new(pane));
    let shown = use_mut_ref(|| pane.clone());
    let node = use_node_ref();
    shown.replace(pane.clone());
    if let Some(list) = node.cast::<Element>() {
        scroll_anchor.borrow_mut().before(&list, pane);
    }
    // Ignore the target of a jump that was made before this list was created.
    let first_revision = use_mut_ref(|| pane.jump_target.map(|landed| landed.revision));
    let landed = pane.jump_target.filter(|landed| Some(landed.revision) != *first_revision.borrow());
    let look = {
        let (node, scroll_anchor, shown) = (node.clone(), scroll_anchor.clone(), shown.clone());
        use_callback(context.emit.clone(), move |(), emit| {
            let Some(list) = node.cast::<Element>() else { return };
            let pane = shown.borrow().clone();
            let wants = scroll_anchor.borrow_mut().wants(&list, &pane);
            wants.into_iter().for_each(|input| emit.emit(input));
        })
    };
    use_effect_with(node.clone(), {
        let scroll_anchor = scroll_anchor.clone();
        move |node| watch(node, &scroll_anchor)
    });
    use_effect_with(landed.map(|landed| landed.revision), {
        let (node, scroll_anchor) = (node.clone(), scroll_anchor.clone());
        move |_| {
            if let (Some(landed), Some(list)) = (landed, node.cast::<Element>()) {
                scroll_anchor.borrow_mut().show(&list, landed.key);
            }
        }
    });
    use_effect_with(pane.clone(), {
        let (node, scroll_anchor, look) = (node.clone(), scroll_anchor.clone(), look.clone());
        move |_| {
            // A person who follows the end again is taken there, even if nothing in the list has changed.
            if let Some(list) = node.cast::<Element>() {
                scroll_anchor.borrow_mut().resized(&list);
            }
            look.emit(());
        }
    });
    let (today, time_zone) = use_calendar();
    let items = grouping.borrow_mut().items(&pane.rows, local_day);
    let items = items.into_iter().map(|item| match item {
        Item::Day { day, at } => html! {
            <div key={format!("day/{day}")} class="day">{ day_label(language, day, at, today) }</div>
        },
        Item::Row { row, has_byline } => {
            let key = row.key.to_string();
            let marked = landed.filter(|landed| landed.key == row.key).map(|landed| landed.revision);
            memo(key, Message { row, has_byline, marked, time_zone })
        }
    });
    let onclick = {
        let emit = context.emit.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(room) = picked(&event) {
                event.prevent_default();
                emit.emit(Input::OpenRoom(room));
            }
        })
    };
    let onscroll = look.reform(|_: Event| ());
    let older = context.emit.reform(|_: MouseEvent| Input::LoadOlder);
    let newer = context.emit.reform(|_: MouseEvent| Input::LoadNewer);
    // A screen reader announces new messages only, not history that is being loaded.
    let live = if pane.following { "polite" } else { "off" };
    html! {
        <div class="messages">
            <div key="scroll" class="scroll" ref={node} {onscroll} tabindex="0" role="region"
                aria-label={&props.room_name}>
                if pane.rows.is_empty() {
                    { empty(language, pane) }
                } else {
                    <div key="older" class="edge">
                        { edge(language, pane.older, tr!(language, "room.begins"), older) }
                    </div>
                }
                <div key="list" id="char_list" role="log" {onclick} aria-live={live} aria-label={tr!(language, "room.messages")}>
                    { for items }
                </div>
                if pane.newer != Edge::End {
                    <div key="newer" class="edge">
                        { edge(language, pane.newer, AttrValue::default(), newer) }
                    </div>
                }
            </div>
            if !pane.following {
                { to_the_end(language, pane.new_below, context.emit.reform(|_: MouseEvent| Input::JumpToLatest)) }
            }
        </div>
    }
}

/// Text in place of the messages: that the room is empty, or that its messages are being loaded.
fn empty(language: Language, pane: &Pane) -> Html {
    html! {
        <div key="empty" class="empty">
            if pane.loaded {
                { cup() }
                <b key="first">{ tr!(language, "room.empty") }</b>
                <span key="then">{ tr!(language, "room.empty_then") }</span>
            } else {
                <span key="opening" class="delayed">{ tr!(language, "room.opening") }</span>
            }
        </div>
    }
}

/// State of one end of the window: its `end` text, nothing, the progress of loading, or a button that calls
/// `again` after a failure. The height is always the same.
fn edge(language: Language, edge: Edge, end: AttrValue, again: Callback<MouseEvent>) -> Html {
    match edge {
        Edge::End => html! { <span key="end">{ end }</span> },
        Edge::More => html! { <span key="more"></span> },
        Edge::Loading => {
            html! { <span key="loading" class="delayed">{ tr!(language, "room.loading") }</span> }
        }
        Edge::Failed => html! {
            <button key="failed" type="button" class="retry" onclick={again}>
                { tr!(language, "room.load_failed") }
            </button>
        },
    }
}

/// Button that goes to the newest message, with the number of messages that arrived below the person's
/// position.
fn to_the_end(language: Language, new_below: u32, go: Callback<MouseEvent>) -> Html {
    let label = match new_below {
        0 => tr!(language, "room.latest"),
        many => tr!(language, "room.new_messages", count = many),
    };
    html! {
        <button key="new_messages" type="button" id="new_messages" class={(new_below == 0).then_some("jump_only")} onclick={go}>
            { Icon::Down.draw() }<span>{ label }</span>
        </button>
    }
}

/// Corrects the scroll position after each change of the list or of its size, until the returned function is
/// called.
///
/// Observers do this before the browser paints. Yew may run effects only after painting, which would show a
/// jump.
fn watch(node: &NodeRef, scroll_anchor: &Rc<RefCell<ScrollAnchor>>) -> impl FnOnce() + use<> {
    let list = node.cast::<Element>();
    let on_change = Closure::<dyn FnMut()>::new({
        let (list, scroll_anchor) = (list.clone(), scroll_anchor.clone());
        move || {
            if let Some(list) = &list {
                scroll_anchor.borrow_mut().changed(list);
            }
        }
    });
    let on_resize = Closure::<dyn FnMut()>::new({
        let (list, scroll_anchor) = (list.clone(), scroll_anchor.clone());
        move || {
            if let Some(list) = &list {
                scroll_anchor.borrow_mut().resized(list);
            }
        }
    });
    let changes = MutationObserver::new(on_change.as_ref().unchecked_ref()).ok();
    let sizes = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
    if let Some(list) = &list {
        scroll_anchor.borrow_mut().changed(list);
        if let Some(changes) = &changes {
            let wanted = MutationObserverInit::new();
            wanted.set_child_list(true);
            wanted.set_subtree(true);
            drop(changes.observe_with_options(list, &wanted));
        }
        if let Some(sizes) = &sizes {
            sizes.observe(list);
            if let Ok(Some(content)) = list.query_selector("#char_list") {
                sizes.observe(&content);
            }
        }
    }
    move || {
        if let Some(changes) = changes {
            changes.disconnect();
        }
        if let Some(sizes) = sizes {
            sizes.disconnect();
        }
        drop((on_change, on_resize));
    }
}
