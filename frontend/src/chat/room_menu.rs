//! The menu of the open room: go to a date, change name and description, leave.

use crate::chat::header::about;
use crate::chat::room_form::RoomForm;
use crate::clock;
use crate::components::confirm::Confirm;
use crate::context::{AppContext, ViewRef};
use crate::language::tr;
use crate::{random, room_label};
use client::input::Input;
use client::view::RoomKind;
use shared::RoomId;
use shared::command::PageAnchor;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// Shows the open room's description, the form for a date, and, outside the lobby, the form of the room and a
/// button to leave it. It reads the open room of the view, and emits [`Input::Jump`] and
/// [`Input::LeaveRoom`], whose room it writes into `left_here`. It calls `on_done` when the dialog can close.
pub fn room_menu(
    context: &AppContext,
    view: &ViewRef,
    on_done: &Callback<()>,
    left_here: &Rc<RefCell<Option<RoomId>>>,
) -> Html {
    let language = context.language();
    let room = view.room();
    let onsubmit = {
        let (emit, on_done) = (context.emit.clone(), on_done.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(date) = date_of(&event) else { return };
            let fault = match clock::day_start(&date.value()) {
                Some(at) if at <= clock::wall_ms() => {
                    emit.emit(Input::Jump(room.into(), PageAnchor::Date(at)));
                    return on_done.emit(());
                }
                Some(_) => tr!(language, "room_menu.date_to_come"),
                None => tr!(language, "room_menu.date_empty"),
            };
            // The browser shows the fault next to the field, and gives the field the focus.
            date.set_custom_validity(&fault);
            date.report_validity();
        })
    };
    let oninput = Callback::from(|event: InputEvent| {
        event.target_unchecked_into::<HtmlInputElement>().set_custom_validity("")
    });
    let leave = {
        let (emit, on_done, left_here) = (context.emit.clone(), on_done.clone(), left_here.clone());
        Callback::from(move |_: MouseEvent| {
            left_here.replace(Some(room));
            emit.emit(Input::LeaveRoom { client_id: random::client_id(), room });
            on_done.emit(());
        })
    };
    let item = view.rooms.iter().find(|item| item.id == room && RoomKind::of(room).can_be_changed()).cloned();
    let name = room_label::open_name(language, view);
    html! {
        <div key="room" class="room_menu">
            <div key="about" class="room_about">{ about(language, view) }</div>
            <form key="jump" class="form" {onsubmit} novalidate=true>
                <label for="jump_str">{ tr!(language, "room_menu.jump") }</label>
                <div class="name_line">
                    <input id="jump_str" type="date" max={clock::date_of_today()} {oninput} />
                    <button type="submit" id="jump_btn" class="plain">{ tr!(language, "room_menu.go") }</button>
                </div>
            </form>
            if let Some(item) = item {
                <RoomForm key="form" pending={view.pending.clone()} can_send={view.composer.can_send} room={item} on_done={on_done.clone()} />
                <div key="leave" class="room_leave">
                    <Confirm id="leave" action={tr!(language, "room_menu.leave")}
                        question={tr!(language, "room_menu.leave_ask", room = name)} on_yes={leave} />
                </div>
            }
        </div>
    }
}

fn date_of(event: &SubmitEvent) -> Option<HtmlInputElement> {
    let form: Element = event.target()?.dyn_into().ok()?;
    form.query_selector("input").ok()??.dyn_into().ok()
}
