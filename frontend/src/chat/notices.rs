//! Notices above the open room. They float over the messages, so that nothing moves when a notice appears or
//! disappears. The most urgent ones are shown; the others follow when these are gone.

mod join_prompt;
mod refused_command;

use crate::chat::left_rooms::LeftRooms;
use crate::chat::url::RequestedRoom;
use crate::components::button::text_button;
use crate::components::confirm::Confirm;
use crate::components::connection_badge::is_usable;
use crate::components::connection_notice::ConnectionNotice;
use crate::components::icon::Icon;
use crate::context::AppContext;
use crate::language::{Language, tr};
use crate::{random, room_label};
use client::input::Input;
use client::persisted::Owner;
use client::view::{AtRisk, LeftBehind, LeftText, RoomItem, RowKey, Slice, View};
use shared::RoomId;
use yew::prelude::*;

/// Notices that are shown at a time. The rest appear as those before them disappear.
const SHOWN_MAX: usize = 2;

/// Shows the most urgent notices: connection, catching up, jumps, joining, a room that is gone or ready, refused
/// commands, drafts left behind, new log, new build. It reads those parts of the view; `left` names the rooms that
/// the member is or was in, and `state.gone` is the room that was open and that the member is no longer in. It emits
/// [`Input::AdoptLeftBehind`], [`Input::DeferLeftBehind`], [`Input::DiscardLeftBehind`],
/// [`Input::DismissReadyRoom`] and [`Input::DismissEpoch`]; the submodules emit the rest.
pub fn notices(
    context: &AppContext,
    view: &View,
    requested: &RequestedRoom,
    left: &LeftRooms,
    state: NoticesState<'_>,
) -> Html {
    let language = context.language();
    let usable = is_usable(view.connection);
    let mut notices = Vec::new();
    if !usable {
        notices.push(
            html! { <ConnectionNotice key="connection" link={view.connection} pinned={view.pinned} /> },
        );
    } else if view.notices.catching_up {
        notices.push(progress_notice("catching_up", tr!(language, "room.catching_up")));
    } else if view.pane().jumping {
        notices.push(progress_notice("jumping", tr!(language, "room.jumping")));
    } else if view.pane().jump_failed {
        notices.push(progress_notice("jump_failed", tr!(language, "room.jump_failed")));
    }
    if let Some(room) = requested.room.filter(|_| usable) {
        notices.push(join_prompt::join_prompt(context, view, room, requested));
    }
    let gone = state.gone;
    notices.extend(gone.and_then(|id| left.find(id)).map(|room| gone_room(language, room, gone.setter())));
    notices.extend(ready_room(context, view, requested));
    notices.extend(refused_command::refused_command(context, view, requested.room, left, state.has_form));
    notices.extend(view.notices.left_behind.first().map(|left| left_behind(context, &view.rooms, left)));
    notices.extend(view.notices.new_epoch.then(|| new_epoch(context)));
    let is_new = view.notices.new_version && !**state.version_seen;
    notices.extend(is_new.then(|| new_version(language, view.composer.at_risk, state.version_seen)));
    notices.truncate(SHOWN_MAX);
    // A screen reader announces what is added here.
    html! { <div key="notices" class="notices" aria-live="polite">{ for notices }</div> }
}

/// State of the chat that its notices depend on.
#[derive(Clone, Copy, Debug)]
pub struct NoticesState<'a> {
    /// Whether a dialog with the form of a room is open. The form shows why its command was refused.
    pub has_form: bool,
    /// Room that was open and that the member is no longer in.
    pub gone: &'a UseStateHandle<Option<RoomId>>,
    /// Whether the person dismissed the notice of the new version.
    pub version_seen: &'a UseStateHandle<bool>,
}

/// Urgency of a notice, which decides when it becomes visible.
#[derive(Clone, Copy)]
enum Tone {
    Calm,
    /// Usually over soon, so the notice becomes visible only after a delay.
    Late,
}

fn notice(key: &str, id: &'static str, tone: Tone, text: AttrValue, actions: Html) -> Html {
    let class = match tone {
        Tone::Calm => "notice",
        Tone::Late => "notice delayed",
    };
    html! {
        <div {key} {id} {class}>
            <span key="text" class="notice_text">{ text }</span>
            { actions }
        </div>
    }
}

fn progress_notice(key: &'static str, text: AttrValue) -> Html {
    notice(key, key, Tone::Late, text, Html::default())
}

/// Notice that the server has another build of the page, with a button to reload. The button is missing if
/// reloading would lose something: unsent texts in a browser that stores nothing.
fn new_version(language: Language, at_risk: AtRisk, seen: &UseStateHandle<bool>) -> Html {
    let text = match at_risk {
        AtRisk::Nothing => tr!(language, "version.new"),
        AtRisk::Drafts => tr!(language, "version.draft"),
        AtRisk::Commands => tr!(language, "version.unsettled"),
    };
    let reload = Callback::from(|_: MouseEvent| {
        if let Some(window) = web_sys::window() {
            drop(window.location().reload());
        }
    });
    let later = seen.setter();
    let actions = html! {
        <>
            if at_risk == AtRisk::Nothing {
                <button key="reload" type="button" id="reload_btn" onclick={reload}>
                    { tr!(language, "version.reload") }
                </button>
            }
            { dismiss(language, Callback::from(move |_: MouseEvent| later.set(true))) }
        </>
    };
    notice("version", "new_version", Tone::Calm, text, actions)
}

