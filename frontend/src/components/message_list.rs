//! The room's messages, oldest first. The list stays at its end while the
//! reader is there, and where the reader is otherwise.

mod pin;

use crate::calendar::day_label;
use crate::clock;
use crate::components::brand::cup;
use crate::components::icon::Icon;
use crate::components::message::Message;
use crate::context::{Seen, use_surroundings};
use crate::grouping::{Grouping, Item};
use crate::language::tr;
use pin::use_pin;
use yew::prelude::*;

/// What [`MessageList`] needs.
#[derive(Clone, PartialEq, Properties)]
pub struct MessageListProps {
    /// The view.
    pub view: Seen,
}

/// The list.
#[component]
pub fn MessageList(props: &MessageListProps) -> Html {
    let language = use_surroundings().language();
    let view = &props.view;
    let grouping = use_mut_ref(Grouping::default);
    let node = use_node_ref();
    let pin = use_pin(&node, &view.rows);
    let today = clock::local_day(clock::now());
    let items = grouping.borrow_mut().items(&view.rows, clock::local_day);
    let items = items.into_iter().map(|item| match item {
        Item::Day { day, at } => html! {
            <div key={format!("day/{day}")} class="day">{ day_label(language, day, at, today) }</div>
        },
        Item::Row { row, head } => {
            let key = row.key.to_string();
            html! { <Message {key} {row} {head} /> }
        }
    });
    let go_down = pin.go_down.reform(|_: MouseEvent| ());
    let empty = view.rows.is_empty();
    html! {
        <div class="messages">
            <div key="scroll" class="scroll" ref={node} onscroll={pin.on_scroll} tabindex="0" role="region"
                aria-label={tr!(language, "room.lobby")}>
                if empty {
                    <div key="empty" class="empty">
                        if view.link.welcomed {
                            { cup() }
                            <b key="first">{ tr!(language, "room.empty") }</b>
                            <span key="then">{ tr!(language, "room.empty_then") }</span>
                        } else {
                            <span key="opening" class="late">{ tr!(language, "room.opening") }</span>
                        }
                    </div>
                }
                if view.older && !empty {
                    <div key="older" class="older">{ tr!(language, "room.older") }</div>
                }
                <div key="list" id="char_list" role="log" aria-live="polite"
                    aria-label={tr!(language, "room.messages")}>
                    { for items }
                </div>
            </div>
            if pin.news {
                <button key="news" type="button" id="new_messages" onclick={go_down}>
                    { Icon::Down.draw() }{ tr!(language, "room.new_messages") }
                </button>
            }
        </div>
    }
}
