//! The list of the open room's messages: the loaded window of its timeline, oldest first.

mod announcer;
mod read_watch;
mod scroll_anchor;

use crate::calendar::{day_label, local_day};
use crate::chat::grouping::{Grouping, Item};
use crate::chat::message::{Message, author_name};
use crate::chat::room_list::open_picked;
use crate::clock;
use crate::components::brand::cup;
use crate::components::countdown::use_calendar;
use crate::components::icon::Icon;
use crate::components::memo::memo;
use crate::context::use_app_context;
use crate::error_text;
use crate::language::{Language, tr};
use announcer::{Announcement, Announcer};
use client::input::Input;
use client::view::{Conversation, Edge, NewLine, Pane, RowKey, RowState, Slice};
use read_watch::ReadWatch;
use scroll_anchor::ScrollAnchor;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MutationObserver, MutationObserverInit, ResizeObserver};
use yew::prelude::*;

/// Properties of [`MessageList`].
#[derive(Clone, PartialEq, Properties)]
pub struct MessageListProps {
    /// The messages. One list shows one conversation only: the parent gives each a list with its own key.
    pub pane: Slice<Pane>,
    /// Name of the room.
    pub room_name: AttrValue,
    /// Whether the page is connected and no events are missing, so that a new row is a new message.
    pub is_caught_up: bool,
    /// The places of conversations that were read in their middle.
    pub places: Places,
}

/// The places in conversations that were read in their middle, at most one of each. Clones refer to the same ones.
/// They last as long as the page's component.
pub type Places = Rc<RefCell<Vec<(Conversation, scroll_anchor::Place)>>>;

