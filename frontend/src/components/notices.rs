//! What the reader should know about the room, above it: it floats, so that
//! nothing moves when it comes or goes.

use crate::address::Asked;
use crate::components::browse::is_joining;
use crate::components::button::word_button;
use crate::components::confirm::Confirm;
use crate::components::connection_notice::ConnectionNotice;
use crate::components::icon::Icon;
use crate::context::Surroundings;
use crate::language::{Language, tr};
use crate::{random, sentence, title};
use client::input::Input;
use client::stored::Body;
use client::view::{LeftBehind, Pending, ReadyState, RowState, View};
use shared::{ErrorCode, RoomId};
use yew::prelude::*;

/// All notices of the room.
pub fn notices(around: &Surroundings, view: &View, asked: &Asked) -> Html {
    let language = around.language();
    let usable = view.link.ready_state == ReadyState::Open && view.link.welcomed;
    let stranger_to = asked.room.filter(|room| usable && !is_joining(view, *room));
    let failed = view.pending.iter().find_map(|pending| match pending.state {
        RowState::Failed(code) => Some((pending, code)),
        _ => None,
    });
    html! {
        <div key="notices" class="notices">
            if !usable {
                <ConnectionNotice key="connection" link={view.link} />
            } else if view.catching_up {
                { word("catching_up", tr!(language, "room.catching_up")) }
            } else if view.jumping {
                { word("jumping", tr!(language, "room.jumping")) }
            } else if view.jump_failed {
                { word("jump_failed", tr!(language, "room.jump_failed")) }
            }
            if let Some(room) = stranger_to {
                { stranger(around, room, &asked.on_stay) }
            }
            if let Some((pending, code)) = failed {
                { refused(around, view, pending, code) }
            }
            if let Some(left) = view.left_behind.first() {
                { left_behind(around, left) }
            }
            if view.new_version {
                { new_version(language, view) }
            }
            if view.new_epoch {
                { new_epoch(around) }
            }
        </div>
    }
}

/// How a notice looks, and how it is read out.
#[derive(Clone, Copy)]
enum Tone {
    Calm,
    /// Soon over, and told only if it is not.
    Late,
    Urgent,
}

fn notice(key: &str, id: &'static str, tone: Tone, text: AttrValue, actions: Html) -> Html {
    let (class, role) = match tone {
        Tone::Calm => ("notice", "status"),
        Tone::Late => ("notice late", "status"),
        Tone::Urgent => ("notice warn", "alert"),
    };
    html! {
        <div {key} {id} {class} {role}>
            <span key="text" class="notice_text">{ text }</span>
            { actions }
        </div>
    }
}

fn word(key: &'static str, text: AttrValue) -> Html {
    notice(key, key, Tone::Late, text, Html::default())
}

/// The address names a room that one is not in.
fn stranger(around: &Surroundings, room: RoomId, on_stay: &Callback<()>) -> Html {
    let language = around.language();
    let join =
        around.emit.reform(move |_: MouseEvent| Input::JoinRoom { client_id: random::client_id(), room });
    let stay = on_stay.reform(|_: MouseEvent| ());
    let actions = html! {
        <>
            { word_button("join", tr!(language, "browse.join"), join) }
            { dismiss(language, stay) }
        </>
    };
    notice("stranger", "stranger", Tone::Calm, tr!(language, "stranger.text"), actions)
}

/// A room's command that was refused for good.
fn refused(around: &Surroundings, view: &View, pending: &Pending, code: ErrorCode) -> Html {
    let language = around.language();
    let named = |id: RoomId| {
        let item = view.rooms.iter().find(|item| item.id == id);
        item.map_or(AttrValue::Static("?"), |item| title::name(language, id, &item.name))
    };
    let what = match &pending.body {
        Body::Post { .. } => tr!(language, "pending.post"),
        Body::Create { name, .. } => tr!(language, "pending.create", room = name),
        Body::Change { room, .. } => tr!(language, "pending.change", room = named(*room)),
        Body::Join { .. } => tr!(language, "pending.join"),
        Body::Leave { room } => tr!(language, "pending.leave", room = named(*room)),
    };
    let key = pending.key;
    let retry = around.emit.reform(move |_: MouseEvent| Input::Retry(key));
    let discard = around.emit.reform(move |_: MouseEvent| Input::Discard(key));
    let text = format!("{what} {}", sentence::of_room(language, code));
    let actions = html! {
        <>
            { word_button("retry", tr!(language, "row.retry"), retry) }
            { word_button("discard", tr!(language, "row.discard"), discard) }
        </>
    };
    notice(&key.to_string(), "refused_command", Tone::Urgent, text.into(), actions)
}

/// The server has another build of the page. Loading it costs nothing, unless nothing can be stored.
fn new_version(language: Language, view: &View) -> Html {
    let written = !view.draft.text.trim().is_empty() || view.rooms.iter().any(|item| item.draft);
    let unsettled = view.waiting > 0 || view.rows.iter().any(|row| row.state != RowState::Settled);
    let costs = view.memory_only && (written || unsettled);
    let text = match costs {
        false => tr!(language, "version.new"),
        true if written => tr!(language, "version.draft"),
        true => tr!(language, "version.unsettled"),
    };
    let reload = Callback::from(|_: MouseEvent| {
        if let Some(window) = web_sys::window() {
            drop(window.location().reload());
        }
    });
    let actions = html! {
        if !costs {
            <button key="reload" type="button" id="reload_btn" onclick={reload}>
                { tr!(language, "version.reload") }
            </button>
        }
    };
    notice("version", "new_version", Tone::Calm, text, actions)
}

/// What somebody else who was signed in here has left behind: how much, never what. Nobody else
/// has it, so that dropping it is asked twice.
fn left_behind(around: &Surroundings, left: &LeftBehind) -> Html {
    let language = around.language();
    let LeftBehind { owner, name, rows, drafts } = left;
    let owner = *owner;
    let take = around.emit.reform(move |_: MouseEvent| Input::TakeOver(owner));
    let drop_it = around.emit.reform(move |_: MouseEvent| Input::DropLeft(owner));
    let text = match (rows, drafts) {
        (0, _) => tr!(language, "left.drafts", name = name, drafts = drafts),
        (_, 0) => tr!(language, "left.rows", name = name, rows = rows),
        _ => tr!(language, "left.both", name = name, rows = rows, drafts = drafts),
    };
    let word = if *rows > 0 { tr!(language, "left.send") } else { tr!(language, "left.take") };
    let actions = html! {
        <>
            { word_button("take", word, take) }
            <Confirm key="drop" id="left" action={tr!(language, "left.drop")}
                question={tr!(language, "left.drop_ask")} on_yes={drop_it} />
        </>
    };
    notice(&format!("left/{}", owner.member.0), "left_behind", Tone::Calm, text, actions)
}

fn new_epoch(around: &Surroundings) -> Html {
    let language = around.language();
    let read = around.emit.reform(|_: MouseEvent| Input::DismissEpoch);
    notice("epoch", "new_epoch", Tone::Calm, tr!(language, "epoch.new"), dismiss(language, read))
}

fn dismiss(language: Language, onclick: Callback<MouseEvent>) -> Html {
    let word = tr!(language, "notice.dismiss");
    html! {
        <button type="button" class="quiet" aria-label={word.clone()} title={word} {onclick}>{ Icon::Close.draw() }</button>
    }
}