/// Notice about unsent messages and drafts of another member who was signed in here. The person sees the texts
/// before deciding about them, or leaves them for later. This browser has the only copy, so discarding it needs
/// a confirmation.
fn left_behind(context: &AppContext, rooms: &[Slice<RoomItem>], left: &LeftBehind) -> Html {
    let language = context.language();
    let LeftBehind { owner, name, rows, drafts, others, texts } = left;
    let (owner, name) = (*owner, &**name);
    let decide = |input: fn(Owner) -> Input| context.emit.reform(move |_: MouseEvent| input(owner));
    let text = match (rows, drafts) {
        (0, 0) => tr!(language, "left.changes", name = name),
        (0, _) => tr!(language, "left.drafts", name = name, drafts = drafts),
        (_, 0) => tr!(language, "left.rows", name = name, rows = rows),
        _ => tr!(language, "left.both", name = name, rows = rows, drafts = drafts),
    };
    let adopt_label = if *rows > 0 { tr!(language, "left.send") } else { tr!(language, "left.keep") };
    let entry = |(at, left): (usize, &LeftText)| {
        let room = rooms.iter().find(|item| item.id == left.room);
        let room = room_label::name(language, left.room, room.map_or("", |item| &item.name));
        let draft = if left.is_draft { tr!(language, "sidebar.draft") } else { AttrValue::default() };
        html! {
            // The stylesheet shows the whole text while it has the focus.
            <blockquote key={at} tabindex="0" dir="auto">
                <small>{ room }{ " " }{ draft }</small>
                { &*left.text }
            </blockquote>
        }
    };
    let has_texts = rows + drafts > 0;
    let drop = html! {
        <Confirm key="drop" id="left" action={tr!(language, "left.drop")}
            question={tr!(language, "left.drop_ask")} on_yes={decide(Input::DiscardLeftBehind)} />
    };
    html! {
        <div key={format!("left/{}", owner.member.0)} id="left_behind" class="notice tall">
            <span key="text" class="notice_text">{ text }</span>
            if has_texts {
                // The region around the notice would read out all texts when the person opens them.
                <details key="texts" aria-live="off">
                    <summary>{ tr!(language, "left.show") }</summary>
                    <div class="left_texts">{ for texts.iter().enumerate().map(entry) }</div>
                    if *others > 0 {
                        <p>{ tr!(language, "left.others") }</p>
                    }
                    <div class="notice_actions">
                        { text_button("adopt", adopt_label, decide(Input::AdoptLeftBehind)) }
                        { drop.clone() }
                    </div>
                </details>
            }
            <div key="later" class="notice_actions">
                if !has_texts {
                    { drop }
                }
                { text_button("later", tr!(language, "left.later"), decide(Input::DeferLeftBehind)) }
            </div>
        </div>
    }
}

/// Button that joins a room. `failed` is the key of a refused attempt, which the button retries instead. While
/// `busy`, a press has no effect; a disabled button would lose the focus.
fn join_button(context: &AppContext, room: RoomId, busy: bool, failed: Option<RowKey>) -> Html {
    let emit = context.emit.clone();
    let join = Callback::from(move |_: MouseEvent| match failed {
        _ if busy => {}
        Some(key) => emit.emit(Input::Retry(key)),
        None => emit.emit(Input::JoinRoom { client_id: random::client_id(), room }),
    });
    html! {
        <button key="join" type="button" class="join" aria-busy={busy.to_string()} onclick={join}>
            { tr!(context.language(), "room_directory.join") }
        </button>
    }
}

/// Offers to open a room that was created or joined after the person had gone on elsewhere.
fn ready_room(context: &AppContext, view: &View, requested: &RequestedRoom) -> Option<Html> {
    let language = context.language();
    let room = view.rooms.iter().find(|item| Some(item.id) == view.notices.ready_room)?;
    let id = room.id;
    let open = context.emit.reform(move |_: MouseEvent| Input::OpenRoom(id));
    let (emit, on_stay) = (context.emit.clone(), requested.on_stay.clone());
    let stay = Callback::from(move |_: MouseEvent| {
        emit.emit(Input::DismissReadyRoom);
        on_stay.emit(());
    });
    let text = tr!(language, "ready_room.text", room = room_label::name(language, id, &room.name));
    let actions = html! {
        <>
            { text_button("open", tr!(language, "room_directory.open"), open) }
            { dismiss(language, stay) }
        </>
    };
    Some(notice("ready_room", "ready_room", Tone::Calm, text, actions))
}

/// Says why another room is open now.
fn gone_room(language: Language, room: &RoomItem, gone: UseStateSetter<Option<RoomId>>) -> Html {
    let text = tr!(language, "room.gone", room = room_label::name(language, room.id, &room.name));
    let read = Callback::from(move |_: MouseEvent| gone.set(None));
    notice("gone_room", "gone_room", Tone::Calm, text, dismiss(language, read))
}

fn new_epoch(context: &AppContext) -> Html {
    let language = context.language();
    let read = context.emit.reform(|_: MouseEvent| Input::DismissEpoch);
    notice("epoch", "new_epoch", Tone::Calm, tr!(language, "epoch.new"), dismiss(language, read))
}

fn dismiss(language: Language, onclick: Callback<MouseEvent>) -> Html {
    let label = tr!(language, "notice.dismiss");
    html! {
        <button type="button" class="quiet" aria-label={label.clone()} title={label} {onclick}>{ Icon::Close.draw() }</button>
    }
}