/// Shows the window of messages and the state of both its ends, and keeps the person's scroll position. It
/// emits [`Input::FollowEnd`], [`Input::LoadOlder`], [`Input::LoadNewer`], [`Input::JumpToLatest`], what the person
/// has read ([`Input::RowSeen`], [`Input::MarkRead`] and [`Input::JumpToLine`]), and [`Input::OpenRoom`] for a plain
/// click on a link to a room of the house.
#[component]
pub fn MessageList(props: &MessageListProps) -> Html {
    let context = use_app_context();
    let language = context.language();
    let pane = &props.pane;
    let grouping = use_mut_ref(Grouping::default);
    let announcer = use_mut_ref(Announcer::default);
    let scroll_anchor = use_mut_ref(|| ScrollAnchor::new(pane));
    let shown = use_mut_ref(|| pane.clone());
    let node = use_node_ref();
    // A view that is drawn again is older than what the person has done since.
    let is_new = shown.replace(pane.clone()) != *pane;
    if let Some(list) = node.cast::<Element>().filter(|_| is_new) {
        scroll_anchor.borrow_mut().before(&list, pane);
    }
    // Ignore the target of a jump that was made before this list was created.
    let first_revision = use_mut_ref(|| pane.jump_target.map(|landed| landed.revision));
    let landed = pane.jump_target.filter(|landed| Some(landed.revision) != *first_revision.borrow());
    // Whether the line above the new messages is in sight, and the row below it when it last was. The first look
    // follows the first rendering.
    let line_sight = use_state_eq(|| (true, None::<RowKey>));
    let look = {
        let (node, scroll_anchor, shown) = (node.clone(), scroll_anchor.clone(), shown.clone());
        let (sight, last) = (line_sight.setter(), *line_sight);
        use_callback((context.emit.clone(), last), move |(), (emit, last)| {
            let Some(list) = node.cast::<Element>() else { return };
            let pane = shown.borrow().clone();
            let wants = scroll_anchor.borrow_mut().wants(&list, &pane);
            wants.into_iter().for_each(|input| emit.emit(input));
            let is_in_sight = is_line_in_sight(&list);
            let below = pane.line.and_then(|line| line.before).filter(|_| is_in_sight);
            sight.set((is_in_sight, below.or(last.1)));
        })
    };
    use_effect_with(node.clone(), {
        let (scroll_anchor, places, conversation) =
            (scroll_anchor.clone(), props.places.clone(), pane.conversation);
        move |node| {
            let place = places.borrow_mut().extract_if(.., |(of, _)| *of == conversation).next();
            if let (Some((_, place)), Some(list)) = (place, node.cast::<Element>()) {
                scroll_anchor.borrow_mut().return_to(&list, &place);
            }
            let end = watch(node, &scroll_anchor);
            move || {
                end();
                places.borrow_mut().extend(scroll_anchor.borrow().place().map(|place| (conversation, place)));
            }
        }
    });
    use_effect_with((), {
        let (node, shown, emit) = (node.clone(), shown.clone(), context.emit.clone());
        let watched = RefCell::new(ReadWatch::default());
        move |()| {
            read_watch::watch(move || {
                let Some(list) = node.cast::<Element>() else { return };
                let pane = shown.borrow().clone();
                let seen = watched.borrow_mut().look(&list, &pane);
                seen.into_iter().for_each(|key| emit.emit(Input::RowSeen(key)));
            })
        }
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
    let before = pane.line.and_then(|line| line.before);
    let first_new =
        items.iter().position(|item| matches!(item, Item::Row { row, .. } if Some(row.key) == before));
    // A day that begins there shares the line.
    let line_at =
        first_new.map(|at| if at > 0 && matches!(items[at - 1], Item::Day { .. }) { at - 1 } else { at });
    let items = items.into_iter().enumerate().flat_map(|(at, item)| {
        let is_line = line_at == Some(at);
        match item {
            Item::Day { day, at } => {
                let label = day_label(language, day, at, today);
                [Some(line(language, format!("day/{day}"), label, is_line)), None]
            }
            Item::Row { row, has_byline } => {
                let key = row.key.to_string();
                let marked = landed.filter(|landed| landed.key == row.key).map(|landed| landed.revision);
                let has_byline = has_byline || first_new == Some(at);
                let new = is_line.then(|| line(language, "new".to_owned(), AttrValue::default(), true));
                [new, Some(memo(key, Message { row, has_byline, marked, time_zone }))]
            }
        }
    });
    let items = items.flatten();
    let (is_in_sight, seen) = *line_sight;
    let bar =
        pane.line.filter(|line| !is_in_sight && (line.is_unread || seen.is_none() || seen != line.before));
    let to_line = {
        let (node, scroll_anchor, emit) = (node.clone(), scroll_anchor.clone(), context.emit.clone());
        Callback::from(move |_: MouseEvent| {
            let shown =
                node.cast::<Element>().is_some_and(|list| scroll_anchor.borrow_mut().show_line(&list));
            if !shown {
                emit.emit(Input::JumpToLine);
            }
        })
    };
    let onclick = {
        let emit = context.emit.clone();
        Callback::from(move |event: MouseEvent| {
            open_picked(&event, &emit);
        })
    };
    let onscroll = look.reform(|_: Event| ());
    let conversation = pane.conversation;
    let older = context.emit.reform(move |_: MouseEvent| Input::LoadOlder(conversation));
    let newer = context.emit.reform(move |_: MouseEvent| Input::LoadNewer(conversation));
    let latest = context.emit.reform(move |_: MouseEvent| Input::JumpToLatest(conversation));
    let is_current = props.is_caught_up && pane.loaded && pane.following && pane.newer == Edge::End;
    let mut announcer = announcer.borrow_mut();
    let announcements =
        announcer.take(&pane.rows, is_current).iter().map(|announcement| match announcement {
            Announcement::Message(row) => {
                let name = author_name(language, row);
                html! { <div key={row.key.to_string()}>{ tr!(language, "row.announced", name = name, text = row.text) }</div> }
            }
            Announcement::Refused(row) => {
                let RowState::Failed(code) = row.state else { return Html::default() };
                let reason = error_text::of_code(language, code);
                html! { <div key={row.key.to_string()}>{ tr!(language, "row.failed") }{ " " }{ reason }</div> }
            }
            Announcement::Count(count, newest) => {
                html! { <div key={newest.to_string()}>{ tr!(language, "room.new_messages", count = count) }</div> }
            }
        });
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
                <div key="list" id="char_list" role="log" {onclick} aria-live="off" aria-label={tr!(language, "room.messages")}>
                    { for items }
                </div>
                if pane.newer != Edge::End {
                    <div key="newer" class="edge">
                        { edge(language, pane.newer, AttrValue::default(), newer) }
                    </div>
                }
            </div>
            // A screen reader announces what is added here.
            <div key="announcements" id="announcements" class="visually_hidden" aria-live="polite">{ for announcements }</div>
            if let Some(line) = bar {
                { new_bar(language, line, to_line, latest, &context.emit) }
            } else if !pane.following {
                { to_the_end(language, pane.new_below, latest) }
            }
        </div>
    }
}

/// Line above a new day, above the new messages, or above both.
fn line(language: Language, key: String, label: AttrValue, is_new: bool) -> Html {
    html! {
        <div {key} class={classes!("day", is_new.then_some("new_line"))}>
            { label }
            if is_new {
                <b>{ tr!(language, "new.line") }</b>
            }
        </div>
    }
}

/// Whether any part of the line above the new messages is in sight.
fn is_line_in_sight(list: &Element) -> bool {
    let Ok(Some(line)) = list.query_selector(".new_line") else { return false };
    let (line, sight) = (line.get_bounding_client_rect(), list.get_bounding_client_rect());
    line.bottom() > sight.top() && line.top() < sight.bottom()
}

/// Bar that stands for the line above the new messages while it is out of sight.
fn new_bar(
    language: Language,
    line: NewLine,
    to_line: Callback<MouseEvent>,
    to_latest: Callback<MouseEvent>,
    emit: &Callback<Input>,
) -> Html {
    let label = match line.since {
        Some(at) => tr!(language, "new.since", count = line.count, time = clock::time_of_day(language, at)),
        None => tr!(language, "room.new_messages", count = line.count),
    };
    let latest = tr!(language, "room.latest");
    html! {
        <div key="new_bar" id="new_bar">
            <button key="line" type="button" id="line_btn" onclick={to_line}>{ Icon::Down.draw() }{ label }</button>
            <button key="latest" type="button" id="latest_btn" aria-label={latest.clone()}
                onclick={to_latest}>{ Icon::Down.draw() }<span>{ latest }</span></button>
            <button key="read" type="button" id="read_btn" onclick={emit.reform(|_: MouseEvent| Input::MarkRead)}>
                { tr!(language, "new.read") }<kbd>{ "Esc" }</kbd>
            </button>
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
