//! One message. The element of its text has the row's key in `data-key`, by which other parts of the page find
//! it. The DOM node stays the same from local echo to history, because the row's key stays the same.

use crate::clock;
use crate::components::avatar::avatar;
use crate::components::button::text_button;
use crate::components::copy_button::CopyButton;
use crate::components::icon::Icon;
use crate::components::memo::Draw;
use crate::context::AppContext;
use crate::error_text;
use crate::language::{Language, tr};
use client::input::Input;
use client::linkify::{TextSpan, segments};
use client::view::{Row, RowKey, RowState};
use shared::{ErrorCode, MemberId};
use std::rc::Rc;
use yew::prelude::*;

/// One row: text with links, author, time, and the state of sending. For a refused message, it emits
/// [`Input::Retry`] and [`Input::Discard`].
#[derive(PartialEq)]
pub struct Message {
    /// Row of the view. An unchanged row is the same `Rc`.
    pub row: Rc<Row>,
    /// Whether the message shows its author and time above its text.
    pub has_byline: bool,
    /// Revision of the jump that ended at this message; `None` if the last jump did not.
    pub marked: Option<u32>,
}

impl Draw for Message {
    fn draw(&self, context: &AppContext) -> Html {
        message(context, self)
    }
}

fn message(context: &AppContext, props: &Message) -> Html {
    let language = context.language();
    let row = &props.row;
    let (state, mark) = match row.state {
        RowState::Settled => ("settled", None),
        RowState::Sending => ("sending", Some((Icon::Clock, tr!(language, "row.sending")))),
        RowState::Waiting => ("waiting", Some((Icon::Clock, tr!(language, "row.waiting")))),
        RowState::Failed(_) => ("failed", Some((Icon::Alert, tr!(language, "row.failed")))),
    };
    let unreadable = tr!(language, "row.unreadable");
    let text = if row.text.is_empty() { &*unreadable } else { &*row.text };
    let time = clock::time_of_day(language, row.at);
    let name = author_name(language, row);
    let key = row.key.to_string();
    // Two classes with one style: a second jump to the same message restarts the animation.
    let marked = props.marked.map(|turn| if turn % 2 == 0 { "marked" } else { "marked_too" });
    html! {
        <div class={classes!("message", state, props.has_byline.then_some("has_byline"), marked)}>
            <div key="author" class="author">
                if props.has_byline {
                    { avatar(row.key.author, &name, row.tag, false) }
                } else {
                    <time datetime={clock::iso(row.at)}>{ &time }</time>
                }
            </div>
            <div key="body" class="body">
                if props.has_byline {
                    <div key="byline" class="byline">
                        <b dir="auto">{ name }</b>
                        <time datetime={clock::iso(row.at)}>{ &time }</time>
                    </div>
                }
                <p key="text" class="message_text" dir="auto" translate="yes" data-key={key} data-state={state}>
                    { for linked(text) }
                </p>
                if let RowState::Failed(code) = row.state {
                    { failed_actions(context, row.key, code) }
                }
            </div>
            <div key="state" class="state">
                if let Some((icon, label)) = mark {
                    <span class="mark" title={label.clone()}>
                        { icon.draw() }<span class="mark_label">{ label }</span>
                    </span>
                }
            </div>
        </div>
    }
}

/// Name that is shown for the author: the member's, or *Guest* with the tag for a passer-by.
pub fn author_name(language: Language, row: &Row) -> AttrValue {
    match row.tag {
        Some(tag) if row.key.author == MemberId::PASSER_BY => tr!(language, "row.passer_by", tag = tag),
        _ => AttrValue::from(row.name.clone()),
    }
}

/// Splits a text into text nodes and links. No HTML is built from the text.
fn linked(text: &str) -> impl Iterator<Item = Html> + '_ {
    segments(text).into_iter().map(|segment| match segment {
        TextSpan::Text(text) => html! { { text } },
        TextSpan::Link(url) => html! {
            <a href={url.to_owned()} target="_blank" rel="noopener noreferrer nofollow ugc">{ url }</a>
        },
    })
}

/// Shows why a message was refused, with buttons to send it again, copy it or discard it.
fn failed_actions(context: &AppContext, key: RowKey, code: ErrorCode) -> Html {
    let language = context.language();
    let retry = context.emit.reform(move |_: MouseEvent| Input::Retry(key));
    let discard = context.emit.reform(move |_: MouseEvent| Input::Discard(key));
    html! {
        <div key="failed" class="failed_actions">
            <span key="reason" class="reason" role="alert">{ error_text::of_code(language, code) }</span>
            { text_button("retry", tr!(language, "row.retry"), retry) }
            <CopyButton key="copy" />
            { text_button("discard", tr!(language, "row.discard"), discard) }
        </div>
    }
}
